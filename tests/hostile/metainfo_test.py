# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile torrents given to `weir get`, and fetched whole from a peer that plays along. The judge is
the file system: what is different in the whole sandbox afterwards."""

import hashlib
import json
import os
from pathlib import Path

from support import HostileCase, main  # first: it finds the others

from harness import bencode, torrents, weir
from harness.processes import wait_until
from oracle import changes, snapshot
from peer import HonestSeed

PIECE_SIZE = 16 * 1024
GOOD = {"name": "n", "piece length": PIECE_SIZE, "length": 5, "pieces": bytes(20)}


def without(key: str) -> dict:
    return {name: value for name, value in GOOD.items() if name != key}


def with_files(*files) -> dict:
    return {**without("length"), "files": list(files)}


MALFORMED = {  # what is wrong: the info dictionary (or the whole file, in bytes), the error's code
    "no piece length": (without("piece length"), "missing_piece_length"),
    "piece length 0": ({**GOOD, "piece length": 0}, "piece_length_out_of_range"),
    "a negative piece length": ({**GOOD, "piece length": -16384}, "piece_length_out_of_range"),
    "a piece length in words": ({**GOOD, "piece length": "16384"}, "bad_piece_length"),
    "no name": (without("name"), "missing_name"),
    "a number for a name": ({**GOOD, "name": 5}, "bad_name"),
    "an empty name": ({**GOOD, "name": ""}, "empty_name"),
    "info is a list": ([], "info_not_dict"),
    "info is a string": ("info", "info_not_dict"),
    "no info": (b"d8:announce3:urle", "missing_info"),
    "the root is a string": (b"4:root", "root_not_dict"),
    "the root is a list": (b"le", "root_not_dict"),
    "nothing": (b"", "bad_bencode"),
    "no pieces": (without("pieces"), "missing_pieces"),
    "19 bytes of pieces": ({**GOOD, "pieces": bytes(19)}, "pieces_not_digests"),
    "a piece too many": ({**GOOD, "pieces": bytes(40)}, "wrong_piece_count"),
    "pieces in a list": ({**GOOD, "pieces": []}, "bad_pieces"),
    "no length": (without("length"), "missing_length"),
    "a negative length": ({**GOOD, "length": -1}, "negative_length"),
    "a length in words": ({**GOOD, "length": "5"}, "bad_length"),
    "no files": (with_files(), "empty_files"),
    "files in a dictionary": ({**without("length"), "files": {}}, "bad_files"),
    "a file that is none": (with_files("file"), "bad_file"),
    "a file without a path": (with_files({"length": 5}), "missing_path"),
    "a file with an empty path": (with_files({"length": 5, "path": []}), "empty_path"),
    "a path with a number": (with_files({"length": 5, "path": ["a", 5]}), "bad_path"),
    "a file without a length": (with_files({"path": ["a"]}), "missing_length"),
    "a file of negative length": (with_files({"length": -5, "path": ["a"]}), "negative_length"),
}


class Malformed(HostileCase):
    def test_MET_01_a_malformed_torrent_is_refused_and_nothing_is_written(self):
        file, out = self.work / "t.torrent", self.work / "out"
        for name, (info, code) in MALFORMED.items():
            with self.subTest(name):
                file.write_bytes(info if isinstance(info, bytes) else
                                 bencode.encode({"info": info}))
                before = snapshot(self.work)
                run = weir.run("get", "--json", "--listen", "none", "--state-dir",
                               self.work / "state", "-o", out, file)
                self.assertEqual(12, run.returncode, run.stderr)
                self.assertEqual(code, json.loads(run.stdout)["error"]["code"])
                after = {path: state for path, state in snapshot(self.work).items()
                         if path.split("/")[0] != "state"}
                self.assertEqual([], changes(before, after))


BYTES = b"bytes"


def v1(*paths, name="n", **others) -> dict:
    """Files of these paths with the same five bytes each, and what else is wanted in the list."""
    files = [{"length": len(BYTES), "path": list(path)} for path in paths]
    content = BYTES * len(paths)
    return {"name": name, "piece length": PIECE_SIZE, "files": [*others.get("links", ()), *files],
            "pieces": hashlib.sha1(content).digest()}


def v1_single(name: str) -> dict:
    return {"name": name, "piece length": PIECE_SIZE, "length": len(BYTES),
            "pieces": hashlib.sha1(BYTES).digest()}


def v2(*paths, name="n", links=()) -> dict:
    tree: dict = {}
    for path in paths:
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[""] = {"length": len(BYTES), "pieces root": hashlib.sha256(BYTES).digest()}
    for link in links:
        node = tree
        for part in link["path"]:
            node = node.setdefault(part, {})
        node[""] = {"attr": "l", "length": 0, "symlink path": link["symlink path"]}
    return {"name": name, "piece length": PIECE_SIZE, "meta version": 2, "file tree": tree}


def link(path: list, target: list, length: int = 0) -> dict:
    return {"attr": "l", "length": length, "path": path, "symlink path": target}


class Paths(HostileCase):
    """Each torrent has `files` times the same bytes. Whatever its paths say, these arrive, below
    the folder that was asked for, and the rest of the sandbox is as it was."""

    def setUp(self):
        self.only_place = self.place()  # one after the other
        self.box = self.folder("box")
        self.outside = self.folder("box/outside")
        (self.outside / "canary").write_bytes(b"alive")
        (self.box / "canary").write_bytes(b"alive")
        (self.work / "canary").write_bytes(b"alive")

    def get_all(self, info: dict) -> str:
        """Fetches it from a seed that plays along, and compares the sandbox. Returns how it ended:
        "done" or the error's code."""
        kind = "v2" if "file tree" in info else "v1"
        file = self.work / "t.torrent"
        file.write_bytes(bencode.encode({"info": info}))
        self.torrent = torrents.Torrent(file, kind, "hostile", bencode.encode(info))
        self.content = self.content_of(info)
        before = self.sandbox()
        self.node = weir.get(self, file, self.out, place=self.only_place)
        self.place_of_node()
        ended = self.transfer()
        self.assertEqual([], changes(before, self.sandbox()), "changed outside")
        for path in self.out.rglob("*"):
            inside = os.path.realpath(path).startswith(str(self.out.resolve()) + "/")
            self.assertTrue(inside, f"{path} leads to {os.path.realpath(path)}")
        return ended

    def content_of(self, info: dict) -> bytes:
        """What the seed sends: v2 has a piece for each file."""
        if "file tree" in info:
            return 16 * BYTES.ljust(PIECE_SIZE, b"\0")
        files = info.get("files", [info])
        return b"".join((BYTES if file.get("attr") != "l" else b"") for file in files)

    def sandbox(self) -> dict:
        """All but what weir was given: the output, its state, and the logs that the test writes."""
        leave_out = [self.out, *(process.log.parent / "state" for process in self.processes)]
        found = snapshot(self.work, leave_out)
        return {path: state for path, state in found.items()
                if not path.startswith("weir-get-") or len(Path(path).parts) > 1 and
                not path.endswith((".log", ".err"))}

    def transfer(self) -> str:
        def ended_or_listening():
            failed = self.node.named("failed") + self.node.named("end")
            return failed or self.node.named("checked") or not self.node.process.alive()

        wait_until("weir ends or begins", ended_or_listening, 20)
        if self.node.process.alive() and not self.node.named("failed"):
            self.wait_listening()
            with HonestSeed(self.weir_place, self.torrent, self.content):
                wait_until("it ends", lambda: self.node.named("failed") or
                           not self.node.process.alive(), 20)
        self.stop_node()
        if self.node.process.exit_code() == 0:
            return "done"
        failed = self.node.named("failed")
        return failed[0]["code"] if failed else str(self.node.process.exit_code())

    def arrived(self) -> int:
        return sum(path.read_bytes() == BYTES for path in self.out.rglob("*")
                   if path.is_file() and not path.is_symlink())

    def assert_harmless(self, name: str, info: dict, files: int) -> None:
        with self.subTest(name, info=info):
            self.out = self.folder(f"box/in/{len(self.processes)}")
            self.assertEqual("done", self.get_all(info))
            self.assertEqual(files, self.arrived(), list(self.out.rglob("*")))

    def evil_parts(self) -> list[list[str]]:
        return [["..", "x"], ["..", "..", "canary"], ["../../canary"], ["/etc/x"],
                [str(self.box / "canary")], ["/", "canary"], ["C:\\x"], ["C:", "x"],
                ["\\\\srv\\share"], ["a\\..\\..\\b"], ["a/../../../canary"], [".", "x"], ["", "x"],
                ["a", "", "..", "x"], ["a", "..", "..", "canary"], ["...", "x"], ["a/b"],
                ["..\0", "canary"], ["%2e%2e", "canary"], ["\u2025", "x"], ["x" * 300, ".."]]

    def test_MET_11_paths_of_v1_stay_below_the_torrent(self):
        for path in self.evil_parts():
            self.assert_harmless("v1", v1(path, ["good"]), 2)

    def test_MET_11_paths_of_v2_stay_below_the_torrent(self):
        for path in self.evil_parts():
            if all(path):  # an empty name means another thing there
                self.assert_harmless("v2", v2(path, ["good"]), 2)

    def test_MET_11_names_stay_below_the_output(self):
        for path in self.evil_parts():
            name = "/".join(path) or "/"
            self.assert_harmless("v1, one file", v1_single(name), 1)
            self.assert_harmless("v1, several", v1(["a"], ["b"], name=name), 2)
            self.assert_harmless("v2", v2(["a"], ["b"], name=name), 2)

    def targets(self) -> dict[str, list[str]]:
        return {"absolute": [str(self.outside / "canary")], "absolute in parts":
                ["", *self.outside.parts[1:], "canary"], "a folder outside": [str(self.outside)],
                "up": ["..", "..", "canary"], "up within a part": ["../../canary"],
                "up and down": ["sub", "..", "..", "..", "canary"], "itself": ["d"], "nothing": [],
                "an empty part": [""], "the torrent": ["."], "its parent": [".."],
                "a folder of the torrent": ["sub"], "a file of the torrent": ["sub", "good"],
                "a renamed file": ["re\\named"], "no file of the torrent": ["nowhere"]}

    def test_MET_15_links_lead_out_of_the_torrent_never(self):
        for name, target in self.targets().items():
            for make in (v1, v2):
                files = (["sub", "good"], ["re\\named"])
                self.assert_harmless(f"{make.__name__}: {name}",
                                     make(*files, links=[link(["d"], target)]), 2)

    def test_MET_15_chains_and_cycles_end(self):
        outside = ["..", "..", "outside"]
        for name, links in {
            "a chain": [link(["a"], ["b"]), link(["b"], ["good"])],
            "a chain out": [link(["a"], ["b"]), link(["b"], outside)],
            "a chain through a folder": [link(["a"], ["sub"]), link(["b"], ["a", "..", "..", ".."])],
            "a cycle": [link(["a"], ["b"]), link(["b"], ["a"])],
            "a cycle of folders": [link(["sub", "up"], ["sub"])],
            "a link of some length": [link(["a"], ["good"], 0), link(["b"], outside, 0)],
        }.items():
            for make in (v1, v2):
                self.assert_harmless(f"{make.__name__}: {name}",
                                     make(["good"], ["sub", "x"], links=links), 2)

    def test_MET_15_no_file_is_written_through_a_link(self):
        for name, target in self.targets().items():
            with self.subTest(name):
                self.out = self.folder(f"box/in/{len(self.processes)}")
                info = v1(["d", "x"], ["sub", "good"], links=[link(["d"], target)])
                self.assertEqual("12", self.get_all(info))
                self.assertEqual([], list(self.out.rglob("*")))
            self.assert_harmless(name + ", of the same path", v1(
                ["d"], ["sub", "good"], links=[link(["d"], target)]), 2)

    def test_MET_15_no_link_that_was_there_before_is_followed(self):
        for name, target in {"out": self.outside, "up": Path("..", ".."),
                             "to a file": self.outside / "canary"}.items():
            for path in (["d", "x"], ["d"], ["d", "e", "x"]):
                with self.subTest(name, path=path):
                    self.out = self.folder(f"box/in/{len(self.processes)}")
                    (self.out / "n").mkdir()
                    (self.out / "n" / "d").symlink_to(target)
                    before = os.readlink(self.out / "n" / "d")
                    self.torrent_refused(v1(path, ["good"]))
                    self.assertEqual(before, os.readlink(self.out / "n" / "d"))

    def torrent_refused(self, info: dict) -> None:
        """As in get_all(), but the link that leads outside is the test's."""
        outside = snapshot(self.box, [self.out])
        file = self.work / "t.torrent"
        file.write_bytes(bencode.encode({"info": info}))
        self.torrent = torrents.Torrent(file, "v1", "hostile", bencode.encode(info))
        self.content = self.content_of(info)
        self.node = weir.get(self, file, self.out, place=self.only_place)
        self.place_of_node()
        self.assertNotIn(self.transfer(), ("done", "7"))
        self.assertEqual([], changes(outside, snapshot(self.box, [self.out])))


if __name__ == "__main__":
    main()
