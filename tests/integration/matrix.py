# SPDX-License-Identifier: MIT OR Apache-2.0
"""What weir must do with every other client; a test program per client mixes this into its case."""

import shutil
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import torrents, weir
from harness.content import KIB, LARGE_PIECES, MIB, SINGLE, TREE, Content
from harness.processes import wait_until

# Long enough, at LIMIT bytes a second, to be stopped in the middle.
PARTED = Content("parted", {"one.bin": 3 * MIB + 11, "two/empty": 0, "two/rest.bin": 3 * MIB},
                 64 * KIB)
LIMIT = 1_500_000


class Matrix:
    client_class: type = None
    knows_pad_files = False  # others take them for files, and want them on disk before they seed
    reads_btmh = True  # others start nothing from a magnet link that has a v2 hash beside the v1 one

    def client(self, **options):
        return self.client_class(self, **options)

    # --- The two directions.

    def get_from_client(self, content, kind="v1", magnet=False, by_peer=False):
        torrent, folder = self.make(content, kind)
        self.write_pads_for(torrent, folder)
        client = self.client()
        client.seed(torrent, folder)
        out = self.work / "out"
        if by_peer:
            source = torrents.without_trackers(torrent)
            peers = [client.place]
        else:
            source, peers = torrent, []
        source = source.magnet([self.tracker.url] if not by_peer else []) if magnet else source.path
        run = weir.get(self, source, out, peers=peers)
        end = run.wait_done(60)
        self.assert_same(content.write(self.folder("original")), out / torrent.name)
        self.assertEqual([out / torrent.name], list(out.iterdir()))
        self.assertEqual(0, end["torrents"][0]["wasted_bytes"])

    def seed_to_client(self, content, kind="v1", magnet=False):
        torrent, folder = self.make(content, kind)
        seed = weir.seed(self, torrent, folder)
        self.wait_announced(seed, torrent)
        client = self.client()
        out = self.work / "out"
        client.leech(torrent.magnet([self.tracker.url], with_v2=self.reads_btmh) if magnet
                     else torrent, out)
        client.wait_done(60)
        client.stop()
        self.assert_same(folder / torrent.name, out / torrent.name, lenient=True)
        end = seed.stop()
        self.assertEqual(0, end["exit_code"])
        self.assertGreaterEqual(end["torrents"][0]["uploaded_bytes"], torrent.content_size)

    # --- Content of every shape.

    def test_get_a_tree(self):
        self.get_from_client(TREE)

    def test_get_large_pieces_from_a_named_peer(self):
        self.get_from_client(LARGE_PIECES, by_peer=True)

    def test_get_a_file_by_magnet(self):
        self.get_from_client(SINGLE, magnet=True)

    def test_seed_a_tree(self):
        self.seed_to_client(TREE)

    def test_seed_large_pieces(self):
        self.seed_to_client(LARGE_PIECES)

    def test_seed_a_file_by_magnet(self):
        self.seed_to_client(SINGLE, magnet=True)

    # --- In the middle.

    def write_pads_for(self, torrent, folder) -> None:
        """What a seed that knows no pad files wants on disk."""
        if torrent.kind == "hybrid" and not self.knows_pad_files:
            torrents.write_pad_files(torrent, folder / torrent.name)

    def weir_goes_on_after_the_client(self, kind):
        torrent, folder = self.make(PARTED, kind)
        seed = Libtorrent(self, up_limit=LIMIT)
        seed.seed(torrent, folder)
        out = self.work / "out"
        client = self.client()
        client.leech(torrent, out)
        client.wait_progress(0.3)
        client.stop()
        seed.limit_upload(0)
        run = weir.get(self, torrent.path, out)
        found = run.wait_event("checked")["pieces_done"]
        end = run.wait_done(60)["torrents"][0]
        if kind == "hybrid" and not self.knows_pad_files:
            shutil.rmtree(out / torrent.name / ".pad")  # the client's, which weir leaves alone
        self.assert_same(folder / torrent.name, out / torrent.name)
        self.assertGreater(found, 0)
        # One piece of PARTED is short, of whatever kind the torrent is.
        self.assertLessEqual(end["downloaded_bytes"],
                             torrent.content_size - (found - 1) * PARTED.piece_size)

    def the_client_goes_on_after_weir(self, kind):
        torrent, folder = self.make(PARTED, kind)
        seed = Libtorrent(self, up_limit=LIMIT)
        seed.seed(torrent, folder)
        out = self.work / "out"
        run = weir.get(self, torrent.path, out)
        run.wait_pieces(30)
        run.process.send_signal(signal.SIGINT)
        self.assertEqual(7, run.process.wait(10), "exit code of an unfinished download")
        seed.limit_upload(0)
        client = self.client()
        client.leech(torrent, out)
        client.wait_done(60)
        client.stop()
        self.assert_same(folder / torrent.name, out / torrent.name, lenient=True)

    def weir_goes_on_after_a_kill(self, kind):
        torrent, folder = self.make(PARTED, kind)
        self.write_pads_for(torrent, folder)
        client = self.client(up_limit=LIMIT)
        client.seed(torrent, folder)
        out, state = self.work / "out", self.work / "state"
        first = weir.get(self, torrent.path, out, state=state)
        first.wait_pieces(20)
        first.process.kill()
        # Transmission refuses the same address again until it has noticed, twice a second.
        time.sleep(1)
        second = weir.get(self, torrent.path, out, state=state, place=(first.address, first.port))
        second.wait_done(60)
        self.assert_same(PARTED.write(self.folder("original")), out / torrent.name)

    def test_weir_finishes_what_the_client_began(self):
        self.weir_goes_on_after_the_client("v1")

    def test_the_client_finishes_what_weir_began(self):
        self.the_client_goes_on_after_weir("v1")

    def test_get_goes_on_after_a_kill(self):
        self.weir_goes_on_after_a_kill("v1")

    def wait_announced(self, run, torrent) -> None:
        wait_until("weir announced", lambda: self.tracker.knows(run.address, torrent.hash), 10)


class HybridMatrix:
    """Aria2 1.36 and Transmission 3.00 are left out: the empty keys of a file tree make the one
    compute another info hash and the other refuse the torrent, whoever has made it."""

    def test_get_a_hybrid_tree(self):
        self.get_from_client(TREE, "hybrid")

    def test_get_a_hybrid_tree_by_magnet(self):
        self.get_from_client(TREE, "hybrid", magnet=True)

    def test_get_hybrid_large_pieces(self):
        self.get_from_client(LARGE_PIECES, "hybrid")

    def test_seed_a_hybrid_tree(self):
        self.seed_to_client(TREE, "hybrid")

    def test_seed_a_hybrid_tree_by_magnet(self):
        self.seed_to_client(TREE, "hybrid", magnet=True)

    def test_seed_hybrid_large_pieces(self):
        self.seed_to_client(LARGE_PIECES, "hybrid")

    def test_weir_finishes_the_hybrid_that_the_client_began(self):
        self.weir_goes_on_after_the_client("hybrid")

    def test_the_client_finishes_the_hybrid_that_weir_began(self):
        self.the_client_goes_on_after_weir("hybrid")

    def test_get_of_a_hybrid_goes_on_after_a_kill(self):
        self.weir_goes_on_after_a_kill("hybrid")
