# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir create: equal to libtorrent's torrents, reproducible, and careful with files."""

import os
import re
import unittest

from support import CliTest

try:
    import libtorrent
except ImportError:
    libtorrent = None

KINDS = ("v1", "v2", "hybrid")


def natural(path) -> list:
    """By the names of the path one after the other: what is not a digit by its byte and before the
    rest of a longer name, a run of digits by its number, and equal ones by the whole name."""
    key = []
    for name in path.parts:
        parts = []
        for run in re.findall(rb"[0-9]+|[^0-9]", os.fsencode(name)):
            # Digits are neighbours among the bytes: one stands for all against anything else.
            parts.append((ord("0"), int(run)) if run.isdigit() else (ord(run), 0))
        key.append((parts, os.fsencode(name)))
    return key


class Create(CliTest):
    def create(self, path, kind, *more):
        return self.weir("create", path, f"--{kind}", "--force", "-o", f"{kind}.torrent",
                         "--date", "none", "--json", *more).json

    def test_round_trip_of_every_kind(self):
        self.write_tree("tree")
        for kind in KINDS:
            with self.subTest(kind=kind):
                made = self.create("tree", kind, "--piece-size", "32K")
                shown = self.weir("show", f"{kind}.torrent", "--json").json
                for key in ("info_hash_v1", "info_hash_v2", "kind", "piece_count"):
                    self.assertEqual(made[key], shown[key])
                self.assertEqual(shown["kind"], kind)
                paths = {f["path"] for f in shown["files"] if not f.get("pad")}
                self.assertEqual(len(paths), 8)
                checked = self.weir("verify", f"{kind}.torrent", "--data", ".", "--json").json
                self.assertTrue(checked["good"])

    def test_same_bytes_each_time_whatever_the_number_of_threads(self):
        self.write_tree("tree")
        outputs = {self.weir("create", "tree", "-o", "-", "--date", "7", "--threads", n).out
                   for n in (1, 2, 5)}
        self.assertEqual(len(outputs), 1)
        dated = self.weir("create", "tree", "-o", "-", env={"SOURCE_DATE_EPOCH": "7"}).out
        self.assertEqual(outputs, {dated})

    def test_fields_are_written(self):
        self.write("f", 100_000)
        made = self.create("f", "hybrid", "--tracker", "http://a.example/announce,udp://b.example:1",
                           "--tracker", "http://c.example/announce", "--web-seed",
                           "http://w.example/f", "--private", "--source", "S", "--comment", "C",
                           "--name", "other")
        self.assertEqual([sorted(tier) for tier in made["trackers"]],
                         [["http://a.example/announce", "udp://b.example:1"],
                          ["http://c.example/announce"]])
        self.assertEqual(made["web_seeds"], ["http://w.example/f"])
        self.assertEqual((made["private"], made["source"], made["comment"], made["name"]),
                         (True, "S", "C", "other"))
        self.assertIsNone(made["creation_date"])

    def test_output_is_not_replaced_unless_forced(self):
        self.write("f", 1000)
        self.weir("create", "f")
        before = (self.dir / "f.torrent").read_bytes()
        self.weir("create", "f", "--comment", "new", code=11)
        self.assertEqual((self.dir / "f.torrent").read_bytes(), before)
        self.weir("create", "f", "--comment", "new", "--force")
        self.assertNotEqual((self.dir / "f.torrent").read_bytes(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), ["f", "f.torrent"])

    def test_what_a_torrent_cannot_hold_is_refused(self):
        self.write("tree/f", 1000)
        (self.dir / "tree/link").symlink_to("f")
        self.assertIn("symbolic link", self.weir("create", "tree", code=12).err)
        (self.dir / "tree/link").unlink()
        os.mkfifo(self.dir / "tree/fifo")
        self.assertIn("special file", self.weir("create", "tree", code=12).err)
        (self.dir / "tree/fifo").unlink()
        (self.dir / "tree").joinpath(os.fsdecode(b"\xff")).write_bytes(b"x")
        self.weir("create", "tree", code=12)
        self.weir("create", "missing", code=3)
        self.write("nothing/empty", b"")
        self.weir("create", "nothing", code=12)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable_file_is_an_error(self):
        self.write("tree/f", 1000).chmod(0)
        self.weir("create", "tree", code=9)

    def test_wrong_options(self):
        self.write("f", 1000)
        self.weir("create", "f", "--piece-size", "48K", code=2)
        self.weir("create", "f", "--piece-size", "8K", code=2)
        self.weir("create", "f", "--v1", "--v2", code=2)
        self.weir("create", "f", "--date", "yesterday", code=2)
        self.weir("create", "f", "--threads", "0", code=2)
        self.weir("create", "f", "-o", "-", "--json", code=2)

    def test_urls_that_nobody_could_use_are_refused(self):
        self.write("f", 1000)
        for option, url, why in (
                ("--tracker", "foo", "this is no URL"),
                ("--tracker", "tracker.example.org:6969/announce", "this is no URL"),
                ("--tracker", "htp://typo", "'htp' are not supported"), ("--tracker", "", "empty"),
                ("--tracker", "http://a/announce,,http://b/announce", "empty"),
                ("--tracker", "http://a/ announce", "can't hold"),
                ("--web-seed", "foo", "this is no URL"), ("--web-seed", "ftp://w/f", "http"),
                ("--web-seed", "", "empty")):
            with self.subTest(option=option, url=url):
                self.assertIn(why, self.weir("create", "f", option, url, code=2).err)
        self.assertEqual(os.listdir(self.dir), ["f"])

    def test_spaces_around_the_commas_of_a_tier_are_left_out(self):
        self.write("f", 1000)
        made = self.create("f", "v1", "--tracker", "http://a/announce, http://b/announce")
        self.assertEqual([sorted(tier) for tier in made["trackers"]],
                         [["http://a/announce", "http://b/announce"]])


