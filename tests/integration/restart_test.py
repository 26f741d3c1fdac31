# SPDX-License-Identifier: MIT OR Apache-2.0
"""kill -9 in the middle of a large download, and what the next run makes of it.

256 MiB, or 1 GiB with WEIR_BIG_TESTS=1.
"""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import bencode, mounts, weir
from harness.case import Case, main
from harness.content import KIB, MIB, Content

SIZE = 1024 * MIB if os.environ.get("WEIR_BIG_TESTS") else 256 * MIB
CONTENT = Content("large", {"first.bin": SIZE // 2 + 12_345, "second.bin": SIZE // 4,
                            "third.bin": SIZE // 4 - 12_345}, 256 * KIB)
PIECES = SIZE // (256 * KIB)
RATE = SIZE // 16
BOOT_ID = "/proc/sys/kernel/random/boot_id"
# What a start reads that has nothing to check: libraries, the torrent, its own records.
START = 2 * MIB
# A piece is said to be done, and saved a moment later: so many may have been said in that moment.
IN_FLIGHT = 16


def saved_progress(state: Path) -> dict:
    """What the next run will find in the state directory."""
    with closing(sqlite3.connect(state / "weir.db")) as database:
        value, = database.execute("SELECT value FROM progress").fetchone()
    return bencode.decode(value)


def pieces_in(bits: bytes) -> int:
    return sum(byte.bit_count() for byte in bits)


class Restart(Case):
    def setUp(self):
        self.out, self.state = self.work / "out", self.work / "state"

    def get(self, torrent, *arguments, peers=()):
        return weir.get(self, torrent.path, self.out, *arguments, state=self.state, peers=peers)

    def kill_after(self, pieces, torrent, *arguments, peers=()) -> int:
        """How many pieces the killed run said to be done."""
        run = self.get(torrent, "--max-down", RATE, *arguments, peers=peers)
        run.wait_pieces(pieces, 120)
        run.process.kill()
        return run.pieces()

    def find(self, torrent, *arguments) -> tuple[int, int]:
        """What a start finds there, and how many bytes it read. Killed like the first: nothing that
        was found is lost by that. It goes so slowly that what it receives does not count."""
        run = self.get(torrent, "--max-down", "1K", *arguments)
        found = run.wait_event("checked", 60)["pieces_done"]
        read = run.process.read_bytes()
        run.process.kill()
        return found, read

    def download_twice(self, torrent, folder, *arguments, peers=()):
        said = self.kill_after(PIECES * 15 // 16, torrent, *arguments, peers=peers)
        written = pieces_in(saved_progress(self.state)[b"written"])
        found, read = self.find(torrent, *arguments)
        end = self.get(torrent, *arguments, peers=peers).wait_done(120)["torrents"][0]
        self.assert_same(folder / torrent.name, self.out / torrent.name)
        print(f"said {said}, found {found} of {PIECES} pieces, {written} of them not synced; read "
              f"{read} bytes before going on", file=sys.stderr)
        self.assertGreaterEqual(found, said - IN_FLIGHT, "something was forgotten")
        self.assertLess(read, START, "something was hashed again")
        self.assertLessEqual(end["downloaded_bytes"], (PIECES - found + 8) * CONTENT.piece_size)

    def test_from_libtorrent(self):
        torrent, folder = self.make(CONTENT)
        seed = Libtorrent(self)
        seed.seed(torrent, folder)
        self.download_twice(torrent, folder)

    def test_from_weir_with_part_names_and_hybrid_hashes(self):
        torrent, folder = self.make(CONTENT, "hybrid", trackers=[])
        seed = weir.seed(self, torrent, folder, "--trust")
        self.download_twice(torrent, folder, "--part", peers=[(seed.address, seed.port)])

    def test_after_another_boot_what_was_not_synced_is_hashed(self):
        torrent, folder = self.make(CONTENT, trackers=[])
        seed = weir.seed(self, torrent, folder, "--trust")
        peers = [(seed.address, seed.port)]
        said = self.kill_after(64, torrent, peers=peers)
        progress = saved_progress(self.state)
        self.assertEqual(Path(BOOT_ID).read_text().strip().encode(), progress[b"boot"])
        written = pieces_in(progress[b"written"])
        other = self.work / "boot_id"
        other.write_text("another-boot\n")
        own = mounts.Mounts()
        self.addCleanup(own.close)
        own.cover(Path(BOOT_ID), other)
        found, read = self.find(torrent)
        print(f"said {said}, found {found}, {written} hashed", file=sys.stderr)
        self.assertGreaterEqual(found, said - IN_FLIGHT)
        self.assertGreaterEqual(read, written * CONTENT.piece_size)


if __name__ == "__main__":
    main(mounting=True)
