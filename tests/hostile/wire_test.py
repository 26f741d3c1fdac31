# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile peers of a `weir seed`: handshakes, lengths, ids, bitfields, requests, floods."""

import socket
import time

from support import GLOBAL_BLOCK, KIB, MIB, PIECE_SIZE, HostileCase, main
from peer import (ALLOWED_FAST, BITFIELD, BLOCK, CANCEL, CHOKE, DHT_BIT, EXTENSION_BIT, FAST_BIT,
                  HASH_REJECT, HASH_REQUEST, HASHES, HAVE, HAVE_ALL, HAVE_NONE, INTERESTED,
                  NOT_INTERESTED, PIECE, PORT, REJECT, REQUEST, SUGGEST, UNCHOKE, USUAL_BITS, V2_BIT,
                  Closed, Peer, be32, handshake, message)

KEEP_ALIVE = bytes(4)
FIXED_SIZES = {CHOKE: 0, UNCHOKE: 0, INTERESTED: 0, NOT_INTERESTED: 0, HAVE: 4, REQUEST: 12,
               CANCEL: 12, PORT: 2, SUGGEST: 4, HAVE_ALL: 0, HAVE_NONE: 0, REJECT: 12,
               ALLOWED_FAST: 4}
HASH_SIZES = {HASH_REQUEST: 48, HASH_REJECT: 48}


def wrong_sizes(sizes: dict[int, int]) -> dict[str, bytes]:
    """Each message one byte short and one byte long, followed by enough to look like more."""
    attacks = {}
    for kind, size in sizes.items():
        for wrong in (size - 1, size + 1):
            if wrong >= 0:
                attacks[f"id {kind}, {wrong} bytes"] = message(kind, bytes(wrong))
    return attacks


class Handshakes(HostileCase):
    def setUp(self):
        self.start_seed()

    def test_WIR_01_a_wrong_handshake_is_dropped(self):
        good = handshake(self.torrent.hash)
        attacks = {f"protocol length {n}": bytes([n]) + good[1:] for n in (0, 18, 20, 255)}
        attacks["protocol text"] = good[:1] + b"BitTorrent protocoL" + good[20:]
        attacks["unknown info hash"] = handshake(bytes(20))
        for name, data in attacks.items():
            with self.subTest(name), Peer(self.weir_place) as peer:
                peer.send(data)
                self.assert_dropped(peer, name)
                self.assertEqual(0, peer.received, "it was answered")
        self.assert_serves()

    def test_WIR_01_silence_before_the_last_byte_is_dropped(self):
        with Peer(self.weir_place) as peer, Peer(self.weir_place) as mute:
            peer.send(handshake(self.torrent.hash)[:67])
            self.assert_serves()
            self.assert_dropped(peer, "67 bytes", 15)
            self.assert_dropped(mute, "no byte", 15)

    def test_WIR_20_one_address_has_one_connection(self):
        source = f"{GLOBAL_BLOCK}.3.4"
        with self.memory_within():
            peers = [Peer(self.weir_place, source) for _ in range(100)]
            for peer in peers:
                self.addCleanup(peer.close)
                peer.send(handshake(self.torrent.hash))
            self.assertEqual(1, self.count_kept(peers))
            self.assert_serves()

    def test_WIR_20_one_peer_id_has_one_connection(self):
        with self.memory_within():
            peers = [Peer(self.weir_place) for _ in range(100)]
            for peer in peers:
                self.addCleanup(peer.close)
                peer.send(handshake(self.torrent.hash, peer_id=b"-XX0000-the same one"))
            self.assertEqual(1, self.count_kept(peers))
            self.assert_serves()

    def count_kept(self, peers) -> int:
        kept = 0
        for peer in peers:
            try:
                peer.take(68)
                peer.answers()
                kept += 1
            except Closed:
                pass
        return kept

    def test_WIR_20_its_own_peer_id_is_not_admitted(self):
        with Peer(self.weir_place) as first:
            own = first.greet(self.torrent.hash)[48:]
        with Peer(self.weir_place) as mirror:
            mirror.greet(self.torrent.hash, peer_id=own)
            self.assert_dropped(mirror, "its own peer id", 15)
            self.assertEqual(68, mirror.received, "it was talked to")
        self.assert_serves()


