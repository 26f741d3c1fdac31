# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the program that $WEIR names, in a temporary folder."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import sanitizer

WEIR = os.environ.get("WEIR", "weir")
ROOT = Path(__file__).resolve().parents[2]
SECRET = "0123456789abcdef0123"  # the passkey in every tracker's URL


def bencode(value) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    items = sorted((k.encode() if isinstance(k, str) else k, v) for k, v in value.items())
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in items) + b"e"


def v1_torrent(files, name="root", **info) -> bytes:
    """A v1 torrent whose `files` entries are dictionaries; the hashes are arbitrary."""
    total = sum(entry["length"] for entry in files)
    pieces = b"\x11" * 20 * max(1, -(-total // 16384))
    fields = {"files": files, "name": name, "piece length": 16384, "pieces": pieces, **info}
    return bencode({"info": fields})


class Run:
    def __init__(self, done: subprocess.CompletedProcess):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode()

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self):
        return json.loads(self.out)


class CliTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weir-cli-")))
        self.random = random.Random(self.id())
        # The program's own files stay in the folder, and nothing depends on who runs the test.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir / "home"), "LC_ALL": "C"}

    def command(self, *words):
        return [WEIR, *map(str, words)]

    def weir(self, *words, code=0, stdin=b"", env=None) -> Run:
        done = subprocess.run(self.command(*words), cwd=self.dir, env={**self.env, **(env or {})},
                              input=stdin, capture_output=True, timeout=120, check=False)
        run = Run(done)
        self.assertIsNone(sanitizer.report(run.err))
        if code is not None:
            self.assertEqual(run.code, code, run.err + run.out.decode(errors="replace"))
        return run

    def write(self, name: str, data) -> Path:
        """`data`: bytes, or how many random ones."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.random.randbytes(data) if isinstance(data, int) else data)
        return path

    def write_tree(self, top: str):
        """Empty files, names that sort differently by bytes and by number, odd sizes."""
        for name, size in {"a.bin": 300_000, "empty": 0, "sub/b10.bin": 70_000, "sub/b2.bin": 16384,
                           "sub/deep/x": 1, "sub-2/y": 40_000, "z.txt": 5, ".hidden": 9}.items():
            self.write(f"{top}/{name}", size)
        (self.dir / top / "z.txt").chmod(0o755)

    def snapshot(self, top: str = ".") -> dict:
        """Every path below `top` with its size or link target, for comparing before and after."""
        found = {}
        for folder, folders, names in os.walk(self.dir / top):
            for name in folders + names:
                path = Path(folder, name)
                found[str(path.relative_to(self.dir))] = (
                    os.readlink(path) if path.is_symlink() else path.lstat().st_size
                    if path.is_file() else None)
        return found


class Tracker:
    """Answers an announce with what `answer(event)` gives."""

    def __init__(self, test: CliTest, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.urlsplit(self.path).query
                body = answer(dict(urllib.parse.parse_qsl(query, encoding="latin-1")).get("event"))
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # weir has left

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/{SECRET}/announce"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self._server.server_close)
        test.addCleanup(self._server.shutdown)


class SeededTest(CliTest):
    """A tree of files, its torrent t.torrent, and who seeds it."""

    def setUp(self):
        super().setUp()
        self.write_tree("src/tree")
        self.weir("create", "src/tree", "--piece-size", "16K", "-o", "t.torrent")
        self.hash = self.weir("show", "t.torrent", "--json").json["info_hash_v1"]

    def seed(self, *more):
        """A running seed; its port is in self.port."""
        process = subprocess.Popen(
            self.command("seed", "t.torrent", "--data", "src", "--listen", "127.0.0.1:0", "--jsonl",
                         "--state-dir", "seed-state", *more),
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == "listening":
                self.port = event["addresses"][0].rsplit(":", 1)[1]
                return process
        self.fail(process.stderr.read())

    def end(self, process):
        """Asks a process that still runs to end, so that leaks are looked for; hears what it said."""
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            if not process.stderr.closed:
                self.assertIsNone(sanitizer.report(process.communicate(timeout=30)[1]))
        finally:
            process.kill()
            process.wait()

    def stop(self, process, number=signal.SIGINT):
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        self.assertIsNone(sanitizer.report(err))
        return json.loads(out.splitlines()[-1]), process.returncode

    def get(self, what, *more, code=0):
        return self.weir("get", what, "-o", "out", "--listen", "none", "--timeout", "60",
                         "--peer", f"127.0.0.1:{self.port}", *more, code=code)

    def assert_same(self, where="out"):
        ours, theirs = self.snapshot(f"{where}/tree"), self.snapshot("src/tree")
        self.assertEqual({k.removeprefix(f"{where}/"): v for k, v in ours.items()},
                         {k.removeprefix("src/"): v for k, v in theirs.items()})
        self.assertTrue(self.weir("verify", "t.torrent", "--data", where, "--json").json["good"])
