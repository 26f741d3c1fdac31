# SPDX-License-Identifier: MIT OR Apache-2.0
"""aria2c, driven through its JSON RPC. What it sends depends on its own choking: 10 s rounds."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from clients.base import Client


class Aria2(Client):
    name = "aria2"

    def _run(self, source, folder: Path, *arguments) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.start([
            "aria2c", "--no-conf=true", f"--dir={folder}", f"--interface={self.address}",
            f"--listen-port={self.port}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--disable-ipv6=true",
            "--seed-ratio=0.0", "--file-allocation=none", "--enable-rpc=true",
            f"--rpc-listen-port={self.port + 10_000}", "--rpc-listen-all=true",
            "--enable-color=false", "--summary-interval=1", "--auto-save-interval=1",
            "--bt-tracker-interval=5", "--peer-id-prefix=A2-1-36-0-", "--allow-overwrite=true",
            f"--max-upload-limit={self.up_limit}", f"--max-download-limit={self.down_limit}",
            "--follow-torrent=mem", "--console-log-level=notice", *arguments,
            source if isinstance(source, str) else source.path,
        ])

    def seed(self, torrent, folder: Path) -> None:
        self._run(torrent, folder, "--check-integrity=true")
        self.wait_seeding(torrent)

    def leech(self, source, folder: Path) -> None:
        self._run(source, folder)

    def _call(self, method: str, *parameters):
        body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method,
                           "params": list(parameters)}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"http://{self.address}:{self.port + 10_000}/jsonrpc"
        with opener.open(urllib.request.Request(url, body), timeout=10) as reply:
            return json.load(reply)["result"]

    def _status(self) -> dict:
        keys = ["totalLength", "completedLength", "uploadLength", "bittorrent", "followedBy",
                "verifiedLength", "verifyIntegrityPending", "seeder", "status"]
        try:
            running = self._call("aria2.tellActive", keys)
        except (urllib.error.URLError, ConnectionError):
            return {}
        # A magnet link's metadata is a download of its own, which is followed by the real one.
        return next((one for one in running if "info" in one.get("bittorrent", {})), {})

    def progress(self) -> float:
        status = self._status()
        if not status or "verifiedLength" in status or status.get("verifyIntegrityPending") == "true":
            return 0
        total = int(status["totalLength"])
        return int(status["completedLength"]) / total if total else 0

    def uploaded(self) -> int:
        return int(self._status().get("uploadLength", 0))
