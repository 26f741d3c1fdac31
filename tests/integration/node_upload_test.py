# SPDX-License-Identifier: MIT OR Apache-2.0
"""Uploads over HTTP: the reference's names for them, other clients that download them from the node,
what is left of those that were cut off, and of those that a quota has no room for."""

import hashlib
import json
import random
import signal
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.aria2 import Aria2
from clients.scripted import Libtorrent
from clients.transmission import Transmission
from harness import bencode, torrents
from harness.case import Case, main
from harness.content import MIB, Content
from harness.node import API, Node, counted
from harness.processes import wait_until

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "codex"
# Counted files with their names and types, and what the reference makes of them.
REFERENCE = (
    (40960, "data40k.bin", "application/octet-stream",
     "c50b6da572005c2242660a7f328aed496fead200",
     "zDvZRwzkw8tni4AAEU16ysXf6QBzYwPjssrh1KsS672nG3BxV7Uj",
     "zDzSvJTf2gxnDe5CTCAdpC5wkSXUU1kZ3GDsu2SK4W863gA9BueQ"),
    (300_000, "data300k.bin", None,
     "8dd224b246614a42f5ecd5f4b532044918f2dba9",
     "zDvZRwzkzX3B6GeJfFiQadSjd8f224QMdpg9MLJJJ6PPboZjzX1r",
     "zDzSvJTfDKEzGUfEcBgNWXX2GSu6THz9vyPgeeKXpwEGHLEyb24L"),
)
HELLO = ("b812e1827359f86b8831b56231789ca82db1503a",
         "zDvZRwzkwav7ZzxSu77EGBjJBnpjaDPg8cvcikmA3kkhqVw55awY",
         "zDzSvJTf2sSm53Zj5zsWDJgUEyUUNaCP8tAnCSZ8kDP97P4j6tZH")
TEN = Content("ten.bin", {"": 10 * MIB}, 256 * 1024)
DATA40K_INFO = bytes.fromhex(
    "64363a6c656e67746869343039363065343a6e616d6531313a6461746134306b2e62696e31323a7069656365206c"
    "656e6774686932363231343465363a70696563657332303a1b1f33aa21f68529efdfd92a78763d3c9451566465")


def reference_info(content: bytes, name: str | None) -> bytes:
    """The info dictionary as the reference makes it, byte for byte."""
    size = 256 * 1024
    pieces = b"".join(hashlib.sha1(content[at:at + size]).digest()
                      for at in range(0, len(content), size))
    fields = {"length": len(content), "piece length": size, "pieces": pieces}
    if name is not None:
        fields["name"] = name
    return bencode.encode(fields)


