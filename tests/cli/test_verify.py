# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir verify: names every file that is not what the torrent says."""

import unittest

from support import CliTest


class Verify(CliTest):
    def setUp(self):
        super().setUp()
        self.write_tree("tree")

    def create(self, kind):
        self.weir("create", "tree", f"--{kind}", "--piece-size", "16K", "--force", "-o", "t.torrent")

    def verdicts(self, code, data="."):
        found = self.weir("verify", "t.torrent", "--data", data, "--json", code=code).json
        self.assertEqual(found["good"], code == 0)
        return {f["path"]: f["verdict"] for f in found["files"] if f["verdict"] != "good"}

    def test_all_good_from_either_directory(self):
        for kind in ("v1", "v2", "hybrid"):
            self.create(kind)
            for data in (".", "tree", "tree/", self.dir / "tree"):
                self.assertEqual(self.verdicts(0, data), {})

    def test_damage_is_found_in_every_kind(self):
        for kind in ("v1", "v2", "hybrid"):
            self.create(kind)
        path = self.dir / "tree/a.bin"
        data = bytearray(path.read_bytes())
        data[150_000] ^= 1
        path.write_bytes(data)
        self.assertEqual(self.verdicts(5), {"tree/a.bin": "bad"})
        self.assertIn("bad           tree/a.bin  (1 bad piece)",
                      self.weir("verify", "t.torrent", "--data", ".", code=5).text)

    def test_missing_short_and_long_files(self):
        self.create("hybrid")
        (self.dir / "tree/sub/b2.bin").unlink()
        (self.dir / "tree/empty").unlink()
        with (self.dir / "tree/z.txt").open("ab") as out:
            out.write(b"!")
        (self.dir / "tree/a.bin").write_bytes(b"short")
        self.assertEqual(self.verdicts(5), {"tree/sub/b2.bin": "missing", "tree/empty": "missing",
                                            "tree/z.txt": "wrong_size", "tree/a.bin": "wrong_size"})

    def test_neighbour_of_a_missing_file_is_only_doubtful(self):
        self.create("v1")
        (self.dir / "tree/.hidden").unlink()
        found = self.verdicts(5)
        self.assertEqual(found.pop("tree/.hidden"), "missing")
        self.assertEqual(set(found.values()), {"doubtful"})

    def test_nothing_there_is_not_found(self):
        self.create("hybrid")
        (self.dir / "elsewhere").mkdir()
        self.weir("verify", "t.torrent", "--data", "elsewhere", code=3)
        self.weir("verify", "t.torrent", code=2)

    def test_link_in_the_content_is_not_followed(self):
        self.create("hybrid")
        (self.dir / "tree/sub").rename(self.dir / "moved")
        (self.dir / "tree/sub").symlink_to("../moved")
        self.assertEqual(set(self.verdicts(5).values()), {"missing"})


if __name__ == "__main__":
    unittest.main()
