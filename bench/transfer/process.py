# SPDX-License-Identifier: MIT OR Apache-2.0
"""A program under measurement: its CPU time, its memory, and that it never outlives the benchmark."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A program did not do what the measurement needs."""


@dataclass(frozen=True)
class Ended:
    at: float  # time.monotonic()
    cpu: float  # seconds of all its threads, user and system
    rss: int  # bytes, the most it ever had
    faults: int  # page faults, where known


def wait_for(what: str, condition, timeout: float, interval: float = 0.005):
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not in {timeout:g} s: {what}")
        time.sleep(interval)
    return value


class Process:
    def __init__(self, argv: list, folder: Path, namespace: str | None, env: dict | None = None):
        self.argv = [str(word) for word in argv]
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().endswith("_proxy")}
        environment |= {"HOME": str(folder), "XDG_STATE_HOME": str(folder), **(env or {})}
        entrance = os.open(f"/run/netns/{namespace}", os.O_RDONLY) if namespace else None

        def prepare() -> None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if entrance is not None and LIBC.setns(entrance, CLONE_NEWNET) != 0:
                os._exit(99)

        with open(folder / "output", "wb") as output:
            self._popen = subprocess.Popen(
                self.argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=prepare,
                pass_fds=() if entrance is None else (entrance,))
        if entrance is not None:
            os.close(entrance)
        self._clock = (~self.pid << 3) | 2  # the CPU clock of a process, see clock_getcpuclockid(3)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def alive(self) -> bool:
        return self._popen.poll() is None

    def cpu(self) -> float:
        return time.clock_gettime(self._clock)

    def now(self) -> Ended:
        """As if it ended at this moment; it goes on."""
        at, cpu = time.monotonic(), self.cpu()
        return Ended(at, cpu, self._peak_rss(), self._faults())

    def _peak_rss(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0

    def _faults(self) -> int:
        return int(Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[7])

    def wait(self, timeout: float) -> Ended:
        """Until it ends well. Blocks in the kernel, so that waiting costs the measured nothing."""
        watchdog = threading.Timer(timeout, lambda: os.kill(self.pid, signal.SIGKILL))
        watchdog.start()
        _, status, usage = os.wait4(self.pid, 0)
        at = time.monotonic()
        watchdog.cancel()
        self._popen.returncode = os.waitstatus_to_exitcode(status)
        if self._popen.returncode != 0:
            raise Failed(f"{self.argv[0]} ended with {self._popen.returncode}\n{self.tail()}")
        return Ended(at, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, usage.ru_minflt)

    def wait_output(self, word: str, timeout: float) -> None:
        def said() -> bool:
            if word in (self.folder / "output").read_text(errors="replace"):
                return True
            if not self.alive():
                raise Failed(f"{self.argv[0]} ended early\n{self.tail()}")
            return False
        wait_for(f"'{word}' of {self.argv[0]}", said, timeout)

    def listens(self, port: int) -> bool:
        return self._socket_state(port, "0A")

    def connected(self, port: int) -> bool:
        """Whether some connection of its network has this port at our end."""
        return self._socket_state(port, "01")

    def _socket_state(self, port: int, state: str) -> bool:
        ending = f":{port:04X}"
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == state and words[1].endswith(ending):
                    return True
        return False

    def stop(self) -> None:
        if self.alive():
            self._popen.terminate()
            try:
                self._popen.wait(3)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()

    def tail(self) -> str:
        lines = (self.folder / "output").read_text(errors="replace").splitlines()
        return "\n".join(line[:200] for line in lines[-15:])
