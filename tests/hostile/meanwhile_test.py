# SPDX-License-Identifier: MIT OR Apache-2.0
"""Honest peers that come while an attack goes on: they are admitted and complete the torrent. How
fast is not measured, for the machine has more to do than weir."""

import itertools
import threading
import time

from support import HostileCase, main
from harness import torrents
from harness.node import API, Node
from harness.processes import Failed, wait_until
from peer import (BLOCK, HAVE_ALL, INTERESTED, NOT_INTERESTED, PIECE, REQUEST, SOURCE_BLOCK, UNCHOKE,
                  Closed, Peer, be32, handshake, message)

ATTACKERS = 8
POISONERS = 5 * ATTACKERS  # addresses that give wrong bytes
# Connections of one attacker that say nothing. Together they are more than the 256 handshakes that
# may be pending (LIM-08), so the oldest of them give way.
MUTE = 60
AGAIN = 3  # honest peers that come one after the other


class Attack:
    """`once` over and over in several threads, until the end of the `with`."""

    def __init__(self, once):
        self._once = once
        self._over = threading.Event()
        self._rounds = [0] * ATTACKERS
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True)
                         for number in range(ATTACKERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, number: int) -> None:
        try:
            while not self._over.is_set():
                try:
                    self._once()
                except (Closed, OSError):
                    pass  # weir's defence, or its end
                self._rounds[number] += 1
        except BaseException as failure:  # shown by the test
            self._failure = failure

    def rounds(self) -> list[int]:
        """How often each attacker has come to an end and begun again."""
        if self._failure:
            raise self._failure
        return list(self._rounds)


class Meanwhile(HostileCase):
    def setUp(self):
        self.garbage = itertools.count()

    def admit_others(self, once, honest) -> None:
        """Every attacker has attacked before the first honest peer comes, and begins again while
        they come and go."""
        with Attack(once) as attack:
            wait_until("all have attacked", lambda: min(attack.rounds()) > 0, 60)
            before = attack.rounds()
            deadline = time.monotonic() + 100
            for number in itertools.count(1):
                honest()
                begun_again = all(now > then for now, then in zip(attack.rounds(), before))
                if number >= AGAIN and begun_again:
                    return
                if time.monotonic() >= deadline:
                    raise Failed(f"the attack stood still: {before} {attack.rounds()}")

    # --- What an attacker does once.

    def peer(self) -> Peer:
        """From an address that nobody had, after the handshakes."""
        peer = Peer(self.weir_place)
        try:
            peer.greet(self.torrent.hash)
        except BaseException:
            peer.close()
            raise
        return peer

    def say_nothing(self) -> None:
        peers = []
        try:
            for _ in range(MUTE):
                peers.append(Peer(self.weir_place))
            peers[0].closed_within(15)
        finally:
            for peer in peers:
                peer.close()

    def greet_wrongly(self) -> None:
        for wrong in (b"\x13BitTorrent protocoL" + bytes(48), handshake(bytes(20))):
            with Peer(self.weir_place) as peer:
                peer.send(wrong)
                peer.closed_within(15)

    def announce_a_length(self) -> None:
        with self.peer() as peer:
            peer.send(be32(0xFFFFFFFF))
            peer.flood(bytes(1 << 16), 1 << 30, 10)

    def change_its_mind(self) -> None:
        with self.peer() as peer:
            peer.flood(1000 * (message(INTERESTED) + message(NOT_INTERESTED)), 1 << 30, 10)

    def ask_for_nonsense(self) -> None:
        with self.peer() as peer:
            peer.send(message(INTERESTED))
            peer.flood(100 * message(REQUEST, be32(0, 0xFFFFC000, BLOCK)), 1 << 30, 10)

    def give_what_nobody_wants(self) -> None:
        with self.peer() as peer:
            peer.flood(message(PIECE, be32(0, 0) + bytes(BLOCK)), 1 << 30, 10)

    def give_garbage(self) -> None:
        """A seed of nothing but wrong bytes, until it is thrown out, and not let in again: it is
        some addresses that come back, not ever new ones."""
        source = f"{SOURCE_BLOCK}.200.{next(self.garbage) % POISONERS + 1}"
        with Peer(self.weir_place, source) as peer:
            peer.greet(self.torrent.hash)
            peer.send(message(HAVE_ALL), message(UNCHOKE))
            for _ in range(100):
                asked = peer.wait_for(REQUEST, 2)
                peer.send(message(PIECE, asked[:8] + bytes(int.from_bytes(asked[8:], "big"))))


class ASeed(Meanwhile):
    """Peers come to it for the content."""

    def serve_others(self, once) -> None:
        self.start_seed()
        self.admit_others(once, lambda: self.assert_serves(None))

    def test_WIR_01_of_hundreds_that_say_nothing(self):
        self.serve_others(self.say_nothing)

    def test_WIR_01_of_wrong_handshakes(self):
        self.serve_others(self.greet_wrongly)

    def test_WIR_03_of_lengths_over_the_limit(self):
        self.serve_others(self.announce_a_length)

    def test_WIR_08_of_bad_requests(self):
        self.serve_others(self.ask_for_nonsense)

    def test_WIR_12_of_blocks_that_nobody_asked_for(self):
        self.serve_others(self.give_what_nobody_wants)

    def test_WIR_19_of_messages_that_move_nothing(self):
        self.serve_others(self.change_its_mind)


class ADownload(Meanwhile):
    """Its attackers were there first; the honest seed comes last."""

    def complete(self, once) -> None:
        self.start_get()
        with Attack(once) as attack:
            wait_until("all have attacked", lambda: min(attack.rounds()) > 0, 60)
            self.assertEqual([], self.node.named("done"))
            self.assert_completes()

    def test_WIR_03_of_lengths_over_the_limit(self):
        self.complete(self.announce_a_length)

    def test_WIR_12_of_blocks_that_nobody_asked_for(self):
        self.complete(self.give_what_nobody_wants)

    def test_WIR_15_of_seeds_of_wrong_bytes(self):
        self.complete(self.give_garbage)


class ANode(Meanwhile):
    """Peers and HTTP clients of `weir serve`, whose port for peers is attacked."""

    def test_WIR_19_of_messages_that_move_nothing(self):
        self.prepare()
        self.node = Node(self)
        names = self.node.upload(self.content, "victim.bin")
        path = self.work / "upload.torrent"
        path.write_bytes(self.node.get(names["links"]["torrent"]).body)
        self.torrent = torrents.load(path, "v1")
        self.place_of_node()
        self.watch_node()

        def honest():
            self.assertEqual(200, self.node.get("/healthz").status)
            self.assertEqual(200, self.node.get(API + "/space").status)
            self.assertEqual(self.content, self.node.get(names["links"]["btih"]).body)
            self.assert_serves(None)

        self.admit_others(self.change_its_mind, honest)


if __name__ == "__main__":
    main()
