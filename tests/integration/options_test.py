# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the options of `weir get` do to a download from a real client, and other ways to its peers."""

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from clients.scripted import Libtorrent
from harness import weir
from harness.case import Case, main
from harness.content import KIB, MIB, SINGLE, TREE, Content, digest
from harness.processes import wait_until


class Options(Case):
    def seeded(self, content, kind="v1", **options):
        torrent, folder = self.make(content, kind)
        seed = Libtorrent(self, **options)
        seed.seed(torrent, folder)
        return torrent, folder, seed

    def test_selected_files_alone_are_created(self):
        for kind in ("v1", "v2", "hybrid"):
            with self.subTest(kind):
                torrent, folder, seed = self.seeded(TREE, kind)
                out = self.work / f"out-{kind}"
                weir.get(self, torrent.path, out, "--select", "b/deep/*", "--select",
                         "c/small").wait_done()
                wanted = {"b/deep/er/exactly a piece", "b/deep/er/one less", "c/small"}
                here = {str(path.relative_to(out / "tree")) for path in out.rglob("*")
                        if path.is_file()}
                self.assertEqual(wanted, here)
                for path in wanted:
                    self.assertEqual(digest(folder / "tree" / path), digest(out / "tree" / path))
                seed.stop()

    def test_more_files_selected_later_are_added(self):
        torrent, folder, _ = self.seeded(TREE)
        out, state = self.work / "out", self.work / "state"
        weir.get(self, torrent.path, out, "--select", "c/small", state=state).wait_done()
        weir.get(self, torrent.path, out, state=state).wait_done()
        self.assert_same(folder / "tree", out / "tree")

    def test_sequential_preallocated_with_part_names(self):
        content = Content("in order", {"a": 2 * MIB + 5, "b": 2 * MIB}, 64 * KIB)
        torrent, folder, _ = self.seeded(content, up_limit=2_000_000)
        out = self.work / "out"
        run = weir.get(self, torrent.path, out, "--sequential", "--preallocate", "--part")
        run.wait_pieces(5)
        self.assertIn("b.part", {path.name for path in out.rglob("*")})
        run.wait_done()
        self.assert_same(folder / "in order", out / "in order")
        order = [event["piece"] for event in run.named("piece")]
        late = max(abs(at - piece) for at, piece in enumerate(order))
        self.assertLessEqual(late, 16, f"not from first to last: {order}")

    def test_the_download_rate_is_kept(self):
        torrent, folder, _ = self.seeded(SINGLE)
        started = time.monotonic()
        weir.get(self, torrent.path, self.work / "out", "--max-down", "1M").wait_done()
        self.assertGreater(time.monotonic() - started, 2.2, "3 MiB at 1 MiB/s")
        self.assert_same(folder / torrent.name, self.work / "out" / torrent.name)

    def test_the_upload_rate_is_kept(self):
        torrent, folder = self.make(SINGLE)
        seed = weir.seed(self, torrent, folder, "--max-up", "1M")
        wait_until("announced", lambda: self.tracker.knows(seed.address), 10)
        leech = Libtorrent(self)
        started = time.monotonic()
        leech.leech(torrent, self.work / "out")
        leech.wait_done()
        self.assertGreater(time.monotonic() - started, 2.2, "3 MiB at 1 MiB/s")

    def test_an_info_hash_and_a_tracker_are_enough(self):
        for kind in ("v1", "v2"):
            with self.subTest(kind):
                torrent, folder, seed = self.seeded(SINGLE, kind)
                name = torrent.v2_hash.hex() if kind == "v2" else torrent.v1_hash.hex()
                out = self.work / f"out-{kind}"
                weir.get(self, name, out, "--tracker", self.tracker.url).wait_done()
                self.assert_same(folder / torrent.name, out / torrent.name)
                seed.stop()

    def test_a_magnets_own_peer_is_enough(self):
        torrent, folder, seed = self.seeded(SINGLE)
        out = self.work / "out"
        weir.get(self, torrent.magnet(peers=[seed.place]), out).wait_done()
        self.assert_same(folder / torrent.name, out / torrent.name)

    def test_both_directions_over_ipv6(self):
        torrent, folder = self.make(SINGLE, trackers=[])
        seed = Libtorrent(self)
        seed.address = "fd77::1"
        seed.seed(torrent, folder, announced=False)
        out = self.work / "out"
        middle = weir.get(self, torrent.path, out, "--seed", peers=[("fd77::1", seed.port)],
                          place=("fd77::2", 30_000))
        middle.wait_event("done")
        seed.stop()
        leech = Libtorrent(self)
        leech.address = "fd77::3"
        leech.leech(torrent, self.work / "last", peers=[("fd77::2", 30_000)])
        leech.wait_done()
        for copy in (out, self.work / "last"):
            self.assert_same(folder / torrent.name, copy / torrent.name)


class Trackers(Case):
    def test_announces_tell_the_course_of_a_download(self):
        torrent, folder = self.make(TREE, "hybrid")
        seed = weir.seed(self, torrent, folder)
        wait_until("both hashes announced",
                   lambda: len({a.info_hash for a in self.tracker.of(seed.port)}) == 2, 10)
        run = weir.get(self, torrent.path, self.work / "out")
        run.wait_done()
        seed.stop()
        for hash_ in (torrent.v1_hash, torrent.v2_hash[:20]):
            told = [a for a in self.tracker.of(run.port) if a.info_hash == hash_]
            self.assertEqual(["started", "completed", "stopped"], [a.event for a in told])
            self.assertGreaterEqual(told[0].left, TREE.size)
            self.assertEqual([0, 0], [a.left for a in told[1:]])
            told = [a for a in self.tracker.of(seed.port) if a.info_hash == hash_]
            self.assertEqual(("started", "stopped"), (told[0].event, told[-1].event))
            self.assertNotIn("completed", [a.event for a in told])
            self.assertEqual({0}, {a.left for a in told})

    def test_peers_from_a_udp_tracker(self):
        url = self.tracker.open_udp("10.77.0.1")
        torrent, folder = self.make(SINGLE, trackers=[url])
        seed = Libtorrent(self)
        seed.seed(torrent, folder)
        run = weir.get(self, torrent.path, self.work / "out")
        run.wait_done()
        self.assert_same(folder / torrent.name, self.work / "out" / torrent.name)
        told = self.tracker.of(run.port)
        self.assertTrue(all(a.parameters == {"udp": True} for a in told))
        self.assertEqual(["started", "completed", "stopped"], [a.event for a in told])

    def test_a_dead_tracker_first_in_the_list_does_not_matter(self):
        dead = "http://10.77.0.30:9/announce"
        torrent, folder = self.make(SINGLE, trackers=[dead, self.tracker.url])
        seed = weir.seed(self, torrent, folder)
        wait_until("announced", lambda: self.tracker.knows(seed.address), 10)
        weir.get(self, torrent.path, self.work / "out").wait_done(20)
        started = time.monotonic()
        seed.stop()
        self.assertLess(time.monotonic() - started, 3, "saying goodbye takes at most 2 s")


if __name__ == "__main__":
    main()
