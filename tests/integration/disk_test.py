# SPDX-License-Identifier: MIT OR Apache-2.0
"""The disk fills up, or may not be written to for a while, in the middle of a download."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from harness import mounts, weir
from harness.case import Case, main
from harness.content import KIB, MIB, Content
from harness.processes import wait_until

FILES = Content("files", {f"{number}.bin": MIB + number for number in range(6)}, 64 * KIB)


class Disk(Case):
    def setUp(self):
        self.mounts = mounts.Mounts()
        self.addCleanup(self.mounts.close)
        self.torrent, self.original = self.make(FILES, trackers=[])
        self.seed = weir.seed(self, self.torrent, self.original, "--trust")
        self.out = self.work / "out"

    def get(self, *arguments):
        return weir.get(self, self.torrent.path, self.out, "--sequential", *arguments,
                        peers=[(self.seed.address, self.seed.port)])

    def assert_paused(self, run, code: str) -> None:
        failed = run.wait_event("failed", 60)
        self.assertEqual((code, True), (failed["code"], failed["recovers"]))
        self.assertIn("files/", failed["detail"], "what could not be written is named")
        said = wait_until("a line about it", lambda: [
            line for line in run.process.errors.read_text().splitlines() if code in line], 10)
        self.assertEqual(1, len(said), said)
        self.assertIn("waiting until that changes", said[0])
        self.assertTrue(run.process.alive())
        self.assertEqual([], run.named("recovered"))
        self.assertEqual([], run.named("done"))

    def assert_goes_on(self, run) -> None:
        run.wait_event("recovered", 60)
        end = run.wait_done(120)["torrents"][0]
        self.assertEqual(1, len(run.named("failed")), "one cause, said once")
        self.assert_same(self.original / FILES.name, self.out / FILES.name)
        self.assertLess(end["downloaded_bytes"], FILES.size + MIB, "nothing received is lost")
        self.assertEqual(len(run.named("piece")), len({p["piece"] for p in run.named("piece")}))

    def test_a_full_disk_pauses_the_download_until_there_is_room(self):
        self.mounts.tmpfs(self.out, 32 * MIB)
        filler = self.out / "filler"
        filler.write_bytes(bytes(30 * MIB))
        run = self.get()
        self.assert_paused(run, "no_space")
        filler.unlink()
        self.assert_goes_on(run)

    def test_a_disk_that_may_only_be_read_pauses_the_download_until_it_may_be_written(self):
        self.mounts.tmpfs(self.out, 32 * MIB)
        view = self.work / "view"
        self.mounts.read_only_view(self.out, view)
        run = self.get("--max-down", MIB)
        run.wait_pieces(2)
        self.mounts.cover(self.out, view)
        self.assert_paused(run, "read_only")
        self.mounts.uncover(self.out)
        self.assert_goes_on(run)


if __name__ == "__main__":
    main(mounting=True)
