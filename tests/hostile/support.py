# SPDX-License-Identifier: MIT OR Apache-2.0
"""The case of all hostile tests: weir seeding or getting a small torrent, what an honest peer gets
done with it, and how much memory an attack costs."""

import contextlib
import hashlib
import random
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from harness import case, sanitizer, torrents, weir
from harness.case import Case
from harness.processes import wait_until
from oracle import Watch
from peer import (BLOCK, INTERESTED, PIECE, REQUEST, SOURCE_BLOCK, UNCHOKE, USUAL_BITS, Closed,
                  HonestSeed, Peer, be32, message)

KIB = 1024
MIB = 1024 * KIB
PIECE_SIZE = 32 * KIB
SIZE = 20 * PIECE_SIZE - 5000
SLACK = 16 * MIB
FIRST_USE = 512 * KIB
GLOBAL_BLOCK = "11.22"  # stands for the internet
TRAP_ADDRESS = "169.254.169.254"  # where clouds keep what no tracker may make us fetch


def content_bytes(size: int = SIZE) -> bytes:
    return random.Random(size).randbytes(size)


def v1_info(name: str, content: bytes, piece_size: int = PIECE_SIZE) -> dict:
    pieces = b"".join(hashlib.sha1(content[at:at + piece_size]).digest()
                      for at in range(0, len(content), piece_size))
    return {"name": name, "piece length": piece_size, "length": len(content), "pieces": pieces}


