# SPDX-License-Identifier: MIT OR Apache-2.0
"""File systems of a test's own: small ones in memory, and views that may only be read. Nobody outside
of the test program and its children sees them, and they are gone with them."""

import ctypes
import os
import subprocess
from pathlib import Path

CLONE_NEWNS = 0x20000


class MountError(Exception):
    pass


def enter() -> None:
    """Moves this process (which must have one thread) and its later children into mounts of their
    own. After network.enter(): that made the user namespace which gives the right to."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise MountError(f"own mounts were refused: {os.strerror(ctypes.get_errno())}")
    mount("--make-rprivate", "/")


def mount(*arguments) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise MountError(f"mount {arguments}: {done.stderr.strip()}")


class Mounts:
    """What one test mounted; close() takes all of it away again."""

    def __init__(self):
        self._places: list[Path] = []

    def tmpfs(self, place: Path, size: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        mount("-t", "tmpfs", "-o", f"size={size}", "weir-test", place)
        self._places.append(place)

    def read_only_view(self, folder: Path, view: Path) -> None:
        """`view` shows what is in the folder, and nothing below it may be changed."""
        view.mkdir(parents=True, exist_ok=True)
        mount("--bind", folder, view)
        self._places.append(view)
        mount("-o", "remount,bind,ro", view)

    def cover(self, place: Path, view: Path) -> None:
        """From now on whoever opens something below `place` opens it in the view: in one step, and
        whatever files are open."""
        mount("--bind", view, place)
        self._places.append(place)

    def uncover(self, place: Path) -> None:
        # Newest first: the path leads to what was mounted last.
        at = len(self._places) - 1 - self._places[::-1].index(place)
        del self._places[at]
        self._detach(place)

    def close(self) -> None:
        while self._places:
            self._detach(self._places.pop())

    def _detach(self, place: Path) -> None:
        subprocess.run(["umount", "--lazy", place], check=True)
