# SPDX-License-Identifier: MIT OR Apache-2.0
"""Folders uploaded as tar archives: what tar(1) writes in each of its formats, the way back, other
clients that download them, and what is left of those that were cut off."""

import os
import random
import signal
import socket
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import quote

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import bencode, weir
from harness.case import Case, main
from harness.content import MIB, TREE, Content
from harness.node import API, Node
from harness.processes import wait_until

TAR = API + "/torrent/tar"
# Paths that need every form of long name: beyond 100 bytes, beyond 255, and one component of 255.
LONG = Content("long names", {
    "a" * 120: 1000,
    "/".join(["b" * 90] * 4) + "/c": 70_000,
    "d" * 255: 5,
    "plain": 3 * MIB,
}, 16 * 1024)


def packed(folder: Path, *options: str) -> bytes:
    return subprocess.run(["tar", "-C", str(folder.parent), *options, "-cf", "-", folder.name],
                          check=True, stdout=subprocess.PIPE).stdout


class FolderCase(Case):
    def put(self, node: Node, body, **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        return node.ask("POST", TAR, body, {"Accept": "application/json", **fields})

    def publish(self, node: Node, body, **fields) -> dict:
        answer = self.put(node, body, **fields)
        self.assertEqual(200, answer.status, answer.body)
        return answer.json()


class Archives(FolderCase):
    def made(self, folder: Path) -> dict:
        """The torrent that `weir create` makes of it."""
        out = self.work / f"{folder.name}.torrent"
        subprocess.run([weir.program(), "create", folder, "-o", out, "--force"], check=True,
                       stdout=subprocess.PIPE)
        return bencode.decode(out.read_bytes())

    def test_every_format_of_tar_is_the_torrent_that_weir_create_makes(self):
        node = Node(self)
        for content in (TREE, LONG):
            folder = content.write(self.folder("content"))
            os.chmod(folder / list(content.files)[-1], 0o755)
            expected = bencode.encode(self.made(folder)[b"info"])
            formats = ["gnu", "pax", "posix"] + (["ustar", "oldgnu"] if content is TREE else [])
            for form in formats:
                with self.subTest(f"{content.name} as {form}"):
                    names = self.publish(node, packed(folder, f"--format={form}"))
                    info = bencode.decode(node.get(names["links"]["torrent"]).body)[b"info"]
                    self.assertEqual(expected, bencode.encode(info))
                    self.assertEqual(content.size, names["size"])
                    self.assertEqual(len(content.files), names["files"])

    def test_what_is_in_it_comes_back_as_files_as_a_listing_and_as_an_archive(self):
        node = Node(self)
        for content in (TREE, LONG):
            folder = content.write(self.folder("content"))
            names = self.publish(node, packed(folder))
            base = names["links"]["btih"]
            for path in content.files:
                quoted = "/".join(quote(part, safe="") for part in path.split("/"))
                self.assertEqual((folder / path).read_bytes(), node.get(base + quoted).body, path)
            listed = node.get(base + "?format=json").json()["entries"]
            self.assertEqual({path.split("/")[0] for path in content.files},
                             {entry["name"] for entry in listed})
            archive = node.get(names["links"]["tar"]).body
            out = self.folder(f"out of {content.name}")
            subprocess.run(["tar", "-C", str(out), "-xf", "-"], input=archive, check=True)
            self.assert_same(folder, out / content.name)
            self.assertEqual(names, self.publish(node, archive), "and again")

    def test_curl_sends_it_straight_from_tar(self):
        node = Node(self)
        folder = TREE.write(self.folder("content"))
        tar = subprocess.Popen(["tar", "-C", str(folder), "-cf", "-", "."], stdout=subprocess.PIPE)
        sent = subprocess.run(
            ["curl", "--silent", "--show-error", "--fail", "-X", "POST", "-T", "-", "-H",
             'Content-Disposition: attachment; filename="tree.tar"', node.url + TAR],
            stdin=tar.stdout, stdout=subprocess.PIPE, check=True)
        self.assertEqual(0, tar.wait(20))
        names = self.publish(node, packed(folder))
        self.assertEqual(names["infoHash"], sent.stdout.decode())

    def test_a_large_archive_is_unpacked_in_little_memory(self):
        node = Node(self)
        self.publish(node, packed(TREE.write(self.folder("content"))))
        before = node.process.memory_bytes()
        block = random.Random("block").randbytes(MIB)

        def archive():
            for number in range(4):
                head = tarfile.TarInfo(f"large/{number}.bin")
                head.size = 64 * MIB
                yield head.tobuf(tarfile.PAX_FORMAT)
                for _ in range(64):
                    yield block
            yield bytes(1024)

        names = self.publish(node, archive())
        self.assertEqual(256 * MIB, names["size"])
        self.assert_memory(node.process, 96 * MIB, before)
        self.assertEqual(block, node.get(names["links"]["btih"] + "3.bin",
                                         f"{63 * MIB}-").body)

    def test_real_archives_with_what_can_not_be_published_are_refused(self):
        node = Node(self)
        folder = self.folder("content") / "d"
        folder.mkdir()
        (folder / "file").write_bytes(b"x" * 1000)

        def refused(code: str, body: bytes, status: int = 422):
            answer = self.put(node, body)
            self.assertEqual((status, code), (answer.status, answer.json()["error"]["code"]))

        (folder / "link").symlink_to("file")
        refused("link", packed(folder))
        (folder / "link").unlink()
        os.link(folder / "file", folder / "hard")
        refused("link", packed(folder))
        (folder / "hard").unlink()
        os.mkfifo(folder / "pipe")
        refused("special", packed(folder))
        (folder / "pipe").unlink()
        with open(folder / "sparse", "wb") as file:
            file.truncate(10 * MIB)
        for form in ("gnu", "pax"):
            refused("sparse", packed(folder, "--sparse", f"--format={form}"))
        (folder / "sparse").unlink()
        for transform in ("s,^d,/d,", "s,^d,../d,", "s,file,../../file,"):
            refused("bad_path", packed(folder, "--absolute-names", "--transform", transform))
        refused("not_tar", packed(folder, "--gzip"))
        refused("not_tar", packed(folder, "--format=v7"))
        refused("duplicate", self.member("d/a") + self.member("d/a") + bytes(1024))
        refused("file_too_large", self.member("d/a", 1 << 43), 413)
        refused("truncated", packed(folder)[:1600])
        self.assertEqual([], node.get("/api/weir/v1/torrents").json()["torrents"])
        wait_until("nothing is left", lambda: not node.files(), 10)

    @staticmethod
    def member(path: str, size: int = 0) -> bytes:
        head = tarfile.TarInfo(path)
        head.size = size
        return head.tobuf(tarfile.GNU_FORMAT)


class Kept(FolderCase):
    """It is a torrent like any other that is here."""

    def setUp(self):
        self.original = TREE.write(self.folder("content"))
        self.node = Node(self)
        self.names = self.publish(self.node, packed(self.original))

    def test_other_clients_download_it_also_after_a_restart_and_a_kill(self):
        for end in (None, Node.stop, Node.kill):
            if end:
                end(self.node)
                self.node.again()
            client = Libtorrent(self)
            out = self.work / f"out-{client.folder.name}"
            client.leech(self.names["magnet"], out, peers=[self.node.place])
            client.wait_done(30)
            client.stop()
            self.assert_same(self.original, out / TREE.name)

    def test_it_goes_with_its_content(self):
        one = "/api/weir/v1/torrents/" + self.names["hybrid"]["v1"]
        self.assertEqual(200, self.node.ask("DELETE", one + "?content=remove").status)
        self.assertEqual({}, self.node.files())
        self.assertEqual(self.names, self.publish(self.node, packed(self.original)), "and again")
        self.assertEqual(200, self.node.ask("DELETE", one + "?content=keep").status)
        self.assertEqual(self.names, self.publish(self.node, packed(self.original)), "over it")
        self.assertEqual(200, self.node.get(self.names["links"]["tar"]).status)


class CutOff(FolderCase):
    """A folder that does not come to its end leaves nothing."""

    def begin(self) -> socket.socket:
        self.node = Node(self)
        head = tarfile.TarInfo("d/a")
        head.size = 8 * MIB
        link = socket.create_connection(self.node.http, 10)
        link.sendall(f"POST {TAR} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {9 * MIB}\r\n\r\n"
                     .encode() + head.tobuf() + bytes(3 * MIB))
        wait_until("a part is on the disk",
                   lambda: sum(self.node.files().values()) > MIB, 20)
        return link

    def check(self) -> None:
        wait_until("nothing is left", lambda: not self.node.files(), 20)
        self.assertEqual(0, self.node.get(API + "/space").json()["quotaReservedBytes"])
        self.assertEqual([], self.node.get("/api/weir/v1/torrents").json()["torrents"])

    def test_by_closing_its_connection(self):
        self.begin().close()
        self.check()

    def test_by_a_kill(self):
        with self.begin():
            self.node.kill()
        self.node.again()
        self.check()

    def test_by_a_stop(self):
        with self.begin():
            self.node.process.send_signal(signal.SIGTERM)
            self.assertEqual(0, self.node.process.wait(15))
        self.node.again()
        self.check()


if __name__ == "__main__":
    main()
