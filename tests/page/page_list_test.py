# SPDX-License-Identifier: MIT OR Apache-2.0
"""The page's list and frame in Chromium: many torrents, search, order, keyboard, looks, tokens, and a
node that goes away."""

import concurrent.futures
import http.client
import json
import os
from pathlib import Path

from browser import main

from harness.node import Node, counted
from harness.processes import wait_until
from page_test import Pages, tone

MANY = 25_000
PORT = 8099
TOKEN = "a-token-of-sixteen-characters"


def add_named(node: Node, count: int) -> None:
    """Paused torrents of which only the name is known; many come by several connections at once."""
    lanes = 8 if count > 100 else 1

    def add(first: int) -> None:
        connection = http.client.HTTPConnection(*node.http, 60)
        for number in range(first, count, lanes):
            magnet = f"magnet:?xt=urn:btih:{number + 1:040x}&dn=Torrent+{number:05d}"
            connection.request("POST", "/api/weir/v1/torrents",
                               json.dumps({"magnet": magnet, "paused": True}),
                               {"Content-Type": "application/json"})
            reply = connection.getresponse()
            assert reply.status == 201, reply.read()
            reply.read()
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        list(pool.map(add, range(lanes)))


class Lists(Pages):
    def scroll_through(self, count: int) -> None:
        self.browser.until_text("#counts", f"{count:,} torrents")
        rows = "document.querySelectorAll('#list .row').length"
        self.browser.until("document.querySelectorAll('#list .row:not(.waiting)').length > 5")
        most = 0
        for part in (0.1, 0.35, 0.5, 0.77, 1):
            self.browser.evaluate(f"(() => {{ const b = document.querySelector('.rows');"
                                  f" b.scrollTop = {part} * (b.scrollHeight - b.clientHeight) }})()")
            place = round(part * count)
            self.browser.until(
                "!document.querySelector('#list .row.waiting') && Math.abs(document.querySelector("
                f"'#list .row').ariaRowIndex - {place}) < 60", f"rows about {place} are filled")
            most = max(most, self.browser.evaluate(rows))
        self.assertIn("Torrent 00000", self.rows(), "the oldest is the last")
        # Many steps, frame by frame.
        worst = self.browser.evaluate("""(async () => {
          const body = document.querySelector('.rows')
          const frame = () => new Promise(requestAnimationFrame)
          let most = 0
          for (let i = 0; i < 120; i++) {
            body.scrollTop = (i * body.scrollHeight) / 121
            await frame()
            most = Math.max(most, document.querySelectorAll('#list .row').length)
          }
          return most
        })()""")
        self.assertLess(max(most, worst), 45, "rows on the screen")
        self.browser.until("!document.querySelector('#list .row.waiting')", "rows are filled")

    def test_a_long_list_scrolls_with_few_rows(self):
        count = MANY if os.environ.get("WEIR_BIG_TESTS") else 2000
        self.node = Node(self)
        add_named(self.node, count)
        self.browser.open(self.node.url + "/")
        self.scroll_through(count)

    def test_25000_torrents_scroll_with_few_rows(self):
        """They would take minutes to add: the list's requests are answered by the driver."""
        self.node = Node(self)
        self.browser.pretend_torrents(MANY)
        self.browser.open(self.node.url + "/")
        self.scroll_through(MANY)

    def test_search_state_and_order_are_the_node_s(self):
        self.open()
        for number, size in ((1, 3000), (2, 500_000), (3, 70_000)):
            self.node.upload(counted(size), f"alpha {number}.bin")
        add_named(self.node, 3)
        self.browser.until_text("#counts", "9 torrents")
        self.browser.press("/")
        self.browser.type("TORRENT 0")
        self.until_rows(["Torrent 00002", "Torrent 00001", "Torrent 00000"])
        self.browser.until_text("#counts", "3 of 9 torrents")
        self.browser.press("Escape")
        self.browser.click("#states >> text=Paused")
        self.until_rows(["Torrent 00002", "Torrent 00001", "Torrent 00000"])
        self.browser.click("[data-sort=name] button")
        self.until_rows(["Torrent 00000", "Torrent 00001", "Torrent 00002"])
        self.browser.click("#states >> text=All")
        self.browser.click("[data-sort=size] button")
        by_size = [f"alpha {n}.bin" for n in (2, 2, 3, 3, 1, 1)]
        wait_until("the largest are first", lambda: self.rows()[:6] == by_size, 30)
        self.assertEqual("descending", self.browser.evaluate(
            "document.querySelector('[data-sort=size]').ariaSort"))
        self.browser.click("#order")
        wait_until("ascending", lambda: self.rows()[3:] == by_size[::-1], 30)
        self.browser.fill("#search", "nothing has this name")
        self.browser.until_text("#empty", "No torrent is like that")
        self.browser.click("#empty >> text=Show all")
        self.browser.until_text("#counts", "9 torrents")
        hash_of = self.torrents()[0]["hash"]
        self.browser.fill("#search", hash_of[:12])
        wait_until("found by its hash", lambda: len(self.rows()) == 1, 30)

    def test_the_keyboard_does_everything(self):
        self.open()
        add_named(self.node, 30)
        self.browser.until_text("#counts", "30 torrents")
        self.browser.until("document.querySelectorAll('#list .row:not(.waiting)').length > 8")
        active = "document.querySelector('.row.active .name')?.textContent"
        for key, name in (("j", "29"), ("j", "28"), ("ArrowDown", "27"), ("k", "28"), ("End", "00"),
                          ("Home", "29"), ("j", "28")):
            self.browser.press(key)
            self.browser.until(f"{active} === 'Torrent 000{name}'", f"{key} leads to {name}")
        self.assertTrue(self.browser.evaluate(
            "document.getElementById(document.querySelector('#list')"
            ".getAttribute('aria-activedescendant')).matches('.active[aria-selected=true]')"))
        self.browser.press("Enter")
        self.browser.until_text("#details h2", "Torrent 00028")
        self.browser.until("document.activeElement.id === 'details'", "the panel has the focus")
        self.browser.press("j")
        self.browser.until_text("#details h2", "Torrent 00027")
        self.browser.press("Delete")
        self.browser.until_text("dialog", "Remove this torrent?")
        self.browser.press("Enter")
        self.browser.until_text("#counts", "29 torrents")
        self.browser.wait("#details", "hidden")
        self.browser.press("?")
        self.browser.until_text("dialog h2", "Keyboard")
        self.browser.press("Escape")
        self.browser.wait("dialog", "detached")
        self.browser.press("/")
        self.browser.until("document.activeElement.id === 'search'")
        self.browser.type("00011")
        self.until_rows(["Torrent 00011"])
        self.browser.press("Escape")
        self.browser.until_text("#counts", "29 torrents")
        self.assertEqual("", self.browser.evaluate("document.querySelector('#search').value"))

    def test_hostile_names_stay_text(self):
        self.open()
        name = "<img src=x onerror=alert(1)>\u202e\"'&lt;"
        self.node.ask("POST", "/api/weir/v1/torrents", json.dumps(
            {"magnet": "magnet:?xt=urn:btih:" + "c" * 40 + "&dn=%3Cimg%20src%3Dx%20onerror%3Dalert(1)"
             "%3E%E2%80%AE%22'%26lt%3B", "paused": True}), {"Content-Type": "application/json"})
        self.until_rows([name])
        self.browser.click("#list .row")
        self.browser.until("document.querySelector('#details h2')?.textContent === "
                           + json.dumps(name))
        self.assertEqual(0, self.browser.count("img[src=x]"))


