# SPDX-License-Identifier: MIT OR Apache-2.0
"""Making a torrent and verifying content: GiB/s and CPU seconds per GiB, from the page cache.

Programs take turns and medians are shown. CPU is user and system time of the whole program, start
included. See docs/benchmarks.md.
"""

import argparse
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from transfer.process import Failed, Process
from transfer.report import (GIB, MIB, Workspace, end_in_order, load, machine, median, table,
                             write_random)


@dataclass(frozen=True)
class Task:
    program: str
    job: str
    command: list = field(compare=False)

    @property
    def rival(self) -> bool:
        return self.program != "weir"


def weir_tasks(content: Path, target: Path, piece: int) -> list[Task]:
    weir = os.environ.get("WEIR", "")
    if not os.access(weir, os.X_OK):
        print("without weir: $WEIR does not name the program", file=sys.stderr)
        return []
    tasks = []
    for kind in ("v1", "v2", "hybrid"):
        tasks.append(Task("weir", f"create {kind}", [
            weir, "create", f"--{kind}", "--quiet", "--force", "--piece-size", piece, "-o",
            target / f"weir-{kind}.torrent", content]))
    one = tasks[0].command[:-1]
    tasks.append(Task("weir", "create v1, one thread", [*one, "--threads", 1, content]))
    for kind in ("v1", "v2", "hybrid"):
        tasks.append(Task("weir", f"verify {kind}", [
            weir, "verify", "--quiet", "--data", content.parent, target / f"weir-{kind}.torrent"]))
    return tasks


def rival_tasks(content: Path, target: Path, piece: int) -> list[Task]:
    runner = Path(__file__).parent / "transfer" / "libtorrent_create.py"
    tasks = [Task("libtorrent", f"create {kind}", ["/usr/bin/python3", runner, kind, content, piece,
                                                   target / f"libtorrent-{kind}.torrent"])
             for kind in ("v1", "v2", "hybrid")]
    exponent = str(piece.bit_length() - 1)
    for threads, word in ((str(os.cpu_count()), "create v1"), ("1", "create v1, one thread")):
        tasks.append(Task("mktorrent", word, [
            "mktorrent", "-t", threads, "-l", exponent, "-a", "http://example.invalid/announce", "-o",
            target / "mktorrent.torrent", content]))
    tasks.append(Task("transmission", "create v1", [
        "transmission-create", "-s", piece >> 10, "-o", target / "transmission.torrent", content]))
    tasks.append(Task("libtorrent", "verify v1", ["/usr/bin/python3", runner, "verify", content, piece,
                                                  target / "libtorrent-v1.torrent"]))
    found = []
    for task in tasks:
        if shutil.which(task.command[0]):
            found.append(task)
        else:
            print(f"without {task.program}: {task.command[0]} is not installed", file=sys.stderr)
    return found


def measure(task: Task, scratch: Path, target: Path, size: int) -> tuple[float, float]:
    if task.program in ("mktorrent", "transmission"):
        (target / f"{task.program}.torrent").unlink(missing_ok=True)
    begin = time.monotonic()
    ended = Process(task.command, scratch, None).wait(300)
    return size / GIB / (ended.at - begin), ended.cpu / (size / GIB)


def report(results: dict[Task, tuple[float, float]], markdown: bool) -> str:
    rows = []
    for job in sorted({task.job for task in results}):
        rivals = [speed for task, (speed, _) in results.items() if task.job == job and task.rival]
        for task, (speed, cpu) in results.items():
            if task.job != job:
                continue
            ratio = f"{speed / max(rivals):.2f}" if rivals and not task.rival else ""
            rows.append([job, task.program, f"{speed:.2f}", f"{cpu:.2f}", ratio])
    head = ["job", "program", "GiB/s", "CPU-s/GiB", "speed to the best rival's"]
    return table(head, rows, markdown)


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=256, help="content size (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each (default: %(default)s)")
    parser.add_argument("--piece-kib", type=int, default=1024)
    parser.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    options = parser.parse_args()
    size = options.mib * MIB
    busy = load()
    samples: dict[Task, list[tuple[float, float]]] = {}
    with Workspace(size + 256 * MIB) as folder:
        content = folder / "content" / "payload.bin"
        content.parent.mkdir()
        write_random(content, size)
        arguments = content, folder, options.piece_kib << 10
        tasks = weir_tasks(*arguments) + rival_tasks(*arguments)
        for _ in range(options.runs):
            for task in tasks:
                try:
                    samples.setdefault(task, []).append(
                        measure(task, folder / "scratch", folder, size))
                except Failed as failure:
                    print(f"{task.program} {task.job} failed: {failure}", file=sys.stderr)
    results = {task: (median(s for s, _ in values), median(c for _, c in values))
               for task, values in samples.items() if values}
    print(f"{machine()}; {busy}.")
    print(f"{options.mib} MiB in one file in the page cache, pieces of {options.piece_kib} KiB; "
          f"medians of {options.runs}.\n")
    print(report(results, options.markdown))


if __name__ == "__main__":
    main()
