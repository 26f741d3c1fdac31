# SPDX-License-Identifier: MIT OR Apache-2.0
"""Content that a node streams over HTTP while it is still downloading it: seeks, many readers, peers
that lie, kills, and what nobody has."""

import http.client
import sys
import threading
from email.parser import BytesParser
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1]), str(HERE.parents[1] / "hostile")]

from clients.scripted import Libtorrent
from clients.transmission import Transmission
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.node import API, BLOCKED, Node
from peer import HonestSeed

CONTENT = Content("stream.bin", {"": 20 * MIB + 54_321}, 64 * KIB)
SIZE = CONTENT.size
PIECE = CONTENT.piece_size
RATE = 4 * MIB  # bytes a second of a seed, so that there is time to ask in the middle
READERS = 100


class Lies:
    """The content with another byte in every 33rd piece (3 %), and how often one was given away."""

    def __init__(self, content: bytes, first: int):
        self._right = content
        wrong = bytearray(content)
        for piece in range(first, len(content) // PIECE, 33):
            wrong[piece * PIECE + 17 * (piece + 1)] ^= 0x40
        self._wrong = bytes(wrong)
        self.told = 0

    def __getitem__(self, part: slice) -> bytes:
        self.told += self._wrong[part] != self._right[part]
        return self._wrong[part]


def parts_of(answer) -> list[tuple[str, bytes]]:
    """Content-Range and bytes of each part of a multipart answer."""
    head = f"Content-Type: {answer.fields['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.body)
    return [(part["Content-Range"], part.get_payload(decode=True)) for part in message.get_payload()]


class Streams(Case):
    def prepare(self, kind: str = "v1", seeds=(), *arguments) -> None:
        """Seeds, and a node that has nothing."""
        self.torrent, folder = self.make(CONTENT, kind)
        for seed in seeds:
            seed.seed(self.torrent, folder)
        self.expected = (folder / self.torrent.name).read_bytes()
        self.node = Node(self, *arguments)
        hashes = self.torrent
        self.address = (f"/btmh/{hashes.v2_hash.hex()}" if kind == "v2"
                        else f"/btih/{hashes.v1_hash.hex()}")

    def know(self, by_file: bool = False) -> None:
        """Tells the node where to look. The torrent stays known after the connection is closed."""
        connection = http.client.HTTPConnection(*self.node.http, BLOCKED)
        if by_file:
            connection.request("POST", f"{API}/torrent/torrent-file",
                               self.torrent.path.read_bytes(),
                               {"Content-Type": "application/octet-stream"})
        else:
            connection.request("POST", f"{API}/torrent/magnet",
                               self.torrent.magnet([self.tracker.url]),
                               {"Content-Type": "text/plain"})
        self.assertEqual(200, connection.getresponse().status)
        connection.close()
        head = self.node.ask("HEAD", self.address)
        self.assertEqual((200, str(SIZE)), (head.status, head.fields["content-length"]))

    def check(self, answer, first: int, end: int, status: int = 206) -> None:
        """Right and whole."""
        self.assertEqual((status, "whole", end - first),
                         (answer.status, answer.ended, len(answer.body)))
        self.assertTrue(answer.body == self.expected[first:end], f"{first}-{end} differs")

    def check_prefix(self, answer, first: int = 0) -> None:
        """What has come is right, and an end before the last byte is no clean one."""
        here = self.expected[first:first + len(answer.body)]
        self.assertTrue(answer.body == here, f"the first {len(answer.body)} bytes differ")
        if len(answer.body) < SIZE - first:
            self.assertEqual("reset", answer.ended)

    def check_seeks(self) -> None:
        node, at = self.node, self.address
        self.check(node.get(at, "-5000"), SIZE - 5000, SIZE)
        middle = SIZE // 2 + 1
        self.check(node.get(at, f"{middle}-{middle + 299_999}"), middle, middle + 300_000)
        self.check(node.get(at, "0-0"), 0, 1)
        self.check(node.get(at, f"{SIZE - 70_000}-"), SIZE - 70_000, SIZE)
        wanted = [(3 * MIB, 3 * MIB + 9999), (15 * MIB - 7, 15 * MIB + PIECE), (SIZE - 3, SIZE - 1)]
        answer = node.get(at, f"{wanted[0][0]}-{wanted[0][1]},{wanted[1][0]}-{wanted[1][1]},-3")
        self.assertEqual((206, "whole"), (answer.status, answer.ended))
        self.assertEqual([(f"bytes {first}-{last}/{SIZE}", self.expected[first:last + 1])
                          for first, last in wanted], parts_of(answer))
        past = node.get(at, f"{SIZE}-")
        self.assertEqual((416, f"bytes */{SIZE}"), (past.status, past.fields["content-range"]))

    # --- A good swarm.

    def test_seeks_while_transmission_and_libtorrent_seed(self):
        seeds = [Libtorrent(self, up_limit=RATE // 2), Transmission(self, up_limit=RATE // 4)]
        self.prepare("v1", seeds)
        self.know()
        self.check(self.node.get(self.address, "-5000"), SIZE - 5000, SIZE)
        self.assertLess(sum(seed.uploaded() for seed in seeds), SIZE, "it was there already")
        self.check_seeks()
        self.check(self.node.get(self.address), 0, SIZE, 200)
        self.check_seeks()

    def test_seeks_in_a_v2_torrent(self):
        self.prepare("v2", [Libtorrent(self, up_limit=RATE)])
        self.know()
        self.check_seeks()
        self.check(self.node.get(self.address), 0, SIZE, 200)

    def read_all(self, ranges) -> None:
        """A reader for each at the same time."""
        answers = [None] * len(ranges)

        def read(number: int) -> None:
            first, end = ranges[number]
            answers[number] = self.node.get(self.address, f"{first}-{end - 1}")

        threads = [threading.Thread(target=read, args=(number,)) for number in range(len(ranges))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for (first, end), answer in zip(ranges, answers, strict=True):
            self.assertIsNotNone(answer, "a reader got no answer")
            self.check(answer, first, end)

    def test_a_hundred_readers_of_different_ranges(self):
        self.prepare("v1", [Libtorrent(self, up_limit=RATE)])
        self.know()
        ranges = [(first, min(SIZE, first + 150_000 + 4001 * number)) for number, first in
                  enumerate((number * 7_654_321) % (SIZE - 10) for number in range(READERS))]
        self.read_all(ranges)
        self.read_all(ranges)  # of what is there

    def test_readers_that_leave_do_not_hold_up_others(self):
        self.prepare("v1", [Libtorrent(self, up_limit=RATE)])
        self.know()
        for number in range(30):
            connection = http.client.HTTPConnection(*self.node.http, BLOCKED)
            connection.request("GET", self.address, None,
                               {"Range": f"bytes={number * 500_000 + 3}-"})
            self.assertEqual(206, connection.getresponse().status)
            connection.close()
        self.check(self.node.get(self.address), 0, SIZE, 200)

    # --- Peers that lie.

    def liars(self, firsts) -> list[Lies]:
        """A peer for each, which lies in every 33rd piece from that one on."""
        lies = [Lies(self.expected, first) for first in firsts]
        for content in lies:
            liar = HonestSeed(self.node.place, self.torrent, content, source=self.place()[0])
            self.addCleanup(liar.peer.close)
        return lies

    def test_every_byte_is_right_while_peers_corrupt_3_percent(self):
        self.prepare("v1", [Libtorrent(self, up_limit=RATE // 2),
                            Transmission(self, up_limit=RATE // 4)])
        self.know()
        lies = self.liars((0, 5, 10))
        self.check_seeks()
        self.check(self.node.get(self.address), 0, SIZE, 200)
        self.assertGreater(sum(lie.told for lie in lies), 0, "nobody lied")

    def test_what_only_liars_have_ends_with_a_reset(self):
        # They lie in the same pieces, so the content never becomes whole. After a minute without a
        # byte the node gives up.
        self.prepare()
        self.know(by_file=True)
        lies = self.liars((20, 20))
        answer = self.node.get(self.address)
        self.assertEqual(200, answer.status)
        self.assertLess(len(answer.body), SIZE)
        self.check_prefix(answer)
        self.assertGreater(sum(lie.told for lie in lies), 0, "nobody lied")
        seed = Libtorrent(self)
        seed.seed(self.torrent, self.work / "content")
        self.check(self.node.get(self.address), 0, SIZE, 200)

    # --- Kills.

    def test_after_a_kill_in_the_middle_the_rest_comes(self):
        seed = Libtorrent(self, up_limit=RATE)
        self.prepare("v1", [seed])
        self.know()
        connection = http.client.HTTPConnection(*self.node.http, BLOCKED)
        connection.request("GET", self.address)
        reply = connection.getresponse()
        head = reply.read(SIZE // 4)
        self.assertTrue(head == self.expected[:SIZE // 4], "the first quarter differs")
        self.node.kill()
        connection.close()
        seed.limit_upload(0)
        self.node.again()
        self.check_seeks()
        self.check(self.node.get(self.address), 0, SIZE, 200)
        seed.process.kill()
        self.node.kill()
        self.node.again()
        self.check(self.node.get(self.address), 0, SIZE, 200)

    # --- What nobody has.

    def test_what_nobody_has_is_answered_within_the_deadline_and_forgotten(self):
        node = Node(self, "--fetch-timeout", "1")
        nobody = "ab" * 20
        for address in (f"/btih/{nobody}", f"{API}/torrent/1114{nobody.upper()}/network/stream",
                        f"/btmh/{'ab' * 32}", f"/btih/{nobody}.torrent"):
            answer = node.get(address)
            self.assertEqual((504, "whole"), (answer.status, answer.ended), address)
            self.assertTrue(answer.body, "a reason")
        self.assertEqual(504, node.ask("HEAD", f"/btih/{nobody}").status)
        self.assertEqual({}, node.files())
        self.assertEqual(404, node.get(f"{API}/data/zDvZRwzm4nVcWGneyLaLb2apqcZWfmo9oXqw4tabbfx7gY"
                                       "w8KnSc").status)

    def test_what_nobody_had_is_found_when_somebody_has_it(self):
        self.prepare("v1", [], "--fetch-timeout", "1")
        self.assertEqual(504, self.node.get(self.address).status)
        Libtorrent(self).seed(self.torrent, self.work / "content")
        self.know()
        self.check(self.node.get(self.address), 0, SIZE, 200)


if __name__ == "__main__":
    main()
