# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir show: complete, and unmoved by hostile input."""

import unittest

from support import CliTest, bencode, v1_torrent

from harness.bencode import decode as bdecode

HASH = "0123456789abcdef0123456789abcdef01234567"
FILE = {"length": 5, "path": ["f"]}


class Show(CliTest):
    def refused(self, data, code=None, name="t.torrent"):
        self.write(name, data)
        run = self.weir("show", name, "--json", code=12)
        error = run.json["error"]
        self.assertEqual(error["exit_code"], 12)
        self.assertIn("offset", error)
        if code:
            self.assertEqual(error["code"], code)
        return error

    def paths(self, files, name="root"):
        self.write("t.torrent", v1_torrent(files, name))
        shown = self.weir("show", "t.torrent", "--json").json
        for entry in shown["files"]:
            path = entry["path"]
            self.assertFalse(path.startswith("/"), path)
            for part in path.split("/"):
                self.assertNotIn(part, ("", ".", ".."))
                self.assertNotRegex(part, r"[\\\x00-\x1f]")
                self.assertNotRegex(part, r"^[A-Za-z]:")
        return shown

    def test_magnet_and_bare_hashes(self):
        shown = self.weir("show", f"magnet:?xt=urn:btih:{HASH}&dn=a&tr=http%3A%2F%2Ft.example%2Fa"
                          "&so=0,2-4&x.pe=10.0.0.1:7000", "--json").json
        self.assertEqual((shown["type"], shown["info_hash_v1"]), ("magnet", HASH))
        self.assertEqual(shown["selected"], [[0, 0], [2, 4]])
        self.assertEqual(shown["peers"], [{"host": "10.0.0.1", "port": 7000}])
        self.assertEqual(shown["trackers"], ["http://t.example/a"])
        self.assertEqual(self.weir("show", HASH, "--json").json["info_hash_v1"], HASH)
        base32 = "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"
        self.assertEqual(self.weir("show", base32, "--json").json["info_hash_v1"], HASH)
        self.assertEqual(self.weir("show", "ab" * 32, "--json").json["info_hash_v2"], "ab" * 32)
        self.assertIn(HASH, self.weir("show", HASH).text)

    def test_bad_magnet_has_code_and_offset(self):
        error = self.weir("show", "magnet:?xt=urn:btih:zz", "--json", code=12).json["error"]
        self.assertEqual((error["code"], error["offset"]), ("bad_btih", 8))

    def test_an_address_on_the_web_is_refused_with_advice(self):
        for command in (("show",), ("get", "-o", "out"), ("seed", "--data", "."),
                        ("verify", "--data", ".")):
            for url in ("http://example.org/a.torrent", "HTTPS://example.org/a"):
                run = self.weir(*command, url, code=12)
                self.assertIn("[web_address]", run.err)
                self.assertIn("curl -L URL | weir get -", run.err)
        error = self.weir("show", "http://example.org/", "--json", code=12).json["error"]
        self.assertEqual(error["code"], "web_address")
        self.write("http:/example.org/a", v1_torrent([FILE]))
        self.assertEqual(self.weir("show", "http://example.org/a", "--json").json["name"], "root")

    def test_seed_and_verify_say_that_a_link_is_no_file(self):
        for command in ("seed", "verify"):
            run = self.weir(command, "magnet:?xt=urn:btih:" + HASH, "--data", ".", code=12)
            self.assertIn("a .torrent file is needed", run.err)

    def test_people_get_a_sentence_and_the_code_in_brackets(self):
        self.write("t.torrent", b"hello")
        err = self.weir("show", "t.torrent", code=12).err
        self.assertIn("it is no torrent file, or a damaged one", err)
        self.assertTrue(err.endswith(" [bad_bencode]\n"), err)
        err = self.weir("show", "magnet:?xt=urn:btih:zz", code=12).err
        self.assertIn("the v1 info hash has not 40 hexadecimal", err)

    def test_the_paths_of_a_selection_are_explained(self):
        self.write("t.torrent", v1_torrent([{"length": 5, "path": ["d", "f"]}]))
        self.assertIn("files below root/ (paths for --select", self.weir("show", "t.torrent").text)

    def test_json_is_complete(self):
        self.write_tree("tree")
        self.weir("create", "tree", "--piece-size", "16K", "-o", "t.torrent")
        whole = bdecode((self.dir / "t.torrent").read_bytes())
        shown = self.weir("show", "t.torrent", "--json").json
        self.assertEqual("".join(shown["piece_hashes"]), whole[b"info"][b"pieces"].hex())
        self.assertEqual({layer["pieces_root"]: "".join(layer["hashes"]) for layer in shown["layers"]},
                         {root.hex(): layer.hex() for root, layer in whole[b"piece layers"].items()})
        self.assertEqual(shown["other_keys"], [])
        whole[b"httpseeds"] = [b"http://a/"]
        whole[b"info"][b"number"] = -3
        whole[b"info"][b"text"] = b"a"
        whole[b"raw"] = b"\xff"
        self.write("u.torrent", bencode(whole))
        others = self.weir("show", "u.torrent", "--json").json["other_keys"]
        self.assertEqual({entry["key"]: entry["value"] for entry in others},
                         {"httpseeds": {"bencoded": b"l9:http://a/e".hex()}, "info.number": -3,
                          "info.text": "a", "raw": {"bencoded": b"1:\xff".hex()}})
        self.weir("create", "tree", "--v2", "--piece-size", "16K", "-o", "v2.torrent")
        self.assertIsNone(self.weir("show", "v2.torrent", "--json").json["piece_hashes"])

    def test_stdin(self):
        run = self.weir("show", "-", "--json", stdin=v1_torrent([FILE]))
        self.assertEqual(run.json["name"], "root")

    def test_missing_file_is_not_found(self):
        error = self.weir("show", "nothing.torrent", "--json", code=3).json["error"]
        self.assertEqual(error["code"], "not_found")
        self.weir("show", ".", code=12)

    def test_text_cannot_act_on_the_terminal(self):
        self.write("t.torrent", bencode({
            "comment": "\x1b[2Jgone\u202e", "created by": "\x9b31m",
            "info": {"files": [{"length": 5, "path": ["\x1b]0;x\x07"]}], "name": "n\x1b[1m",
                     "piece length": 16384, "pieces": b"\x11" * 20, "source": "\x7f"}}))
        for words in (("show", "t.torrent"), ("show", "t.torrent", "--json")):
            self.assertNotRegex(self.weir(*words).text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")

    def test_BEN_01_depth_bombs_are_refused(self):
        for depth in (20_000, 200_000):
            self.refused(b"l" * depth + b"e" * depth, "bad_bencode")
            self.refused(b"l" * depth, "bad_bencode")
            self.refused(b"d1:z" + b"l" * depth + b"e" * depth + v1_torrent([FILE])[1:],
                         "bad_bencode")

    def test_BEN_03_and_BEN_04_bad_prefixes_and_integers_are_refused(self):
        for text in (b"4294967295:", b"9223372036854775808:", b"18446744073709551616:x", b"-1:x",
                     b"00:", b"01:a", b"5", b"5:abc", b"ie", b"i-e", b"i-0e", b"i00e", b"i+1e",
                     b"i 1e", b"i1.5e", b"i9223372036854775808e", b"i-9223372036854775809e",
                     b"i" + b"1" * 10_000 + b"e"):
            self.refused(text, "bad_bencode")

    def test_BEN_06_token_bombs_are_refused(self):
        self.refused(b"l" + b"le" * 9_000_000 + b"e", "bad_bencode")
        self.refused(b"l" + b"0:" * 9_000_000 + b"e", "bad_bencode")

    def test_BEN_08_every_truncation_is_refused(self):
        whole = v1_torrent([FILE])
        for size in range(0, len(whole), 7):
            self.refused(whole[:size], "bad_bencode")

    def test_BEN_10_oversized_file_is_refused_by_its_size(self):
        path = self.dir / "t.torrent"
        with path.open("wb") as out:
            out.write(b"d7:comment199000000:")
            out.truncate(200_000_000)
        run = self.weir("show", "t.torrent", "--json", code=12)
        self.assertEqual(run.json["error"]["code"], "input_too_large")

    def test_BEN_11_invalid_utf8_is_shown_as_valid(self):
        self.write("t.torrent", v1_torrent([{"length": 5, "path": [b"\xff\xc0\x80\xed\xa0\x80x"]}],
                                           name=b"\xfen\x00"))
        run = self.weir("show", "t.torrent", "--json")
        self.assertNotIn("\x00", run.json["name"])
        self.assertEqual(len(run.json["info_hash_v1"]), 40)

    def test_MET_07_a_million_empty_files_are_refused(self):
        # All of one name, then each of its own: 24 to 30 MB, less than a torrent may have.
        for name in (lambda number: b"1:a", lambda number: b"7:%07d" % number):
            files = b"".join(b"d6:lengthi0e4:pathl%see" % name(n) for n in range(1_000_000))
            text = b"d4:infod5:filesl" + files + b"e4:name1:x12:piece lengthi16384e6:pieces0:ee"
            self.assertLess(len(text), 32 << 20)
            self.write("t.torrent", text)
            run = self.weir("show", "t.torrent", "--json", code=12)
            self.assertIn(run.json["error"]["code"], ("bad_bencode", "too_many_files"))

    def test_MET_11_traversal_is_made_harmless(self):
        bad = [["..", "x"], ["..", "..", "x"], ["/etc/x"], ["C:\\x"], ["\\\\srv\\share"],
               ["a\\..\\..\\b"], [".", "y"], ["", "z"], ["a/b"], ["..", "..", "etc", "canary"]]
        before = self.snapshot()
        for path in bad:
            with self.subTest(path=path):
                self.paths([{"length": 5, "path": path}])
        for name in ("..", "../../x", "/etc/x", "C:\\x", ".", "a/b"):
            with self.subTest(name=name):
                self.write("t.torrent", v1_torrent([FILE], name))
                run = self.weir("show", "t.torrent", "--json", code=None)
                self.assertIn(run.code, (0, 12))
                if run.code == 0:
                    self.paths([FILE], name)
        self.assertEqual(set(self.snapshot()) - set(before), {"t.torrent"})

    def test_MET_15_symlinks_stay_inside(self):
        def link(target):
            return {"attr": "l", "length": 0, "path": ["d"], "symlink path": target}
        for target in (["..", "..", "outside"], ["/etc"], ["..", "x"]):
            with self.subTest(target=target):
                self.write("t.torrent", v1_torrent([link(target), FILE]))
                run = self.weir("show", "t.torrent", "--json", code=None)
                self.assertIn(run.code, (0, 12))
                for entry in run.json.get("files", []):
                    inside = entry.get("symlink_target", "root/")
                    self.assertNotIn("..", inside.split("/"))
                    self.assertFalse(inside.startswith("/"))
        self.refused(v1_torrent([link(["f"]), FILE, {"length": 1, "path": ["d", "x"]}]))


if __name__ == "__main__":
    unittest.main()
