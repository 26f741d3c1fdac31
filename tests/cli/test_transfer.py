# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir get and weir seed: two processes, one loopback connection."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from support import SeededTest, sanitizer

from harness.processes import NOBODY


class Transfer(SeededTest):
    def test_torrent_file(self):
        seed = self.seed()
        run = self.get("t.torrent", "--json")
        self.assertTrue(run.json["torrents"][0]["complete"])
        self.assert_same()
        end, code = self.stop(seed)
        self.assertEqual((code, end["exit_code"]), (0, 0))

    def test_bare_hash_and_trusting_seed(self):
        self.seed("--trust")
        run = self.get(self.hash)
        self.assertEqual(run.out, b"")
        self.assert_same()

    def test_selection_from_a_hash_creates_nothing_else(self):
        self.seed()
        self.get(self.hash, "--select", "sub/b*", "--select", "*.txt", "--part")
        self.assertEqual({p for p, size in self.snapshot("out").items() if size is not None},
                         {"out/tree/sub/b10.bin", "out/tree/sub/b2.bin", "out/tree/z.txt"})

    def test_selection_of_nothing_is_not_found(self):
        self.seed()
        for what in (self.hash, "t.torrent"):
            run = self.get(what, "--select", "*.none", "--json", code=3)
            self.assertEqual(self.snapshot("out"), {})
            self.assertIn("no file matches --select *.none; there is .hidden, a.bin, empty", run.err)
            self.assertIn("and 3 more [no_such_file]", run.err)
            self.assertEqual(run.json["torrents"][0]["error"]["code"], "no_such_file")

    def test_a_pattern_that_matches_nothing_is_named_and_the_others_count(self):
        self.seed()
        for what in (self.hash, "t.torrent"):
            run = self.get(what, "--select", "a.bin", "--select", "*.none")
            self.assertEqual(run.err.count("no file matches --select *.none;"), 1, run.err)

    def test_events_are_json_lines(self):
        self.seed()
        lines = self.get(self.hash, "--jsonl").text.splitlines()
        names = [json.loads(line)["event"] for line in lines]
        for name in ("metadata", "piece", "file", "done", "end"):
            self.assertIn(name, names)
        self.assertEqual(names[-1], "end")

    def test_a_complete_download_is_not_said_to_seed(self):
        self.seed()
        run = self.get("t.torrent")
        self.assertIn("tree: complete, ", run.err)
        self.assertNotIn("seeding", run.err)

    def test_one_piece_is_no_pieces(self):
        self.write("one", 5)
        created = self.weir("create", "one")
        self.assertIn("in 1 piece of", created.text)
        run = self.weir("get", "one.torrent", "-o", ".", "--listen", "none")
        self.assertIn("one: 1 of 1 piece is here already", run.err)
        run = self.weir("verify", "one.torrent", "--data", ".")
        self.assertIn("1 of 1 piece and 1 of 1 file are good", run.err)

    def interrupted(self, *more):
        """A download that is killed when more pieces are here than come at once at the beginning."""
        process = subprocess.Popen(
            self.command("get", "t.torrent", "-o", "out", "--listen", "none", "--max-down", "64K",
                         "--peer", f"127.0.0.1:{self.port}", "--jsonl", *more),
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        pieces = 0
        for line in process.stdout:
            pieces += json.loads(line).get("event") == "piece"
            if pieces == 8:
                break
        process.kill()
        process.communicate()

    def test_a_download_goes_on_whichever_run_had_part(self):
        self.seed()
        whole = self.weir("show", "t.torrent", "--json").json["content_bytes"]
        for first, then in ((["--part"], []), ([], ["--part"])):
            for state in ("kept", "lost"):
                with self.subTest(first=first, state=state):
                    self.interrupted(*first, "--state-dir", f"first{first}{state}")
                    left = [name for name, size in self.snapshot("out").items() if size]
                    self.assertTrue(left)
                    self.assertEqual(any(name.endswith(".part") for name in left), bool(first), left)
                    same = f"first{first}{state}" if state == "kept" else f"then{first}"
                    run = self.get("t.torrent", "--json", "--state-dir", same, *then)
                    self.assertLessEqual(run.json["torrents"][0]["downloaded_bytes"],
                                         whole - 2 * 16384)
                    self.assert_same()
                    shutil.rmtree(self.dir / "out")

    def as_nobody(self, *words):
        """Runs as somebody whom file modes bind."""
        other = {}
        if os.geteuid() == 0:
            self.dir.chmod(0o755)
            other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return subprocess.run(self.command(*words), cwd=self.dir, capture_output=True, timeout=60,
                              env={**self.env, "HOME": "/nonexistent"}, text=True, check=False,
                              **other)

    def test_a_place_where_nothing_may_be_written_ends_with_9_at_once(self):
        self.write("src/single", 20_000)
        self.weir("create", "src/single", "--piece-size", "16K", "-o", "single.torrent")
        closed = self.dir / "closed"
        closed.mkdir(mode=0o555)
        self.addCleanup(closed.chmod, 0o700)
        for torrent in ("t.torrent", "single.torrent"):
            done = self.as_nobody("get", torrent, "-o", "closed", "--listen", "none", "--json")
            self.assertEqual(done.returncode, 9, done.stderr)
            self.assertIn(f"can't be written: permission denied: {closed} [permission]", done.stderr)
            self.assertEqual(json.loads(done.stdout)["torrents"][0]["error"]["code"], "permission")

    def test_content_that_is_complete_needs_no_right_to_write(self):
        done = self.as_nobody("get", "t.torrent", "-o", "src", "--listen", "none")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_second_run_has_nothing_to_do(self):
        self.seed()
        self.get("t.torrent")
        again = self.get("t.torrent", "--json").json
        self.assertEqual(again["torrents"][0]["downloaded_bytes"], 0)
        checked = self.get("t.torrent", "--check", "full", "--json").json
        self.assertEqual(checked["torrents"][0]["downloaded_bytes"], 0)

    def test_incomplete_seed_says_so_and_ends_with_5(self):
        (self.dir / "src/tree/sub/b10.bin").unlink()
        before = self.snapshot("src")
        seed = self.seed()
        for line in seed.stdout:
            if json.loads(line).get("event") == "checked":
                break
        end, code = self.stop(seed, signal.SIGTERM)
        self.assertEqual((code, end["torrents"][0]["complete"]), (5, False))
        self.assertEqual(self.snapshot("src"), before)

    def test_values_are_judged_before_anything_is_opened(self):
        self.weir("get", "no-such.torrent", "--max-down", "5X", code=2)
        self.weir("seed", "no-such.torrent", "--data", "src", "--listen", "here", code=2)

    def test_a_file_where_the_folder_must_be_ends_with_11(self):
        self.write("file", b"x")
        run = self.weir("get", "t.torrent", "-o", "file", "--listen", "none", code=11)
        self.assertIn("file is no directory", run.err)

    def test_a_home_that_can_not_be_made_is_none(self):
        self.write("home", b"in the way")
        words = ("get", "t.torrent", "-o", "out", "--timeout", "1", "--listen", "127.0.0.1:0")
        self.assertIn("progress is not kept", self.weir(*words, code=4).err)
        run = self.weir(*words, "--state-dir", "home/state", code=None)
        self.assertNotIn(run.code, (0, 4))
        self.assertRegex(run.err, r"weir: starting: \w.*: \S*/home.* \[\w+\]\n")

    def test_content_of_others_ends_with_9(self):
        closed = self.dir / "closed"
        closed.mkdir(mode=0)
        self.addCleanup(closed.chmod, 0o700)
        other = {}
        if os.geteuid() == 0:
            self.dir.chmod(0o755)
            other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for command in ("seed", "verify"):
            done = subprocess.run(self.command(command, "t.torrent", "--data", "closed"),
                                  cwd=self.dir, env=self.env, capture_output=True, timeout=60,
                                  text=True, check=False, **other)
            self.assertEqual((done.returncode, done.stdout), (9, ""), done.stderr)
            self.assertIn("Permission denied", done.stderr)

    def test_nobody_there_times_out_with_4(self):
        self.weir("get", self.hash, "-o", "out", "--listen", "none", "--timeout", "0.5", code=4)

    def test_interrupted_download_ends_with_7(self):
        process = subprocess.Popen(
            self.command("get", "t.torrent", "-o", "out", "--listen", "none", "--jsonl"),
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        process.stdout.readline()
        end, code = self.stop(process)
        self.assertEqual((code, end["exit_code"]), (7, 7))

    def test_interrupt_is_heard_though_the_shell_had_it_ignored(self):
        process = subprocess.Popen(
            ["sh", "-c", 'trap "" INT; exec "$@"', "sh",
             *self.command("get", "t.torrent", "-o", "out", "--listen", "none", "--jsonl")],
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        process.stdout.readline()
        self.assertEqual(self.stop(process)[1], 7)


if __name__ == "__main__":
    unittest.main()
