# SPDX-License-Identifier: MIT OR Apache-2.0
"""The commands that speak to a running node, with real nodes, and cat without one."""

import contextlib
import http.client
import json
import stat
import subprocess
import unittest

from remote import ADDER, ADMIN, NO_NODE, READER, TOKENS, RemoteTest


class Socket(RemoteTest):
    def test_it_is_for_its_owner_alone_and_goes_with_the_node(self):
        node = self.start()
        mode = self.socket_path.lstat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)
        self.assertEqual(self.end(node), 0)
        self.assertFalse(self.socket_path.exists())

    def test_without_a_node_the_exit_code_is_10_and_tells_what_to_do(self):
        for words in (("ls",), ("status",), ("add", "a" * 40), ("rm", "x"), ("stop", "x"),
                      ("link", "x"), ("show", "x"), ("cat", "x")):
            with self.subTest(words=words):
                run = self.weir(*words, code=NO_NODE)
                self.assertEqual(run.out, b"")
                self.assertIn("weir serve", run.err)
        failed = self.weir("ls", "--json", code=NO_NODE)
        self.assertEqual(failed.json["error"]["code"], "not_running")
        self.weir("ls", "--api", "http://127.0.0.1:9", code=NO_NODE)

    def test_a_stale_socket_is_no_node_and_the_next_node_replaces_it(self):
        node = self.start()
        node.kill()
        node.wait()
        self.ports.unlink()
        self.assertTrue(self.socket_path.exists())
        self.weir("ls", code=NO_NODE)
        self.start()
        self.assertEqual(self.listed(), [])

    def test_a_second_node_takes_nothing_from_the_first(self):
        self.start()
        self.named_upload("a.bin", 1000)
        self.weir(*self.arguments(), code=11)
        self.assertEqual(len(self.listed()), 2)
        other = ("serve", "--http", "127.0.0.1:0", "--listen", "none", "--state-dir", "s",
                 "--data-dir", "d")
        run = self.weir(*other, "--socket", self.socket_path, code=6)
        self.assertIn(str(self.socket_path), run.err)
        self.assertEqual(len(self.listed()), 2)

    def test_each_of_two_nodes_is_asked_by_its_own_socket(self):
        self.start()
        self.named_upload("a.bin", 1000)
        self.ports = self.dir / "other.json"
        self.start(*self.arguments("--state-dir", "s", "--data-dir", "d"))
        self.assertEqual(len(self.listed()), 2)
        self.assertEqual(self.listed("--state-dir", "s"), [])
        self.assertEqual(self.listed("--socket", "s/api.sock"), [])
        self.assertEqual(self.listed("--api", f"unix:{self.dir}/s/api.sock"), [])
        self.assertEqual(self.weir("ls", "--json", env={"WEIR_API": "unix:s/api.sock"})
                         .json["torrents"], [])

    def test_none_serves_on_no_socket(self):
        self.start(*self.arguments("--socket", "none"))
        self.assertFalse(self.socket_path.exists())
        self.assertIsNone(json.loads(self.ports.read_text())["socket"])
        self.weir("ls", code=NO_NODE)
        self.assertEqual(self.listed("--api", self.url), [])

    def test_a_path_of_more_than_107_bytes_is_refused(self):
        self.weir(*self.arguments("--socket", "/" + "s" * 107), code=2)
        self.weir("ls", "--api", "unix:/" + "s" * 107, code=2)

    def test_prv_its_requests_need_no_token_and_any_host_but_a_page_is_a_page(self):
        self.start(env=TOKENS)
        path = "/api/weir/v1/status"
        self.assertEqual(self.local("GET", path)[0], 200)
        self.assertEqual(self.local("GET", path, Host="evil.example")[0], 200)
        self.assertEqual(self.local("GET", path, Origin="http://evil.example")[0], 403)
        self.assertEqual(self.local("GET", path, Origin="http://localhost")[0], 401)
        self.assertEqual(self.local("GET", path, **{"Sec-Fetch-Site": "cross-site"})[0], 403)
        self.assertEqual(self.request("GET", path)[0], 401)


class Tokens(RemoteTest):
    def test_a_url_needs_the_right_token(self):
        self.start(env=TOKENS)
        at = ("--api", self.url)
        self.assertIn("WEIR_TOKEN", self.weir("ls", *at, code=9).err)
        self.weir("ls", *at, code=9, env={"WEIR_TOKEN": "wrong-0123456789"})
        self.weir("ls", *at, env={"WEIR_TOKEN": READER})
        self.weir("add", "a" * 40, *at, code=9, env={"WEIR_TOKEN": READER})
        token = self.write("token", ADDER.encode() + b"\n")
        self.weir("add", "a" * 40, *at, "--token-file", token)
        self.weir("rm", "a" * 40, *at, "--token-file", token, code=9)
        self.weir("rm", "a" * 40, *at, code=0, env={"WEIR_TOKEN": ADMIN})
        self.weir("ls", *at, "--token-file", self.write("empty", b""), code=12)
        self.weir("ls", *at, "--token-file", "absent", code=3)
        self.weir("ls", *at, code=12, env={"WEIR_TOKEN": "a\r\nX-Evil: 1"})

    def test_what_is_no_address_is_wrong_usage(self):
        for api in ("127.0.0.1:80", "ftp://127.0.0.1", "http://", "http://a/b", "http://u@h"):
            with self.subTest(api=api):
                self.weir("ls", "--api", api, code=2)


