# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile extension messages to a `weir seed`: handshakes, bencode bombs, sizes."""

from support import KIB, MIB, HostileCase, main  # first: it finds the others

from harness import bencode
from peer import EXTENDED, extended, message


def bomb(depth: int) -> bytes:
    return b"l" * depth + b"e" * depth


class ExtensionHandshakes(HostileCase):
    def setUp(self):
        self.start_seed()

    def assert_each_kept(self, payloads: dict[str, bytes]) -> None:
        for name, payload in payloads.items():
            with self.subTest(name), self.connect() as peer:
                peer.send(extended(0, payload))
                self.assert_kept(peer, name)

    def test_BEN_01_nested_lists_are_refused(self):
        inside = b"d1:z" + bomb(20_000) + b"1:mdee"
        with self.memory_within(MIB):
            self.assert_each_dropped({
                "20,000 deep": extended(0, bomb(20_000)),
                "20,000 dictionaries deep": extended(0, 20_000 * b"d1:a" + 20_000 * b"e"),
                "100,000 unclosed": extended(0, 100_000 * b"l"),
                "within a key that is passed over": extended(0, b"d1:z" + bomb(20_000) + b"e"),
                "before a key that is read": extended(0, inside),
                "200,000 deep": extended(0, bomb(200_000)),
                "in ut_metadata": extended(2, b"d8:msg_typei0e5:piece" + bomb(8000) + b"e"),
            })
        self.assert_each_kept({"ten deep": b"d1:z" + bomb(10) + b"e"})
        self.assert_serves()

    def test_BEN_03_string_lengths_that_lie_are_refused(self):
        lies = [b"4294967295", b"4294967295:", b"9223372036854775808:", b"18446744073709551616:x",
                b"-1:x", b"00:", b"01:a", b"5", b"5:abc"]
        with self.memory_within(64 * KIB):
            self.assert_each_dropped({lie.decode(): extended(0, b"d" + lie) for lie in lies})
            self.assert_each_dropped({"as a value " + lie.decode(): extended(0, b"d1:v" + lie)
                                      for lie in lies})
        self.assert_each_kept({"a length that is true": b"d1:v5:abcdee"})
        self.assert_serves()

    def test_BEN_06_many_tokens_are_refused_or_passed_over_quickly(self):
        with self.memory_within(16 * MIB), self.connect() as peer:
            peer.send(extended(0, b"d1:zl" + 60_000 * b"le" + b"ee"))
            peer.send(extended(0, b"d1:zl" + 60_000 * b"0:" + b"ee"))
            peer.closed_within(2)
            self.assert_serves()

    def test_EXT_01_a_handshake_over_128_KiB_is_dropped(self):
        long = bencode.encode({"v": bytes(MIB - 200)})
        self.assert_each_dropped({
            "1 MiB": extended(0, long),
            "only the start of 1 MiB": extended(0, long)[:6],
            "one byte over": extended(0, (b"d1:v131000:" + bytes(131_000) + b"e").ljust(
                128 * KIB + 1, b"0")),
        })
        self.assert_each_kept({"just within": b"d1:v131000:" + bytes(131_000) + b"e"})
        self.assert_serves()

    def test_EXT_01_bad_ids_are_ignored(self):
        self.assert_each_kept({
            "no dictionary in m": b"d1:mi5ee", "a list in m": b"d1:mlee",
            "a text as id": b"d1:md11:ut_metadata1:aee", "id 256": b"d1:md11:ut_metadatai256eee",
            "id -1": b"d1:md11:ut_metadatai-1eee",
            "id 2^64 - 1": b"d1:md11:ut_metadatai9223372036854775807eee",
            "two on one id": b"d1:md11:lt_donthavei3e11:ut_metadatai3eee",
        })
        for payload in (b"d1:md11:ut_metadatai256eee", b"d1:md11:ut_metadatai-1eee",
                        b"d1:md11:ut_metadatai0eee"):
            with self.subTest(payload), self.connect() as peer:
                name = peer.metadata_name()
                peer.send(extended(0, payload))
                peer.send(extended(name, b"d8:msg_typei0e5:piecei0ee"))
                heard = self.assert_kept(peer)
                self.assertEqual([], [body for kind, body in heard if kind == EXTENDED],
                                 "it was answered under an id it does not have")
        self.assert_serves()

    def test_EXT_01_what_is_no_dictionary_changes_nothing(self):
        for payload in (b"le", b"i1e", b"4:spam"):
            with self.subTest(payload), self.connect() as peer:
                peer.send(extended(0, payload))
                peer.closed_within(0.3)
        self.assert_each_dropped({"nothing": extended(0, b""), "garbage": extended(0, b"\xff" * 9)})
        self.assert_serves()

    def test_EXT_01_more_than_ten_handshakes_a_minute_are_dropped(self):
        with self.connect() as peer:
            for _ in range(10):
                peer.send(extended(0, b"d1:mdee"))
            self.assert_kept(peer, "ten handshakes")
            peer.send(990 * extended(0, b"d1:mdee"))
            self.assert_dropped(peer, "1,000 handshakes")
        self.assert_serves()

    def test_EXT_05_an_unknown_id_is_ignored_and_an_empty_message_dropped(self):
        with self.connect() as peer:
            for number in (4, 15, 16, 99, 255):
                peer.send(extended(number, b"anything"))
                peer.send(extended(number, b""))
            self.assert_kept(peer, "unknown ids")
        self.assert_each_dropped({"empty": message(EXTENDED)})
        self.assert_serves()

    def test_UTM_04_requests_out_of_range_are_refused(self):
        with self.connect() as peer:
            name = peer.metadata_name()
            peer.tell_metadata(1)
            for piece in (1, 1 << 20, 0x7FFFFFFF):
                peer.send(extended(name, b"d8:msg_typei0e5:piecei%dee" % piece))
                reply = bencode.decode(peer.wait_for(EXTENDED)[1:])
                self.assertEqual(2, reply[b"msg_type"])
        self.assert_each_dropped({
            f"piece {piece}": extended(2, b"d8:msg_typei0e5:piecei%dee" % piece)
            for piece in (-1, 1 << 31, 1 << 63, 1 << 64)})
        self.assert_serves()


if __name__ == "__main__":
    main()
