# SPDX-License-Identifier: MIT OR Apache-2.0
"""The page at `/` in Chromium, over a real node: what people do with it."""

import hashlib
import io
import json
import wave

from browser import PageCase, main

from clients.scripted import Libtorrent
from harness.content import KIB, MIB, TREE, Content
from harness.node import Node, counted
from harness.processes import wait_until

SLOW = Content("slow.bin", {"": 6 * MIB + 4321}, 64 * KIB)
RATE = 1 * MIB  # bytes a second of a seed, so that there is something to watch
UNKNOWN = "0123456789abcdef0123456789abcdef01234567"


def tone() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(128 + (at * 7) % 50 for at in range(8000 * 20)))
    return out.getvalue()


class Pages(PageCase):
    def open(self, *arguments, wait: str = "#list .row, #empty:not([hidden])") -> Node:
        self.node = Node(self, *arguments)
        self.browser.open(self.node.url + "/")
        self.browser.wait(wait)
        return self.node

    def torrents(self) -> list[dict]:
        return self.node.get("/api/weir/v1/torrents?limit=1000").json()["torrents"]

    def wait_seeding(self, count: int) -> None:
        wait_until(f"{count} torrents are seeded", lambda: [
            torrent["state"] for torrent in self.torrents()] == ["seeding"] * count, 30)

    def rows(self) -> list[str]:
        return self.browser.evaluate(
            "[...document.querySelectorAll('#list .row:not(.waiting)')]"
            ".sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
            ".map(row => row.querySelector('.name').textContent)")

    def until_rows(self, expected: list[str]) -> None:
        wait_until(f"the rows are {expected}", lambda: self.rows() == expected, 30)

    def open_row(self, name: str) -> None:
        self.browser.click(f"#list .row:has-text({json.dumps(name)})")
        self.browser.until_text("#details h2", name)


class Publishing(Pages):
    def test_a_published_file_shows_all_its_names(self):
        self.open()
        content = counted(1_234_567)
        path = self.folder("in") / "naïve photo (1).jpg"
        path.write_bytes(content)
        self.browser.click("#publish-button")
        self.browser.files("#publish-files", [str(path)])
        self.browser.wait(".upload[data-state=done] canvas.qr")
        shown = self.browser.text(".published")
        names = self.node.upload(content, path.name, "image/jpeg")
        links = names["links"]
        for text in (names["hybrid"]["magnet"], names["hybrid"]["v1"], names["hybrid"]["v2"],
                     names["cid"], names["infoHash"], self.node.url + links["btih"]):
            self.assertIn(text, shown)
        href = self.browser.evaluate("document.querySelector('.published a').href")
        self.assertEqual(content, self.node.get(href.removeprefix(self.node.url)).body)
        self.assertIn("image/jpeg", self.node.get(links["cid"]).fields["content-type"])
        self.browser.press("Escape")
        self.browser.wait("dialog", "detached")
        self.until_rows([path.name, path.name])

    def test_dropped_files_are_uploaded_one_after_another(self):
        self.open()
        files = [(f"part {i}.bin", "", counted(100_000 + i)) for i in range(3)]
        self.browser.drop_files(*files)
        self.browser.until("document.querySelectorAll('.upload[data-state=done]').length === 3")
        self.assertEqual({hashlib.sha256(content).hexdigest() for _, _, content in files},
                         {hashlib.sha256(path.read_bytes()).hexdigest()
                          for path in (self.node.data / "published").rglob("*") if path.is_file()})

    def test_what_the_node_has_no_room_for_is_told(self):
        self.open("--quota", "100000")
        self.browser.drop_files(("large.bin", "", counted(200_000)))
        self.browser.wait(".upload[data-state=failed]")
        self.assertIn("quota", self.browser.text(".upload"))
        self.assertEqual([], self.torrents())