class Framing(HostileCase):
    def setUp(self):
        self.start_seed()

    LENGTHS = (0xFFFFFFFF, 0x7FFFFFFF, MIB + 1)

    def test_WIR_03_a_length_over_the_limit_is_dropped_at_once(self):
        for length in self.LENGTHS:
            with self.subTest(hex(length)), self.connect() as peer:
                peer.send(be32(length))
                self.assert_dropped(peer, "only the length was sent", 1)
        self.assert_serves()

    def stream(self, length: int) -> int:
        """The prefix and then bytes for as long as they are taken; how many went out."""
        with self.connect() as peer:
            peer.send(be32(length))
            sent = peer.flood(bytes(64 * KIB), 1 << 40, 10)
            self.assertIsNotNone(sent, f"{length:#x} was never dropped")
        return sent

    def test_WIR_03_a_steady_stream_after_such_a_length_costs_no_memory(self):
        for length in 4 * self.LENGTHS:  # what the first connections ever cost is no growth
            self.stream(length)
        for length in self.LENGTHS:
            with self.subTest(hex(length)), self.memory_within(64 * KIB, slack=0):
                sent, connections = 0, 0
                while sent < 16 * MIB or connections < 20:
                    sent += self.stream(length)
                    connections += 1
                self.assertLess(connections, 10_000)
        self.assert_serves()

    def test_WIR_04_a_fixed_size_message_of_another_size_is_dropped(self):
        self.assert_each_dropped(wrong_sizes(FIXED_SIZES))
        self.assert_serves()

    def test_WIR_04_the_right_sizes_are_kept(self):
        for kind in (CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, REQUEST, CANCEL, PORT,
                     SUGGEST, HAVE_ALL, HAVE_NONE, ALLOWED_FAST):
            with self.subTest(kind), self.connect() as peer:
                peer.send(message(kind, bytes(FIXED_SIZES[kind])))
                self.assert_kept(peer, f"id {kind}")

    def test_WIR_05_ids_never_negotiated_are_dropped(self):
        unknown = [10, 11, 12, 18, 19, *range(24, 256)]
        self.assert_each_dropped({f"id {kind}": message(kind) for kind in unknown})
        self.assert_each_dropped({f"id {kind} without fast": message(kind, bytes(FIXED_SIZES[kind]))
                                  for kind in (SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST)},
                                 EXTENSION_BIT)
        body = bytes(32) + be32(0, 0, 2, 0)
        self.assert_each_dropped({f"id {kind} in v1": message(kind, body)
                                  for kind in (HASH_REQUEST, HASHES, HASH_REJECT)},
                                 USUAL_BITS | V2_BIT)
        self.assert_each_dropped({"id 20 without extensions": message(20, b"\x00de")}, FAST_BIT)
        self.assert_serves()

    def test_WIR_06_a_bitfield_of_another_size_is_dropped(self):
        pieces = -(-len(self.content) // PIECE_SIZE)
        size = -(-pieces // 8)
        self.assertNotEqual(0, pieces % 8, "spare bits are needed")
        self.assert_each_dropped({
            "one byte short": message(BITFIELD, bytes(size - 1)),
            "one byte long": message(BITFIELD, bytes(size + 1)),
            "1 MiB": message(BITFIELD, bytes(MIB - 1)),
            "a spare bit": message(BITFIELD, bytes(size - 1) + b"\x01"),
            "a spare bit after have": message(HAVE, be32(0)) +
                                      message(BITFIELD, bytes(size - 1) + b"\x01"),
            "have out of range": message(HAVE, be32(pieces)),
            "a second one of another size": message(BITFIELD, bytes(size)) +
                                            message(BITFIELD, bytes(size + 1)),
        })
        self.assert_serves()

    def test_WIR_06_a_second_and_a_late_bitfield_are_kept(self):
        """aria2 sends such, in place of many haves."""
        right = message(BITFIELD, bytes(2) + b"\x10")
        for name, data in {"twice": 2 * right, "a hundred times": 100 * right,
                           "after have": message(HAVE, be32(1)) + right,
                           "after have none": message(HAVE_NONE) + right,
                           "after have all": message(HAVE_ALL) + right}.items():
            with self.subTest(name), self.connect() as peer:
                peer.send(data)
                self.assert_kept(peer, name)
        self.assert_serves()

    def test_WIR_06_a_flood_of_bitfields_is_dropped(self):
        with self.memory_within(256 * KIB), self.connect() as peer:
            flood = 1000 * message(BITFIELD, bytes(3))
            self.assertIsNotNone(peer.flood(flood, 1 << 40, 10), "never dropped")
        self.assert_serves()


class Requests(HostileCase):
    def setUp(self):
        self.start_seed()

    def bad_requests(self) -> list[bytes]:
        pieces = -(-len(self.content) // PIECE_SIZE)
        last = len(self.content) % PIECE_SIZE
        wrong = [(pieces, 0, BLOCK), (0xFFFFFFFF, 0, BLOCK), (0, PIECE_SIZE, BLOCK),
                 (0, PIECE_SIZE - 1, BLOCK), (0, 0xFFFFC000, 0x4000), (0, 0, 0), (0, 0, BLOCK + 1),
                 (0, 0, 131072), (0, 0, 1 << 31), (0, 0xFFFFFFFF, 0xFFFFFFFF),
                 (pieces - 1, last, 1), (pieces - 1, last - 1, 2)]
        return [be32(*numbers) for numbers in wrong]

    def test_WIR_08_bad_requests_are_refused_without_a_read(self):
        with self.unchoked() as peer:
            peer.answers()
            before = self.node.process.read_bytes()
            for _ in range(20):
                for body in self.bad_requests():
                    peer.send(message(REQUEST, body))
                    self.assertEqual((REJECT, body), peer.next_message())
            self.assertLess(self.node.process.read_bytes() - before, MIB)
            self.download(peer, 1)
        self.assert_serves()

    def test_WIR_08_three_hundred_bad_requests_are_dropped(self):
        with self.unchoked() as peer:
            body = be32(0, 0xFFFFC000, 0x4000)
            for _ in range(250):
                peer.send(message(REQUEST, body))
                peer.wait_for(REJECT)
            peer.send(50 * message(REQUEST, body))
            self.assert_dropped(peer, "300 bad requests")
        self.assert_serves()

    def test_WIR_10_one_block_asked_ten_thousand_times_starves_nobody(self):
        with self.memory_within(512 * KIB), self.unchoked() as peer:
            request = message(REQUEST, be32(0, 0, BLOCK))
            peer.flood(100 * request, 10_000 * len(request), 20)
            self.assert_serves(None)

    def test_WIR_10_the_whole_ten_times_is_served(self):
        with self.memory_within(512 * KIB), self.unchoked() as peer:
            for _ in range(10):
                self.download(peer)
            self.assert_serves(None)

    def choked(self) -> tuple[Peer, bytes]:
        """An interested peer that is not unchoked, because others have the slots. And the pieces
        it may ask for nevertheless."""
        for _ in range(50):
            peer = self.connect()
            peer.send(message(INTERESTED))
            heard = self.assert_kept(peer)
            if all(kind != UNCHOKE for kind, _ in heard):
                return peer, [body for kind, body in heard if kind == ALLOWED_FAST]
        self.fail("nobody is choked")

    def test_WIR_11_requests_while_choked_are_refused_then_dropped(self):
        request = message(REQUEST, be32(0, 0, BLOCK))
        for _ in range(3):  # a turn of the choker may unchoke it meanwhile
            peer, allowed = self.choked()
            piece = next(n for n in range(20) if be32(n) not in allowed)
            request = message(REQUEST, be32(piece, 0, BLOCK))
            peer.send(90 * request)
            heard = self.assert_kept(peer, "within the grace")
            if any(kind == UNCHOKE for kind, _ in heard):
                continue
            self.assertEqual(90, sum(kind == REJECT for kind, _ in heard))
            time.sleep(2.5)
            peer.send(150 * request)
            rejects = 0
            try:
                while True:
                    kind, _ = peer.next_message()
                    if kind == UNCHOKE:
                        break
                    rejects += kind == REJECT
            except Closed:
                self.assertLess(rejects, 150)
                break
        else:
            self.fail("it was unchoked each time")
        self.close_peers()
        self.assert_serves()

    def test_WIR_10_allowed_fast_pieces_are_served_three_times_while_choked(self):
        for _ in range(3):
            peer, allowed = self.choked()
            self.assertTrue(allowed, "no allowed fast piece")
            blocks = min(PIECE_SIZE, len(self.content)) // BLOCK
            served = 0
            for _ in range(10):
                peer.send(message(REQUEST, allowed[0] + be32(0, BLOCK)))
                kind, _ = peer.next_message()
                if kind == UNCHOKE:
                    break
                served += kind == PIECE
            else:
                self.assertEqual(3 * blocks, served)
                break
        else:
            self.fail("it was unchoked each time")
        self.close_peers()
        self.assert_serves()

    def test_WIR_12_a_block_nobody_asked_for_is_dropped(self):
        with self.memory_within(64 * KIB):
            self.assert_each_dropped({
                "500,000 bytes": be32(500_009) + bytes([PIECE]) + be32(0, 0) + bytes(500_000),
                "only the start of 500,000 bytes": be32(500_009) + bytes([PIECE]) + be32(0, 0),
                "a block": message(PIECE, be32(0, 0) + bytes(BLOCK)),
                "an empty block": message(PIECE, be32(0, 0)),
            })
        self.assertEqual(self.content, (self.data / "victim.bin").read_bytes())
        self.assert_serves()


class Floods(HostileCase):
    def setUp(self):
        self.start_seed()

    def test_WIR_19_messages_that_move_nothing_are_limited(self):
        attacks = {"choke": message(CHOKE) + message(UNCHOKE),
                   "interest": message(INTERESTED) + message(NOT_INTERESTED),
                   "keep-alive": KEEP_ALIVE, "port": message(PORT, b"\x1a\xe1"),
                   "cancel": message(CANCEL, be32(0, 0, BLOCK)),
                   "unknown extension": message(20, b"\xc8"),
                   "repeated have": message(HAVE, be32(3))}
        for name, data in attacks.items():
            with self.subTest(name), self.memory_within(), self.connect() as peer:
                self.assertIsNotNone(peer.flood(2000 * data, 1 << 40, 10), "never dropped")
        self.assert_serves()

    def test_WIR_19_a_trickle_of_such_messages_is_kept(self):
        with self.connect() as peer:
            for _ in range(5):
                peer.send(20 * (KEEP_ALIVE + message(INTERESTED) + message(NOT_INTERESTED)))
                self.assert_kept(peer)

    def test_WIR_31_port_messages_cause_no_packets(self):
        with self.connect(USUAL_BITS | DHT_BIT) as peer, socket.socket(
                socket.AF_INET, socket.SOCK_DGRAM) as trap:
            trap.bind((peer.source, 0))
            own = trap.getsockname()[1]
            for port in (0, 53, 80, own, own):
                peer.send(message(PORT, port.to_bytes(2, "big")))
            self.assert_kept(peer, "port messages")
            trap.settimeout(1)
            with self.assertRaises(TimeoutError):
                trap.recv(2000)
        self.assert_serves()


class V2Requests(HostileCase):
    def test_WIR_08_a_slow_reader_of_whole_blocks_gets_zeros_behind_the_end(self):
        """libtorrent asks for whole blocks. When a socket takes a part of one, the rest begins
        anywhere, and most of this one is behind the end of the file."""
        self.start_v2_seed(3 * BLOCK + 1)
        lengths = range(BLOCK - 500, BLOCK + 1)
        with self.unchoked() as peer:
            for _ in range(4):
                for length in lengths:  # more than the socket holds
                    peer.send(message(REQUEST, be32(3, 0, length)))
                for length in lengths:
                    body = peer.wait_for(PIECE)
                    self.assertEqual(be32(3, 0) + self.content[-1:].ljust(length, b"\0"), body)
        self.assert_serves()


class ManyRequests(HostileCase):
    """More blocks asked for than weir keeps requests of one peer."""

    BLOCKS = 3000

    def setUp(self):
        self.start_v2_seed(self.BLOCKS * BLOCK)
        self.requests = b"".join(message(REQUEST, be32(piece, 0, BLOCK))
                                 for piece in range(self.BLOCKS))

    def ask_for_all(self, bits: int) -> Peer:
        peer = self.connect(bits)
        peer.send(message(INTERESTED))
        peer.wait_for(UNCHOKE, 30)
        peer.send(self.requests)
        return peer

    def test_LIM_07_without_a_reject_every_block_is_served(self):
        peer = self.ask_for_all(EXTENSION_BIT)
        for piece in range(self.BLOCKS):
            body = peer.wait_for(PIECE)
            self.assertEqual(be32(piece, 0), body[:8])
            self.assertEqual(self.content[piece * BLOCK:(piece + 1) * BLOCK], body[8:])
        self.assert_serves()

    def test_LIM_07_with_rejects_every_request_is_answered(self):
        peer = self.ask_for_all(USUAL_BITS)
        waiting = {be32(piece, 0) for piece in range(self.BLOCKS)}
        while waiting:
            kind, body = peer.next_message()
            if kind in (PIECE, REJECT):
                waiting.remove(body[:8])
        self.assert_serves()


class Hashes(HostileCase):
    def setUp(self):
        self.start_v2_seed(1024 * BLOCK)
        self.root = next(iter(self.torrent.fields[b"file tree"].values()))[b""][b"pieces root"]

    def request(self, index: int = 0, length: int = 512) -> bytes:
        return message(HASH_REQUEST, self.root + be32(0, index, length, 9))

    def test_WIR_04_hash_messages_of_another_size_are_dropped(self):
        self.assert_each_dropped(wrong_sizes(HASH_SIZES), USUAL_BITS | V2_BIT)
        self.assert_each_dropped({
            "hashes that are no multiple": message(HASHES, bytes(48 + 31)),
            "hashes nobody asked for": message(HASHES, self.root + be32(0, 0, 2, 0) + bytes(64)),
            "hash reject of no request": message(HASH_REJECT, self.root + be32(0, 0, 2, 0)),
        }, USUAL_BITS | V2_BIT)
        self.assert_serves()

    def test_WIR_26_hash_requests_of_a_choked_peer_have_a_budget(self):
        with self.connect(USUAL_BITS | V2_BIT) as peer:
            started, open_requests, answers = time.monotonic(), 0, 0
            before = peer.received
            while time.monotonic() - started < 3:
                while open_requests < 60:
                    peer.send(self.request(512 * (open_requests % 2)))
                    open_requests += 1
                try:
                    body = peer.wait_for(HASHES, 0.2)
                except TimeoutError:
                    continue
                self.assertGreaterEqual(len(body), 48 + 512 * 32)
                open_requests -= 1
                answers += 1
            took = time.monotonic() - started
            self.assertGreater(answers, 0)
            # A second's worth may be saved up, another is for what was on its way.
            self.assertLess(peer.received - before, (took + 2) * 256 * KIB)
            self.assert_serves()

    def test_WIR_26_a_flood_of_hash_requests_harms_nobody(self):
        with self.memory_within(MIB), self.connect(USUAL_BITS | V2_BIT) as peer:
            started = time.monotonic()
            peer.flood(100 * self.request(), 30_000 * 53, 3)
            took = time.monotonic() - started
            self.assertLess(peer.received, (took + 2) * 256 * KIB + MIB)
            self.assert_serves()

    def test_WIR_26_hash_requests_out_of_range_are_rejected(self):
        with self.connect(USUAL_BITS | V2_BIT) as peer:
            for root, base, index, length, proofs in (
                    (bytes(32), 0, 0, 2, 0), (self.root, 0, 0, 0, 0), (self.root, 0, 0, 1, 0),
                    (self.root, 0, 0, 3, 0), (self.root, 0, 1, 2, 0), (self.root, 0, 2048, 512, 0),
                    (self.root, 0, 0xFFFFFE00, 512, 9), (self.root, 0, 0, 1 << 31, 0),
                    (self.root, 31, 0, 2, 0), (self.root, 0xFFFFFFFF, 0, 2, 0),
                    (self.root, 0, 0, 512, 0xFFFFFFFF)):
                body = root + be32(base, index, length, proofs)
                with self.subTest(body=body.hex()):
                    peer.send(message(HASH_REQUEST, body))
                    self.assertEqual(body, peer.wait_for(HASH_REJECT))
        self.assert_serves()


if __name__ == "__main__":
    main()
