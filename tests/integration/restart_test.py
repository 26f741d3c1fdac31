# SPDX-License-Identifier: MIT OR Apache-2.0
"""kill -9 in the middle of a large download, and what the next run makes of it.

256 MiB, or 1 GiB with WEIR_BIG_TESTS=1.
"""

import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import weir
from harness.case import Case, main
from harness.content import KIB, MIB, Content

SIZE = 1024 * MIB if os.environ.get("WEIR_BIG_TESTS") else 256 * MIB
CONTENT = Content("large", {"first.bin": SIZE // 2 + 12_345, "second.bin": SIZE // 4,
                            "third.bin": SIZE // 4 - 12_345}, 256 * KIB)
PIECES = SIZE // (256 * KIB)
RATE = SIZE // 16
# Every 5 seconds files are synced, and what was written before is trusted from then on. What was
# written later is hashed again.
TAIL = 7 * RATE


class Restart(Case):
    def download_twice(self, torrent, folder, *arguments, peers=()):
        out, state = self.work / "out", self.work / "state"
        first = weir.get(self, torrent.path, out, "--max-down", RATE, *arguments, state=state,
                         peers=peers)
        first.wait_pieces(PIECES * 15 // 16, 120)
        had = first.pieces()
        first.process.kill()
        second = weir.get(self, torrent.path, out, *arguments, state=state, peers=peers)
        found = second.wait_event("checked", 10)["pieces_done"]
        read = second.process.read_bytes()
        end = second.wait_done(120)["torrents"][0]
        self.assert_same(folder / torrent.name, out / torrent.name)
        print(f"had {had}, found {found} of {PIECES} pieces, read {read} bytes before going on",
              file=sys.stderr)
        return had, found, read, end

    def check(self, had, found, read, end):
        self.assertGreaterEqual(found, had - 16, "something was forgotten")
        self.assertLess(read, TAIL + 8 * MIB, "read more than the last seconds' pieces")
        self.assertLess(TAIL + 8 * MIB, had * CONTENT.piece_size * 6 // 10)
        self.assertLessEqual(end["downloaded_bytes"], (PIECES - found + 8) * CONTENT.piece_size)

    def test_from_libtorrent(self):
        torrent, folder = self.make(CONTENT)
        seed = Libtorrent(self)
        seed.seed(torrent, folder)
        self.check(*self.download_twice(torrent, folder))

    def test_from_weir_with_part_names_and_hybrid_hashes(self):
        torrent, folder = self.make(CONTENT, "hybrid", trackers=[])
        seed = weir.seed(self, torrent, folder, "--trust")
        self.check(*self.download_twice(torrent, folder, "--part",
                                        peers=[(seed.address, seed.port)]))


if __name__ == "__main__":
    main()