class Frame(Pages):
    def test_dark_and_light_follow_the_system(self):
        self.open()
        background = "getComputedStyle(document.body).backgroundColor"
        colors = {}
        for scheme in ("light", "dark"):
            self.browser.media({"colorScheme": scheme})
            colors[scheme] = sum(map(int, self.browser.evaluate(background)[4:-1].split(", ")))
        self.assertGreater(colors["light"], 600)
        self.assertLess(colors["dark"], 150)

    def test_narrow_screens_have_all_of_it(self):
        self.browser.size(400, 800)
        self.open()
        self.node.upload(counted(300_000), "a rather long name that does not fit into one line.bin")
        self.browser.wait(".row:has-text('hybrid')")
        wide = "document.documentElement.scrollWidth > innerWidth"
        self.assertFalse(self.browser.evaluate(wide))
        self.open_row("a rather long name")
        self.assertEqual([0, 0, 400, 800], self.browser.evaluate(
            "(({ x, y, width, height }) => [x, y, width, height])"
            "(document.querySelector('#details').getBoundingClientRect())"))
        for tab in ("Files", "Peers", "Trackers", "Overview"):
            self.browser.click(f"[role=tab] >> text={tab}")
            self.assertFalse(self.browser.evaluate(wide), tab)
        self.browser.click("[aria-label='Close the details']")
        self.browser.wait("#details", "hidden")
        self.browser.click("#publish-button")
        self.browser.wait("dialog")
        self.assertFalse(self.browser.evaluate(wide))

    def test_everything_that_can_be_pressed_has_a_name(self):
        self.open()
        self.node.upload(tone(), "tone.wav", "audio/wav")
        self.browser.wait(".row:has-text('hybrid')")
        self.open_row("tone.wav")
        self.browser.click("[role=tab] >> text=Files")
        self.browser.wait("[aria-label='Play tone.wav']")
        nameless = self.browser.evaluate(
            "[...document.querySelectorAll('button, a, input, select, textarea, canvas[role], dialog')]"
            ".filter(e => !e.ariaLabel && !e.textContent.trim() && !e.labels?.length)"
            ".map(e => e.outerHTML.slice(0, 200))")
        self.assertEqual([], nameless)

    def test_a_node_that_goes_away_is_shown_and_comes_back(self):
        self.expected = ("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET",
                         "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_SOCKET_NOT_CONNECTED")
        node = self.node = Node(self, "--http", f"127.0.0.1:{PORT}")
        add_named(node, 1)
        self.browser.open(f"http://127.0.0.1:{PORT}/")
        self.until_rows(["Torrent 00000"])
        node.kill()
        self.browser.wait("#lost")
        self.until_rows(["Torrent 00000"])
        node.again()
        self.browser.wait("#lost", "hidden")
        add_named(node, 0)
        node.upload(counted(1000), "after.bin")
        wait_until("what is new is there", lambda: "after.bin" in self.rows(), 30)

    def test_a_token_is_asked_for_and_kept_for_the_session(self):
        self.expected = ("status of 401",)
        config = self.folder("config") / "weir.toml"
        config.write_text(f'[http]\ntokens = ["admin:{TOKEN}"]\n')
        self.open("--config", config, wait="dialog")
        self.browser.until_text("dialog", "A token is needed")
        self.browser.fill("#token", "not the right token at all")
        self.browser.press("Enter")
        self.browser.until_text("dialog", "does not know this token")
        self.browser.fill("#token", TOKEN)
        self.browser.press("Enter")
        self.browser.wait("#empty")
        # With it: uploads, the names, and content that elements can't fetch by themselves.
        self.browser.drop_files(("tone.wav", "audio/wav", tone()))
        self.browser.wait(".upload[data-state=done]")
        self.browser.press("Escape")
        self.open_row("tone.wav")
        self.browser.click("[role=tab] >> text=Files")
        self.browser.click("[aria-label='Play tone.wav']")
        self.browser.until("document.querySelector('audio').currentTime > 0.2", "it plays")
        self.browser.press("Escape")
        saved = self.browser.download("a[aria-label='Save tone.wav']")
        self.assertEqual(tone(), Path(saved["path"]).read_bytes())
        self.browser.open(self.node.url + "/?again")
        wait_until("nothing is asked again", lambda: "tone.wav" in self.rows(), 30)


if __name__ == "__main__":
    main()
