# SPDX-License-Identifier: MIT OR Apache-2.0
"""Drives the program under test through its command line and reads its --jsonl events."""

import json
import os
import signal
import subprocess
from pathlib import Path

from harness import sanitizer
from harness.processes import Failed, Process, wait_until

ROOT = Path(__file__).resolve().parents[2]


def program() -> str:
    return os.environ.get("WEIR") or str(ROOT / "build" / "dev" / "weir")


def run(*arguments, timeout: float = 60) -> subprocess.CompletedProcess:
    """A command that ends by itself."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout)
    report = sanitizer.report(done.stderr)
    if report:
        raise Failed(report)
    return done


class Weir:
    """One run of `weir get` or `weir seed`."""

    name = "weir"

    def __init__(self, case, command: str, arguments, place=None, name: str | None = None,
                 state: Path | None = None):
        self.address, self.port = place or case.place()
        name = name or case.process_name("weir-" + command)
        folder = case.folder(name)
        host = f"[{self.address}]" if ":" in self.address else self.address
        argv = [program(), command, "--jsonl", "--listen", f"{host}:{self.port}",
                "--state-dir", state or folder / "state", *arguments]
        self.process = case.start(name, argv, folder)
        self.events: list[dict] = []

    def read_events(self) -> list[dict]:
        """All events so far."""
        for line in self.process.new_lines():
            try:
                self.events.append(json.loads(line))
            except ValueError:
                raise Failed(f"not a JSON line on stdout: {line[:200]!r}") from None
        return self.events

    def named(self, event: str) -> list[dict]:
        return [entry for entry in self.read_events() if entry.get("event") == event]

    def wait_event(self, event: str, timeout: float = 30) -> dict:
        def look():
            found = self.named(event)
            if not found and not self.process.alive():
                found = self.named(event)
                if not found:
                    raise Failed(f"weir ended with {self.process.exit_code()} before '{event}'")
            return found

        return wait_until(f"event '{event}' of {self.process.name}", look, timeout)[0]

    def progress(self) -> dict:
        """The latest progress event, empty when there is none yet."""
        found = self.named("progress")
        return found[-1] if found else {}

    def pieces(self) -> int:
        return len(self.named("piece"))

    def wait_pieces(self, count: int, timeout: float = 60) -> None:
        wait_until(f"{count} pieces", lambda: self.pieces() >= count or self._ended(), timeout)
        if self.pieces() < count:
            raise Failed(f"weir ended with {self.process.exit_code()} after {self.pieces()} pieces")

    def _ended(self) -> bool:
        return not self.process.alive()

    def wait_done(self, timeout: float = 60) -> dict:
        """Waits until a `get` without --seed has ended well; returns its closing event."""
        code = self.process.wait(timeout)
        if code != 0:
            raise Failed(f"weir ended with {code}")
        return self.wait_event("end", 1)

    def stop(self) -> dict:
        """Ctrl-C, and what weir says at the end."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        return self.wait_event("end", 1)


def get(case, source, out: Path, *arguments, peers=(), **options) -> Weir:
    words = [source, "-o", out]
    for address, port in peers:
        words += ["--peer", f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]
    return Weir(case, "get", words + list(arguments), **options)


def seed(case, torrent, data: Path, *arguments, **options) -> Weir:
    """Returns when it is listening and has checked its content."""
    weir = Weir(case, "seed", [torrent.path, "--data", data, *arguments], **options)
    weir.wait_event("listening", 20)
    weir.wait_event("checked", 30)
    return weir
