# SPDX-License-Identifier: MIT OR Apache-2.0
"""What is in the way where a `weir get` wants to write."""

from support import MIB, PIECE_SIZE, HostileCase, content_bytes, main, v1_info  # first: it finds all

import json
import os
import shutil
import socket

from harness import torrents, weir
from harness.processes import NOBODY, Process
from oracle import changes, snapshot
from peer import PIECE, REJECT, REQUEST, Closed, Peer, be32, message

SECRET = b"what was here before"


class ChangedUnderASeed(HostileCase):
    """Somebody writes to the content that is being uploaded. Whatever is asked for then, no byte
    goes out that is not the torrent's."""

    def overwrite(self, piece: int, data: bytes) -> None:
        with open(self.data / "victim.bin", "r+b") as file:
            file.seek(piece * PIECE_SIZE)
            file.write(data)
        self.watch.changed_by_test(self.data / "victim.bin")

    def ask(self, peer: Peer, piece: int) -> bytes | None:
        """A block's bytes; nothing when it is refused or the connection ends."""
        peer.send(message(REQUEST, be32(piece, 0, 16384)))
        while True:
            try:
                kind, body = peer.next_message(10)
            except Closed:
                return None
            if kind == PIECE:
                return body[8:]
            if kind == REJECT:
                return None

    def test_STO_changed_content_is_never_sent(self):
        for arguments in ([], ["--trust"]):
            with self.subTest(arguments=arguments):
                self.start_seed(*arguments)
                peer = self.unchoked()
                for piece in (0, 1):
                    self.assertEqual(self.ask(peer, piece), self.block(piece))
                self.overwrite(1, b"x" * 100)
                self.assertIsNone(self.ask(peer, 1))
                with self.unchoked() as other:  # what is as it was is served all the same
                    self.assertEqual(self.ask(other, 0), self.block(0))
                    self.assertIsNone(self.ask(other, 1))
                    self.overwrite(1, self.content[PIECE_SIZE:][:100])
                self.close_peers()
                self.stop_node()

    def test_STO_content_only_touched_is_served_again(self):
        self.start_seed()
        with self.unchoked() as peer:
            self.assertEqual(self.ask(peer, 0), self.block(0))
            os.utime(self.data / "victim.bin", (1, 1))
            self.watch.changed_by_test(self.data / "victim.bin")
            self.ask(peer, 0)  # may end the connection: what was promised was not checked yet
        with self.unchoked() as peer:
            self.assertEqual(self.ask(peer, 0), self.block(0))

    def block(self, piece: int) -> bytes:
        return self.content[piece * PIECE_SIZE:][:16384]


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
            self.stop_node()

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

    def test_STO_05_a_larger_file_is_neither_truncated_nor_written(self):
        for name, start in {"the content": self.content, "zeros": bytes(len(self.content)),
                            "its first half": self.content[:len(self.content) // 2 + 1]
                            .ljust(len(self.content), b"?")}.items():
            with self.subTest(name):
                self.target.write_bytes(start + SECRET)
                self.assert_names_target(self.get())
                self.assertEqual(start + SECRET, self.target.read_bytes())


class Conflicts(HostileCase):
    """More than one torrent, more than there is room for, and changes behind weir's back."""

    def test_STO_04_two_torrents_never_share_a_file(self):
        self.prepare()
        other = content_bytes(len(self.content) - 1)
        second = torrents.save(self.work / "second.torrent", v1_info("victim.bin", other))
        out = self.folder("out")
        for first, then in ((self.torrent, second), (second, self.torrent)):
            run = weir.run("get", "--json", "--listen", "none", "--state-dir", self.work / "state",
                           "-o", out, first.path, then.path)
            self.assertEqual(11, run.returncode, run.stderr)
            error = json.loads(run.stdout)["error"]
            self.assertEqual("path_conflict", error["code"])
            self.assertIn(str(out / "victim.bin"), error["message"])
            self.assertEqual(b"", b"".join(path.read_bytes() for path in out.rglob("*")))

    def test_STO_08_more_than_the_volume_holds_is_refused_beforehand(self):
        out = self.folder("out")
        pieces = (100 << 40) // (256 * MIB)
        info = {"name": "huge.bin", "piece length": 256 * MIB, "length": 100 << 40,
                "pieces": bytes(20 * pieces)}
        huge = torrents.save(self.work / "huge.torrent", info)
        free = os.statvfs(out).f_bfree
        run = weir.run("get", "--preallocate", "--listen", "none", "--timeout", "10", "--state-dir",
                       self.work / "state", "-o", out, huge.path)
        self.assertEqual(8, run.returncode, run.stderr)
        self.assertIn("no_space", run.stderr)
        self.assertLess(abs(free - os.statvfs(out).f_bfree) * os.statvfs(out).f_frsize, 256 * MIB)
        self.assertEqual(0, sum(path.stat().st_blocks for path in out.rglob("*")))

    def test_STO_11_a_piece_altered_between_two_runs_is_not_served(self):
        self.start_seed()
        self.assert_serves(None)
        self.stop_node()
        victim = self.data / "victim.bin"
        before = victim.stat()
        altered = bytearray(self.content)
        altered[5 * PIECE_SIZE + 7] ^= 1
        victim.write_bytes(altered)
        os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(before.st_mtime_ns, victim.stat().st_mtime_ns)
        for how in ((), ("--trust",)):
            with self.subTest(how):
                self.node = weir.seed(self, self.torrent, self.data, *how)
                self.place_of_node()
                self.assert_one_piece_is_kept_back(5)
                end = self.node.stop()
                self.assertEqual(5, end["exit_code"])
                self.assertFalse(end["torrents"][0]["complete"])
                self.assertIn("1 of 20 pieces", self.node.process.errors.read_text())

    def assert_one_piece_is_kept_back(self, bad: int) -> None:
        with self.unchoked() as peer:
            for piece in range(20):
                peer.send(message(REQUEST, be32(piece, 0, 100)))
            served = {}
            while len(served) < 20:
                kind, body = peer.next_message()
                if kind in (PIECE, REJECT):
                    served[int.from_bytes(body[:4], "big")] = (kind, body[8:])
        for piece, (kind, data) in served.items():
            if piece == bad:
                self.assertEqual(REJECT, kind, "an altered piece was served")
            else:
                at = piece * PIECE_SIZE
                self.assertEqual((PIECE, self.content[at:at + 100]), (kind, data))


class Rights(Targets):
    """The same as an ordinary user, and what only then is refused."""

    def setUp(self):
        super().setUp()
        self.work.chmod(0o711)
        self.out.chmod(0o777)
        self.program = self.work / "weir"
        shutil.copy(weir.program(), self.program)  # where such a user can reach it
        self.program.chmod(0o755)

    def start(self, name, argv, folder, env=None):
        folder.chmod(0o777)
        process = Process(name, [self.program, *argv[1:]], folder, env, with_rights=False)
        self.processes.append(process)
        return process

    def assert_left_alone(self, owner: int, mode: int) -> None:
        self.target.write_bytes(SECRET)
        os.chown(self.target, owner, owner)
        self.target.chmod(mode)
        before = snapshot(self.out)
        self.node = weir.get(self, self.torrent.path, self.out)
        failed = self.node.wait_event("failed", 10)  # without a peer, hence before the first write
        self.assertEqual(9, self.node.process.wait(10))
        self.assertEqual("permission", failed["code"])
        self.assert_names_target(failed)
        self.assertEqual([], changes(before, snapshot(self.out)))

    def other_user(self) -> int:
        """Who owns the file that may not be written: the program's own user, where it can't be
        another."""
        try:
            os.chown(self.out, NOBODY, NOBODY)
            return NOBODY
        except OSError:
            return 0

    def test_STO_05_a_file_that_may_only_be_read_is_an_error(self):
        self.assert_left_alone(self.other_user(), 0o444)

    def test_STO_05_a_file_that_may_not_even_be_read_is_an_error(self):
        self.assert_left_alone(self.other_user(), 0o000)

    def test_STO_05_a_file_of_someone_else_is_an_error(self):
        if self.other_user() != NOBODY:
            self.skipTest("this namespace has one user only")
        for mode in (0o644, 0o600):
            with self.subTest(oct(mode)):
                self.assert_left_alone(0, mode)

    def test_STO_05_a_complete_file_that_may_only_be_read_is_enough(self):
        self.target.write_bytes(self.content)
        self.target.chmod(0o444)
        before = snapshot(self.out)
        self.node = weir.get(self, self.torrent.path, self.out)
        self.node.wait_done(20)
        self.assertEqual([], changes(before, snapshot(self.out)))


if __name__ == "__main__":
    main()
