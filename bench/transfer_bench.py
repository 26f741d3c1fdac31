# SPDX-License-Identifier: MIT OR Apache-2.0
"""One seed, one leech: how fast a torrent moves, and what it costs each side.

For every pair of programs: MiB/s from the first data to completion, CPU seconds per GiB of each
side, and the most memory each side had. CPU is user and system time of the whole process with all
threads, from the moment the two are connected until the leech is complete. Pairs take turns, so
that noise hits all of them; medians are shown. See docs/benchmarks.md.
"""

import argparse
import filecmp
import hashlib
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from transfer.clients import CLIENTS, Side, missing
from transfer.floor import FLOORS, floor_program, run_floor
from transfer.network import Network, Tracker
from transfer.process import Failed, wait_for
from transfer.report import (GIB, MIB, Workspace, end_in_order, load, machine, median, table,
                             write_random)

SEED_PORT, LEECH_PORT = 28001, 28002
FLOWS = 256 << 10  # bytes after which data is said to flow
PAIRS = [
    ("weir", "weir"), ("weir, checked", "weir"), ("libtorrent", "weir"), ("rtorrent", "weir"),
    ("aria2", "weir"), ("weir", "libtorrent"), ("weir, checked", "libtorrent"),
    ("weir", "aria2"), ("weir, checked", "aria2"), ("weir", "rtorrent"),
    ("libtorrent", "libtorrent"), ("rtorrent", "libtorrent"), ("libtorrent", "aria2"),
    ("aria2", "libtorrent"), ("rtorrent", "aria2"), ("aria2", "aria2"),
    ("weir, checked", "rtorrent"), ("libtorrent", "rtorrent"), ("rtorrent", "rtorrent"),
    ("aria2", "rtorrent"),
]


@dataclass(frozen=True)
class Sample:
    rate: float  # MiB/s
    delay: float  # seconds from connection to first data
    leech_cpu: float  # seconds per GiB
    seed_cpu: float
    leech_rss: float  # MiB
    seed_rss: float
    leech_faults: float  # per MiB


def make_torrent(payload: Path, target: Path, piece_size: int, url: str) -> None:
    hashes = bytearray()
    with open(payload, "rb") as file:
        while piece := file.read(piece_size):
            hashes += hashlib.sha1(piece).digest()
    name, length = payload.name.encode(), payload.stat().st_size
    info = b"d6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se" % (
        length, len(name), name, piece_size, len(hashes), bytes(hashes))
    target.write_bytes(b"d8:announce%d:%s4:info%se" % (len(url), url.encode(), info))


class Bench:
    def __init__(self, folder: Path, network: Network, size: int, piece_size: int):
        self.folder, self.network, self.size = folder, network, size
        self.payload = folder / "data" / "payload.bin"
        self.payload.parent.mkdir()
        write_random(self.payload, size)
        self.torrent = folder / "payload.torrent"
        self.tracker = Tracker(network, SEED_PORT)
        make_torrent(self.payload, self.torrent, piece_size, self.tracker.url)

    def transfer(self, seed_name: str, leech_name: str) -> Sample:
        scratch, out = self.folder / "scratch", self.folder / "out"
        out.mkdir()
        seed, leech = CLIENTS[seed_name](), CLIENTS[leech_name]()
        common = self.torrent, self.tracker.url
        try:
            seed.seed(Side(*common, self.payload.parent, scratch / "seed",
                           self.network.seed_address, SEED_PORT, self.network.seed_namespace))
            leech.leech(Side(*common, out, scratch / "leech", self.network.leech_address,
                             LEECH_PORT, self.network.leech_namespace))
            sample = self._measure(seed, leech)
            if not filecmp.cmp(self.payload, out / self.payload.name, shallow=False):
                raise Failed(f"{seed_name} to {leech_name}: the content differs")
            return sample
        finally:
            for client in (seed, leech):
                if hasattr(client, "process"):
                    client.process.stop()
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)

    def _measure(self, seed, leech) -> Sample:
        wait_for("the two connect", lambda: seed.process.connected(SEED_PORT), 60, 0.001)
        begin = time.monotonic()
        seed_before, leech_before = seed.process.cpu(), leech.process.cpu()
        before = self.network.received_bytes(seed.process.pid if not self.network.separate
                                             else leech.process.pid)
        wait_for("data flows", lambda: not leech.process.alive() or self.network.received_bytes(
            leech.process.pid) > before + FLOWS, 60, 0.002)
        flowing = time.monotonic()
        ended = leech.finish()
        served = seed.process.now()
        gib = self.size / GIB
        return Sample(rate=self.size / MIB / (ended.at - flowing), delay=flowing - begin,
                      leech_cpu=(ended.cpu - leech_before) / gib,
                      seed_cpu=(served.cpu - seed_before) / gib,
                      leech_rss=ended.rss / MIB, seed_rss=served.rss / MIB,
                      leech_faults=ended.faults / (self.size / MIB))

    def floor(self, name: str) -> Sample:
        times = run_floor(floor_program(self.folder), name, self.payload, self.folder, self.network,
                          SEED_PORT)
        gib = self.size / GIB
        return Sample(rate=self.size / MIB / times.seconds, delay=0, leech_cpu=times.leech_cpu / gib,
                      seed_cpu=times.seed_cpu / gib, leech_rss=0, seed_rss=0, leech_faults=0)


