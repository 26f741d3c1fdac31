# SPDX-License-Identifier: MIT OR Apache-2.0
"""The other clients against each other: proves the drivers, so that a failure elsewhere is weir's."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.aria2 import Aria2
from clients.rtorrent import Rtorrent
from clients.scripted import Libtorrent, Webtorrent
from clients.transmission import Transmission
from harness.case import Case, main
from harness.content import SINGLE, TREE


class Drivers(Case):
    def transfer(self, seed, leech, content=TREE, magnet=False):
        torrent, folder = self.make(content)
        seed = seed(self)
        seed.seed(torrent, folder)
        leech = leech(self)
        out = self.folder("out")
        leech.leech(torrent.magnet([self.tracker.url]) if magnet else torrent, out)
        leech.wait_done()
        leech.stop()
        self.assert_same(folder / torrent.name, out / torrent.name, lenient=True)

    def test_libtorrent_to_libtorrent(self):
        self.transfer(Libtorrent, Libtorrent)

    def test_transmission_to_libtorrent(self):
        self.transfer(Transmission, Libtorrent)

    def test_libtorrent_to_transmission(self):
        self.transfer(Libtorrent, Transmission)

    def test_aria2_to_libtorrent(self):
        self.transfer(Aria2, Libtorrent)

    def test_libtorrent_to_aria2(self):
        self.transfer(Libtorrent, Aria2)

    def test_rtorrent_to_libtorrent(self):
        self.transfer(Rtorrent, Libtorrent)

    def test_libtorrent_to_rtorrent(self):
        self.transfer(Libtorrent, Rtorrent)

    def test_webtorrent_to_libtorrent(self):
        self.transfer(Webtorrent, Libtorrent)

    def test_libtorrent_to_webtorrent(self):
        self.transfer(Libtorrent, Webtorrent)

    def test_libtorrent_to_transmission_by_magnet(self):
        self.transfer(Libtorrent, Transmission, SINGLE, magnet=True)

    def test_libtorrent_to_aria2_by_magnet(self):
        self.transfer(Libtorrent, Aria2, SINGLE, magnet=True)

    def test_libtorrent_to_rtorrent_by_magnet(self):
        self.transfer(Libtorrent, Rtorrent, SINGLE, magnet=True)

    def test_libtorrent_to_webtorrent_by_magnet(self):
        self.transfer(Libtorrent, Webtorrent, SINGLE, magnet=True)


if __name__ == "__main__":
    main()
