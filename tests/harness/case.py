# SPDX-License-Identifier: MIT OR Apache-2.0
"""The test case of all tests here: a folder, processes and a tracker that are gone afterwards, and
the output of every process when something failed. And the program's main()."""

import os
import shutil
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

from harness import content as contents
from harness import mounts, network, sanitizer, torrents, weir
from harness.processes import Process
from harness.tracker import Tracker

# A scenario's processes write to a folder in memory when there is one: the disk is not what is
# tested here, and a slow one would make time limits meaningless.
MEMORY = Path("/dev/shm")


def _base_folder() -> str | None:
    given = os.environ.get("TMPDIR")
    if given:
        return given
    return str(MEMORY) if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


class Case(unittest.TestCase):
    maxDiff = None

    def run(self, result=None):
        result = result or self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        self.work = Path(tempfile.mkdtemp(prefix="weir-interop-", dir=_base_folder()))
        self.processes: list[Process] = []
        self.places = network.Places()
        self._tracker: Tracker | None = None
        started = time.monotonic()
        self.addCleanup(self._end_processes)
        try:
            super().run(result)
        finally:
            for process in reversed(self.processes):
                process.kill()
            if self._tracker:
                self._tracker.close()
            if len(result.failures) + len(result.errors) > before:
                for process in self.processes:
                    print(process.tail(), file=sys.stderr)
            if os.environ.get("WEIR_KEEP"):
                print(f"kept {self.work}", file=sys.stderr)
            else:
                shutil.rmtree(self.work, ignore_errors=True)
            print(f"    {time.monotonic() - started:.1f} s", file=sys.stderr)
        return result

    def _end_processes(self) -> None:
        """The last thing a test does. A sanitizer tells of leaks at a proper end only."""
        for process in reversed(self.processes):
            if process.argv[0] == weir.program() and sanitizer.is_in(process.argv[0]):
                process.stop(signal.SIGINT, 15)
            process.kill()
        for process in self.processes:
            report = sanitizer.report(process.errors.read_text(errors="replace"))
            if report:
                self.fail(f"{process.name}:\n{report}")

    # --- Folders and processes.

    def folder(self, name: str) -> Path:
        path = self.work / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def process_name(self, base: str) -> str:
        taken = {process.name for process in self.processes}
        number = 1
        while f"{base}-{number}" in taken:
            number += 1
        return f"{base}-{number}"

    def start(self, name: str, argv, folder: Path, env: dict | None = None) -> Process:
        process = Process(name, argv, folder, env)
        self.processes.append(process)
        return process

    def place(self) -> tuple[str, int]:
        address, port = self.places.next()
        self.tracker.places[port] = address
        return address, port

    @property
    def tracker(self) -> Tracker:
        if not self._tracker:
            self._tracker = Tracker(f"{network.BLOCK}1")
        return self._tracker

    # --- Content and torrents.

    def make(self, content, kind: str = "v1", trackers=None, seed: int = 1):
        """Writes the content into the folder `seed`; returns its torrent and that folder."""
        folder = self.folder("content")
        path = content.write(folder, seed)
        urls = [self.tracker.url] if trackers is None else trackers
        torrent = torrents.make(path, content.piece_size, kind,
                                self.work / f"{content.name}.{kind}.torrent", urls)
        return torrent, folder

    def assert_same(self, expected: Path, actual: Path, lenient: bool = False) -> None:
        wrong = contents.difference(expected, actual, lenient)
        self.assertEqual([], wrong, "the trees differ")

    def assert_memory(self, process: Process, most: int, before: int = 0) -> None:
        """It holds less than `most` bytes more than `before`. A sanitizer's is not measured: it
        keeps what was freed, and a shadow of all memory."""
        if not sanitizer.is_in(process.argv[0]):
            self.assertLess(process.memory_bytes() - before, most, "memory grew")


SKIPPED = 77  # what ctest is told to take for "skipped"


def main(more_network=(), mounting: bool = False) -> None:
    """`more_network`: what network.enter() is to order besides. `mounting`: the tests mount file
    systems of their own."""
    try:
        network.enter(more_network)
        if mounting:
            mounts.enter()
    except (network.NetworkError, mounts.MountError) as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(module="__main__", verbosity=2, failfast=False)
