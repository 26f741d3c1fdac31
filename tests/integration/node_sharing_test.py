# SPDX-License-Identifier: MIT OR Apache-2.0
"""The same file by several ways is one file on the node's disk, and nobody's bytes go with another's."""

import contextlib
import sqlite3
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import mounts, torrents
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.node import Node
from harness.processes import wait_until

WEIR = "/api/weir/v1"
FILE = Content("film.bin", {"": 6 * MIB + 99}, 64 * KIB)


class Sharing(Case):
    def setUp(self):
        super().setUp()
        self.path = FILE.write(self.folder("content"))
        self.bytes = self.path.read_bytes()

    def torrent(self, kind: str, piece_size: int = 64 * KIB):
        return torrents.make(self.path, piece_size, kind,
                             self.work / f"{kind}-{piece_size}.torrent", [self.tracker.url])

    def add(self, node: Node, torrent) -> None:
        answer = node.ask("POST", WEIR + "/torrents", torrent.path.read_bytes(),
                          {"Content-Type": "application/x-bittorrent"})
        self.assertIn(answer.status, (200, 201), answer.body)

    def shown(self, node: Node, torrent) -> dict:
        return node.get(f"{WEIR}/torrents/{self.name(torrent)}").json()

    def name(self, torrent) -> str:
        return (torrent.v2_hash if torrent.kind == "v2" else torrent.v1_hash).hex()

    def wait_complete(self, node: Node, torrent) -> None:
        wait_until(f"{torrent.kind} is complete",
                   lambda: self.shown(node, torrent)["state"] == "seeding", 60)

    def file_of(self, node: Node, torrent) -> Path:
        return node.data / "fetched" / self.name(torrent) / torrent.name

    def wait_one_file(self, node: Node, *some) -> None:
        def one() -> bool:
            found = [self.file_of(node, torrent) for torrent in some]
            return all(path.exists() for path in found) and \
                len({path.stat().st_ino for path in found}) == 1
        wait_until("they are one file", one, 60)

    def downloaded(self, node: Node, torrent) -> int:
        return self.shown(node, torrent)["downloaded"]

    def sharing(self):
        """A node with two torrents over one file; the second of them has a seed."""
        v1, v2 = self.torrent("v1"), self.torrent("v2")
        Libtorrent(self).seed(v2, self.path.parent)
        node = Node(self)
        self.add(node, v2)
        self.wait_complete(node, v2)
        wait_until("its content is known", lambda: self.contents_known(node), 60)
        self.add(node, v1)
        self.wait_complete(node, v1)
        self.wait_one_file(node, v1, v2)
        return node, v1, v2

    def test_a_second_torrent_of_the_same_file_downloads_nothing(self):
        first = self.torrent("v1")
        seed = Libtorrent(self)
        seed.seed(first, self.path.parent)
        node = Node(self)
        self.add(node, first)
        self.wait_complete(node, first)
        # Found by its root once it was read, which no peer of the others could give.
        others = [self.torrent("v2"), self.torrent("hybrid", 256 * KIB), self.torrent("v1", 16 * KIB)]
        wait_until("its content is known", lambda: self.contents_known(node), 60)
        for torrent in others:
            self.add(node, torrent)
            self.wait_complete(node, torrent)
            self.assertEqual(0, self.downloaded(node, torrent))
            answer = node.get(f"/bt{'mh' if torrent.kind == 'v2' else 'ih'}/{self.name(torrent)}")
            self.assertTrue(answer.body == self.bytes, "wrong bytes")
        self.wait_one_file(node, first, *others)

    def contents_known(self, node: Node) -> bool:
        path = node.folder / "state" / "catalogue.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            return base.execute("SELECT count(*) FROM copies").fetchone()[0] > 0

    def test_two_that_came_at_once_become_one_file_and_stay_it(self):
        v1, v2 = self.torrent("v1"), self.torrent("v2")
        for torrent in (v1, v2):
            Libtorrent(self).seed(torrent, self.path.parent)
        node = Node(self)
        for torrent in (v1, v2):
            self.add(node, torrent)
        for torrent in (v1, v2):
            self.wait_complete(node, torrent)
        self.wait_one_file(node, v1, v2)
        node.kill()
        node.again()
        self.wait_one_file(node, v1, v2)
        for torrent in (v1, v2):
            self.wait_complete(node, torrent)

    def test_deleting_one_tells_the_truth_and_leaves_the_other(self):
        node, v1, v2 = self.sharing()
        wait_until("they know of each other",
                   lambda: self.shown(node, v1)["usedBy"] == [self.name(v2)], 30)
        self.assertEqual(0, self.shown(node, v1)["frees"])
        answer = node.ask("DELETE", f"{WEIR}/torrents/{self.name(v1)}?content=remove")
        self.assertEqual({"freed": 0, "usedBy": [self.name(v2)]}, answer.json())
        self.assertFalse(self.file_of(node, v1).exists())
        self.assertTrue(node.get(f"/btmh/{self.name(v2)}").body == self.bytes, "wrong bytes")
        self.assertEqual(len(self.bytes), self.shown(node, v2)["frees"])
        answer = node.ask("DELETE", f"{WEIR}/torrents/{self.name(v2)}?content=remove")
        self.assertEqual({"freed": len(self.bytes), "usedBy": []}, answer.json())
        self.assertEqual({}, node.files())

    def test_a_repair_is_right_for_both(self):
        node, v1, v2 = self.sharing()
        with open(self.file_of(node, v2), "r+b") as file:
            file.seek(3 * MIB)
            file.write(b"damage")
        # One of them has a seed; what it writes is the other's file too.
        node.ask("POST", f"{WEIR}/torrents/{self.name(v2)}/recheck")
        wait_until("it is repaired", lambda: self.file_of(node, v1).read_bytes() == self.bytes, 60)
        self.assertTrue(node.get(f"/btih/{self.name(v1)}").body == self.bytes, "wrong bytes")

    def test_on_another_volume_it_is_downloaded_as_ever(self):
        v1, v2 = self.torrent("v1"), self.torrent("v2")
        for torrent in (v1, v2):
            Libtorrent(self).seed(torrent, self.path.parent)
        other = mounts.Mounts()
        self.addCleanup(other.close)
        other.tmpfs(self.folder("node") / "data" / "fetched" / self.name(v2), 32 * MIB)
        node = Node(self)
        self.add(node, v1)
        self.wait_complete(node, v1)
        wait_until("its content is known", lambda: self.contents_known(node), 60)
        self.add(node, v2)
        self.wait_complete(node, v2)
        self.assertLessEqual(len(self.bytes), self.downloaded(node, v2))
        for torrent in (v1, v2):
            self.assertTrue(self.file_of(node, torrent).read_bytes() == self.bytes, "wrong bytes")
            self.assertEqual(1, self.file_of(node, torrent).stat().st_nlink)
        node.stop()

    def test_killed_at_any_moment_nothing_is_lost_or_wrong(self):
        v1, v2 = self.torrent("v1"), self.torrent("v2")
        for torrent in (v1, v2):
            Libtorrent(self).seed(torrent, self.path.parent)
        node = Node(self)
        for round_ in range(5):
            for torrent in (v1, v2):
                self.add(node, torrent)
            # At another moment each time; each is a legal one.
            time.sleep(0.15 * round_)
            node.kill()
            node.again()
            for torrent in (v1, v2):
                self.wait_complete(node, torrent)
            self.wait_one_file(node, v1, v2)
            for torrent in (v1, v2):
                self.assertTrue(self.file_of(node, torrent).read_bytes() == self.bytes)
            self.assertEqual([], list((node.data / "incoming").iterdir()))
            for torrent in (v1, v2):
                node.ask("DELETE", f"{WEIR}/torrents/{self.name(torrent)}?content=remove")
            wait_until("both are gone", lambda: not node.files(), 20)


if __name__ == "__main__":
    main(mounting=True)
