# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a node has on its disk: kills among uploads, files changed behind its back, and memory."""

import http.client
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.node import API, BLOCKED, Node, counted
from harness.processes import wait_until

CONTENT = Content("kept.bin", {"": 6 * MIB + 99}, 64 * KIB)
LARGE = 256 * MIB
SLACK = 32 * MIB
CHUNK = bytes(range(256)) * 256  # 64 KiB


class Kills(Case):
    def test_at_any_moment_keep_every_upload_that_was_answered(self):
        node = Node(self)
        answered: dict[str, bytes] = {}
        for number in range(6):
            self.upload_until_killed(node, number, answered)
            node.again()
            sizes = sorted(node.files().values())
            kept = {item["cid"]: item["manifest"]["datasetSize"]
                    for item in node.get(API + "/data").json()["content"]}
            for cid, content in answered.items():
                self.assertTrue(content == node.get(f"/cid/{cid}").body, cid)
            # An upload may be there though its answer was never sent, but as a whole.
            self.assertEqual(sizes, sorted(kept.values()))
            for cid, size in kept.items():
                self.assertEqual(size, len(node.get(f"/cid/{cid}").body), cid)

    def upload_until_killed(self, node: Node, number: int, answered: dict) -> None:
        enough = threading.Event()

        def upload(thread: int) -> None:
            for turn in range(50):
                if enough.is_set():
                    return
                content = f"{number}/{thread}/{turn}/".encode() + counted(40_000 * (thread + 1))
                try:
                    cid = node.upload(content, f"file {thread}")["cid"]
                except (OSError, http.client.HTTPException):
                    return
                answered[cid] = content
                if len(answered) >= (number + 1) * 7 + number:
                    enough.set()

        threads = [threading.Thread(target=upload, args=(thread,)) for thread in range(5)]
        for thread in threads:
            thread.start()
        enough.wait(30)
        node.kill()
        for thread in threads:
            thread.join()


class Changed(Case):
    """A file changed behind the node's back is never served wrong."""

    def file_of(self, node: Node) -> Path:
        (name, _), = node.files().items()
        return node.data / name

    def spoil(self, path: Path, at: int) -> None:
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 1]))

    def check(self, node: Node, address: str, expected: bytes, wrong_from: int) -> None:
        """What came is right, and something is missing."""
        answer = node.get(address)
        self.assertEqual(200, answer.status)
        self.assertEqual("reset", answer.ended)
        self.assertLessEqual(len(answer.body), wrong_from)
        self.assertTrue(expected[:len(answer.body)] == answer.body, "wrong bytes")

    def uploaded(self):
        expected = CONTENT.write(self.folder("content")).read_bytes()
        node = Node(self)
        names = node.upload(expected, "kept.bin")
        return node, names, expected

    def test_an_upload_that_was_not_read_yet(self):
        node, names, expected = self.uploaded()
        at = 3 * MIB + 5
        self.spoil(self.file_of(node), at)
        self.check(node, names["links"]["btih"], expected, at)
        self.check(node, names["links"]["cid"], expected, at)

    def test_an_upload_while_the_node_is_down(self):
        node, names, expected = self.uploaded()
        node.stop()
        self.spoil(self.file_of(node), 5)
        node.again()
        self.check(node, names["links"]["btih"], expected, 5)

    def test_a_truncated_upload_while_the_node_is_down(self):
        node, names, expected = self.uploaded()
        node.stop()
        with open(self.file_of(node), "r+b") as file:
            file.truncate(len(expected) // 2)
        node.again()
        self.check(node, names["links"]["btih"], expected, len(expected) // 2)

    def test_a_download_while_the_node_is_down(self):
        torrent, folder = self.make(CONTENT)
        seed = Libtorrent(self)
        seed.seed(torrent, folder)
        node = Node(self)
        expected = (folder / torrent.name).read_bytes()
        answer = node.ask("POST", f"{API}/torrent/magnet", torrent.magnet([self.tracker.url]),
                          {"Content-Type": "text/plain"})
        self.assertEqual((200, "whole"), (answer.status, answer.ended))
        self.assertTrue(expected == answer.body, "wrong bytes")
        node.stop()
        at = 4 * MIB + 1
        self.spoil(self.file_of(node), at)
        node.again()
        # The seed is still there: either the piece is fetched again, or the answer ends before it.
        answer = node.get(f"/btih/{torrent.v1_hash.hex()}")
        self.assertTrue(expected[:len(answer.body)] == answer.body, "wrong bytes")
        self.assertEqual("whole" if len(answer.body) == len(expected) else "reset", answer.ended)


class Memory(Case):
    """Does not grow with what passes through."""

    def upload(self, node: Node, size: int) -> str:
        parts = (CHUNK for _ in range(size // len(CHUNK)))
        answer = node.ask("POST", API + "/torrent", parts, {"Content-Length": str(size)})
        self.assertEqual(200, answer.status, answer.body)
        return answer.body.decode()

    def test_of_large_uploads_and_of_readers_that_read_nothing(self):
        node = Node(self)
        self.upload(node, 4 * MIB)
        before = node.process.memory_bytes()
        name = self.upload(node, LARGE)
        self.assert_memory(node.process, SLACK, before)
        lazy = []
        for number in range(20):
            connection = http.client.HTTPConnection(*node.http, BLOCKED)
            self.addCleanup(connection.close)
            connection.request("GET", f"/btih/{name[4:]}", None,
                               {"Range": f"bytes={number * 10_000_000}-"})
            self.assertEqual(206, connection.getresponse().status)
            lazy.append(connection)
        # Others are served meanwhile.
        self.assertEqual(CHUNK, node.get(f"/btih/{name[4:]}", f"-{len(CHUNK)}").body)
        self.assert_memory(node.process, 3 * SLACK, before)

    def test_an_upload_too_many_is_told_to_come_later(self):
        node = Node(self)
        links = [node.begin_upload(100_000, bytes(50_000)) for _ in range(64)]
        for link in links:
            self.addCleanup(link.close)
        wait_until("all have begun", lambda: len(node.files()) == 64, 20)
        answer = node.ask("POST", API + "/torrent", b"one more")
        self.assertEqual(503, answer.status)
        for link in links:
            link.close()
        wait_until("they are gone", lambda: not node.files(), 20)
        self.assertEqual(200, node.ask("POST", API + "/torrent", b"one more").status)


if __name__ == "__main__":
    main()
