# SPDX-License-Identifier: MIT OR Apache-2.0
"""The official JavaScript SDK of Codex makes its data calls to the node, unchanged."""

import base64
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.case import SKIPPED, Case, main
from harness.content import MIB, Content
from harness.node import Node, counted
from harness.processes import Failed, wait_until

PACKAGE = HERE / "node_modules" / "@codex-storage" / "sdk-js"
VECTORS = HERE.parent / "vectors" / "codex"
LARGE = Content("large.bin", {"": 10 * MIB + 77}, 256 * 1024)
UNKNOWN = "zDvZRwzkwav7ZzxSu77EGBjJBnpjaDPg8cvcikmA3kkhqVw55awY"


class Sdk(Case):
    def setUp(self):
        self.node = Node(self)
        self.process = self.start("sdk", ["node", str(HERE / "node_sdk.mjs"), self.node.url],
                                  self.folder("sdk"))

    def call(self, module: str, name: str, *arguments, **more) -> dict:
        self.process.say({"module": module, "call": name, "arguments": list(arguments), **more})

        def answer():
            lines = self.process.new_lines()
            if not lines and not self.process.alive():
                raise Failed(f"the script ended with {self.process.exit_code()}")
            return lines

        return json.loads(wait_until(f"{module}.{name}", answer, 60)[0])

    def good(self, module: str, name: str, *arguments, **more):
        answer = self.call(module, name, *arguments, **more)
        self.assertFalse(answer["error"], answer)
        return answer.get("data", answer)

    def upload(self, content: bytes, stream: bool = False, **metadata) -> str:
        path = self.folder("in") / "content"
        path.write_bytes(content)
        return self.good("data", "upload", path=str(path), stream=stream, metadata=metadata)

    def test_an_upload_comes_back_by_each_of_its_calls(self):
        for stream, content in (False, counted(300_000)), (True, LARGE.write(
                self.folder("large")).read_bytes()):
            cid = self.upload(content, stream, filename="some file.bin", mimetype="image/png")
            for name in ("localDownload", "networkDownloadStream"):
                got = self.good("data", name, cid)
                self.assertEqual((200, "image/png"), (got["status"], got["type"]))
                self.assertTrue(content == base64.b64decode(got["body"]), f"{name} differs")
            manifest = self.good("data", "fetchManifest", cid)
            self.assertEqual(cid, manifest["cid"])
            self.assertEqual((len(content), 65536, "some file.bin", "image/png", False),
                             tuple(manifest["manifest"][key] for key in (
                                 "datasetSize", "blockSize", "filename", "mimetype", "protected")))
            self.assertEqual(manifest, self.good("data", "networkDownload", cid))

    def test_the_answers_are_those_of_the_reference(self):
        recorded = json.loads((VECTORS / "vectors.json").read_text())["v40960.data"]
        content = bytes((at * 7 + 3) % 251 for at in range(40960))
        cid = self.upload(content, filename="v40960.bin", mimetype="application/octet-stream")
        self.assertEqual(recorded["manifest_cid"], cid)
        self.assertEqual(json.loads((VECTORS / "data_manifest.json").read_text()),
                         self.good("data", "fetchManifest", cid))

    def test_the_list_has_what_is_here_until_it_is_deleted(self):
        self.assertEqual({"content": []}, self.good("data", "cids"))
        cids = [self.upload(counted(size)) for size in (5, 70_000, 200_000)]
        listed = self.good("data", "cids")["content"]
        self.assertEqual(sorted(cids), sorted(item["cid"] for item in listed))
        for item in listed:
            self.assertEqual(item, self.good("data", "fetchManifest", item["cid"]))
        self.assertEqual("", self.good("data", "delete", cids[1]))
        self.assertEqual("", self.good("data", "delete", cids[1]), "again does nothing")
        self.assertEqual(sorted([cids[0], cids[2]]),
                         sorted(item["cid"] for item in self.good("data", "cids")["content"]))
        gone = self.call("data", "localDownload", cids[1])
        self.assertEqual((True, 404), (gone["error"], gone["code"]))
        self.assertEqual(counted(5), base64.b64decode(
            self.good("data", "localDownload", cids[0])["body"]))

    def test_the_space_grows_and_shrinks(self):
        before = self.good("data", "space")
        self.assertEqual({"totalBlocks", "quotaMaxBytes", "quotaUsedBytes", "quotaReservedBytes"},
                         set(before))
        self.assertEqual((0, 0, 0), (before["totalBlocks"], before["quotaUsedBytes"],
                                     before["quotaReservedBytes"]))
        cid = self.upload(counted(200_000))
        after = self.good("data", "space")
        self.assertGreaterEqual(after["quotaUsedBytes"], 200_000)
        self.assertGreater(after["totalBlocks"], 0)
        self.good("data", "delete", cid)
        self.assertEqual(before, self.good("data", "space"))

    def test_errors_have_their_status(self):
        for name in ("localDownload", "networkDownloadStream", "fetchManifest", "networkDownload"):
            answer = self.call("data", name, UNKNOWN)
            self.assertEqual((True, 404), (answer["error"], answer.get("code")), name)
            answer = self.call("data", name, "not-a-cid")
            self.assertEqual((True, 400), (answer["error"], answer.get("code")), name)
        path = self.folder("in") / "empty"
        path.touch()
        answer = self.call("data", "upload", path=str(path), stream=True, metadata={})
        self.assertEqual((True, 500), (answer["error"], answer.get("code")), answer)

    def test_debug_and_node_answer(self):
        info = self.good("debug", "info")
        self.assertLessEqual({"id", "addrs", "repo", "spr", "announceAddresses", "table", "codex"},
                             set(info))
        self.assertEqual({"localNode", "nodes"}, set(info["table"]))
        self.assertLessEqual({"version", "revision"}, set(info["codex"]))
        self.assertEqual("", self.good("debug", "setLogLevel", "DEBUG"))
        answer = self.call("node", "spr")  # it has no identity in a Codex network
        self.assertEqual((True, 503), (answer["error"], answer.get("code")))
        # The SDK asks for it at an address that the reference does not have either.
        answer = self.call("node", "peerId")
        self.assertEqual((True, 404), (answer["error"], answer.get("code")))



if __name__ == "__main__":
    if not PACKAGE.is_dir():
        print(f"skipped: {PACKAGE.name} is not installed; npm ci in {HERE.name}", file=sys.stderr)
        sys.exit(SKIPPED)
    main()
