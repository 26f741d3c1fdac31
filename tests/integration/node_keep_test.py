# SPDX-License-Identifier: MIT OR Apache-2.0
"""How long a node keeps things, and what it finds when it looks at them: by the program's own commands."""

import json
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import weir
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.node import API, Node
from harness.processes import wait_until

WEIR = "/api/weir/v1"
FILE = Content("film.bin", {"": 3 * MIB + 99}, 64 * KIB)


class Keeping(Case):
    def command(self, node: Node, *words, code: int = 0) -> dict:
        """What `weir WORDS --json` says of this node."""
        process = self.start(self.process_name("command"), [
            weir.program(), *words, "--json", "--api", f"unix:{node.folder / 'state' / 'api.sock'}"],
            self.folder("commands"))
        self.assertEqual(code, process.wait(60), process.tail())
        return json.loads(process.log.read_text() or "null")

    def fetched(self, node: Node) -> tuple[str, bytes]:
        """A torrent that somebody asked for over HTTP; its hash and bytes."""
        torrent, folder = self.make(FILE)
        Libtorrent(self).seed(torrent, folder)
        answer = node.ask("POST", f"{API}/torrent/magnet", torrent.magnet([self.tracker.url]),
                          {"Content-Type": "text/plain"})
        self.assertEqual((200, "whole"), (answer.status, answer.ended))
        return torrent.v1_hash.hex(), answer.body

    def shown(self, node: Node, name: str) -> dict:
        return node.get(f"{WEIR}/torrents/{name}").json()

    def test_what_nobody_uses_goes_unless_it_is_pinned_and_a_restart_forgets_nothing(self):
        node = Node(self, "--store-ttl", "3")
        name, _ = self.fetched(node)
        self.assertEqual(True, self.command(node, "pin", name)["torrents"][0]["pinned"])
        node.kill()
        node.again()
        self.assertEqual((True, None),
                         tuple(self.shown(node, name)[key] for key in ("pinned", "expires")))
        self.assertEqual(1, self.command(node, "store", "stat")["pinned"])
        self.command(node, "unpin", name)
        self.assertLess(self.shown(node, name)["expires"], (time.time() + 4) * 1000)
        wait_until("it is gone", lambda: node.get(f"{WEIR}/torrents/{name}").status == 404, 30)
        wait_until("its files too", lambda: not node.files(), 10)

    def test_a_time_of_its_own(self):
        node = Node(self)
        cid = node.upload(b"x" * 1000, "a.bin")["cid"]
        self.command(node, "unpin", "a.bin", "--expire", "1h")
        self.assertEqual(200, node.get(f"/cid/{cid}").status)
        self.command(node, "unpin", "a.bin", "--expire", "1")
        wait_until("it is gone", lambda: node.get(f"/cid/{cid}").status == 404, 30)

    def test_damage_is_found_and_repaired_from_peers(self):
        node = Node(self)
        name, expected = self.fetched(node)
        wait_until("its content is known",
                   lambda: self.command(node, "store", "stat")["copies"] == 1, 30)
        self.assertEqual(0, self.command(node, "store", "verify")["count"])
        path = node.data / "fetched" / name / FILE.name
        times = path.stat()
        with open(path, "r+b") as file:
            file.seek(2 * MIB)
            file.write(b"damage")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        found = self.command(node, "store", "verify", name, code=5)
        self.assertEqual([("damaged", [name], str(path))],
                         [(f["result"], f["torrents"], f["path"]) for f in found["found"]])
        self.command(node, "store", "repair")
        wait_until("it is as it was", lambda: path.read_bytes() == expected, 60)
        wait_until("and known to be",
                   lambda: self.command(node, "store", "stat")["damaged"] == 0, 30)
        self.assertEqual(0, self.command(node, "store", "verify")["count"])

    def test_garbage_is_told_and_removed(self):
        node = Node(self)
        left = node.data / "fetched" / ("a" * 40) / "file"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"12345")
        said = self.command(node, "store", "gc")
        self.assertEqual((0, 1), (said["freed"], len(said["unknown"])))
        said = self.command(node, "store", "gc", "--dry-run", "--unknown")
        self.assertEqual((5, True), (said["freed"], left.exists()))
        self.assertEqual(5, self.command(node, "store", "gc", "--unknown")["freed"])
        self.assertFalse(left.parent.exists())
        self.command(node, "store", "stat", "--dry-run", code=2)


if __name__ == "__main__":
    main()
