# SPDX-License-Identifier: MIT OR Apache-2.0
"""Other programs, each in a session of its own, with its output in a file, ended by its id."""

import ctypes
import json
import os
import signal
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3
NOBODY = 65534
LIBC = ctypes.CDLL(None)


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _without_rights() -> None:
    """As an ordinary user, one that owns nothing. Where there is no other user (a namespace of our
    own knows one only) it keeps its name, and has no power over what its files' rights deny."""
    for capability in DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER:
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    try:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    except OSError:
        pass
    _die_with_parent()  # a change of the user forgets it


class Failed(AssertionError):
    """What was waited for did not happen."""


def wait_until(what: str, condition, timeout: float, interval: float = 0.05):
    """The first true value of condition(); Failed when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Failed(f"not in {timeout:g} s: {what}")
        time.sleep(interval)


class Process:
    def __init__(self, name: str, argv: list[str], folder: Path, env: dict | None = None,
                 with_rights: bool = True):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = folder / f"{name}.log"
        self.errors = folder / f"{name}.err"
        environment = {key: value for key, value in os.environ.items()
                       if not key.lower().endswith("_proxy")}
        environment.update({"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")})
        environment.update(env or {})
        with open(self.log, "wb") as out, open(self.errors, "wb") as err:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=folder,
                env=environment, start_new_session=True,
                preexec_fn=_die_with_parent if with_rights else _without_rights)
        self._lines_at = 0
        self._rest = b""

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        return self._popen.poll()

    def alive(self) -> bool:
        return self.exit_code() is None

    def say(self, value) -> None:
        """Sends a line of JSON to the program's standard input."""
        self._popen.stdin.write(json.dumps(value).encode() + b"\n")
        self._popen.stdin.flush()

    def new_lines(self) -> list[str]:
        """The whole lines written to stdout since the last call."""
        with open(self.log, "rb") as file:
            file.seek(self._lines_at)
            data = file.read()
        self._lines_at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def wait(self, timeout: float) -> int:
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still runs after {timeout:g} s") from None

    def send_signal(self, number: int) -> None:
        if self.alive():
            self._popen.send_signal(number)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 5) -> int | None:
        """Asks it to end, then makes it."""
        self.send_signal(number)
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to it and to whatever it started."""
        if self.alive():
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        code = self._popen.wait()
        self._popen.stdin.close()
        return code

    # --- What the kernel knows about it.

    def memory_bytes(self) -> int:
        """Resident anonymous memory: what the program allocated, without its page cache."""
        return self._status("RssAnon") * 1024

    def threads(self) -> int:
        return self._status("Threads")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def read_bytes(self) -> int:
        """Bytes read with read(2) and its relatives, from the page cache or the disk."""
        with open(f"/proc/{self.pid}/io") as file:
            return int(dict(line.split(": ") for line in file)["rchar"])

    def _status(self, field: str) -> int:
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failed(f"{self.name} has no {field}")

    def tail(self, lines: int = 40) -> str:
        parts = [f"--- {self.name}: {' '.join(self.argv)}",
                 f"--- exit code: {self.exit_code()}"]
        for path in (self.log, self.errors):
            text = []
            for line in path.read_text(errors="replace").splitlines():
                if not text or line != text[-1]:
                    text.append(line)
            parts.append(f"--- {path.name}")
            parts += [line[:400] for line in text[:lines // 4] + ["..."] + text[-lines:]
                      ] if len(text) > lines else text
        return "\n".join(parts)