class Adding(Pages):
    def test_a_torrent_is_dropped_and_its_progress_seen(self):
        torrent, folder = self.make(SLOW)
        Libtorrent(self, up_limit=RATE).seed(torrent, folder)
        self.open()
        self.browser.drop_files((torrent.path.name, "application/x-bittorrent",
                                 torrent.path.read_bytes()))
        self.browser.until_text("#details h2", SLOW.name)
        self.browser.click("[role=tab] >> text=Peers")
        self.browser.until_text("#details td.client", "libtorrent")
        self.browser.click("[role=tab] >> text=Overview")
        bar = "Number(document.querySelector('#details [role=progressbar]').ariaValueNow)"
        seen = set()
        wait_until("it is complete", lambda: seen.add(now := self.browser.evaluate(bar)) or
                   now == 100, 60)
        self.assertGreater(len(seen), 3, "the progress moves")
        self.browser.until_text("#details .pieces + .note", "97 of 97 pieces are here, 64.0 KiB")
        self.browser.until_text("#list .row", "Seeding")
        self.browser.until_text("#toasts", f"Complete: {SLOW.name}")
        self.browser.click("[role=tab] >> text=Trackers")
        self.browser.until_text("#details td.address", self.tracker.url.split("/announce")[0])

    def test_links_are_added_in_every_form(self):
        self.open()
        hashes = [f"{UNKNOWN[:-1]}{i}" for i in range(4)]
        for text in (f"magnet:?xt=urn:btih:{hashes[0]}&dn=by+magnet", hashes[1],
                     f"http://node.example/btih/{hashes[2]}/some/file?download=1"):
            self.browser.press("a")
            self.browser.fill("#link", text)
            self.browser.click("dialog >> text=Begin paused")
            self.browser.click("dialog button.primary")
            self.browser.wait("dialog", "detached")
        self.browser.drop([], hashes[3])
        wait_until("all are there", lambda: {t["hash"] for t in self.torrents()} == set(hashes), 30)
        states = {torrent["hash"]: torrent["state"] for torrent in self.torrents()}
        self.assertEqual(["paused"] * 3, [states[each] for each in hashes[:3]])
        self.assertIn("by magnet", [torrent["name"] for torrent in self.torrents()])

    def test_torrent_files_are_chosen_and_begin_paused(self):
        torrents = [self.make(content)[0] for content in (SLOW, TREE)]
        self.open()
        self.browser.click("#add-button")
        self.browser.files("#torrent-files", [str(torrent.path) for torrent in torrents])
        self.browser.click("dialog >> text=Begin paused")
        self.browser.click("dialog button.primary")
        self.browser.wait("dialog", "detached")
        self.assertEqual({torrent.name: "paused" for torrent in torrents},
                         {torrent["name"]: torrent["state"] for torrent in self.torrents()})

    def test_the_cid_of_an_upload_opens_it(self):
        self.open()
        names = self.node.upload(counted(5000), "here.bin")
        self.browser.press("a")
        self.browser.fill("#link", names["cid"])
        self.browser.click("dialog button.primary")
        self.browser.until_text("#details h2", "here.bin")

    def test_what_is_no_link_is_told_and_stays(self):
        self.expected = ("status of 400",)
        self.open()
        self.browser.press("a")
        for text, part in (("what?", "neither a magnet"), ("", "Give a link"),
                           ("http://example.org/x.torrent", "This address has no hash"),
                           ("a" * 45, "neither a magnet")):
            self.browser.fill("#link", text)
            self.browser.click("dialog button.primary")
            self.browser.until_text("dialog .problem", part)
        self.assertEqual([], self.torrents())


