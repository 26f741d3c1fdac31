# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and webtorrent, both directions."""

from matrix import Matrix

from clients.scripted import Webtorrent
from harness.case import Case, main


class WebtorrentTest(Matrix, Case):
    client_class = Webtorrent


if __name__ == "__main__":
    main()
