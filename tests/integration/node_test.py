# SPDX-License-Identifier: MIT OR Apache-2.0
"""The node from outside: uploads, content by hash, streaming out of a swarm, restarts and kills; as a
web seed for other clients."""

import hashlib
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.aria2 import Aria2
from clients.scripted import Libtorrent
from clients.transmission import Transmission
from harness import bencode, torrents, weir
from harness.case import Case, main
from harness.content import KIB, MIB, SINGLE, TREE, Content
from harness.processes import wait_until

TORRENT = "/api/codex/v1/torrent"
DATA = "/api/codex/v1/data"
LARGE = Content("large.bin", {"": 12 * MIB + 321}, 64 * KIB)


def counted(size: int) -> bytes:
    """The specification's test files."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


class Node:
    """One run of `weir serve`."""

    def __init__(self, case, name: str = "node", *arguments):
        self.case = case
        self.folder = case.folder(name)
        self.data = self.folder / "data"
        self.address, self.port = case.place()
        argv = [weir.program(), "serve", "--jsonl", "--http", "127.0.0.1:0",
                "--listen", f"{self.address}:{self.port}", "--data-dir", self.data,
                "--state-dir", self.folder / "state", *arguments]
        self.process = case.start(case.process_name(name), argv, self.folder)
        self.http = None
        wait_until("the node is ready", self._ready, 30)

    def _ready(self):
        for line in self.process.new_lines():
            event = json.loads(line)
            if event["event"] == "listening" and event["service"] == "http":
                self.http = int(event["addresses"][0].rpartition(":")[2])
            if event["event"] == "ready":
                return True
        if not self.process.alive():
            self.case.fail(self.process.tail())
        return False

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)

    def ask(self, method: str, path: str, body=None, **fields):
        """The status, the fields in lower case, and the body."""
        connection = self.connection()
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in fields.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    def get(self, path: str, **fields) -> bytes:
        status, _, body = self.ask("GET", path, **fields)
        self.case.assertIn(status, (200, 206), body[:200])
        return body

    def post(self, path: str, body: bytes, **fields) -> str:
        status, _, answer = self.ask("POST", path, body, **fields)
        self.case.assertEqual(200, status, answer[:200])
        return answer.decode()

    def files(self) -> list[Path]:
        """All content, finished or not."""
        return [path for path in self.data.rglob("*/*") if path.is_file()]

    def digests(self) -> dict[Path, str]:
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files()}


class NodeTest(Case):
    def stop(self, node: Node) -> None:
        node.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, node.process.wait(10))

    # --- Monitoring.

    @unittest.skipIf(shutil.which("promtool") is None, "promtool is not installed")
    def test_its_metrics_pass_promtool(self):
        metrics = Node(self).get("/metrics")
        checked = subprocess.run(["promtool", "check", "metrics"], input=metrics,
                                 capture_output=True, check=False)
        self.assertEqual((0, b""), (checked.returncode, checked.stdout + checked.stderr))

    # --- Uploads.

    def test_an_upload_has_the_references_info_hash_and_comes_back(self):
        node = Node(self)
        for size, name, expected in (
                (40960, "data40k.bin", "C50B6DA572005C2242660A7F328AED496FEAD200"),
                (300_000, "data300k.bin", "8DD224B246614A42F5ECD5F4B532044918F2DBA9")):
            content = counted(size)
            fields = {"Content_Disposition": f'filename="{name}"',
                      "Content_Type": "application/octet-stream"}
            got = node.post(TORRENT, content, **fields)
            self.assertEqual("1114" + expected, got)
            status, head, body = node.ask("GET", f"{TORRENT}/{got}/network/stream")
            self.assertTrue((200, content) == (status, body), f"{status} {len(body)}")
            self.assertEqual(f'attachment; filename="{name}"', head["content-disposition"])
            manifest = json.loads(node.get(f"{TORRENT}/{got}/network/manifest"))
            self.assertEqual([h[:4] for h in manifest["torrentManifest"]["info"]["pieces"]],
                             ["1114"] * (-(-size // 262144)))
        self.assertEqual("1114B812E1827359F86B8831B56231789CA82DB1503A", node.post(TORRENT, b"hello"))

    def test_the_exported_torrents_are_what_libtorrent_reads(self):
        node = Node(self)
        content = counted(700_000)
        names = json.loads(node.post(TORRENT, content, Accept="application/json",
                                     Content_Disposition='filename="a.bin"'))
        for link, keys in ("torrent", ("v1",)), ("hybridTorrent", ("v1", "v2")):
            info = bencode.decode(node.get(names["links"][link]))[b"info"]
            raw = bencode.encode(info)
            if link == "torrent":
                self.assertEqual(names["infoHash"][4:].lower(), hashlib.sha1(raw).hexdigest())
                self.assertEqual({b"length", b"name", b"piece length", b"pieces"}, set(info))
            else:
                self.assertEqual(names["hybrid"]["v1"], hashlib.sha1(raw).hexdigest())
                self.assertEqual(names["hybrid"]["v2"], hashlib.sha256(raw).hexdigest())

    def test_a_large_upload_is_streamed_and_found_by_its_cid(self):
        node = Node(self)
        content = LARGE.write(self.folder("in")).read_bytes()
        cid = node.post(DATA, content, Content_Type="text/plain; charset=utf-8")
        status, head, body = node.ask("GET", f"{DATA}/{cid}")
        self.assertTrue((200, content) == (status, body), f"{status} {len(body)}")
        self.assertEqual("text/plain; charset=utf-8", head["content-type"])
        self.assertEqual(content[-1000:], node.get(f"/cid/{cid}", Range="bytes=-1000"))

    def test_a_kill_during_an_upload_leaves_nothing(self):
        node = Node(self)
        kept = node.post(TORRENT, counted(5000))
        before = node.digests()
        with socket.create_connection(("127.0.0.1", node.http)) as half:
            half.sendall(b"POST /api/codex/v1/torrent HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Length: 9999999\r\n\r\n" + bytes(3 * MIB))
            wait_until("half of it is on the disk",
                       lambda: sum(path.stat().st_size for path in node.files()) > 2 * MIB, 20)
            node.process.send_signal(signal.SIGKILL)
            node.process.wait(10)
        again = Node(self)
        self.assertEqual(before, again.digests())
        self.assertEqual(counted(5000), again.get(f"/btih/{kept[4:]}"))

    def test_a_restart_brings_uploads_back(self):
        node = Node(self)
        content = counted(1_000_000)
        names = json.loads(node.post(TORRENT, content, Accept="application/json"))
        listed = node.get(DATA)
        self.stop(node)
        node = Node(self)
        self.assertEqual(listed, node.get(DATA))
        for link in "btih", "btmh", "cid":
            self.assertEqual(content, node.get(names["links"][link]), link)

    # --- Out of a swarm.

    def stream_from(self, *clients):
        torrent, folder = self.make(LARGE)
        for client in clients:
            client.seed(torrent, folder)
        expected = (folder / torrent.name).read_bytes()
        node = Node(self)
        tail = f"/btih/{torrent.v1_hash.hex()}"
        body = torrent.path.read_bytes()
        whole = []
        reader = threading.Thread(target=lambda: whole.append(node.ask(
            "POST", f"{TORRENT}/torrent-file", body, Content_Type="application/octet-stream")))
        reader.start()
        wait_until("the torrent is known",
                   lambda: whole or node.ask("HEAD", tail)[0] == 200, 20)
        self.assertFalse(whole and whole[0][0] != 200, whole and whole[0][2][:200])
        self.assertEqual(expected[-5000:], node.get(tail, Range="bytes=-5000"))
        self.assertEqual(expected[3_000_000:3_000_100],
                         node.get(tail, Range="bytes=3000000-3000099"))
        reader.join(90)
        self.assertEqual(200, whole[0][0], whole[0][2][:200])
        self.assertTrue(expected == whole[0][2], "the stream differs from the content")
        return node, torrent, expected

    def test_content_streams_while_libtorrent_seeds(self):
        node, torrent, expected = self.stream_from(Libtorrent(self, up_limit=6 * MIB))
        self.stop(node)
        node = Node(self)
        self.assertTrue(expected == node.get(f"/btih/{torrent.v1_hash.hex()}"), "after a restart")

    def test_content_streams_while_transmission_and_libtorrent_seed(self):
        self.stream_from(Transmission(self), Libtorrent(self, up_limit=3 * MIB))

    def test_a_folder_is_fetched_by_magnet(self):
        torrent, folder = self.make(TREE, "hybrid")
        Libtorrent(self).seed(torrent, folder)
        node = Node(self)
        magnet = torrent.magnet([self.tracker.url])
        status, _, body = node.ask("POST", f"{TORRENT}/magnet", magnet, Content_Type="text/plain")
        self.assertEqual(422, status, body)  # a folder, and known from now on
        at = f"/btmh/{torrent.v2_hash.hex()}/"
        names = [entry["name"] for entry in json.loads(node.get(at, Accept="application/json"))
                 ["entries"]]
        self.assertEqual(["a", "b", "c", "z", "large.bin"], names)
        for path, size in TREE.files.items():
            quoted = "/".join(http_quote(part) for part in path.split("/"))
            expected = (folder / torrent.name / path).read_bytes()
            self.assertEqual(size, len(expected))
            self.assertEqual(expected, node.get(at + quoted), path)

    def test_what_nobody_has_is_answered_in_time(self):
        node = Node(self, "node", "--fetch-timeout", "1")
        status, _, _ = node.ask("GET", "/btih/" + "ab" * 20)
        self.assertEqual(504, status)

    # --- As a web seed (BEP 19).

    def as_web_seed(self, content, client_class):
        original, folder = self.make(content, trackers=[])
        seed = Libtorrent(self)
        seed.seed(original, folder, announced=False)
        node = Node(self)
        magnet = original.magnet(peers=[seed.place])
        node.ask("POST", f"{TORRENT}/magnet", magnet, Content_Type="text/plain")
        url = f"http://127.0.0.1:{node.http}/btih/{original.v1_hash.hex()}"
        fields = bencode.decode(original.path.read_bytes())
        fields[b"url-list"] = [(url if "" in content.files else url + "/").encode()]
        path = self.work / "web.torrent"
        path.write_bytes(bencode.encode(fields))
        torrent = torrents.load(path, "v1")
        client = client_class(self)
        out = self.work / "out"
        client.leech(torrent, out)
        client.wait_done(60)
        client.stop()
        self.assert_same(folder / torrent.name, out / torrent.name, lenient=True)

    def test_a_file_is_a_web_seed_for_libtorrent(self):
        self.as_web_seed(SINGLE, Libtorrent)

    def test_a_folder_is_a_web_seed_for_libtorrent(self):
        self.as_web_seed(TREE, Libtorrent)

    def test_a_folder_is_a_web_seed_for_aria2(self):
        self.as_web_seed(TREE, Aria2)


def http_quote(text: str) -> str:
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}"
                   for byte in text.encode())


if __name__ == "__main__":
    main()
