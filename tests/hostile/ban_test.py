# SPDX-License-Identifier: MIT OR Apache-2.0
"""What becomes of a liar at a node: banned, listed, remembered over a restart, let in again."""

import time

from support import HostileCase, main  # first: it finds the others

from harness.node import Node
from peer import HAVE_ALL, PIECE, REQUEST, UNCHOKE, Closed, Peer, message

BASE = "/api/weir/v1"


class Bans(HostileCase):
    def setUp(self):
        self.prepare()
        self.node = Node(self)
        self.weir_place = self.node.place
        added = self.node.ask("POST", f"{BASE}/torrents", self.torrent.path.read_bytes(),
                              {"Content-Type": "application/x-bittorrent"})
        self.assertEqual(201, added.status, added.body)
        self.wait_listening()

    def bans(self) -> list[dict]:
        return self.node.get(f"{BASE}/bans").json()["bans"]

    def lift(self, address: str):
        return self.node.ask("DELETE", f"{BASE}/bans/{address}")

    def lie(self) -> str:
        """Sends zeroes for content until it is thrown out; returns its address."""
        peer = self.connect()
        peer.send(message(HAVE_ALL), message(UNCHOKE))
        with self.assertRaises(Closed):
            while True:
                asked = peer.wait_for(REQUEST)
                peer.send(message(PIECE, asked[:8] + bytes(int.from_bytes(asked[8:12], "big"))))
        return peer.source

    def assert_refused(self, address: str) -> None:
        with Peer(self.weir_place, address) as again:
            again.send(b"\x13BitTorrent protocol" + bytes(8) + self.torrent.hash + bytes(20))
            self.assert_dropped(again, "banned")

    def test_WIR_15_a_ban_is_listed_and_outlives_a_restart(self):
        self.assertEqual([], self.bans())
        liar = self.lie()
        first, = self.bans()
        self.assertEqual(liar, first["address"])
        left = first["until"] / 1000 - time.time()
        self.assertTrue(3000 < left <= 3601, left)
        self.node.stop()
        self.node.again()
        again, = self.bans()
        self.assertEqual(liar, again["address"])
        self.assertLess(abs(again["until"] - first["until"]), 5000)
        self.wait_listening()
        self.assert_refused(liar)

    def test_WIR_15_a_ban_that_is_lifted_is_over_for_good(self):
        liar = self.lie()
        self.assert_refused(liar)
        self.assertEqual(204, self.lift(liar).status)
        self.assertEqual([], self.bans())
        self.connect(source=liar).close()
        self.assertEqual("not_found", self.lift(liar).json()["error"]["code"])
        self.assertEqual("bad_address", self.lift("liar").json()["error"]["code"])
        self.node.kill()
        self.node.again()
        self.assertEqual([], self.bans())
        self.wait_listening()
        self.connect(source=liar).close()


if __name__ == "__main__":
    main()
