# SPDX-License-Identifier: MIT OR Apache-2.0
"""The node's gateway as the only source of other clients: a web seed (BEP 19)."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.aria2 import Aria2
from clients.scripted import Libtorrent
from harness import bencode, torrents
from harness.case import Case, main
from harness.content import KIB, MIB, SINGLE, TREE, Content
from harness.node import API, Node

LARGE = Content("large web", {"first.bin": 9 * MIB + 5, "b c/ü & #?%.bin": 3 * MIB, "z": 1}, 256 * KIB)


class WebSeed(Case):
    def node_with(self, content, kind: str):
        """A node that has fetched the torrent from a peer, which is gone by then."""
        torrent, folder = self.make(content, kind, trackers=[])
        seed = Libtorrent(self)
        seed.seed(torrent, folder, announced=False)
        node = Node(self)
        node.ask("POST", f"{API}/torrent/magnet", torrent.magnet(peers=[seed.place]),
                 {"Content-Type": "text/plain"})
        node.get(f"{self.address(torrent)}?format=tar")  # ends when all of it is there
        seed.stop()
        return node, torrent, folder / torrent.name

    def address(self, torrent) -> str:
        if torrent.kind == "v2":
            return f"/btmh/{torrent.v2_hash.hex()}"
        return f"/btih/{torrent.v1_hash.hex()}"

    def with_url(self, torrent, url: str):
        fields = bencode.decode(torrent.path.read_bytes())
        for key in (b"announce", b"announce-list", b"nodes"):
            fields.pop(key, None)
        fields[b"url-list"] = [url.encode()]
        path = self.work / "web.torrent"
        path.write_bytes(bencode.encode(fields))
        return torrents.load(path, torrent.kind)

    def leech(self, client, torrent, original: Path) -> None:
        out = self.work / f"out-{client.folder.name}"
        client.leech(torrent, out)
        client.wait_done(60)
        client.stop()
        self.assert_same(original, out / torrent.name, lenient=True)

    def check(self, content, client, kind: str = "v1") -> None:
        node, torrent, original = self.node_with(content, kind)
        slash = "" if original.is_file() else "/"
        self.leech(client, self.with_url(torrent, node.url + self.address(torrent) + slash),
                   original)

    # --- libtorrent.

    def test_a_file_for_libtorrent(self):
        self.check(SINGLE, Libtorrent(self))

    def test_a_tree_for_libtorrent(self):
        self.check(TREE, Libtorrent(self))

    def test_names_that_need_quoting_for_libtorrent(self):
        self.check(LARGE, Libtorrent(self))

    def test_a_hybrid_tree_for_libtorrent(self):
        self.check(TREE, Libtorrent(self), "hybrid")

    def test_a_v2_tree_for_libtorrent(self):
        self.check(TREE, Libtorrent(self), "v2")

    # --- aria2, which knows v1 only.

    def test_a_file_for_aria2(self):
        self.check(SINGLE, Aria2(self))

    def test_a_tree_for_aria2(self):
        self.check(TREE, Aria2(self))

    def test_names_that_need_quoting_for_aria2(self):
        self.check(LARGE, Aria2(self))

    # --- An upload: the torrent files that the node names.

    def test_an_upload_for_libtorrent_and_aria2(self):
        path = SINGLE.write(self.folder("content"))
        node = Node(self)
        names = node.upload(path.read_bytes(), path.name)
        for client, link, kind in ((Libtorrent(self), "torrent", "v1"),
                                   (Libtorrent(self), "hybridTorrent", "hybrid"),
                                   (Aria2(self), "torrent", "v1")):
            with self.subTest(client=client.name, kind=kind):
                file = self.work / f"{link}.torrent"
                file.write_bytes(node.get(names["links"][link]).body)
                torrent = torrents.load(file, kind)
                url = node.url + (names["links"]["btih"] if kind == "v1" else
                                  names["links"]["btmh"])
                self.leech(client, self.with_url(torrent, url), path)


if __name__ == "__main__":
    main()