def medians(samples: list[Sample]) -> Sample:
    return Sample(*(median(getattr(sample, field) for sample in samples)
                    for field in Sample.__dataclass_fields__))


def best_rival(results: dict, side: int, same: tuple[str, str], field: str):
    """The rival with the least on that side (0 seed, 1 leech), the other side being the same."""
    rows = [(getattr(sample, field), pair) for pair, sample in results.items()
            if not pair[side].startswith("weir") and pair[1 - side] == same[1 - side]]
    return min(rows) if rows else None


def comparison(results: dict) -> list[list[str]]:
    rows = []
    for side, word, field in ((1, "leech", "leech_cpu"), (0, "seed", "seed_cpu")):
        for pair, sample in results.items():
            if not pair[side].startswith("weir"):
                continue
            rival = best_rival(results, side, pair, field)
            if rival is None:
                continue
            ours = getattr(sample, field)
            rows.append([f"{pair[side]} as {word} ({'to' if side == 0 else 'from'} {pair[1 - side]})",
                         f"{ours:.2f}", f"{rival[0]:.2f} {rival[1][side]}", f"{ours / rival[0]:.2f}"])
    return rows


def report(results: dict, floors: dict, markdown: bool) -> str:
    rows = [[f"{seed} → {leech}", f"{s.rate:.0f}", f"{s.leech_cpu:.2f}", f"{s.seed_cpu:.2f}",
             f"{s.leech_rss:.0f}", f"{s.seed_rss:.0f}", f"{s.delay:.2f}"]
            for (seed, leech), s in results.items()]
    parts = [table(["seed → leech", "MiB/s", "leech CPU-s/GiB", "seed CPU-s/GiB", "leech RSS MiB",
                    "seed RSS MiB", "s to first data"], rows, markdown)]
    if floors:
        parts.append(table(
            ["floor: sendfile → the receiver does", "MiB/s", "receiver CPU-s/GiB", "sender CPU-s/GiB"],
            [[name, f"{s.rate:.0f}", f"{s.leech_cpu:.2f}", f"{s.seed_cpu:.2f}"]
             for name, s in floors.items()], markdown))
    ratios = comparison(results)
    if ratios:
        parts.append(table(["CPU-s/GiB", "weir", "best rival", "ratio"], ratios, markdown))
    return "\n\n".join(parts)


def chosen_pairs(text: str | None) -> list[tuple[str, str]]:
    absent = missing()
    for name, reason in absent.items():
        print(f"without {name}: {reason}", file=sys.stderr)
    pairs = PAIRS
    if text:
        names = {name.replace(", ", "-"): name for name in CLIENTS}
        try:
            pairs = [(names[a], names[b]) for a, b in (pair.split(":") for pair in text.split(","))]
        except (KeyError, ValueError):
            raise SystemExit(f"--pairs takes SEED:LEECH,... of {', '.join(names)}") from None
    return [pair for pair in pairs if not absent.keys() & set(pair)]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=256, help="payload size (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each pair (default: %(default)s)")
    parser.add_argument("--piece-kib", type=int, default=1024)
    parser.add_argument("--pairs", help="only these, as SEED:LEECH,...")
    parser.add_argument("--no-floor", action="store_true")
    parser.add_argument("--loopback", action="store_true", help="no network namespaces")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    return parser.parse_args()


def measure_all(bench: Bench, pairs: list, floors: list, runs: int) -> tuple[dict, dict]:
    pair_samples: dict = {pair: [] for pair in pairs}
    floor_samples: dict = {name: [] for name in floors}
    failures: dict = {}
    for run in range(runs):
        for pair in pairs:
            try:
                sample = bench.transfer(*pair)
            except Failed as failure:
                failures[pair] = str(failure)
                print(f"run {run + 1} {pair[0]} → {pair[1]} failed: {failure}", file=sys.stderr)
                continue
            pair_samples[pair].append(sample)
            print(f"run {run + 1} {pair[0]} → {pair[1]}: {sample.rate:.0f} MiB/s, leech "
                  f"{sample.leech_cpu:.2f}, seed {sample.seed_cpu:.2f} CPU-s/GiB, "
                  f"{sample.leech_faults:.0f} faults/MiB", file=sys.stderr)
        for name in floors:
            floor_samples[name].append(bench.floor(name))
    for pair, failure in failures.items():
        print(f"{pair[0]} → {pair[1]} failed at least once: {failure.splitlines()[0]}")
    return ({pair: medians(samples) for pair, samples in pair_samples.items() if samples},
            {name: medians(samples) for name, samples in floor_samples.items()})


def main() -> None:
    end_in_order()
    options = parse_arguments()
    pairs = chosen_pairs(options.pairs)
    size = options.mib * MIB
    busy = load()
    with Workspace(2 * size + 512 * MIB) as folder:
        network = Network(options.loopback)
        try:
            bench = Bench(folder, network, size, options.piece_kib << 10)
            results, floors = measure_all(bench, pairs, [] if options.no_floor else list(FLOORS),
                                          options.runs)
        finally:
            network.close()
    print(f"{machine()}; {busy}.")
    print(f"{options.mib} MiB in pieces of {options.piece_kib} KiB, v1, over {network.describe()}; "
          f"medians of {options.runs}.\n")
    print(report(results, floors, options.markdown))


if __name__ == "__main__":
    os.umask(0o022)
    main()
