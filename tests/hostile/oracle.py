# SPDX-License-Identifier: MIT OR Apache-2.0
"""What must hold after every hostile test, whatever it was about: nothing crashed, nothing leaked,
no file outside of the places weir was given has changed, and it did not chatter."""

import collections
import hashlib
import os
import stat
import time
from pathlib import Path

from harness.processes import Failed, Process, wait_until

SETTLED_WITHIN = 60  # seconds, until what an attack cost must be given back


def snapshot(folder: Path, leave_out=()) -> dict[str, tuple]:
    """Everything below the folder but the places left out: kind and rights, owner, links, size,
    bytes or target, and when it was last written to."""
    left_out = {str(path) for path in leave_out}
    found = {}
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(where, name) not in left_out]
        for name in folders + names:
            path = os.path.join(where, name)
            if path not in left_out:
                found[os.path.relpath(path, folder)] = _state(path)
    return found


def _state(path: str) -> tuple:
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        return info.st_mode, info.st_uid, os.readlink(path)
    if not stat.S_ISREG(info.st_mode):
        return info.st_mode, info.st_uid
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return info.st_mode, info.st_uid, info.st_nlink, info.st_size, digest, info.st_mtime_ns


def changes(before: dict, after: dict) -> list[str]:
    return [f"{path}: {before.get(path, 'nothing')} became {after.get(path, 'nothing')}"
            for path in sorted(before.keys() | after.keys())
            if before.get(path) != after.get(path)]


def open_files(process: Process) -> collections.Counter:
    """How often each thing is open. Sockets count as one thing, and so do pipes."""
    found = collections.Counter()
    folder = f"/proc/{process.pid}/fd"
    for number in os.listdir(folder):
        try:
            found[os.readlink(f"{folder}/{number}").split(":[")[0]] += 1
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


class Watch:
    """One weir, from when it was ready until its test is over. Below the roots it may write, and
    nowhere else in the sandbox; what the test itself changes there it changes before."""

    def __init__(self, process: Process, sandbox: Path, roots):
        self._process = process
        self._sandbox = sandbox
        self._roots = [str(root) for root in roots]
        self._before = snapshot(sandbox, self._roots)
        self._began = time.monotonic()
        self._threads = process.threads()
        self._files = open_files(process)
        self._judged = False

    def changed_by_test(self, path: Path) -> None:
        """From now on the file is as it is now."""
        name = str(path.relative_to(self._sandbox))
        self._before[name] = snapshot(self._sandbox, self._roots)[name]

    def judge(self) -> None:
        """Once: afterwards the test may change what it likes."""
        if self._judged:
            return
        self._judged = True
        if self._process.alive():
            wait_until("its descriptors and threads are back", self._settled, SETTLED_WITHIN)
        elif self._process.exit_code() < 0:  # SIGKILL: it did not end when it was asked to
            raise Failed(f"{self._process.name} died of signal {-self._process.exit_code()}")
        self._judge_words()
        changed = changes(self._before, snapshot(self._sandbox, self._roots))
        if changed:
            raise Failed(f"changed outside of what {self._process.name} was given:\n" +
                         "\n".join(changed))

    def _settled(self) -> bool:
        return self._process.threads() <= self._threads and not self.leaked()

    def leaked(self) -> list[str]:
        """Open more often than at the beginning. A file of its own may be open once."""
        return [name for name, count in open_files(self._process).items()
                if count > max(self._files[name], self._is_own(name))]

    def _is_own(self, name: str) -> bool:
        return any(name == root or name.startswith(root + "/") for root in self._roots)

    def _judge_words(self) -> None:
        """No line more often than once a second."""
        lines = self._process.errors.read_text(errors="replace").splitlines()
        most = 2 + int(time.monotonic() - self._began)
        for line, count in collections.Counter(lines).items():
            if count > most:
                raise Failed(f"{self._process.name} said {count} times: {line[:200]}")
