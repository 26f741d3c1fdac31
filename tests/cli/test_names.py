# SPDX-License-Identifier: MIT OR Apache-2.0
"""Content where it lies: names that are never created from a torrent, and other names for it."""

import json
import os
import signal
import subprocess
import unittest

from support import CliTest

# What was made, and what a download makes of it.
NAMES = {"CON": "_CON", "con.txt": "_con.txt", "back\\slash": "back_slash", "tab\tx": "tab_x",
         "esc\x1b[2J": "esc_[2J", "new\nline": "new_line", "del\x7f": "del_", "c1\x85": "c1_",
         "rtl\u202egpj": "rtlgpj", "dir\\x/AUX": "dir_x/_AUX", "plain": "plain"}


class Names(CliTest):
    def setUp(self):
        super().setUp()
        for size, name in enumerate(NAMES):
            self.write(f"src/tree/{name}", 20_000 + size)
        self.write("src/tree/A", 40_000)
        self.write("src/tree/a", 40_000)

    def good(self, data, code=0, torrent="t.torrent"):
        found = self.weir("verify", torrent, "--data", data, "--json", code=code)
        return code != 0 or found.json["good"]

    def fetch(self, data):
        """Downloads from a seed of `data`; what came, by name below the torrent's."""
        seed = subprocess.Popen(
            self.command("seed", "t.torrent", "--data", data, "--listen", "127.0.0.1:0", "--jsonl",
                         "--state-dir", "seed-state"),
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = next(json.loads(line)["addresses"][0].rsplit(":", 1)[1]
                        for line in seed.stdout if '"listening"' in line)
            self.weir("get", "t.torrent", "-o", "out", "--listen", "none", "--timeout", "60",
                      "--peer", f"127.0.0.1:{port}")
            seed.send_signal(signal.SIGINT)
            seed.communicate(timeout=30)
            self.assertEqual(seed.returncode, 0)
        finally:
            seed.kill()
            seed.wait()

    def test_what_create_hashed_is_found_where_it_lies_and_downloaded_under_safe_names(self):
        before = self.snapshot("src")
        for kind in ("v1", "v2", "hybrid"):
            with self.subTest(kind=kind):
                self.weir("create", "src/tree", f"--{kind}", "--force", "--piece-size", "16K",
                          "-o", "t.torrent")
                for data in ("src", "src/tree"):
                    self.assertTrue(self.good(data))
        self.fetch("src")
        self.assertEqual(self.snapshot("src"), before)
        for name, safe in NAMES.items():
            self.assertEqual((self.dir / "out/tree" / safe).read_bytes(),
                             (self.dir / "src/tree" / name).read_bytes())
        self.assertTrue(self.good("out"), "safe names are found as well")

    def test_content_is_found_whatever_its_own_name_is(self):
        self.weir("create", "src/tree", "-o", "t.torrent")
        os.rename(self.dir / "src/tree", self.dir / "src/renamed")
        self.assertTrue(self.good("src/renamed"))
        self.fetch("src/renamed")
        (self.dir / "link").symlink_to("src/renamed")
        self.assertTrue(self.good("link"), "the place that the user names may be a link")
        self.good("src", code=3)
        self.write("file", 50_000)
        self.weir("create", "file", "--name", "NUL", "-o", "f.torrent")
        self.assertTrue(self.good("file", torrent="f.torrent"))
        self.good(".", code=3, torrent="f.torrent")
        os.rename(self.dir / "file", self.dir / "NUL")
        self.assertTrue(self.good(".", torrent="f.torrent"))

    def test_a_directory_in_the_content_may_have_the_name_of_the_whole(self):
        self.write("same/same/x", 30_000)
        self.write("same/y", 30_001)
        self.weir("create", "same", "-o", "t.torrent")
        self.assertTrue(self.good("same"))
        self.assertTrue(self.good("."))

    def test_met_15_a_link_under_an_original_name_is_not_followed(self):
        self.weir("create", "src/tree", "-o", "t.torrent")
        os.rename(self.dir / "src/tree/CON", self.dir / "elsewhere")
        (self.dir / "src/tree/CON").symlink_to(self.dir / "elsewhere")
        found = self.weir("verify", "t.torrent", "--data", "src", "--json", code=5).json
        self.assertEqual({f["path"]: f["verdict"] for f in found["files"]}["tree/_CON"], "missing")


if __name__ == "__main__":
    unittest.main()
