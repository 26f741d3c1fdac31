# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir among several other clients at once."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.aria2 import Aria2
from clients.rtorrent import Rtorrent
from clients.scripted import Libtorrent, Webtorrent
from clients.transmission import Transmission
from harness import torrents, weir
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.processes import wait_until

CONTENT = Content("shared", {"a.bin": 11 * MIB + 7, "b/empty": 0, "b/c.bin": 5 * MIB - 3,
                             "d.bin": 8 * MIB}, 64 * KIB)


class Swarm(Case):
    def get_from_all_of(self, kinds, up_limit: int, torrent_kind: str = "v1"):
        """Every seed gives a part of the content."""
        torrent, folder = self.make(CONTENT, torrent_kind)
        original = CONTENT.write(self.folder("original"))
        torrents.write_pad_files(torrent, folder / torrent.name)
        seeds = [kind(self, up_limit=up_limit) for kind in kinds]
        for seed in seeds:
            seed.seed(torrent, folder)
        out = self.work / "out"
        run = weir.get(self, torrent.path, out)
        end = run.wait_done(90)["torrents"][0]
        self.assert_same(original, out / torrent.name)
        self.assertLess(end["wasted_bytes"], CONTENT.size // 20)
        gave = {seed.folder.name: seed.uploaded() for seed in seeds}
        for name, given in gave.items():
            self.assertGreater(given, 16 * KIB, f"{name} gave nothing: {gave}")

    # At these rates the others are not done before the last one takes part: some unchoke in rounds
    # of 10 s.

    def test_five_kinds_of_seeds_at_once(self):
        self.get_from_all_of((Libtorrent, Transmission, Aria2, Rtorrent, Webtorrent), 350_000)

    def test_every_kind_of_seed_that_reads_hybrids_at_once(self):
        self.get_from_all_of((Libtorrent, Rtorrent, Webtorrent), 600_000, "hybrid")

    def test_several_seeds_of_a_v2_torrent_at_once(self):
        self.get_from_all_of(3 * (Libtorrent,), 1_000_000, "v2")

    def test_weir_gives_on_what_it_has_so_far(self):
        # A seed that only weir knows, and two leeches that only know weir.
        torrent, folder = self.make(CONTENT)
        bare = torrents.without_trackers(torrent)
        seed = Libtorrent(self, up_limit=2_500_000)
        seed.seed(bare, folder, announced=False)
        middle = weir.get(self, bare.path, self.work / "middle", "--seed", peers=[seed.place])
        middle.wait_pieces(5)
        leeches = [Libtorrent(self), Webtorrent(self)]
        for leech in leeches:
            leech.leech(bare, self.work / leech.name, peers=[(middle.address, middle.port)])
        for leech in leeches:
            leech.wait_progress(0.05, 30)
        self.assertEqual([], middle.named("done"), "weir should still be downloading")
        middle.wait_event("done", 60)
        for leech in leeches:
            leech.wait_done(60)
            self.assert_same(folder / torrent.name, self.work / leech.name / torrent.name,
                             lenient=True)
        end = middle.stop()["torrents"][0]
        self.assert_same(folder / torrent.name, self.work / "middle" / torrent.name)
        self.assertGreaterEqual(end["uploaded_bytes"], 2 * CONTENT.size)
        self.assertLess(seed.uploaded(), CONTENT.size * 5 // 4, "the seed gave more than once")

    def test_weir_to_weir_to_others_by_magnet(self):
        # Metadata and content pass through a weir that itself started from a magnet link.
        torrent, folder = self.make(CONTENT, "hybrid")
        seed = weir.seed(self, torrent, folder, "--trust")
        wait_until("announced", lambda: self.tracker.knows(seed.address, torrent.hash), 10)
        magnet = torrent.magnet([self.tracker.url])
        middle = weir.get(self, magnet, self.work / "middle", "--seed")
        middle.wait_event("done", 60)
        self.assertEqual(0, seed.stop()["exit_code"])
        last = Libtorrent(self)
        last.leech(torrent.magnet(peers=[(middle.address, middle.port)]), self.work / "last")
        last.wait_done(60)
        self.assert_same(folder / torrent.name, self.work / "middle" / torrent.name)
        self.assert_same(folder / torrent.name, self.work / "last" / torrent.name, lenient=True)


if __name__ == "__main__":
    main()
