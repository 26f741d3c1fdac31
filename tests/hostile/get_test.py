# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile peers of a `weir get` that has its metadata and no content."""

from support import KIB, MIB, PIECE_SIZE, HostileCase, main  # first: it finds the others

from harness import weir
from harness.processes import wait_until
from peer import (ALLOWED_FAST, BLOCK, HAVE_ALL, INTERESTED, PIECE, REJECT, REQUEST, SUGGEST,
                  UNCHOKE, Peer, be32, message)


class Content(HostileCase):
    def setUp(self):
        self.start_get()

    def seeding(self) -> tuple[Peer, bytes]:
        """A peer that has all, and what weir asks it for first."""
        peer = self.connect()
        peer.send(message(HAVE_ALL), message(UNCHOKE))
        return peer, peer.wait_for(REQUEST)

    def test_WIR_08_a_piece_that_is_not_here_is_refused(self):
        with self.connect() as peer:
            for piece in range(20):
                body = be32(piece, 0, BLOCK)
                peer.send(message(REQUEST, body))
                self.assertEqual(body, peer.wait_for(REJECT))
            peer.send(300 * message(REQUEST, be32(0, 0, BLOCK)))
            self.assert_dropped(peer, "300 requests for what is not here")
        self.assert_completes()

    def test_WIR_12_blocks_nobody_asked_for_are_dropped(self):
        with self.memory_within(64 * KIB):
            self.assert_each_dropped({
                "500,000 bytes": be32(500_009) + bytes([PIECE]) + be32(0, 0) + bytes(500_000),
                "a block": message(PIECE, be32(0, 0) + bytes(BLOCK)),
                "an empty block": message(PIECE, be32(0, 0)),
                "a block out of range": message(PIECE, be32(0xFFFFFFFF, 0) + bytes(BLOCK)),
            })
        written = [path for path in self.out.rglob("*") if path.is_file()]
        self.assertEqual([], [path for path in written if path.read_bytes().strip(b"\0")])
        self.assert_completes()

    def test_WIR_12_a_block_other_than_asked_is_dropped(self):
        for name, change in {
            "longer": lambda body: body[:8] + bytes(BLOCK + 1),
            "shorter": lambda body: body[:8] + bytes(BLOCK - 1),
            "without bytes": lambda body: body[:8],
            "elsewhere": lambda body: body[:4] + be32(int.from_bytes(body[4:8], "big") + 1) +
                         bytes(BLOCK),
        }.items():
            with self.subTest(name):
                peer, asked = self.seeding()
                peer.send(message(PIECE, change(asked)))
                self.assert_dropped(peer, name)
        self.assert_completes()

    def test_WIR_15_a_peer_of_random_bytes_is_banned(self):
        peer, asked = self.seeding()
        try:
            while True:
                peer.send(message(PIECE, asked[:8] + bytes(int.from_bytes(asked[8:12], "big"))))
                asked = peer.wait_for(REQUEST)
        except Exception as ended:  # Closed by the ban, TimeoutError is judged below
            self.assertEqual("Closed", type(ended).__name__)
        self.node.wait_event("peer_banned", 10)
        with Peer(self.weir_place, peer.source) as again:
            again.send(b"\x13BitTorrent protocol" + bytes(8) + self.torrent.hash + bytes(20))
            self.assert_dropped(again, "banned")
        self.assertEqual(0, self.node.pieces(), "bad bytes were counted as present")
        self.assert_completes()

    def test_WIR_23_suggestions_out_of_range_are_dropped(self):
        self.assert_each_dropped({f"id {kind}, piece {index}": message(kind, be32(index))
                                  for kind in (SUGGEST, ALLOWED_FAST)
                                  for index in (20, 0x80000000, 0xFFFFFFFF)})
        with self.connect() as peer:
            for index in range(20):
                peer.send(message(SUGGEST, be32(index)), message(ALLOWED_FAST, be32(index)))
            self.assert_kept(peer, "in range")
        with self.memory_within(64 * KIB), self.connect() as peer:
            data = 10_000 * message(SUGGEST, be32(3))
            self.assertIsNotNone(peer.flood(data, 100 * len(data), 10), "never dropped")
        self.assert_completes()

    def test_WIR_20_itself_as_a_peer_is_not_kept(self):
        self.stop_node()
        place = self.place()
        self.start_get("--peer", f"{place[0]}:{place[1]}", place=place)
        wait_until("a progress event", lambda: len(self.node.named("progress")) >= 2, 20)
        self.assertEqual(0, self.node.progress()["peers"])
        self.assert_completes()

    def test_WIR_32_a_stop_while_a_block_is_under_way_is_clean(self):
        peer, asked = self.seeding()
        served = set()
        while len(served) < 12:
            piece, begin, length = (int.from_bytes(asked[at:at + 4], "big") for at in (0, 4, 8))
            at = piece * PIECE_SIZE + begin
            block = message(PIECE, asked[:8] + self.content[at:at + length])
            served.add(at)
            if len(served) == 12:
                block = block[:len(block) // 2]
            peer.send(block)
            asked = peer.wait_for(REQUEST)
        end = self.node.stop()
        self.assertEqual(7, end["exit_code"])
        self.assertTrue(peer.closed_within(5))
        kept = end["torrents"][0]["done_bytes"]
        self.assertLess(kept, len(self.content))
        self.watch.judge()

        self.node = weir.get(self, self.torrent.path, self.out, "--check", "full")
        self.place_of_node()
        self.wait_listening()
        self.assert_completes()
        fetched = self.node.named("end")[0]["torrents"][0]["downloaded_bytes"]
        # A piece that was being written when the summary was made may be there besides.
        self.assertLessEqual(fetched, len(self.content) - kept, "less was kept than it said")


if __name__ == "__main__":
    main()
