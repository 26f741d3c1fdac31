# SPDX-License-Identifier: MIT OR Apache-2.0
"""What weir tells of trackers, and how it takes leave of them."""

import json
import signal
import socket
import subprocess
import threading
import unittest
import urllib.parse

from support import SECRET, CliTest, Tracker, bencode

GOOD = bencode({"interval": 1800, "complete": 2, "incomplete": 3, "peers": b""})


class Trackers(CliTest):
    def setUp(self):
        super().setUp()
        self.write("src/content", 100_000)
        self.weir("create", "src/content", "--v1", "-o", "t.torrent")

    def get(self, url: str, *more, code=4):
        return self.weir("get", "t.torrent", "-o", "out", "--listen", "127.0.0.1:0", "--timeout",
                         "1", "--tracker", url, *more, code=code)

    def nobody(self) -> str:
        """A host and port where nothing listens."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return f"127.0.0.1:{listener.getsockname()[1]}"

    @staticmethod
    def events(run) -> list[dict]:
        return [json.loads(line) for line in run.text.splitlines()]

    def only(self, events: list[dict], name: str) -> dict:
        found = [event for event in events if event["event"] == name]
        self.assertEqual(len(found), 1, events)
        return found[0]

    def test_a_tracker_that_refuses_is_an_event_and_the_reason_at_the_end(self):
        host = self.nobody()
        url = f"http://{host}/{SECRET}/announce"
        run = self.get(url, "--jsonl")
        events = self.events(run)
        failure = self.only(events, "tracker")
        self.assertEqual({key: failure[key] for key in ("url", "ok", "code", "announce", "family",
                                                        "state")},
                         {"url": url, "ok": False, "code": "connection_failed",
                          "announce": "started", "family": "ipv4", "state": "failing"})
        self.assertGreater(failure["next_seconds"], 10)
        self.assertEqual(events[-1]["event"], "end")
        tracker = events[-1]["torrents"][0]["trackers"][0]
        self.assertEqual((tracker["url"], tracker["state"]), (url, "failing"))

        lines = self.get(url).err.splitlines()
        begun = [line for line in lines if f"tracker {host}: " in line and "[connection_failed]" in line]
        self.assertEqual(len(begun), 1, lines)
        self.assertIn(f"no peers: tracker {host}: ", lines[-1])
        self.assertNotIn(SECRET, "\n".join(lines))

    def test_what_a_tracker_says_reveals_no_passkey_to_bystanders(self):
        refusal = bencode({"failure reason": f"passkey {SECRET} is not known"})
        tracker = Tracker(self, lambda event: refusal)
        run = self.get(tracker.url, "--jsonl")
        failure = self.only(self.events(run), "tracker")
        self.assertEqual((failure["code"], failure["url"]), ("tracker_failure", tracker.url))
        self.assertIn(SECRET, failure["text"])
        self.assertIn("passkey ... is not known", run.err)
        self.assertNotIn(SECRET, run.err)

    def test_an_answer_is_an_event_and_no_line(self):
        tracker = Tracker(self, lambda event: GOOD)
        run = self.get(tracker.url, "--jsonl")
        first, last = [e for e in self.events(run) if e["event"] == "tracker"]
        self.assertTrue(first["ok"])
        self.assertEqual((first["seeders"], first["leechers"], first["peers"]), (2, 3, 0))
        self.assertEqual((last["announce"], last["ok"]), ("stopped", True))
        self.assertNotIn("tracker", run.err)

    def test_warnings_have_the_url_in_events_and_the_host_in_lines(self):
        warning = bencode({"interval": 1800, "peers": b"", "warning message": "moving soon"})
        tracker = Tracker(self, lambda event: warning)
        run = self.get(tracker.url, "--jsonl")
        events = [e for e in self.events(run) if e["event"] == "tracker_warning"]
        self.assertEqual((events[0]["url"], events[0]["text"]), (tracker.url, "moving soon"))
        self.assertIn(f"tracker {tracker.host} warns: moving soon", run.err)
        self.assertNotIn(SECRET, run.err)

    def test_trackers_of_a_torrent_that_are_no_urls_are_named_once(self):
        torrent = (self.dir / "t.torrent").read_bytes()
        self.write("t.torrent", b"d8:announce3:foo" + torrent[1:])
        run = self.weir("get", "t.torrent", "-o", "out", "--listen", "none", "--timeout", "0.2",
                        "--jsonl", code=4)
        told = self.only(self.events(run), "tracker")
        self.assertEqual((told["url"], told["ok"], told["code"], told["state"]),
                         ("foo", False, "bad_url", "refused"))
        self.assertEqual(run.err.count("tracker foo: this is no URL [bad_url]; not used"), 1, run.err)
        self.assertRegex(self.weir("show", "t.torrent").text, "(?m)^unusable +foo .this is no URL")
        shown = self.weir("show", "t.torrent", "--json").json
        self.assertEqual(shown["unusable_trackers"],
                         [{"url": "foo", "code": "bad_url", "text": "this is no URL"}])

    def test_a_link_whose_trackers_are_no_urls_is_warned_of_and_goes_on_with_the_others(self):
        tracker = Tracker(self, lambda event: GOOD)
        link = "magnet:?xt=urn:btih:" + "a" * 40 + "&tr=foo&tr=udp%3A%2F%2F127.0.0.1%3A2&tr=" \
            + urllib.parse.quote(tracker.url, safe="")
        run = self.weir("get", link, "-o", "out", "--listen", "127.0.0.1:0", "--timeout", "1",
                        "--jsonl", "--quiet", code=4)
        self.assertIn("weir: warning: " + "a" * 40 + ": tracker foo: this is no URL [bad_url]; not used\n",
                      run.err)
        told = {e["url"]: e for e in self.events(run) if e["event"] == "tracker"}
        self.assertEqual((told["foo"]["code"], told["foo"]["state"]), ("bad_url", "refused"))
        self.assertEqual(told["udp://127.0.0.1:2"]["code"], "address_refused")
        self.assertIn("a port below 1024", told["udp://127.0.0.1:2"]["text"])
        self.assertIn(tracker.url, told)
        shown = self.weir("show", link, "--json").json
        self.assertEqual([tracker["url"] for tracker in shown["unusable_trackers"]], ["foo"])
        self.assertIn("foo (this is no URL)", self.weir("show", link).text)

    def test_get_says_where_it_listens(self):
        run = self.weir("get", "t.torrent", "-o", "out", "--listen", "127.0.0.1:0", "--timeout",
                        "0.2", "--jsonl", code=4)
        address, = self.only(self.events(run), "listening")["addresses"]
        self.assertRegex(address, r"^127\.0\.0\.1:[1-9][0-9]*$")
        none = self.weir("get", "t.torrent", "-o", "out", "--listen", "none", "--timeout", "0.2",
                         "--jsonl", code=4)
        self.assertEqual(self.only(self.events(none), "listening")["addresses"], [])

    def seed_until_announced(self, tracker: Tracker) -> subprocess.Popen:
        process = subprocess.Popen(
            self.command("seed", "t.torrent", "--data", "src", "--listen", "127.0.0.1:0", "--jsonl",
                         "--tracker", tracker.url),
            cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end, process)
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "tracker":
                self.assertTrue(event["ok"], event)
                return process
        self.fail("no announce")

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()

    def last_announce(self, process: subprocess.Popen) -> dict:
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)
        return [e for e in map(json.loads, out.splitlines()) if e["event"] == "tracker"][-1]

    def test_the_end_waits_for_the_answer_to_stopped(self):
        asked, still_there = threading.Event(), []
        process = None

        def answer(event):
            if event == "stopped":
                asked.set()
                # A second of work for the tracker, or less should weir not wait.
                try:
                    process.wait(1)
                    still_there.append(False)
                except subprocess.TimeoutExpired:
                    still_there.append(True)
            return GOOD

        tracker = Tracker(self, answer)
        process = self.seed_until_announced(tracker)
        process.send_signal(signal.SIGINT)
        last = self.last_announce(process)
        self.assertTrue(asked.is_set())
        self.assertEqual(still_there, [True])
        self.assertEqual((last["announce"], last["ok"]), ("stopped", True))

    def test_LIM_20_a_tracker_that_never_answers_stopped_is_left(self):
        asked, let_go = threading.Event(), threading.Event()
        self.addCleanup(let_go.set)

        def answer(event):
            if event == "stopped":
                asked.set()
                let_go.wait(60)
            return GOOD

        tracker = Tracker(self, answer)
        process = self.seed_until_announced(tracker)
        process.send_signal(signal.SIGINT)
        last = self.last_announce(process)
        self.assertTrue(asked.is_set())
        self.assertFalse(let_go.is_set(), "ended before the tracker had said a word")
        self.assertEqual((last["announce"], last["ok"], last["code"]),
                         ("stopped", False, "timed_out"))


if __name__ == "__main__":
    unittest.main()
