# SPDX-License-Identifier: MIT OR Apache-2.0
"""What is in the way where a `weir get` wants to write."""

from support import HostileCase, main  # first: it finds the others

import os
import shutil
import socket

from harness import weir
from harness.processes import Failed
from peer import HonestSeed

SECRET = b"what was here before"


class Targets(HostileCase):
    def setUp(self):
        self.prepare()
        self.out = self.folder("out")
        self.target = self.out / "victim.bin"

    def get(self, *arguments) -> dict:
        """What weir reports of the failure; it must not hang, and neither must its end."""
        self.node = weir.get(self, self.torrent.path, self.out, *arguments)
        self.place_of_node()
        try:
            return self.node.wait_event("failed", 10)
        finally:
            self.node.process.stop()

    def assert_names_target(self, failed: dict) -> None:
        self.assertIn("victim.bin", failed["detail"])

    def test_STO_03_what_is_no_file_is_an_error(self):
        def unix_socket():
            made = socket.socket(socket.AF_UNIX)
            made.bind(str(self.target))
            made.close()

        obstacles = {"a pipe": lambda: os.mkfifo(self.target), "a socket": unix_socket,
                     "a folder": self.target.mkdir,
                     "a link to a pipe": lambda: (os.mkfifo(self.work / "pipe"),
                                                  self.target.symlink_to(self.work / "pipe"))}
        if os.geteuid() == 0:
            obstacles["a device"] = lambda: os.mknod(self.target, 0o20666, os.makedev(1, 3))
        for name, make in obstacles.items():
            with self.subTest(name):
                try:
                    make()
                except PermissionError:
                    continue  # a sandbox without devices
                before = os.lstat(self.target)
                self.assert_names_target(self.get())
                self.assertEqual(before.st_mode, os.lstat(self.target).st_mode)
                self.remove_target()

    def remove_target(self) -> None:
        if self.target.is_dir() and not self.target.is_symlink():
            shutil.rmtree(self.target)
        else:
            self.target.unlink()

    def test_STO_03_a_file_where_a_folder_must_be_is_an_error(self):
        self.target.write_bytes(SECRET)
        self.node = weir.get(self, self.torrent.path, self.target)
        self.assertNotEqual(0, self.node.process.wait(10))
        self.assertEqual(SECRET, self.target.read_bytes())

    def test_STO_05_a_larger_file_is_not_truncated(self):
        self.target.write_bytes(self.content + SECRET)
        try:
            self.assert_names_target(self.get())
        except Failed:
            self.assertEqual(0, self.node.process.exit_code())  # all pieces are here
        self.assertEqual(self.content + SECRET, self.target.read_bytes())

    def test_STO_05_a_larger_file_of_something_else_keeps_what_is_beyond(self):
        self.target.write_bytes(bytes(len(self.content)) + SECRET)
        self.node = weir.get(self, self.torrent.path, self.out)
        self.place_of_node()
        self.wait_ended_or_listening()
        self.assertEqual(SECRET, self.target.read_bytes()[-len(SECRET):])

    def wait_ended_or_listening(self) -> None:
        try:
            self.wait_listening()
            with HonestSeed(self.weir_place, self.torrent, self.content):
                self.node.process.wait(10)
        except AssertionError:
            self.node.process.stop()

    def test_STO_05_a_file_that_may_not_be_written_is_an_error(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everything")
        self.target.write_bytes(SECRET)
        self.target.chmod(0o444)
        self.assert_names_target(self.get())
        self.assertEqual(SECRET, self.target.read_bytes())

    def test_STO_05_a_complete_file_that_may_only_be_read_is_enough(self):
        self.target.write_bytes(self.content)
        self.target.chmod(0o444)
        self.node = weir.get(self, self.torrent.path, self.out)
        self.node.wait_done(20)
        self.assertEqual(0o444, self.target.stat().st_mode & 0o777)


if __name__ == "__main__":
    main()
