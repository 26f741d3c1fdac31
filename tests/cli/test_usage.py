# SPDX-License-Identifier: MIT OR Apache-2.0
"""Help, completions, the manual page, exit codes, and what goes to stdout."""

import contextlib
import os
import re
import shutil
import subprocess
import unittest

from support import ROOT, CliTest

COMMANDS = ("get", "seed", "create", "show", "verify", "serve", "add", "ls", "rm", "start", "stop",
            "link", "cat", "status", "config", "completion", "manual")


class Usage(CliTest):
    def options(self, command):
        return set(re.findall(r"(?<![\w-])--[a-z][\w-]*", self.weir(command, "--help").text))

    def test_wrong_usage_is_2_and_keeps_stdout_clean(self):
        for words in ((), ("fetch",), ("get",), ("get", "--nonsense", "x"), ("get", "x", "--output"),
                      ("get", "a" * 40, "--timeout", "soon"), ("seed", "x"), ("show",),
                      ("show", "a", "b"), ("completion", "tcsh"), ("get", "--json=1", "x"),
                      ("get", "x", "-o", "a", "-o", "b"), ("get", "x", "--check", "never"),
                      ("serve", "x"), ("serve", "--http", "here"), ("config",), ("config", "edit"),
                      ("serve", "--log-level", "loud"), ("serve", "--quota", "much")):
            with self.subTest(words=words):
                run = self.weir(*words, code=2)
                self.assertEqual(run.out, b"")
                self.assertTrue(run.err.startswith("weir: "))

    def test_wrong_values_are_2(self):
        for option, value in (("--peer", "nowhere"), ("--listen", "here"), ("--max-down", "fast"),
                              ("--max-up", "0")):
            with self.subTest(option=option):
                self.weir("get", "a" * 40, option, value, code=2)

    def test_version_and_help(self):
        self.assertRegex(self.weir("--version").text, r"^weir \d+\.\d+\.\d+\n$")
        overall = self.weir("--help").text
        for command in COMMANDS:
            self.assertIn(f"weir {command}", overall)
            self.assertIn(f"weir {command}", self.weir(command, "--help").text)

    def test_the_bare_name_shows_help_on_a_terminal(self):
        ours, theirs = os.openpty()
        done = subprocess.run(self.command(), stdout=theirs, stderr=subprocess.PIPE, check=False)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed, so the end is an error
            while data := os.read(ours, 4096):
                shown += data
        os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(shown.decode().replace("\r\n", "\n"), self.weir("--help").text)

    def test_connection_limits_at_and_past_them(self):
        for option, low, high in ("--torrent-connections", 2, 4096), ("--dial-below", 1, 4096):
            for command in ("get", "no.torrent"), ("seed", "no.torrent", "--data", "."):
                for value, code in (low, 3), (high, 3), (low - 1, 2), (high + 1, 2), ("1x", 2):
                    with self.subTest(option=option, value=value, command=command[0]):
                        self.weir(*command, option, value, "--state-dir", "s", code=code)

    def test_committed_files_are_what_the_program_prints(self):
        for shell, name in (("bash", "weir.bash"), ("zsh", "_weir"), ("fish", "weir.fish")):
            committed = (ROOT / "share/completions" / name).read_text()
            self.assertEqual(self.weir("completion", shell).text, committed,
                             f"run: weir completion {shell} > share/completions/{name}")
        self.assertEqual(self.weir("manual").text, (ROOT / "share/man/weir.1").read_text(),
                         "run: weir manual > share/man/weir.1")

    def test_manual_and_page_name_every_option(self):
        manual = self.weir("manual").text.replace("\\-", "-")
        page = (ROOT / "docs/cli.md").read_text()
        for command in COMMANDS:
            for option in self.options(command):
                self.assertIn(option, manual)
                self.assertIn(option, page)

    def test_page_has_every_exit_code(self):
        manual = self.weir("manual").text
        status = manual[manual.index(".SH EXIT STATUS"):manual.index(".SH ENVIRONMENT")]
        page = (ROOT / "docs/cli.md").read_text()
        for code in re.findall(r"^\.B (\d+)$", status, re.MULTILINE):
            self.assertRegex(page, rf"(?m)^\| {code} \|")

    @unittest.skipIf(shutil.which("bash") is None, "bash is not installed")
    def test_bash_completes(self):
        script = ('source <("$0" completion bash); compopt() { :; }; COMP_WORDS=(weir get --se); COMP_CWORD=2; _weir; '
                  'echo "${COMPREPLY[*]}"; COMP_WORDS=(weir cr); COMP_CWORD=1; _weir; '
                  'echo "${COMPREPLY[*]}"')
        done = subprocess.run(["bash", "-c", script, *self.command()], capture_output=True,
                              text=True, check=True)
        self.assertEqual(done.stdout.split("\n")[:2], ["--select --sequential --seed", "create"])

    @unittest.skipIf(shutil.which("zsh") is None, "zsh is not installed")
    def test_zsh_can_read_its_completion(self):
        self.assert_readable("zsh", ["zsh", "--no-rcs", "-n"])

    @unittest.skipIf(shutil.which("fish") is None, "fish is not installed")
    def test_fish_can_read_its_completion(self):
        self.assert_readable("fish", ["fish", "--no-execute"])

    def assert_readable(self, shell, command):
        """The shell parses it, and would have said so of what it can't parse."""
        script = self.weir("completion", shell).text
        for text, good in ((script, True), (script + "\nif (\n", False)):
            done = subprocess.run([*command, self.write("script", text.encode())], env=self.env,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual((done.returncode == 0, done.stderr == b""), (good, good), done.stderr)

    def test_full_stdout_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("show", "a" * 40), stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 8)


if __name__ == "__main__":
    unittest.main()
