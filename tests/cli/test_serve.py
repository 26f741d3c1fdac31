# SPDX-License-Identifier: MIT OR Apache-2.0
"""The node as a process: configuration, addresses, signals, one at a time, service managers."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import unittest

from support import ROOT, WEIR, CliTest

from harness import sanitizer
from harness.processes import wait_until

TOKEN = "0123456789abcdef"

# Gives the socket on descriptor argv[1] to the command as a service manager does.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


class ServeTest(CliTest):
    def setUp(self):
        super().setUp()
        self.ports = self.dir / "ports.json"
        self.started = 0

    def arguments(self, *words):
        return ("serve", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--ports-file",
                self.ports, *words)

    def start(self, *words, argv=(), env=None, pass_fds=()):
        """A node that is ready; its process has .out and .err, the files of its output."""
        self.started += 1
        argv = [*argv, *self.command(*(words or self.arguments()))]
        out, err = self.dir / f"out{self.started}", self.dir / f"err{self.started}"
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            node = subprocess.Popen(argv, cwd=self.dir, env={**self.env, **(env or {})},
                                    stdin=subprocess.DEVNULL, stdout=out_file, stderr=err_file,
                                    pass_fds=pass_fds)
        node.out, node.err = out, err
        self.addCleanup(self.end, node)
        wait_until("the ports file", lambda: self.ports.exists() or node.poll() is not None, 30)
        self.assertIsNone(node.poll(), err.read_text())
        return node

    def end(self, node, number=signal.SIGTERM) -> int:
        if node.poll() is None:
            node.send_signal(number)
        try:
            code = node.wait(20)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()
            raise
        self.assertIsNone(sanitizer.report(node.err.read_text()))
        return code

    def addresses(self, kind="http"):
        return json.loads(self.ports.read_text())[kind]

    def request(self, method, path, body=None, headers=None):
        """Status and body."""
        host, port = self.addresses()[0].rsplit(":", 1)
        with contextlib.closing(http.client.HTTPConnection(host, int(port), 30)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def upload(self, content: bytes) -> str:
        status, answer = self.request("POST", "/api/codex/v1/torrent", content)
        self.assertEqual(status, 200, answer)
        return answer.decode()

    def download(self, name: str):
        return self.request("GET", f"/api/codex/v1/torrent/{name}/network/stream")


class Running(ServeTest):
    def test_defaults_with_port_0_are_ready_and_end_with_0(self):
        node = self.start()
        self.assertEqual(self.request("GET", "/readyz")[0], 200)
        self.assertEqual(self.request("GET", "/healthz")[0], 200)
        lines = node.out.read_text().splitlines()
        self.assertEqual(lines[0], f"HTTP on http://{self.addresses()[0]}/")
        self.assertEqual(lines[1], f"peers on {self.addresses('peer')[0]}")
        state = self.dir / "home/.local/state/weir/node"
        self.assertEqual(lines[2], f"commands on {state}/api.sock")
        self.assertTrue(lines[3].startswith("ready"))
        self.assertEqual(json.loads(self.ports.read_text())["socket"], f"{state}/api.sock")
        self.assertEqual(json.loads(self.ports.read_text())["pid"], node.pid)
        self.assertEqual(self.end(node), 0)
        self.assertFalse(self.ports.exists())

    def test_sigint_ends_with_0_too(self):
        self.assertEqual(self.end(self.start(), signal.SIGINT), 0)

    def test_everything_is_back_after_a_restart(self):
        node = self.start()
        contents = [self.random.randbytes(size) for size in (1, 40_000, 300_000)]
        names = [self.upload(content) for content in contents]
        self.assertEqual(self.end(node), 0)
        node = self.start()
        for name, content in zip(names, contents, strict=True):
            self.assertEqual(self.download(name), (200, content))
        self.assertEqual(self.end(node), 0)

    def test_everything_is_back_after_a_kill(self):
        node = self.start()
        content = self.random.randbytes(100_000)
        name = self.upload(content)
        node.kill()
        node.wait()
        self.ports.unlink()
        self.start()
        self.assertEqual(self.download(name), (200, content))

    def test_stopping_does_not_wait_for_a_client_that_says_nothing(self):
        node = self.start()
        host, port = self.addresses()[0].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as silent:
            silent.sendall(b"POST /api/codex/v1/torrent HTTP/1.1\r\nHost: x\r\n")
            self.assertEqual(self.end(node), 0)

    def test_stopping_in_an_upload_leaves_nothing_of_it(self):
        node = self.start("serve", "--http", "127.0.0.1:0", "--listen", "none", "--ports-file",
                          self.ports, "--state-dir", "state", "--data-dir", "data")
        kept = self.upload(b"kept")
        host, port = self.addresses()[0].rsplit(":", 1)
        incoming = self.dir / "data" / "incoming"
        with socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST /api/codex/v1/torrent HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Length: 200000\r\n\r\n" + bytes(100_000))
            wait_until("the upload's file", lambda: any(incoming.iterdir()), 20)
            self.assertEqual(self.end(node), 0)
        self.assertEqual(list(incoming.iterdir()), [])
        self.start("serve", "--http", "127.0.0.1:0", "--listen", "none", "--ports-file", self.ports,
                   "--state-dir", "state", "--data-dir", "data")
        self.assertEqual(self.download(kept), (200, b"kept"))

    def test_stopping_cuts_off_a_reader_that_does_not_read(self):
        node = self.start()
        size = 50_000_000
        name = self.upload(bytes(size))
        host, port = self.addresses()[0].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as slow:
            path = f"/api/codex/v1/torrent/{name}/network/stream"
            slow.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            got = len(slow.recv(1000))
            self.assertEqual(self.end(node), 0)
            with contextlib.suppress(ConnectionResetError):
                while data := slow.recv(1 << 20):
                    got += len(data)
        self.assertLess(got, size, "what was cut off must not look whole")

    def test_a_second_node_on_either_directory_is_refused_with_the_first_ones_pid(self):
        node = self.start("serve", "--http", "127.0.0.1:0", "--listen", "none", "--ports-file",
                          self.ports, "--state-dir", "state", "--data-dir", "data")
        for words in (("--state-dir", "state", "--data-dir", "data2"),
                      ("--state-dir", "state2", "--data-dir", "data")):
            second = self.weir("serve", "--http", "127.0.0.1:0", "--listen", "none", *words, code=11)
            self.assertIn(f"process {node.pid}", second.err)
            self.assertEqual(second.out, b"")
        self.assertEqual(self.request("GET", "/readyz")[0], 200)
        self.assertEqual(self.addresses("peer"), [])
        self.assertEqual(self.end(node), 0)

    def test_an_address_in_use_is_6(self):
        self.start()
        run = self.weir("serve", "--http", self.addresses()[0], "--listen", "none", "--state-dir",
                        "state", "--data-dir", "data", code=6)
        self.assertIn(self.addresses()[0], run.err)

    def test_json_lines_say_where_and_when(self):
        node = self.start(*self.arguments("--jsonl"))
        self.assertEqual(self.end(node), 0)
        events = [json.loads(line) for line in node.out.read_text().splitlines()]
        self.assertEqual([entry["event"] for entry in events],
                         ["listening", "listening", "ready", "stopping", "end"])
        self.assertEqual([entry["service"] for entry in events[:2]], ["http", "peer"])
        self.assertRegex(events[0]["addresses"][0], r"^127\.0\.0\.1:\d+$")
        self.assertEqual(events[2]["pid"], node.pid)

    def test_a_ports_file_that_cant_be_written_is_an_error(self):
        self.weir("serve", "--http", "127.0.0.1:0", "--listen", "none", "--ports-file",
                  "absent/ports.json", code=3)


class Logging(ServeTest):
    def test_sighup_reads_the_level_again(self):
        config = self.write("weir.toml", b'[log]\nlevel = "error"\nformat = "json"\n')
        node = self.start(*self.arguments("--config", config))
        self.assertEqual(node.err.read_text(), "")
        config.write_text('[log]\nlevel = "debug"\n')
        node.send_signal(signal.SIGHUP)
        wait_until("the new level", lambda: "debug" in node.err.read_text(), 20)
        config.write_text("[log]\nlevel = 5\n")
        node.send_signal(signal.SIGHUP)
        wait_until("the complaint", lambda: node.err.read_text().count("\n") >= 2, 20)
        lines = [json.loads(line) for line in node.err.read_text().splitlines()]
        self.assertEqual(lines[0]["level"], "info")
        self.assertEqual(self.end(node), 0)

    def test_errors_of_a_reload_are_logged_and_change_nothing(self):
        config = self.write("weir.toml", b"")
        node = self.start(*self.arguments("--config", config))
        config.write_text("quota = true\n")
        node.send_signal(signal.SIGHUP)
        wait_until("the complaint", lambda: f"{config}:1" in node.err.read_text(), 20)
        self.assertEqual(self.request("GET", "/readyz")[0], 200)
        self.assertEqual(self.end(node), 0)


class ServiceManager(ServeTest):
    def test_it_is_told_of_readiness_and_of_the_end(self):
        path = str(self.dir / "notify")
        abstract = f"@weir-test-{os.getpid()}"
        for name in (path, abstract):
            with self.subTest(name=name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
                manager.settimeout(30)
                node = self.start(env={"NOTIFY_SOCKET": name})
                self.assertIn(b"READY=1", manager.recv(1024).split(b"\n"))
                self.assertEqual(self.request("GET", "/readyz")[0], 200)
                node.send_signal(signal.SIGTERM)
                self.assertIn(b"STOPPING=1", manager.recv(1024).split(b"\n"))
                self.assertEqual(node.wait(20), 0)

    def start_activated(self, listener):
        return self.start("serve", "--listen", "none", "--ports-file", self.ports,
                          argv=[sys.executable, "-c", ACTIVATE, str(listener.fileno())],
                          pass_fds=(listener.fileno(),))

    def test_a_passed_socket_is_served_in_place_of_http_listen(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            node = self.start_activated(listener)
            self.assertEqual(self.addresses(), ["127.0.0.1:%d" % listener.getsockname()[1]])
            self.assertEqual(self.request("GET", "/readyz")[0], 200)
            self.assertEqual(self.end(node), 0)

    def test_htt_17_a_passed_socket_for_everybody_needs_tokens(self):
        with socket.create_server(("0.0.0.0", 0)) as listener:
            done = subprocess.run(
                [sys.executable, "-c", ACTIVATE, str(listener.fileno()), shutil.which(WEIR) or WEIR,
                 "serve", "--listen", "none"], cwd=self.dir, env=self.env, capture_output=True,
                pass_fds=(listener.fileno(),), timeout=60, check=False)
            self.assertEqual(done.returncode, 12, done.stderr)
            self.assertIn(b"http.tokens", done.stderr)

    @unittest.skipIf(shutil.which("systemd-analyze") is None, "systemd is not installed")
    def test_the_units_are_ones_that_systemd_takes(self):
        for name in ("weir.service", "weir.socket"):
            text = (ROOT / "share/systemd" / name).read_text()
            self.write(name, text.replace("/usr/bin/weir", os.path.abspath(WEIR)).encode())
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "weir.service",
                               "weir.socket"], cwd=self.dir, capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


class Configuration(ServeTest):
    def test_errors_have_their_line_and_all_are_told(self):
        config = self.write("weir.toml", b"\nqouta = 1\n[http]\nlisten = 5\n")
        run = self.weir("config", "check", "--config", config, code=12)
        self.assertIn(f"{config}:2: there is no setting qouta; is quota meant?", run.err)
        self.assertIn(f"{config}:4: http.listen is a list of strings", run.err)
        self.assertEqual(self.weir("serve", "--config", config, code=12).out, b"")
        told = self.weir("config", "check", "--config", config, "--json", code=12).json
        self.assertEqual(told["good"], False)
        self.assertEqual([(e["code"], e["line"]) for e in told["errors"]],
                         [("wrong_type", 4), ("unknown_key", 2)] if
                         told["errors"][0]["line"] == 4 else [("unknown_key", 2), ("wrong_type", 4)])

    def test_a_named_file_has_to_be_there_and_the_default_one_not(self):
        self.weir("config", "check", "--config", "absent.toml", code=3)
        self.weir("config", "check", "--config", ".", code=12)
        self.assertTrue(self.weir("config", "check", "--json").json["good"])
        self.write("home/.config/weir/weir.toml", b"quota = true\n")
        self.weir("config", "check", code=12)
        self.weir("config", "check", env={"XDG_CONFIG_HOME": str(self.dir)})

    def test_a_file_of_more_than_1_mib_is_refused(self):
        config = self.write("weir.toml", b"#" * (1 << 20))
        self.weir("config", "check", "--config", config)
        config.write_bytes(b"#" * ((1 << 20) + 1))
        self.weir("config", "check", "--config", config, code=12)

    def test_flags_win_over_variables_over_the_file(self):
        config = self.write("weir.toml", b'[http]\nlisten = "127.0.0.1:1"\n')

        def listening(*words, env=None):
            node = self.start("serve", "--config", config, "--listen", "none", "--ports-file",
                              self.ports, *words, env=env)
            address = self.addresses()[0]
            self.end(node)
            return address.rsplit(":", 1)[0]

        variable = {"WEIR_HTTP_LISTEN": "127.0.0.2:0"}
        self.assertEqual(listening(env=variable), "127.0.0.2")
        self.assertEqual(listening("--http", "127.0.0.3:0", env=variable), "127.0.0.3")
        shown = self.weir("config", "show", "--config", config, "--json", env=variable).json
        place = {entry["setting"]: entry["place"] for entry in shown["settings"]}
        self.assertEqual(place["http.listen"], "WEIR_HTTP_LISTEN")

    def test_htt_17_other_than_loopback_is_refused_without_tokens(self):
        run = self.weir("serve", "--http", "0.0.0.0:0", code=2)
        self.assertIn("http.tokens", run.err)
        self.start(*self.arguments()[0:1], "--http", "0.0.0.0:0", "--listen", "none",
                   "--ports-file", self.ports, env={"WEIR_HTTP_TOKENS": f"read:{TOKEN}"})
        self.assertEqual(self.request("GET", "/api/codex/v1/space")[0], 401)
        self.assertEqual(self.request("GET", "/api/codex/v1/space",
                                      headers={"Authorization": f"Bearer {TOKEN}"})[0], 200)

    def test_prv_secrets_are_shown_nowhere(self):
        env = {"WEIR_HTTP_TOKENS": f"admin:{TOKEN}"}
        for words in (("config", "show"), ("config", "show", "--json"), ("config", "check")):
            run = self.weir(*words, env=env)
            self.assertNotIn(TOKEN, run.text + run.err)
        run = self.weir("config", "check", env={"WEIR_HTTP_TOKENS": f"owner:{TOKEN}"}, code=12)
        self.assertNotIn(TOKEN, run.text + run.err)

    def test_what_show_prints_can_be_checked_and_means_the_same(self):
        first = self.weir("config", "show", env={"WEIR_QUOTA": "10G"}).out
        path = self.write("again.toml", first)
        second = self.weir("config", "show", "--config", path).text
        values = [re.sub(r"  # .*", "", text) for text in (first.decode(), second)]
        self.assertEqual(*values)

    def test_the_page_has_every_setting_as_the_program_has_it(self):
        page = (ROOT / "docs/configuration.md").read_text()
        rows = [tuple(cell.strip(" `") for cell in line.split("|")[1:5])
                for line in page.splitlines() if re.match(r"\| `[a-z_.]+` \|", line)]
        shown = self.weir("config", "show", "--json").json["settings"]
        self.assertEqual(rows, [(entry["setting"], entry["flag"] or "", entry["environment"],
                                 entry["default"]) for entry in shown])


if __name__ == "__main__":
    unittest.main()