class Torrents(RemoteTest):
    def test_a_torrent_goes_by_hash_prefix_name_cid_magnet_and_file(self):
        self.start()
        content, upload = self.named_upload("a film.bin", 300_000)
        v1, v2 = upload["hybrid"]["v1"], upload["hybrid"]["v2"]
        file = self.write("x.torrent", self.request("GET", f"/btih/{v1}.torrent")[1])
        for name in (v1, v1.upper(), v2, v1[:6], v2[:6], "a film.bin", upload["cid"],
                     upload["hybrid"]["magnet"]):
            with self.subTest(name=name):
                self.assertIn(f"{self.url}/btih/{v1}", self.weir("link", name).text)
        self.assertEqual(self.weir("cat", file).out, content)
        shown = self.weir("show", "a film.bin", "--json").json
        self.assertEqual((shown["type"], shown["v1"], shown["files"][0]["size"]),
                         ("node", v1, 300_000))
        self.assertIn("a film.bin", self.weir("show", v1[:8]).text)
        self.assertEqual(self.weir("show", v1).text, self.weir("show", v1[:8]).text)
        # A file tells what is in it, whatever a node knows.
        self.assertEqual(self.weir("show", file, "--json").json["type"], "torrent")
        self.assertEqual(self.weir("show", upload["magnet"], "--json").json["type"], "magnet")
        self.assertEqual(self.weir("show", "e" * 40, "--json").json["type"], "magnet")
        links = self.weir("link", v1, "--json").json
        self.assertEqual(links["btmh"], f"{self.url}/btmh/{v2}")
        self.assertEqual(self.request("GET", links["torrent"].removeprefix(self.url))[0], 200)

    def test_unknown_and_ambiguous_names_are_told(self):
        self.start()
        for byte in "ab":
            self.weir("add", "ccccc" + byte * 35)
            self.weir("add", f"magnet:?xt=urn:btih:{byte * 40}&dn=same")
        self.assertEqual(self.weir("show", "nothing", code=3).out, b"")
        self.weir("rm", "d" * 40, code=3)
        self.weir("stop", "ccccca")
        self.assertIn("more than one", self.weir("stop", "ccccc", code=2).err)
        self.weir("stop", "same", code=2)
        self.weir("stop", "ccc", code=3)  # shorter than a prefix may be
        self.weir("stop", "", code=3)
        # One that fails does not keep the others from being done.
        done = self.weir("stop", "a" * 40, "nothing", "b" * 40, "--json", code=3).json
        self.assertEqual([row["state"] for row in done["torrents"]], ["paused", "paused"])
        self.assertEqual([row["code"] for row in done["errors"]], ["no_such_torrent"])

    def test_start_stop_and_rm_say_what_is_then(self):
        self.start()
        _, upload = self.named_upload("a.bin", 50_000)
        name = upload["hybrid"]["v1"]
        self.assertEqual(self.weir("stop", name).text, "a.bin: paused\n")
        self.assertEqual(self.weir("start", name).text, "a.bin: seeding\n")
        self.assertEqual(self.weir("rm", name, code=11).out, b"")
        self.assertEqual(self.weir("rm", name, "--content", "--json").json["torrents"],
                         [{"hash": name, "name": "a.bin", "freed_bytes": 50_000, "used_by": []}])
        self.assertEqual((self.listed(), self.stored()), ([], 0))

    def test_add_takes_files_links_hashes_and_cids(self):
        self.start()
        _, upload = self.named_upload("a.bin", 50_000)
        file = self.write("x.torrent",
                          self.request("GET", f"/btih/{upload['hybrid']['v1']}.torrent")[1])
        self.ports = self.dir / "other.json"
        self.start(*self.arguments("--state-dir", "s", "--data-dir", "d"))
        at = ("--socket", "s/api.sock")
        self.assertEqual(self.weir("add", file, "--paused", *at).text,
                         f"{upload['hybrid']['v1']}  a.bin\n")
        self.assertEqual(self.listed(*at)[0]["state"], "paused")
        added = self.weir("add", "a" * 40, "magnet:?xt=urn:btih:" + "b" * 40, "--json", *at).json
        self.assertEqual([row["hash"][0] for row in added["torrents"]], ["a", "b"])
        self.assertEqual(len(self.listed(*at)), 3)
        # The CID of an upload that this node does not have names nothing that it could look for.
        self.weir("add", upload["cid"], code=0)
        self.assertIn("neither", self.weir("add", upload["cid"], *at, code=12).err)
        self.weir("add", self.write("bad.torrent", b"no"), *at, code=12)

    def test_status_and_a_listing_for_people(self):
        self.start()
        self.named_upload("a\u202eb.bin", 50_000)
        status = self.weir("status").text
        for line in ("version", f"http://{self.addresses()[0]}", str(self.socket_path),
                     f"peers on      {self.peer}", "torrents      2: 2 seeding"):
            self.assertIn(line, status)
        self.assertEqual(self.weir("status", "--json").json["addresses"]["socket"],
                         str(self.socket_path))
        lines = self.weir("ls").text.splitlines()
        self.assertEqual(lines[0].split(), "HASH STATE DONE SIZE DOWN UP PEERS NAME".split())
        self.assertRegex(lines[1], r"^[0-9a-f]{40}  seeding +100\.0% +48\.8 KiB ")
        self.assertNotIn("\u202e", "".join(lines))

    def test_a_list_of_many_pages_comes_whole(self):
        self.start()
        host, port = self.addresses()[0].rsplit(":", 1)
        with contextlib.closing(http.client.HTTPConnection(host, int(port), 30)) as connection:
            for i in range(2100):
                connection.request("POST", "/api/weir/v1/torrents",
                                   json.dumps({"hash": f"{i:040x}", "paused": True}),
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.read()[:1]), (201, b"{"))
        self.assertEqual({row["hash"] for row in self.listed()},
                         {f"{i:040x}" for i in range(2100)})
        self.assertEqual(len(self.weir("ls").text.splitlines()), 2101)
        self.assertEqual(self.listed("--state", "seeding"), [])
        self.assertEqual([row["hash"] for row in self.listed("--search", f"{2099:040x}")],
                         [f"{2099:040x}"])


