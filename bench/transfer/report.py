# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the benchmark programs share: the machine in words, medians, tables, a place in memory."""

import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

GIB = 1 << 30
MIB = 1 << 20


def median(values) -> float:
    return statistics.median(values)


def table(head: list[str], rows: list[list[str]], markdown: bool) -> str:
    if markdown:
        lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
        return "\n".join(lines)
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    def line(cells: list[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "  ".join([first, *(cell.rjust(w) for cell, w in zip(cells[1:], widths[1:]))])
    return "\n".join([line(head), *map(line, rows)])


def cpu_model() -> str:
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return platform.machine()


def versions() -> str:
    """Of the rivals that are installed as Debian packages."""
    names = ["python3-libtorrent", "rtorrent", "aria2", "mktorrent", "transmission-cli",
             "nginx-light"]
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}, ", *names],
                              capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip(", ")


def machine() -> str:
    try:
        with open("/etc/debian_version") as file:
            system = "Debian " + file.read().strip()
    except OSError:
        system = platform.system()
    return (f"{date.today()}, {cpu_model()}, {os.cpu_count()} cores, Linux {platform.release()}, "
            f"{system}; {versions()}")


def load() -> str:
    return f"load average at the start {os.getloadavg()[0]:.1f}"


def end_in_order() -> None:
    """SIGTERM is like Ctrl-C: what was set up is taken down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Workspace:
    """A folder in memory with room for `need` bytes, gone at the end."""

    def __init__(self, need: int):
        parent = Path(os.environ.get("WEIR_BENCH_DIR", "/dev/shm"))
        if not parent.is_dir():
            parent = Path(tempfile.gettempdir())
        available = [int(line.split()[1]) * 1024
                     for line in Path("/proc/meminfo").read_text().splitlines()
                     if line.startswith("MemAvailable:")][0]
        room = min(shutil.disk_usage(parent).free, available)
        if room < need:
            raise SystemExit(f"{parent} has room for {room // MIB} MiB, {need // MIB} are needed; "
                             "use --mib or WEIR_BENCH_DIR")
        self.path = Path(tempfile.mkdtemp(prefix="weir-bench-", dir=parent))

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def write_random(path: Path, size: int) -> None:
    with open(path, "wb") as file:
        for at in range(0, size, 16 * MIB):
            file.write(os.urandom(min(16 * MIB, size - at)))
