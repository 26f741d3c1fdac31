# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile peers of a `weir get` that knows nothing but an info hash."""

import hashlib
import shutil

from support import KIB, MIB, HostileCase, main  # first: it finds the others

from harness import bencode, torrents, weir
from peer import (ALLOWED_FAST, BITFIELD, BLOCK, EXTENDED, HASH_REJECT, HASH_REQUEST, HASHES, HAVE,
                  METADATA_ID, SUGGEST, USUAL_BITS, V2_BIT, DHT_BIT, Closed, HonestSeed, Peer, be32,
                  extended, message, metadata_data)


class BeforeMetadata(HostileCase):
    def setUp(self):
        self.start_get(magnet=True)

    def asked_metadata(self, heard) -> bool:
        return any(kind == EXTENDED and body[0] == METADATA_ID for kind, body in heard)

    def test_UTM_01_impossible_sizes_are_ignored(self):
        with self.memory_within(64 * KIB):
            for size in (0, -1, -(1 << 63), (8 << 20) + 1, (1 << 31) - 1, 2_038_487_152,
                         (1 << 63) - 1):
                with self.subTest(size), self.connect() as peer:
                    peer.tell_metadata(size)
                    heard = self.assert_kept(peer) + self.assert_kept(peer)
                    self.assertFalse(self.asked_metadata(heard), "it was asked for that much")
        with self.memory_within(64 * KIB):
            for size in (1, 8 << 20):
                with self.subTest(size), self.connect() as peer:
                    peer.tell_metadata(size)
                    self.assertLess(peer.metadata_request(), 1 + size // BLOCK)
        self.assert_completes()

    def test_UTM_04_pieces_that_do_not_fit_are_dropped(self):
        size = BLOCK + 100
        cases = {"piece n": (2, size, 100), "piece -1": (-1, size, 100),
                 "piece 2^63": (1 << 63, size, 100), "piece over 16 KiB": (None, size, BLOCK + 1),
                 "piece over 17 KiB": (None, size, 18 * KIB), "short": (None, size, 99),
                 "empty": (None, size, 0), "another total": (None, size + 1, None),
                 "total of 2^62": (None, 1 << 62, None), "total of -1": (None, -1, None)}
        for name, (index, total, length) in cases.items():
            with self.subTest(name), self.connect() as peer:
                number = peer.metadata_name()
                peer.tell_metadata(size)
                asked = peer.metadata_request()
                right = BLOCK if asked == 0 else 100
                peer.send(metadata_data(number, asked if index is None else index, total,
                                        bytes(right if length is None else length)))
                self.assert_dropped(peer, name)
        self.assert_completes()

    def test_UTM_04_false_metadata_bans_its_sender(self):
        with self.connect() as peer:
            number = peer.metadata_name()
            peer.tell_metadata(len(self.torrent.info))
            asked = peer.metadata_request()
            peer.send(metadata_data(number, asked, len(self.torrent.info),
                                    bytes(len(self.torrent.info))))
            self.assert_dropped(peer, "false metadata")
            with Peer(self.weir_place, peer.source) as again:
                again.send(b"\x13BitTorrent protocol" + USUAL_BITS.to_bytes(8, "big") +
                           self.torrent.hash + b"-XX0000-another peer")
                self.assert_dropped(again, "banned")
        self.assert_completes()

    def test_WIR_06_a_long_bitfield_is_refused(self):
        with self.memory_within(256 * KIB):
            self.assert_each_dropped({
                "1 MiB": message(BITFIELD, b"\xff" * (MIB - 1)),
                "only its start": be32(MIB) + bytes([BITFIELD]),
                "one byte over 256 KiB": message(BITFIELD, bytes(256 * KIB + 1)),
                "haves without end": 70_000 * message(HAVE, be32(7)),
            })
        self.assert_completes()

    def test_WIR_23_pieces_out_of_range_are_judged_when_the_metadata_comes(self):
        pieces = len(self.torrent.fields[b"pieces"]) // 20
        bad = [self.told(message(kind, be32(index)))
               for kind in (SUGGEST, ALLOWED_FAST, HAVE) for index in (pieces, 0xFFFFFFFF)]
        bad += [self.told(message(BITFIELD, bytes(size))) for size in (1, 256 * KIB)]
        good = self.told(message(SUGGEST, be32(pieces - 1)), message(ALLOWED_FAST, be32(0)))
        with HonestSeed(self.weir_place, self.torrent, self.content, blocks=False):
            self.node.wait_event("metadata", 20)
            for peer in bad:
                self.assert_dropped(peer, "out of range")
            self.assert_kept(good, "in range")
        self.assert_completes()

    def told(self, *data: bytes) -> Peer:
        peer = self.connect()
        peer.send(*data)
        self.assert_kept(peer, "before the metadata")
        return peer

    def test_WIR_23_a_flood_of_suggestions_is_dropped(self):
        with self.memory_within(64 * KIB):
            for kind in (SUGGEST, ALLOWED_FAST):
                with self.subTest(kind), self.connect() as peer:
                    data = b"".join(message(kind, be32(index)) for index in range(10_000))
                    self.assertIsNotNone(peer.flood(data, 100 * len(data), 10), "never dropped")
        self.assert_completes()

    def test_WIR_24_hash_messages_after_v1_metadata_are_dropped(self):
        body = bytes(32) + be32(0, 0, 2, 0)
        peers = [self.connect(USUAL_BITS | V2_BIT | DHT_BIT) for _ in range(4)]
        peers[3].send(message(HASH_REQUEST, body))
        self.assert_dropped(peers[3], "before the metadata")
        peers[0].serve_metadata(self.torrent.info)
        self.node.wait_event("metadata", 20)
        for peer, kind in zip(peers, (HASH_REQUEST, HASHES, HASH_REJECT)):
            peer.send(message(kind, body))
            self.assert_dropped(peer, f"id {kind}")
        self.assert_completes()


class HostileMetadata(HostileCase):
    """The info dictionary has the right hash, and is what no torrent may be."""

    def infos(self) -> dict[str, bytes]:
        fields = {"name": "n", "piece length": 16384, "pieces": bytes(20)}
        huge = bencode.encode({**fields, "length": (1 << 63) - 1})
        return {
            "depth": b"d4:name1:n1:z" + b"l" * 20_000 + b"e" * 20_000 + b"e",
            "unclosed": b"l" * 100_000,
            "tokens": b"l" + 450_000 * b"le" + b"e",
            "too many tokens": b"l" + 1_499_999 * b"le" + b"e",
            "no dictionary": b"i5e",
            "more bytes than pieces": huge,
            "piece length 0": bencode.encode({**fields, "length": 5, "piece length": 0}),
            "lengths that overflow": bencode.encode({**fields, "files": 2 * [
                {"length": (1 << 63) - 1, "path": ["x"]}]}),
            "a piece bomb": bencode.encode({**fields, "length": 1 << 40, "piece length": 1}),
        }

    def test_UTM_07_hostile_metadata_is_refused_like_a_file(self):
        for name, info in self.infos().items():
            with self.subTest(name):
                self.refused(name, info)

    def test_UTM_07_paths_that_lead_outside_stay_inside(self):
        self.content = b"bytes"
        parts = [["..", "..", "canary"], ["/", "canary"], ["a/../../../canary"], ["..\\..", "canary"],
                 [".", "canary"]]
        fields = {"piece length": 16384, "pieces": hashlib.sha1(self.content).digest()}
        infos = [{**fields, "name": "n", "files": [{"length": 5, "path": path}]} for path in parts]
        infos += [{**fields, "name": name, "length": 5}
                  for name in ("../canary", "..", "/canary", str(self.work / "canary"))]
        for number, info in enumerate(infos):
            with self.subTest(info=info):
                out = self.folder(f"a/b/{number}")
                self.get_magnet(bencode.encode(info), out)
                with HonestSeed(self.weir_place, self.torrent, self.content):
                    self.node.wait_event("end", 30)
                self.stop_node()
                self.assertEqual([], [path for path in self.work.rglob("*canary*")
                                      if not path.is_relative_to(out)])
                for path in out.rglob("*"):
                    self.assertTrue(path.resolve().is_relative_to(out.resolve()), path)
                shutil.rmtree(out)

    def get_magnet(self, info: bytes, out) -> None:
        self.torrent = torrents.Torrent(out, "v1", "hostile", info)
        self.node = weir.get(self, self.torrent.magnet(), out)
        self.place_of_node()
        self.wait_listening()
        self.watch_node()

    def refused(self, name: str, info: bytes) -> None:
        out = self.folder("out/put " + name)
        self.get_magnet(info, out)
        torrent_hash = self.torrent.hash
        with self.memory_within(64 * MIB), Peer(self.weir_place) as peer:
            peer.greet(torrent_hash)
            try:
                peer.serve_metadata(info)
            except Closed:
                pass
            failed = self.node.wait_event("failed", 20)
        self.assertTrue(failed["code"], failed)
        self.assertEqual([], list(out.rglob("*")), "something was written")
        self.no_refetch(torrent_hash, len(info))
        self.stop_node()

    def no_refetch(self, torrent_hash: bytes, size: int) -> None:
        try:
            with Peer(self.weir_place) as peer:
                peer.greet(torrent_hash)
                peer.tell_metadata(size)
                peer.metadata_request(0.5)
        except (Closed, TimeoutError, ConnectionError):
            return
        self.fail("the same bytes are fetched again")


if __name__ == "__main__":
    main()