class Names(Case):
    """The names of an upload are those that the reference gives it."""

    def check(self, names: dict, info_hash: str, cid: str, tree: str) -> None:
        self.assertEqual("1114" + info_hash.upper(), names["infoHash"])
        self.assertEqual(cid, names["cid"])
        self.assertEqual(tree, names["treeCid"])
        self.assertIn("xt=urn:btih:" + info_hash, names["magnet"])

    def test_they_are_the_references_for_its_vectors(self):
        node = Node(self)
        for length, name, mimetype, info_hash, cid, tree in REFERENCE:
            with self.subTest(name):
                content = counted(length)
                names = node.upload(content, name, mimetype)
                self.check(names, info_hash, cid, tree)
                info = bencode.decode(node.get(f"/btih/{info_hash}.torrent").body)[b"info"]
                self.assertEqual(reference_info(content, name), bencode.encode(info))
                for link in ("btih", "btmh", "cid"):
                    self.assertEqual(content, node.get(names["links"][link]).body, link)
        data40k = bencode.encode(bencode.decode(
            node.get(f"/btih/{REFERENCE[0][3]}.torrent").body)[b"info"])
        self.assertEqual(DATA40K_INFO, data40k)
        self.check(node.upload(b"hello"), *HELLO)

    def test_the_plain_answer_is_the_multihash_and_nothing_else(self):
        node = Node(self)
        for length, name, mimetype, info_hash, _, _ in REFERENCE:
            fields = {"Content-Disposition": f'filename="{name}"'}
            if mimetype:
                fields["Content-Type"] = mimetype
            answer = node.ask("POST", API + "/torrent", counted(length), fields)
            self.assertEqual((200, ("1114" + info_hash.upper()).encode()),
                             (answer.status, answer.body))
            self.assertEqual("text/plain", answer.fields["content-type"].partition(";")[0])

    def test_answers_are_those_recorded_from_the_reference(self):
        # To the same file by both routes, then its manifests, byte for byte.
        recorded = json.loads((VECTORS / "vectors.json").read_text())
        content = bytes((at * 7 + 3) % 251 for at in range(40960))
        node = Node(self)
        for route, key in (("torrent", "post_answer"), ("data", "manifest_cid")):
            name = recorded[f"v40960.{route}"][key]
            answer = node.ask("POST", f"{API}/{route}", content, {
                "Content-Disposition": 'attachment; filename="v40960.bin"',
                "Content-Type": "application/octet-stream"})
            self.assertEqual(name, answer.body.decode())
            self.assertEqual((VECTORS / f"{route}_manifest.json").read_bytes(),
                             node.get(f"{API}/{route}/{name}/network/manifest").body)
            self.assertEqual(content, node.get(f"{API}/{route}/{name}/network/stream").body)

    def test_a_body_in_chunks_has_the_same_names(self):
        node = Node(self)
        content = counted(300_000)
        parts = (content[at:at + 4099] for at in range(0, len(content), 4099))
        names = node.ask("POST", API + "/torrent", parts, {
            "Accept": "application/json",
            "Content-Disposition": 'attachment; filename="data300k.bin"'}).json()
        self.check(names, *REFERENCE[1][3:])

    def test_ten_mebibytes_have_the_references_info_dictionary(self):
        content = TEN.write(self.folder("in")).read_bytes()
        node = Node(self)
        names = node.upload(content, "ten.bin")
        expected = reference_info(content, "ten.bin")
        self.assertEqual("1114" + hashlib.sha1(expected).hexdigest().upper(), names["infoHash"])
        hybrid = bencode.decode(node.get(names["links"]["hybridTorrent"]).body)[b"info"]
        raw = bencode.encode(hybrid)
        self.assertEqual(names["hybrid"]["v1"], hashlib.sha1(raw).hexdigest())
        self.assertEqual(names["hybrid"]["v2"], hashlib.sha256(raw).hexdigest())
        self.assertEqual(content, node.get(names["links"]["btmh"]).body)
        self.assertEqual(names, node.upload(content, "ten.bin"), "again")
        self.assertEqual([10 * MIB], list(node.files().values()), "one copy")

    def test_what_can_not_be_stored_is_refused(self):
        node = Node(self, "--quota", "1M")
        answer = node.ask("POST", API + "/torrent", b"")
        self.assertEqual((500, b"Unable to store BitTorrent data"), (answer.status, answer.body))
        answer = node.ask("POST", API + "/torrent", bytes(MIB + 1))
        self.assertEqual(507, answer.status, answer.body)
        parts = iter([bytes(1 << 16)] * 17)
        answer = node.ask("POST", API + "/torrent", parts)
        self.assertEqual(507, answer.status, answer.body)
        wait_until("nothing is left", lambda: not node.files(), 10)
        self.assertEqual(200, node.ask("POST", API + "/torrent", bytes(MIB)).status)


