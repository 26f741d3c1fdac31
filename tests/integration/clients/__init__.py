# SPDX-License-Identifier: MIT OR Apache-2.0
"""Drivers of other BitTorrent clients with one face:

    client = Libtorrent(case)
    client.seed(torrent, folder)        # returns when it has checked the content and announced itself
    client.leech(source, folder)        # source: a torrent or a magnet link
    client.wait_done()
    client.stop()

`client.address` and `client.port` are where it listens. `progress()` is the part of the content it
has, from 0 to 1, and `uploaded()` the payload bytes that it says it sent.
"""