@unittest.skipIf(libtorrent is None, "python3-libtorrent is not installed")
class SameAsLibtorrent(CliTest):
    def reference(self, path, kind, piece_size):
        flags = {"v1": 64, "v2": 32, "hybrid": 0}[kind]  # v1_only, v2_only
        storage = libtorrent.file_storage()
        libtorrent.add_files(storage, str(self.dir / path))
        torrent = libtorrent.create_torrent(storage, piece_size, flags)
        libtorrent.set_piece_hashes(torrent, str(self.dir))
        return libtorrent.torrent_info(torrent.generate()).info_hashes()

    def assert_same(self, path, kind, piece_size, *options):
        theirs = self.reference(path, kind, piece_size)
        ours = self.weir("create", path, f"--{kind}", "--piece-size", piece_size, "-o", "t.torrent",
                         "--force", "--json", *options).json
        if kind != "v2":
            self.assertEqual(ours["info_hash_v1"], str(theirs.v1))
        if kind != "v1":
            self.assertEqual(ours["info_hash_v2"], str(theirs.v2))

    def test_single_file(self):
        for size in (1, 16384, 16385, 700_001):
            self.write("f", size)
            for kind in KINDS:
                with self.subTest(size=size, kind=kind):
                    self.assert_same("f", kind, 32768)

    def test_tree(self):
        self.write_tree("tree")
        for kind in ("v2", "hybrid"):
            for piece_size in (16384, 65536):
                with self.subTest(kind=kind, piece_size=piece_size):
                    self.assert_same("tree", kind, piece_size)

    def test_v1_tree_as_libtorrent_lists_it(self):
        self.write_tree("tree")
        for i in 10, 9, 1, 2:  # some order that no file system sorts by
            self.write(f"tree/more/{i}", 100 * i)
        for piece_size in (16384, 65536):
            self.assert_same("tree", "v1", piece_size, "--directory-order")
        refused = self.weir("create", "tree", "--directory-order", "-o", "-", code=2)
        self.assertIn("--v1", refused.err)

    def test_v1_tree_in_natural_order(self):
        # libtorrent leaves the order of a v1 torrent to its caller: it is given what this test
        # makes of the disk, and nothing that the program under test has said.
        self.write_tree("tree")
        for name in ("b1", "b2", "b10", "b02", "B3", "b1x", "b", "sub/9", "sub/10/2", "sub/10/10",
                     "sub.x", "ü", "v1.9/a", "v1.10/a"):
            self.write(f"tree/{name}", 1000)
        paths = sorted((path.relative_to(self.dir) for path in (self.dir / "tree").rglob("*")
                        if path.is_file()), key=natural)
        names = [str(path) for path in paths]
        self.assertNotEqual(names, sorted(names), "the tree shows no difference")
        storage = libtorrent.file_storage()
        for path in paths:
            info = (self.dir / path).stat()
            flags = libtorrent.file_storage.flag_executable if info.st_mode & 0o100 else 0
            storage.add_file(str(path), info.st_size, flags, 0, "")
        torrent = libtorrent.create_torrent(storage, 16384, 64)
        libtorrent.set_piece_hashes(torrent, str(self.dir))
        theirs = libtorrent.torrent_info(torrent.generate()).info_hashes()
        made = self.weir("create", "tree", "--v1", "--piece-size", "16K", "-o", "t.torrent",
                         "--json").json
        shown = self.weir("show", "t.torrent", "--json").json
        self.assertEqual([entry["path"] for entry in shown["files"]], names)
        self.assertEqual(made["info_hash_v1"], str(theirs.v1))


if __name__ == "__main__":
    unittest.main()