class Details(Pages):
    def test_files_are_listed_linked_and_saved(self):
        torrent, folder = self.make(TREE)
        Libtorrent(self).seed(torrent, folder)
        self.open()
        self.browser.drop_files((torrent.path.name, "", torrent.path.read_bytes()))
        self.browser.until_text("#list .row", "Seeding")
        self.browser.click("[role=tab] >> text=Files")
        self.browser.until("document.querySelectorAll('#details .file.whole').length === 10")
        for name in ("c/naïve – 文件.txt", "b/across pieces.bin"):
            expected = (folder / TREE.name / name).read_bytes()
            href = self.browser.evaluate(f"[...document.querySelectorAll('.file a')].find("
                                         f"a => a.textContent === {json.dumps(name)}).href")
            self.assertEqual(expected, self.node.get(href.removeprefix(self.node.url)).body)
        saved = self.browser.download(".file:has-text('across pieces') a[download]")
        self.assertEqual("across pieces.bin", saved["name"])
        with open(saved["path"], "rb") as file:
            self.assertEqual((folder / TREE.name / "b/across pieces.bin").read_bytes(), file.read())

    def test_sound_is_played_inline(self):
        self.open()
        self.node.upload(tone(), "tone.wav", "audio/wav")
        self.browser.wait(".row:has-text('tone.wav') >> nth=1")
        self.open_row("tone.wav")
        self.browser.click("[role=tab] >> text=Files")
        self.browser.click("[aria-label='Play tone.wav']")
        self.browser.until("document.querySelector('audio').currentTime > 0.2", "it plays")
        self.browser.evaluate("document.querySelector('audio').currentTime = 15")
        self.browser.until("document.querySelector('audio').currentTime > 15.1", "it plays from there")
        self.browser.press("Escape")
        self.browser.wait("audio", "detached")

    def test_names_can_be_copied_and_shown_as_a_code(self):
        self.open()
        names = self.node.upload(counted(3000), "codes.bin")
        self.browser.wait(".row:has-text('hybrid')")
        self.open_row("codes.bin")
        self.browser.wait("#details .name-row")
        self.browser.click("#details button:has-text('QR code')")
        self.browser.wait("#details canvas.qr")
        self.browser.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
        self.browser.click("#details [aria-label='Copy: CID']")
        self.assertEqual(names["cid"], self.browser.evaluate("window.copied"))

    def test_a_torrent_is_paused_resumed_checked_and_removed(self):
        torrent, folder = self.make(SLOW)
        Libtorrent(self).seed(torrent, folder)
        self.open()
        self.browser.drop_files((torrent.path.name, "", torrent.path.read_bytes()))
        self.browser.until_text("#details .state", "Seeding")
        self.browser.click("#details button:has-text('Pause')")
        self.browser.until_text("#details .state", "Paused")
        self.browser.until_text("#list .row", "Paused")
        self.browser.click("#details button:has-text('Resume')")
        self.browser.until_text("#details .state", "Seeding")
        self.browser.click("#details button:has-text('Check')")
        self.browser.until_text("#toasts", "Checking its content")
        self.browser.until_text("#details .state", "Seeding")
        self.browser.click("#details button:has-text('Remove')")
        self.browser.click("dialog >> text=Delete the files")
        self.browser.click("dialog button.danger")
        self.browser.wait("#details", "hidden")
        self.browser.wait("#empty")
        self.assertEqual([], self.torrents())
        wait_until("its files are gone", lambda: self.node.files() == {}, 30)

    def test_an_upload_goes_with_its_content_only(self):
        self.open()
        self.node.upload(counted(3000), "mine.bin")
        self.browser.wait(".row:has-text('hybrid')")
        self.wait_seeding(2)
        self.open_row("mine.bin")
        self.browser.press("Delete")
        self.browser.until_text("dialog", "its content goes with it")
        self.assertTrue(self.browser.evaluate("document.querySelector('[value=keep]').disabled"))
        self.browser.click("dialog button.danger")
        self.browser.wait("#empty")
        self.assertEqual({}, self.node.files())

    def test_the_address_names_the_open_torrent(self):
        self.open()
        self.node.upload(counted(3000), "one.bin")
        self.browser.wait(".row:has-text('hybrid')")
        self.open_row("one.bin")
        address = self.browser.evaluate("location.href")
        self.assertRegex(address, "#[0-9a-f]{40}$")
        self.browser.evaluate("history.back()")
        self.browser.wait("#details", "hidden")
        self.browser.open(self.node.url + "/?again" + address[address.index("#"):])
        self.browser.until_text("#details h2", "one.bin")


if __name__ == "__main__":
    main()
