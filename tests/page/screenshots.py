# SPDX-License-Identifier: MIT OR Apache-2.0
"""Takes the pictures of the page for docs/images: a node with some torrents in each state.

    WEIR=build/release/weir /usr/bin/python3 tests/page/screenshots.py
"""

import json

from browser import HERE, PageCase, main

from clients.scripted import Libtorrent
from harness.content import KIB, MIB, Content
from harness.node import Node, counted
from harness.processes import wait_until

IMAGES = HERE.parents[1] / "docs" / "images"
SURVEY = Content("river survey 2026", {
    "readme.txt": 3_200, "maps/lower reach.png": 2 * MIB, "maps/upper reach.png": 3 * MIB,
    "sonar/pass 1.flac": 14 * MIB, "sonar/pass 2.flac": 11 * MIB, "video/weir from above.webm": 38 * MIB,
}, 128 * KIB)
LECTURES = Content("lectures on hydraulics", {
    f"lecture {i:02d}.webm": (6 + i) * MIB for i in range(1, 6)}, 256 * KIB)
UPLOADS = (("spillway at night.webm", 21_400_000), ("gauge readings 2019-2025.csv", 4_730_000),
           ("fish ladder plans.pdf", 8_200_000), ("field recordings.flac", 33_900_000))


class Pictures(PageCase):
    def add(self, body, kind: str) -> None:
        self.node.ask("POST", "/api/weir/v1/torrents", body, {"Content-Type": kind})

    def prepare(self) -> None:
        self.node = Node(self)
        for name, size in UPLOADS:
            self.node.upload(counted(size), name)
        magnet = "magnet:?xt=urn:btih:9f2c41d07be6a83550c1e7d3f4a8b6c2d1e0f9a7&dn=tide+tables+1950-2025"
        self.add(json.dumps({"magnet": magnet}), "application/json")
        done, folder = self.make(Content("dam photographs", {"a.bin": 17 * MIB}, 64 * KIB), "hybrid")
        Libtorrent(self).seed(done, folder)
        self.add(done.path.read_bytes(), "application/x-bittorrent")
        for content, kind, rate in ((LECTURES, "v1", 900 * KIB), (SURVEY, "v1", 1700 * KIB)):
            torrent, folder = self.make(content, kind, seed=2)
            for share in (0.55, 0.45):
                Libtorrent(self, up_limit=int(rate * share)).seed(torrent, folder)
            self.add(torrent.path.read_bytes(), "application/x-bittorrent")

    def picture(self, name: str) -> None:
        self.browser.evaluate("document.querySelector('#toasts').replaceChildren()")
        self.browser.screenshot(str(IMAGES / f"{name}.png"))

    def test_pictures(self):
        self.prepare()
        self.browser.open(self.node.url + "/")
        self.browser.click(".row:has-text('river survey')")
        bar = "Number(document.querySelector('#details [role=progressbar]')?.ariaValueNow)"
        wait_until("half of it is here", lambda: self.browser.evaluate(bar) >= 45, 120)
        self.node.ask("POST", "/api/weir/v1/torrents/" + self.browser.evaluate(
            "document.querySelector('.row:nth-child(n) [title=\"lectures on hydraulics\"]')"
            ".closest('.row').dataset.hash") + "/pause")
        self.browser.until_text("#list", "Paused at")
        self.picture("page-light")
        self.browser.media({"colorScheme": "dark"})
        self.browser.until("new Promise(done => setTimeout(() => done(true), 1500))")
        self.picture("page-dark")
        self.browser.click("[role=tab] >> text=Files")
        self.browser.size(400, 800)
        self.browser.wait(".file")
        self.picture("page-narrow-files")
        self.browser.press("Escape")
        self.picture("page-narrow")
        self.browser.media({"colorScheme": "light"})
        self.browser.size(1280, 800)
        self.browser.drop_files(("spillway at noon.webm", "video/webm", counted(9_300_000)))
        self.browser.wait(".upload[data-state=done] canvas.qr")
        self.picture("page-publish")


if __name__ == "__main__":
    main()
