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

    def test_get_hybrid_large_pieces(self):
        self.get_from_client(LARGE_PIECES, "hybrid")

    def test_get_a_v2_tree_by_magnet(self):
        self.get_from_client(TREE, "v2", magnet=True)

    def test_get_a_hybrid_tree_by_magnet(self):
        self.get_from_client(TREE, "hybrid", magnet=True)

    def test_seed_a_v2_tree(self):
        self.seed_to_client(TREE, "v2")

    def test_seed_a_v2_file(self):
        self.seed_to_client(SINGLE, "v2")

    def test_seed_v2_large_pieces(self):
        self.seed_to_client(LARGE_PIECES, "v2")

    def test_seed_hybrid_large_pieces(self):
        self.seed_to_client(LARGE_PIECES, "hybrid")

    def test_seed_a_v2_tree_by_magnet(self):
        self.seed_to_client(TREE, "v2", magnet=True)

    def test_seed_a_hybrid_tree_by_magnet(self):
        self.seed_to_client(TREE, "hybrid", magnet=True)


if __name__ == "__main__":
    main()
