# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and webtorrent, both directions, also with hybrid torrents."""

from matrix import HybridMatrix, Matrix

from clients.scripted import Webtorrent
from harness.case import Case, main


class WebtorrentTest(HybridMatrix, Matrix, Case):
    client_class = Webtorrent


if __name__ == "__main__":
    main()
