# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and rtorrent, both directions, also with hybrid torrents."""

from matrix import HybridMatrix, Matrix

from clients.rtorrent import Rtorrent
from harness.case import Case, main


class RtorrentTest(HybridMatrix, Matrix, Case):
    client_class = Rtorrent
    reads_btmh = False


if __name__ == "__main__":
    main()
