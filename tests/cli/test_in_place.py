# SPDX-License-Identifier: MIT OR Apache-2.0
"""Content that a node publishes where it lies."""

import json
import os
import signal
import subprocess
import unittest

from remote import ADDER, ADMIN, NO_NODE, READER, TOKENS, RemoteTest

from harness.processes import wait_until


class InPlace(RemoteTest):
    def seen(self, top):
        """Inode, date and bytes of every file."""
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
                for path in sorted((self.dir / top).rglob("*")) if path.is_file()}

    def big(self, name="big.bin", size=1 << 32):
        path = self.dir / name
        with open(path, "wb") as file:
            file.truncate(size)
        return path

    def hashing(self):
        return [job for job in self.jobs() if job["state"] == "hashing" and job["size"]]

    def test_a_directory_is_published_where_it_lies_and_nothing_is_copied(self):
        self.start()
        self.write_tree("d")
        self.write("d/a\tb", 100)  # a name that a download would change
        before = self.seen("d")
        added = self.weir("add", "d", "--json").json["torrents"][0]
        self.assertEqual((added["name"], added["inPlace"]), ("d", str(self.dir / "d")))
        self.assertIsNotNone(added["v2"])
        self.assertEqual(self.weir("create", "d", "-o", "d.torrent", "--json").json["info_hash_v2"],
                         added["v2"])
        self.assertEqual(self.stored(), 0)
        peers = ("--peer", self.peer)
        content = (self.dir / "d/a.bin").read_bytes()
        self.assertEqual(self.weir("cat", added["hash"] + "/a.bin").out, content)
        magnet = added["magnet"]
        fetched = self.weir("cat", magnet, "--file", "sub/deep/x", *peers, env=self.alone())
        self.assertEqual(fetched.out, (self.dir / "d/sub/deep/x").read_bytes())
        self.weir("get", magnet, *peers, "--listen", "none", "-o", "out", "--timeout", "60",
                  env=self.alone())
        self.assertEqual((self.dir / "out/d/sub/b10.bin").read_bytes(),
                         (self.dir / "d/sub/b10.bin").read_bytes())
        self.assertEqual(self.seen("d"), before)
        # Again is the same torrent; removing it leaves the content.
        self.assertEqual(self.weir("add", "d", "--json").json["torrents"][0]["v2"], added["v2"])
        self.weir("rm", "d", "--content", code=11)
        self.assertIn("as it was", self.weir("rm", added["hash"]).text)
        self.assertEqual((self.listed(), self.seen("d")), ([], before))

    def test_it_is_back_after_a_restart_without_a_recheck_and_gone_after_rm(self):
        node = self.start()
        content = self.write("a.bin", 900_000).read_bytes()
        name = self.weir("add", "a.bin", "--json").json["torrents"][0]["hash"]
        node.kill()
        node.wait()
        self.ports.unlink()
        node = self.start()
        shown = self.weir("show", name, "--json").json
        self.assertEqual((shown["state"], shown["check"]["total"], shown["inPlace"]),
                         ("seeding", 0, str(self.dir / "a.bin")))
        self.assertEqual(self.weir("cat", name).out, content)
        self.weir("rm", name)
        self.end(node)
        self.start()
        self.assertEqual(self.listed(), [])
        self.assertEqual((self.dir / "a.bin").read_bytes(), content)

    def test_sto_what_changed_since_is_never_given_out_wrong(self):
        node = self.start()
        path = self.write("a.bin", 900_000)
        content = path.read_bytes()
        name = self.weir("add", "a.bin", "--json").json["torrents"][0]["hash"]
        peers = ("--peer", self.peer)
        self.assertEqual(self.weir("cat", name).out, content)
        for restart in (False, True):
            # The same length; and a date that stays as it was does not help either.
            changed = bytearray(content)
            changed[450_000:450_010] = b"0123456789"
            date = path.stat().st_mtime_ns
            path.write_bytes(changed)
            if restart:
                os.utime(path, ns=(date, date))
                self.end(node)
                node = self.start()
                peers = ("--peer", self.peer)
            with self.subTest(restart=restart):
                got = self.weir("cat", name, code=None)
                self.assertNotEqual(got.code, 0)
                self.assertTrue(content.startswith(got.out), "a prefix of what was published")
                got = self.weir("cat", name, *peers, "--timeout", "3", code=None, env=self.alone())
                self.assertNotEqual(got.code, 0)
                self.assertTrue(content.startswith(got.out))
            path.write_bytes(content)
            self.weir("rm", name)
            self.weir("add", "a.bin")
            self.assertEqual(self.weir("cat", name).out, content)

    def test_what_is_gone_at_a_start_is_taken_up_when_it_is_back(self):
        node = self.start()
        path = self.write("a.bin", 100_000)
        content = path.read_bytes()
        name = self.weir("add", "a.bin", "--json").json["torrents"][0]["hash"]
        self.end(node)
        path.rename(self.dir / "away")
        node = self.start()
        self.assertEqual([row["hash"] for row in self.listed()], [name])
        self.assertNotEqual(self.weir("cat", name, code=None).code, 0)
        self.end(node)
        (self.dir / "away").rename(path)
        self.start()
        self.assertEqual(self.weir("cat", name).out, content)

    def test_an_interrupted_wish_leaves_nothing(self):
        node = self.start()
        path = self.big()
        for how in ("interrupt", "kill"):
            with self.subTest(how=how):
                with subprocess.Popen(self.command("add", path), cwd=self.dir, env=self.env,
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as add:
                    wait_until("hashing", self.hashing, 30)
                    if how == "interrupt":
                        add.send_signal(signal.SIGINT)
                        self.assertEqual(add.wait(30), 7)
                        wait_until("the end", lambda: not self.hashing(), 30)
                        self.assertEqual(self.jobs()[-1]["error"]["code"], "cancelled")
                    else:
                        node.kill()
                        node.wait()
                        self.assertIn(add.wait(30), (6, NO_NODE))
                        self.ports.unlink()
                        node = self.start()
                    self.assertEqual(add.stdout.read(), b"")
                self.assertEqual((self.listed(), self.stored()), ([], 0))

    def test_a_stop_of_the_node_does_not_wait_for_the_hashing(self):
        node = self.start()
        path = self.big()
        self.local("POST", "/api/weir/v1/torrents", json.dumps({"path": str(path)}))
        wait_until("hashing", self.hashing, 30)
        self.assertEqual(self.end(node), 0)
        self.start()
        self.assertEqual(self.listed(), [])

    def test_a_file_that_changes_while_it_is_hashed_is_not_published(self):
        self.start()
        path = self.big(size=1 << 30)
        self.local("POST", "/api/weir/v1/torrents", json.dumps({"path": str(path)}))
        wait_until("hashing", self.hashing, 30)
        with open(path, "r+b") as file:
            file.write(b"new")
        wait_until("the end", lambda: self.jobs()[0]["state"] in ("done", "failed"), 60)
        self.assertEqual(self.jobs()[0]["error"]["code"], "changed")
        self.assertEqual(self.listed(), [])

    def test_prv_paths_are_for_the_socket_and_for_admin_tokens(self):
        self.write("a.bin", 1000)
        body = json.dumps({"path": str(self.dir / "a.bin")})
        kind = {"Content-Type": "application/json"}
        node = self.start()
        self.assertEqual(self.api("POST", "/torrents", body, **kind)[0], 403)
        self.assertEqual(self.api("GET", "/publishing")[0], 403)
        name = self.weir("add", "a.bin", "--json").json["torrents"][0]["hash"]
        self.assertIsNone(self.api("GET", "/torrents/" + name)[1]["inPlace"])
        self.weir("rm", name)
        self.end(node)
        self.start(env=TOKENS)
        for token, status in ((READER, 403), (ADDER, 403), (ADMIN, 202)):
            with self.subTest(token=token):
                answer = self.api("POST", "/torrents", body, Authorization=f"Bearer {token}", **kind)
                self.assertEqual(answer[0], status, answer[1])
        self.assertEqual(self.local("POST", "/api/weir/v1/torrents", body,
                                    Origin="http://evil.example")[0], 403)

    def test_what_can_not_be_published_is_told(self):
        self.start()
        (self.dir / "empty").mkdir()
        (self.dir / "linked").mkdir()
        (self.dir / "linked/link").symlink_to("/etc/passwd")
        os.mkfifo(self.dir / "pipe")
        for name, code in (("empty", 12), ("linked", 12), ("pipe", 12),
                           (self.write("none", b""), 12)):
            with self.subTest(name=name):
                self.assertIn(str(name), self.weir("add", name, code=code).err)
        for path in ("relative", "", "/", "/absent/\0"):
            with self.subTest(path=path):
                self.assertIn(self.local("POST", "/api/weir/v1/torrents",
                                         json.dumps({"path": path}))[0], (400, 422))
        self.assertEqual(self.listed(), [])


if __name__ == "__main__":
    unittest.main()
