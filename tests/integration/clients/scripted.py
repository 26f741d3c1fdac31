# SPDX-License-Identifier: MIT OR Apache-2.0
"""Clients that are libraries, run by a small script: it is given its orders as one JSON argument and
more as lines of standard input, and prints its state as lines of JSON."""

import json
from pathlib import Path

from clients.base import Client

HERE = Path(__file__).resolve().parent


class ScriptedClient(Client):
    command: list[str] = []

    def __init__(self, case, **options):
        super().__init__(case, **options)
        self.state: dict = {}

    def _run(self, source, folder: Path, seed: bool, peers, **more) -> None:
        orders = {
            "address": self.address, "port": self.port, "folder": str(folder), "seed": seed,
            "source": source if isinstance(source, str) else str(source.path),
            "peers": [list(peer) for peer in peers], "up_limit": self.up_limit,
            "down_limit": self.down_limit, "state": str(self.folder), **more,
        }
        self.start([*self.command, json.dumps(orders)])

    def seed(self, torrent, folder: Path, peers=(), announced: bool = True, **more) -> None:
        self._run(torrent, folder, True, peers, **more)
        if announced:
            self.wait_seeding(torrent)
        else:
            self._wait("all content checked", lambda: self.progress() >= 1, 30)

    def leech(self, source, folder: Path, peers=(), **more) -> None:
        self._run(source, folder, False, peers, **more)

    def refresh(self) -> dict:
        for line in self.process.new_lines():
            if line.startswith("{"):
                self.state = json.loads(line)
        return self.state

    def progress(self) -> float:
        return self.refresh().get("progress", 0)

    def uploaded(self) -> int:
        return self.refresh().get("uploaded", 0)

    def limit_upload(self, bytes_per_second: int) -> None:
        self.process.say({"up_limit": bytes_per_second})


class Libtorrent(ScriptedClient):
    name = "libtorrent"
    command = ["/usr/bin/python3", str(HERE / "libtorrent_peer.py")]


class Webtorrent(ScriptedClient):
    name = "webtorrent"
    # The script lies where node finds the packages beside it.
    command = ["node", str(HERE.parent / "webtorrent_peer.mjs")]


