# SPDX-License-Identifier: MIT OR Apache-2.0
"""Trackers over HTTP and UDP, IPv4 and IPv6: scrapes, and downloads that find their peers there."""

import json
import socket
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from harness import network, torrents, weir
from harness.case import Case, main
from harness.content import KIB, SINGLE, Content
from harness.node import Node
from harness.processes import wait_until
from harness.tracker import Tracker

BASE = "/api/weir/v1"
SMALL = Content("small", {"a": 100 * KIB}, 16 * KIB)


class Trackers(Case):
    def tracker_at(self, address: str) -> Tracker:
        tracker = Tracker(address)
        self.addCleanup(tracker.close)
        return tracker

    def swarm(self, tracker: Tracker, info_hash: bytes, seeds: int, leeches: int,
              downloads: int) -> None:
        for number in range(seeds + leeches):
            tracker.add(info_hash, f"10.1.2.{number}", 1000, seed=number < seeds)
        tracker.downloads[info_hash] = downloads

    def scrape(self, source, code: int = 0) -> dict:
        run = weir.run("show", "--scrape", "--json", source, timeout=90)
        self.assertEqual(code, run.returncode, run.stderr)
        return json.loads(run.stdout)

    def numbers(self, row: dict) -> tuple:
        self.assertTrue(row["ok"], row)
        return row["seeders"], row["leechers"], row["downloads"]

    def test_numbers_come_over_http_and_udp_and_both_families(self):
        for address in (f"{network.BLOCK}1", f"{network.BLOCK_V6}1"):
            with self.subTest(address):
                tracker = self.tracker_at(address)
                urls = [tracker.url, tracker.open_udp(address)]
                torrent, _ = self.make(SMALL, trackers=urls)
                self.swarm(tracker, torrent.hash, 3, 5, 42)
                shown = self.scrape(torrent.path)
                self.assertEqual(torrent.hash.hex(), shown["info_hash_v1"])
                self.assertEqual(sorted(urls), sorted(row["url"] for row in shown["scrape"]))
                for row in shown["scrape"]:
                    self.assertEqual((3, 5, 42), self.numbers(row), row)
                self.assertEqual(2 * [(torrent.hash,)], tracker.scrapes)
                self.assertEqual([], tracker.announces)

    def test_both_hashes_of_a_hybrid_are_asked_in_one_request(self):
        tracker = self.tracker_at(f"{network.BLOCK}1")
        urls = [tracker.url, tracker.open_udp(f"{network.BLOCK}1")]
        torrent, _ = self.make(SMALL, "hybrid", trackers=urls)
        hashes = torrent.v1_hash, torrent.v2_hash[:20]
        self.swarm(tracker, hashes[0], 1, 7, 2)
        self.swarm(tracker, hashes[1], 4, 2, 9)
        for source in (torrent.path, torrent.magnet(urls)):
            tracker.scrapes.clear()
            for row in self.scrape(source)["scrape"]:
                self.assertEqual((4, 7, 9), self.numbers(row), row)
            self.assertEqual(2 * [hashes], tracker.scrapes)

    def test_a_page_for_people(self):
        torrent, _ = self.make(SMALL)
        self.swarm(self.tracker, torrent.hash, 3, 5, 42)
        run = weir.run("show", "--scrape", torrent.magnet([self.tracker.url]))
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertRegex(run.stdout, r"3 seeders +5 leechers +42 downloads +http://")

    def test_without_any_answer_the_exit_code_is_6(self):
        with socket.create_server((f"{network.BLOCK}1", 0)) as listener:
            nobody = f"http://{network.BLOCK}1:{listener.getsockname()[1]}/"
        torrent, _ = self.make(SMALL, trackers=[nobody + "announce", nobody + "x"])
        codes = {row["url"]: row["code"] for row in self.scrape(torrent.path, code=6)["scrape"]}
        self.assertEqual({nobody + "announce": "connection_failed", nobody + "x": "no_scrape"},
                         codes)
        self.assertEqual([], self.scrape(torrents.without_trackers(torrent).path, 6)["scrape"])

    def test_one_answer_of_many_is_enough(self):
        with socket.create_server((f"{network.BLOCK}1", 0)) as listener:
            nobody = f"http://{network.BLOCK}1:{listener.getsockname()[1]}/announce"
        torrent, _ = self.make(SMALL, trackers=[nobody, self.tracker.url])
        rows = {row["url"]: row["ok"] for row in self.scrape(torrent.path)["scrape"]}
        self.assertEqual({nobody: False, self.tracker.url: True}, rows)

    def through_ipv6(self, udp: bool) -> None:
        tracker = self.tracker_at(f"{network.BLOCK_V6}1")
        url = tracker.open_udp(f"{network.BLOCK_V6}1") if udp else tracker.url
        seed_place, leech_place = (f"{network.BLOCK_V6}2", 20102), (f"{network.BLOCK_V6}3", 20103)
        for address, port in (seed_place, leech_place):
            tracker.places[port] = address
        torrent, folder = self.make(SINGLE, trackers=[url])
        weir.seed(self, torrent, folder, place=seed_place)
        wait_until("the seed is announced", lambda: tracker.knows(seed_place[0]), 20)
        out = self.work / "out"
        weir.get(self, torrent.path, out, place=leech_place).wait_done()
        self.assert_same(folder / torrent.name, out / torrent.name)
        self.assertEqual({udp}, {"udp" in announce.parameters for announce in tracker.announces})

    def test_a_download_through_an_ipv6_http_tracker(self):
        self.through_ipv6(udp=False)

    def test_a_download_through_an_ipv6_udp_tracker(self):
        self.through_ipv6(udp=True)

    def test_a_node_scrapes_when_asked_and_says_how_trackers_see_it(self):
        self.tracker.tells_source = True
        torrent, _ = self.make(SMALL)
        self.swarm(self.tracker, torrent.hash, 3, 5, 42)
        node = Node(self)
        added = node.ask("POST", f"{BASE}/torrents", torrent.path.read_bytes(),
                         {"Content-Type": "application/x-bittorrent"})
        self.assertEqual(201, added.status, added.body)
        at = f"{BASE}/torrents/{torrent.hash.hex()}"
        row = lambda: node.get(f"{at}/trackers").json()["trackers"][0]
        wait_until("the first announce", lambda: row()["state"] == "working", 20)
        self.assertIsNone(row()["lastScrapeAgo"])
        seen = row()["externalAddress"]
        self.assertTrue(seen.startswith(network.BLOCK), seen)
        self.assertEqual(seen, node.get(at).json()["externalAddress"])
        self.assertEqual([seen], node.get(f"{BASE}/status").json()["externalAddresses"])
        self.assertEqual([], self.tracker.scrapes)

        asked = node.ask("POST", f"{at}/scrape")
        self.assertEqual((202, {"requests": 1}), (asked.status, asked.json()))
        wait_until("the numbers", lambda: row()["lastScrapeAgo"] is not None, 20)
        shown = row()
        # The node itself is one more leech.
        self.assertEqual((3, 6, 42), (shown["seeders"], shown["leechers"], shown["downloads"]))
        again = node.ask("POST", f"{at}/scrape")
        self.assertEqual({"requests": 0}, again.json(), "asked again within the min interval")
        self.assertEqual(1, len(self.tracker.scrapes))
        self.assertEqual(404, node.ask("POST", f"{BASE}/torrents/{20 * 'ab'}/scrape").status)


if __name__ == "__main__":
    main()
