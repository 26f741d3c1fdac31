# SPDX-License-Identifier: MIT OR Apache-2.0
from pathlib import Path

from harness.processes import Failed, Process, wait_until


class Client:
    """What the drivers share. Where a client can't limit its upload rate, limits are ignored."""

    name = "client"

    def __init__(self, case, up_limit: int = 0, down_limit: int = 0):
        self.case = case
        self.address, self.port = case.place()
        self.up_limit = up_limit  # bytes a second, 0: none
        self.down_limit = down_limit
        self.process: Process | None = None
        self.folder: Path = case.folder(case.process_name(self.name))

    @property
    def place(self) -> tuple[str, int]:
        return self.address, self.port

    def start(self, argv, env: dict | None = None) -> None:
        self.process = self.case.start(self.folder.name, argv, self.folder, env)

    def progress(self) -> float:
        raise NotImplementedError

    def uploaded(self) -> int:
        raise NotImplementedError

    def _wait(self, what: str, condition, timeout: float):
        def look():
            value = condition()
            if not value and not self.process.alive():
                raise Failed(f"{self.process.name} ended with {self.process.exit_code()}")
            return value

        return wait_until(f"{self.process.name}: {what}", look, timeout)

    def wait_seeding(self, torrent, timeout: float = 30) -> None:
        self._wait("all content checked", lambda: self.progress() >= 1, timeout)
        self._wait("announced", lambda: self.case.tracker.knows(self.address, torrent.hash), timeout)

    def wait_progress(self, part: float, timeout: float = 60) -> None:
        self._wait(f"has {part:.0%}", lambda: self.progress() >= part, timeout)

    def wait_done(self, timeout: float = 60) -> None:
        self.wait_progress(1, timeout)

    def stop(self) -> None:
        """Ends it in good order, so that what it has is on disk."""
        self.process.stop()