class Seeding(Case):
    """Other clients download an upload from the node, knowing it from a tracker."""

    def publish(self, content=TEN):
        path = content.write(self.folder("content"))
        self.node = Node(self)
        names = self.node.upload(path.read_bytes(), content.name)
        self.hashes = [bytes.fromhex(names["infoHash"][4:]), bytes.fromhex(names["hybrid"]["v1"]),
                       bytes.fromhex(names["hybrid"]["v2"])[:20]]
        for info_hash in self.hashes:
            self.tracker.add(info_hash, *self.node.place)
        self.original = path
        return names

    def magnet(self, link: str) -> str:
        return f"{link}&tr={self.tracker.url}"

    def torrent_file(self, link: str, kind: str):
        """As the node gives it, with a tracker added outside of the info dictionary."""
        fields = bencode.decode(self.node.get(link).body)
        fields[b"announce"] = self.tracker.url.encode()
        path = self.work / f"{kind}.torrent"
        path.write_bytes(bencode.encode(fields))
        return torrents.load(path, kind)

    def download(self, client, source) -> None:
        out = self.work / f"out-{client.folder.name}"
        client.leech(source, out)
        client.wait_done(60)
        client.stop()
        self.assert_same(self.original, out / self.original.name)

    def by_magnet_and_file(self, client_class) -> None:
        names = self.publish()
        self.download(client_class(self), self.magnet(names["magnet"]))
        self.download(client_class(self), self.torrent_file(names["links"]["torrent"], "v1"))

    def test_to_libtorrent(self):
        self.by_magnet_and_file(Libtorrent)

    def test_to_transmission(self):
        self.by_magnet_and_file(Transmission)

    def test_to_aria2(self):
        self.by_magnet_and_file(Aria2)

    def test_the_hybrid_to_libtorrent(self):
        names = self.publish()
        self.download(Libtorrent(self), self.magnet(names["hybrid"]["magnet"]))
        self.download(Libtorrent(self),
                      self.torrent_file(names["links"]["hybridTorrent"], "hybrid"))
        v2 = f"magnet:?xt=urn:btmh:1220{names['hybrid']['v2']}"
        self.download(Libtorrent(self), self.magnet(v2))

    def test_an_upload_without_a_name_to_libtorrent(self):
        # The reference's info dictionary has no name then; a client names the file as it likes.
        self.node = Node(self)
        content = counted(700_000)
        names = self.node.upload(content)
        client = Libtorrent(self)
        out = self.work / "out"
        client.leech(names["hybrid"]["magnet"], out, peers=[self.node.place])
        client.wait_done(30)
        client.stop()
        self.assertEqual([content], [path.read_bytes() for path in out.rglob("*")
                                     if path.is_file()])

    def test_after_a_restart_and_after_a_kill(self):
        names = self.publish()
        for end in (Node.stop, Node.kill):
            end(self.node)
            self.node.again()
            self.assertEqual(self.original.read_bytes(),
                             self.node.get(names["links"]["btih"]).body)
            self.download(Libtorrent(self), self.magnet(names["magnet"]))
            self.download(Libtorrent(self), self.magnet(names["hybrid"]["magnet"]))


class CutOff(Case):
    """An upload that does not come to its end leaves nothing."""

    def begin(self, node: Node, before: dict):
        link = node.begin_upload(8 * MIB, bytes(3 * MIB))
        wait_until("a part is on the disk",
                   lambda: sum(node.files().values()) > sum(before.values()) + MIB, 20)
        return link

    def setUp(self):
        self.node = Node(self)
        self.names = self.node.upload(counted(40960), "data40k.bin")
        self.before = self.node.files()

    def check(self) -> None:
        self.assertEqual(counted(40960), self.node.get(self.names["links"]["btih"]).body)
        listed = self.node.get(API + "/data").json()["content"]
        self.assertEqual([self.names["cid"]], [item["cid"] for item in listed])
        self.assertEqual(0, self.node.get(API + "/space").json()["quotaReservedBytes"])

    def test_by_closing_its_connection(self):
        self.begin(self.node, self.before).close()
        wait_until("nothing is left", lambda: self.node.files() == self.before, 20)
        self.check()

    def test_by_half_closing_its_connection(self):
        with self.begin(self.node, self.before) as link:
            link.shutdown(1)
            wait_until("nothing is left", lambda: self.node.files() == self.before, 20)
        self.check()

    def test_by_a_kill(self):
        with self.begin(self.node, self.before):
            self.node.kill()
        self.node.again()
        self.assertEqual(self.before, self.node.files())
        self.check()

    def test_by_a_stop(self):
        with self.begin(self.node, self.before):
            self.node.process.send_signal(signal.SIGTERM)
            self.assertEqual(0, self.node.process.wait(15))
        self.assertEqual(self.before, self.node.files())
        self.node.again()
        self.check()


