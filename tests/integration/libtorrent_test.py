# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and libtorrent, both directions, in v1, v2 and hybrid."""

from matrix import HybridMatrix, Matrix

from clients.scripted import Libtorrent
from harness.case import Case, main
from harness.content import LARGE_PIECES, SINGLE, TREE


class LibtorrentTest(HybridMatrix, Matrix, Case):
    client_class = Libtorrent
    knows_pad_files = True

    def test_get_a_v2_tree(self):
        self.get_from_client(TREE, "v2")

    def test_get_a_v2_file(self):
        self.get_from_client(SINGLE, "v2", by_peer=True)

    def test_get_v2_large_pieces(self):
        self.get_from_client(LARGE_PIECES, "v2")

    def test_get_a_v2_tree_by_magnet(self):
        self.get_from_client(TREE, "v2", magnet=True)

    def test_seed_a_v2_tree(self):
        self.seed_to_client(TREE, "v2")

    def test_seed_a_v2_file(self):
        self.seed_to_client(SINGLE, "v2")

    def test_seed_v2_large_pieces(self):
        self.seed_to_client(LARGE_PIECES, "v2")

    def test_seed_a_v2_tree_by_magnet(self):
        self.seed_to_client(TREE, "v2", magnet=True)

    def test_weir_finishes_the_v2_torrent_that_the_client_began(self):
        self.weir_goes_on_after_the_client("v2")

    def test_the_client_finishes_the_v2_torrent_that_weir_began(self):
        self.the_client_goes_on_after_weir("v2")

    def test_get_of_a_v2_torrent_goes_on_after_a_kill(self):
        self.weir_goes_on_after_a_kill("v2")


if __name__ == "__main__":
    main()