class HostileCase(Case):
    """`node` is the weir under attack, `weir_place` where it listens. Every node is judged by the
    universal oracle when its test is over, or before when stop_node() ends it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.peers: list[Peer] = []  # connected by connect()
        self.watch: Watch | None = None

    # --- What is attacked.

    def prepare(self, trackers=()) -> None:
        self.content = content_bytes()
        self.data = self.folder("data")
        (self.data / "victim.bin").write_bytes(self.content)
        self.torrent = torrents.save(self.work / "victim.torrent",
                                     v1_info("victim.bin", self.content), trackers)

    def start_seed(self, *arguments, trackers=()) -> None:
        self.prepare(trackers)
        self.node = weir.seed(self, self.torrent, self.data, *arguments)
        self.place_of_node()
        self.watch_node()

    def start_v2_seed(self, size: int) -> None:
        """A v2 torrent, made by weir itself, with pieces of one block."""
        self.content = content_bytes(size)
        self.data = self.folder("data")
        (self.data / "victim.bin").write_bytes(self.content)
        path = self.work / "victim.torrent"
        made = weir.run("create", "--v2", "--piece-size", "16K", "-o", path,
                        self.data / "victim.bin")
        self.assertEqual(0, made.returncode, made.stderr)
        self.torrent = torrents.load(path, "v2")
        self.node = weir.seed(self, self.torrent, self.data)
        self.place_of_node()
        self.watch_node()

    def start_get(self, *arguments, magnet: bool = False, trackers=(), place=None) -> None:
        self.prepare(trackers)
        self.out = self.folder("out")
        source = self.torrent.magnet() if magnet else self.torrent.path
        self.node = weir.get(self, source, self.out, *arguments, place=place)
        self.place_of_node()
        self.wait_listening()
        self.watch_node()

    def place_of_node(self) -> None:
        self.weir_place = (self.node.address, self.node.port)

    def watch_node(self) -> None:
        """From here on it may write only to the folder that it was told to, and to its own."""
        argv = self.node.process.argv
        roots = [process.log.parent for process in self.processes]
        if "-o" in argv:
            roots.append(Path(argv[argv.index("-o") + 1]))
        self.watch = Watch(self.node.process, self.work, roots)
        self.addCleanup(self.watch.judge)

    def stop_node(self) -> None:
        self.node.process.stop()
        if self.watch:
            self.watch.judge()

    def wait_listening(self) -> None:
        """`weir get` says nothing when it begins to listen, and lets nobody in before it knows what
        is on disk."""
        def answers():
            try:
                with Peer(self.weir_place) as peer:
                    return peer.greet(self.torrent.hash)
            except (Closed, OSError):
                self.assertTrue(self.node.process.alive(), "weir ended")
                return None

        wait_until("an answer from weir", answers, 10)

    # --- Peers.

    def connect(self, bits: int = USUAL_BITS, source: str | None = None,
                peer_id: bytes | None = None) -> Peer:
        """A peer after the handshakes."""
        peer = Peer(self.weir_place, source)
        self.peers.append(peer)
        self.addCleanup(peer.close)
        peer.greet(self.torrent.hash, bits, peer_id)
        return peer

    def close_peers(self) -> None:
        """Gives their slots back."""
        for peer in self.peers:
            peer.close()

    def unchoked(self) -> Peer:
        peer = self.connect()
        peer.send(message(INTERESTED))
        peer.wait_for(UNCHOKE, 30)
        return peer

    def assert_dropped(self, peer: Peer, why: str = "", seconds: float = 10) -> None:
        self.assertTrue(peer.closed_within(seconds), f"still connected: {why}")

    def assert_kept(self, peer: Peer, why: str = "") -> list:
        try:
            return peer.answers()
        except (Closed, TimeoutError) as failure:
            self.fail(f"not kept ({failure!r}): {why}")

    def assert_each_dropped(self, attacks: dict[str, bytes], bits: int = USUAL_BITS) -> None:
        """Every attack on a connection of its own."""
        for name, data in attacks.items():
            with self.subTest(name), self.connect(bits) as peer:
                peer.send(data)
                self.assert_dropped(peer, name)
                self.assertTrue(self.node.process.alive(), name)

    # --- The universal oracle.

    def download(self, peer: Peer, pieces: int | None = None) -> None:
        """Fetches the content as an honest peer would, and compares every byte."""
        piece_size = self.torrent.fields[b"piece length"]
        end = len(self.content) if pieces is None else pieces * piece_size
        todo = list(range(0, end, BLOCK))
        asked = 0
        for done in range(len(todo)):
            while asked < len(todo) and asked < done + 64:
                at = todo[asked]
                peer.send(message(REQUEST, be32(at // piece_size, at % piece_size,
                                                min(BLOCK, len(self.content) - at))))
                asked += 1
            body = peer.wait_for(PIECE, 20)
            at = int.from_bytes(body[:4], "big") * piece_size + int.from_bytes(body[4:8], "big")
            if body[8:] != self.content[at:at + BLOCK]:
                self.fail(f"wrong bytes at {at}")

    def assert_serves(self, pieces: int | None = 4) -> None:
        """weir is alive and an honest transfer from it completes."""
        self.assertTrue(self.node.process.alive(), "weir ended")
        with self.unchoked() as peer:
            self.download(peer, pieces)

    def assert_completes(self) -> None:
        """weir is alive and gets everything from an honest seed."""
        self.assertTrue(self.node.process.alive(), "weir ended")
        with HonestSeed(self.weir_place, self.torrent, self.content) as seed:
            try:
                self.node.wait_done(30)
            finally:
                if seed.failure:
                    raise seed.failure
        self.assertEqual(self.content, (self.out / "victim.bin").read_bytes())

    @contextlib.contextmanager
    def memory_within(self, cap: int | None = None, slack: int | None = None):
        """The process never holds more than `cap` and a slack above what it holds now. The slack is
        for pages that any first use touches; without a cap it is what every attack may cost."""
        if slack is None:
            slack = SLACK if cap is None else FIRST_USE
        process = self.node.process
        base = process.memory_bytes()
        peak, over = base, threading.Event()

        def watch():
            nonlocal peak
            while not over.wait(0.01):
                with contextlib.suppress(Exception):  # it ended: others see that
                    peak = max(peak, process.memory_bytes())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        if not sanitizer.is_in(weir.program()):  # it keeps freed memory
            self.assertLessEqual(peak - base, (cap or 0) + slack, "memory grew")


def main() -> None:
    # More addresses than the harness gives: all of a block is local to the loopback device.
    more = [f"address add {block}.0.1/16 dev lo" for block in (SOURCE_BLOCK, GLOBAL_BLOCK)]
    case.main([*more, f"address add {TRAP_ADDRESS}/32 dev lo"])