class Quota(Case):
    """What 64 writers do to a quota that a few of them fill."""

    WRITERS = 64
    QUOTA = 8 * MIB

    def setUp(self):
        self.node = Node(self, "--quota", str(self.QUOTA))

    @staticmethod
    def content(writer: int) -> bytes:
        """No two are equal, nor of one size, so that a sum tells which are in it."""
        return random.Random(writer).randbytes(512 * 1024 + writer * writer)

    def space(self) -> tuple[int, int]:
        """Bytes in use, and held by uploads under way."""
        told = self.node.get(API + "/space").json()
        self.assertEqual(self.QUOTA, told["quotaMaxBytes"])
        return told["quotaUsedBytes"], told["quotaReservedBytes"]

    def write(self, writer: int, start: threading.Barrier, answers: dict) -> None:
        """Every other one does not say how long it is."""
        body = self.content(writer)
        if writer % 2:
            body = iter([body[at:at + 16_384] for at in range(0, len(body), 16_384)])
        start.wait(60)
        answers[writer] = self.node.ask("POST", API + "/torrent", body,
                                        {"Accept": "application/json"})

    def most_at_once(self, threads) -> tuple[int, int]:
        """The most bytes that lay on the disk together, and that the node had given away, while one
        of the threads lived. What has grown or gone between two looks counts as in the smaller."""
        on_disk = given = 0
        before = self.node.files()
        while any(thread.is_alive() for thread in threads):
            given = max(given, sum(self.space()))
            now = self.node.files()
            on_disk = max(on_disk, sum(min(size, now.get(path, 0))
                                       for path, size in before.items()))
            before = now
        return on_disk, given

    def race(self) -> dict:
        start, answers = threading.Barrier(self.WRITERS + 1), {}
        threads = [threading.Thread(target=self.write, args=(writer, start, answers), daemon=True)
                   for writer in range(self.WRITERS)]
        for thread in threads:
            thread.start()
        start.wait(60)
        on_disk, given = self.most_at_once(threads)
        for thread in threads:
            thread.join()
        self.assertEqual(self.WRITERS, len(answers), "a writer got no answer")
        self.assertLessEqual(given, self.QUOTA)
        self.assertLessEqual(on_disk, self.QUOTA)
        return answers

    def test_STO_13_64_writers_never_pass_it_and_refusals_leave_nothing(self):
        answers = self.race()
        kept, refused = {}, 0
        for writer, answer in answers.items():
            if answer.status == 200:
                kept[writer] = answer.json()
                continue
            self.assertEqual(507, answer.status, answer.body)
            # By its length, or by what came.
            self.assertRegex(answer.body, rb"^[Tt]he node's quota does not have room for this\b")
            self.assertEqual("text/plain", answer.fields["content-type"].partition(";")[0])
            refused += 1
        self.assertGreater(refused, 0, "everything fits")
        self.assertTrue(kept, "nothing fits")

        used = sum(len(self.content(writer)) for writer in kept)
        wait_until("nothing is held", lambda: self.space() == (used, 0), 20)
        self.assertEqual(sorted(len(self.content(writer)) for writer in kept),
                         sorted(self.node.files().values()), "what lies on the disk")
        for writer, names in kept.items():
            self.assertEqual(self.content(writer), self.node.get(names["links"]["btih"]).body)

        # The account is exact: what is left, and not a byte more.
        left = self.QUOTA - used
        rest = random.Random("rest").randbytes(left + 1)
        self.assertEqual(507, self.node.ask("POST", API + "/torrent", rest).status)
        if left:
            self.assertEqual(200, self.node.ask("POST", API + "/torrent", rest[:-1]).status)
        self.assertEqual((self.QUOTA, 0), self.space())
        freed = min(kept)
        self.node.ask("DELETE", f"{API}/data/{kept[freed]['cid']}")
        wait_until("the room is given back", lambda: self.space() ==
                   (self.QUOTA - len(self.content(freed)), 0), 20)


if __name__ == "__main__":
    main()
