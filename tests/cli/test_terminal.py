# SPDX-License-Identifier: MIT OR Apache-2.0
"""What is drawn on a terminal and what is not, and Ctrl-C, once and twice."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import unittest

from support import CliTest, Tracker, bencode, sanitizer

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ESCAPE = re.compile(r"\x1b")
GOOD = bencode({"interval": 1800, "complete": 0, "incomplete": 1, "peers": b""})


class Terminal(CliTest):
    def on_terminal(self, *words, code, **env) -> str:
        """All that the program says to a terminal on its stderr."""
        ours, theirs = os.openpty()
        try:
            process = subprocess.Popen(self.command(*words), cwd=self.dir, stderr=theirs,
                                       env={**self.env, "TERM": "xterm", **env},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        finally:
            os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed, so the end is an error
            while data := os.read(ours, 4096):
                said += data
        os.close(ours)
        self.assertEqual(process.wait(30), code, said)
        self.assertIsNone(sanitizer.report(said.decode()))
        return said.decode()

    def test_an_error_is_red(self):
        self.assertIn("weir: \x1b[31m", self.on_terminal("show", "missing.torrent", code=3))

    def test_no_colour_when_it_is_not_wanted(self):
        for env in ({"NO_COLOR": "1"}, {"NO_COLOR": "no"}, {"TERM": "dumb"}):
            with self.subTest(env=env):
                said = self.on_terminal("show", "missing.torrent", code=3, **env)
                self.assertRegex(said, r"^weir: \S")
                self.assertNotRegex(said, ESCAPE)

    def test_an_empty_no_color_says_nothing(self):
        said = self.on_terminal("show", "missing.torrent", code=3, NO_COLOR="")
        self.assertRegex(said, COLOUR)

    GET = ("get", "a" * 40, "-o", "out", "--listen", "none", "--timeout", "0.5")

    def test_progress_is_drawn_over_itself(self):
        said = self.on_terminal(*self.GET, code=4)
        self.assertRegex(said, r"\r[^\r\n]+\x1b\[K")
        self.assertRegex(said, COLOUR, "the error at the end")

    def test_progress_without_colour_is_still_drawn_over_itself(self):
        said = self.on_terminal(*self.GET, code=4, NO_COLOR="1")
        self.assertRegex(said, r"\r[^\r\n]+\x1b\[K")
        self.assertNotRegex(said, COLOUR)

    def test_nothing_is_drawn_on_a_dumb_terminal_or_in_a_file(self):
        self.assertNotRegex(self.on_terminal(*self.GET, code=4, TERM="dumb"), ESCAPE)
        run = self.weir(*self.GET, code=4, env={"TERM": "xterm"})
        self.assertNotRegex(run.err, ESCAPE)
        self.assertNotIn("\r", run.err)


class Stopping(CliTest):
    """The first signal lets the tracker be told, which this one makes last as long as it may. The
    second comes in the middle of that."""

    def setUp(self):
        super().setUp()
        self.write("src/content", 100_000)
        self.weir("create", "src/content", "--v1", "-o", "t.torrent")
        self.process = None
        self.second = None
        self.let_go = threading.Event()
        self.addCleanup(self.let_go.set)
        self.tracker = Tracker(self, self.answer)

    def answer(self, event):
        if event == "stopped":
            if self.second is not None:
                self.process.send_signal(self.second)
            self.let_go.wait(60)
        return GOOD

    def stopped_twice(self, first, second, *words) -> tuple[int, list[str]]:
        """Exit code, and the names of the events."""
        self.second = second
        with subprocess.Popen(
                self.command(*words, "t.torrent", "--listen", "127.0.0.1:0", "--jsonl", "--tracker",
                             self.tracker.url),
                cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as self.process:
            try:
                names = []
                for line in self.process.stdout:
                    names.append(json.loads(line)["event"])
                    if names[-1] == "tracker" and "tracker" not in names[:-1]:
                        self.process.send_signal(first)
                return self.process.wait(30), names
            finally:
                self.process.kill()

    def test_the_second_ctrl_c_ends_it_at_once_with_130(self):
        for words in (("seed", "--data", "src"), ("get", "-o", "out")):
            with self.subTest(words[0]):
                code, names = self.stopped_twice(signal.SIGINT, signal.SIGINT, *words)
                self.assertEqual(code, 130)
                self.assertNotIn("end", names, "it still took its leave")

    def test_the_code_is_that_of_the_second_signal(self):
        code, _ = self.stopped_twice(signal.SIGINT, signal.SIGTERM, "seed", "--data", "src")
        self.assertEqual(code, 143)

    def test_a_single_ctrl_c_ends_in_good_order(self):
        code, names = self.stopped_twice(signal.SIGINT, None, "seed", "--data", "src")
        self.assertEqual((code, names[-1]), (0, "end"))


if __name__ == "__main__":
    unittest.main()
