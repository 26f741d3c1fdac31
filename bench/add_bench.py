# SPDX-License-Identifier: MIT OR Apache-2.0
"""Adding many torrents to a running node: seconds, and how they grow with their number.

Each is a .torrent file of one piece that nobody has, sent over one connection to a node of its own
without trackers. A node in which nothing is looked through from end to end takes four times as long
for four times as many.
"""

import argparse
import hashlib
import http.client
import json
import os
import sys
import time
from pathlib import Path

from transfer.process import Process, wait_for
from transfer.report import MIB, Workspace, end_in_order, load, machine, median, table


def torrent(number: int) -> bytes:
    name = f"torrent-{number:06}.bin".encode()
    piece = hashlib.sha1(name).digest()
    return (b"d4:infod6:lengthi16384e4:name%d:%s12:piece lengthi16384e6:pieces20:%see"
            % (len(name), name, piece))


def measure(count: int, folder: Path) -> tuple[float, float]:
    """Seconds of all additions, and the node's seconds of processor."""
    ports = folder / "ports.json"
    server = Process([os.environ["WEIR"], "serve", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0",
                      "--data-dir", folder / "data", "--state-dir", folder / "state", "--ports-file",
                      ports, "--log-level", "error"], folder, None)
    try:
        wait_for("the node", lambda: server.alive() and ports.exists(), 20)
        host, _, port = json.loads(ports.read_text())["http"][0].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), 120)
        bodies = [torrent(number) for number in range(count)]
        before, began = server.cpu(), time.monotonic()
        for body in bodies:
            connection.request("POST", "/api/weir/v1/torrents", body,
                               {"Content-Type": "application/x-bittorrent"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise SystemExit(f"a torrent was answered with {answer.status}")
        return time.monotonic() - began, server.cpu() - before
    finally:
        server.stop()


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=5000, help="default: %(default)s")
    parser.add_argument("--many", type=int, default=20_000, help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=1, help="of each (default: %(default)s)")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    options = parser.parse_args()
    if not os.access(os.environ.get("WEIR", ""), os.X_OK):
        print("without weir: $WEIR does not name the program", file=sys.stderr)
        return
    busy = load()
    samples: dict[int, list] = {options.few: [], options.many: []}
    with Workspace(1024 * MIB) as folder:
        for run in range(options.runs):
            for count, taken in samples.items():
                place = folder / f"{count}-{run}"
                place.mkdir()
                taken.append(measure(count, place))
    rows, first = [], None
    for count, taken in samples.items():
        seconds, cpu = median(s for s, _ in taken), median(c for _, c in taken)
        first = first or seconds
        rows.append([str(count), f"{seconds:.1f}", f"{cpu:.1f}", f"{count / seconds:.0f}",
                     f"{seconds / first:.1f}"])
    print(f"{machine()}; {busy}.\n")
    print(table(["torrents", "seconds", "CPU-s", "torrents/s", "seconds to the first row's"], rows,
                options.markdown))


if __name__ == "__main__":
    main()