class Cat(RemoteTest):
    def test_a_range_from_a_node(self):
        self.start()
        content, upload = self.named_upload("a.bin", 700_000)
        name = upload["hybrid"]["v1"]
        for text, part in (("0-0", content[:1]), ("5-9", content[5:10]), ("-7", content[-7:]),
                           ("699990-", content[-10:]), ("699990-999999999", content[-10:]),
                           ("300000-599999", content[300_000:600_000])):
            with self.subTest(range=text):
                self.assertEqual(self.weir("cat", name, "--range", text).out, part)
                self.assertEqual(self.weir("cat", "a.bin", "--range", text).out, part)
        self.assertEqual(self.weir("cat", f"{name}/a.bin").out, content)
        self.weir("cat", name, "--range", "700000-", code=2)
        self.weir("cat", f"{name}/b.bin", code=3)

    def test_bad_ranges_are_wrong_usage(self):
        for text in ("", "-", "-0", "5", "9-5", "a-b", "1-2,4-5", "1--2", "99999999999999999999-"):
            with self.subTest(range=text):
                self.weir("cat", "a" * 40, "--range", text, code=2)

    def test_a_range_from_the_swarm_without_a_node(self):
        self.start()
        content, upload = self.named_upload("a.bin", 3_000_000)
        magnet = f"{upload['hybrid']['magnet']}&x.pe={self.peer}"
        alone = self.alone()
        temporary = self.dir / "tmp"
        temporary.mkdir()
        alone["TMPDIR"] = str(temporary)
        part = self.weir("cat", magnet, "--range", "1000000-1999999", env=alone).out
        self.assertEqual(part, content[1_000_000:2_000_000])
        self.assertEqual(self.weir("cat", upload["hybrid"]["v1"], "--peer", self.peer, env=alone).out,
                         content)
        self.weir("cat", magnet, "--range", "3000000-", env=alone, code=2)
        self.weir("cat", magnet, "--file", "b.bin", env=alone, code=3)
        self.weir("cat", magnet, "--timeout", "1", env=alone, code=0)
        self.assertEqual(list(temporary.iterdir()), [], "nothing is kept")
        self.assertFalse((self.dir / "elsewhere/.local/state/weir/node").exists())

    def test_what_nobody_has_times_out(self):
        self.weir("cat", "a" * 40, "--timeout", "1", code=4)

    def test_a_node_that_does_not_have_it_is_passed_over_unless_it_was_named(self):
        self.start()
        content, upload = self.named_upload("a.bin", 100_000)
        peer = self.peer
        self.ports = self.dir / "other.json"
        env = {"HOME": str(self.dir / "other")}
        self.start(env=env)
        name = upload["hybrid"]["v1"]
        self.assertEqual(self.weir("cat", name, "--peer", peer, env=env).out, content)
        self.assertEqual(self.weir("ls", "--json", env=env).json["torrents"], [])
        self.weir("cat", name, "--peer", peer, "--api", self.url, env=env, code=3)

    def test_a_reader_that_goes_away_is_no_failure_of_the_node(self):
        self.start()
        self.named_upload("a.bin", 5_000_000)
        with subprocess.Popen(self.command("cat", "a.bin"), cwd=self.dir, env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as cat:
            cat.stdout.read(10)
            cat.stdout.close()
            self.assertNotEqual(cat.wait(30), 0)
        self.assertEqual(len(self.listed()), 2)


if __name__ == "__main__":
    unittest.main()
