# SPDX-License-Identifier: MIT OR Apache-2.0
"""transmission-daemon, driven through its JSON RPC."""

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path

from clients.base import Client

SETTINGS = {
    "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False, "utp-enabled": False,
    "port-forwarding-enabled": False, "peer-port-random-on-start": False, "encryption": 0,
    "rpc-enabled": True, "rpc-authentication-required": False, "rpc-whitelist-enabled": False,
    "rpc-host-whitelist-enabled": False, "incomplete-dir-enabled": False,
    "rename-partial-files": False, "watch-dir-enabled": False, "start-added-torrents": True,
    "download-queue-enabled": False, "queue-stalled-enabled": False, "speed-limit-up-enabled": False,
    "speed-limit-down-enabled": False, "trash-original-torrent-files": False, "message-level": 2,
    "cache-size-mb": 0, "preallocation": 1,
}


class Transmission(Client):
    name = "transmission"

    def _open(self) -> None:
        settings = dict(SETTINGS)
        settings.update({
            "bind-address-ipv4": self.address, "peer-port": self.port, "rpc-bind-address":
            self.address, "rpc-port": self.port + 10_000, "speed-limit-up-enabled":
            self.up_limit > 0, "speed-limit-up": self.up_limit // 1000,
            "speed-limit-down-enabled": self.down_limit > 0,
            "speed-limit-down": self.down_limit // 1000,
        })
        (self.folder / "settings.json").write_text(json.dumps(settings))
        self._session = ""
        self.start(["transmission-daemon", "--foreground", "--config-dir", self.folder])
        self._wait("answers", self._answers, 15)

    def _answers(self) -> bool:
        try:
            self._call("session-get", fields=["version"])
            return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def _call(self, method: str, **arguments) -> dict:
        url = f"http://{self.address}:{self.port + 10_000}/transmission/rpc"
        body = json.dumps({"method": method, "arguments": arguments}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            request = urllib.request.Request(
                url, body, {"X-Transmission-Session-Id": self._session})
            try:
                with opener.open(request, timeout=10) as reply:
                    answer = json.load(reply)
                break
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                self._session = error.headers["X-Transmission-Session-Id"]
        if answer["result"] != "success":
            raise AssertionError(f"transmission: {method}: {answer['result']}")
        return answer["arguments"]

    def _add(self, source, folder: Path) -> None:
        self._open()
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(source, str):
            what = {"filename": source}
        else:
            what = {"metainfo": base64.b64encode(source.path.read_bytes()).decode()}
        self._call("torrent-add", **what, **{"download-dir": str(folder)})

    def _status(self) -> dict:
        fields = ["percentDone", "metadataPercentComplete", "uploadedEver", "downloadedEver",
                  "status", "errorString", "corruptEver", "peersConnected"]
        return self._call("torrent-get", fields=fields)["torrents"][0]

    def seed(self, torrent, folder: Path) -> None:
        self._add(torrent, folder)
        self._call("torrent-verify")
        self.wait_seeding(torrent)

    def leech(self, source, folder: Path) -> None:
        self._add(source, folder)

    def progress(self) -> float:
        status = self._status()
        return status["percentDone"] if status["metadataPercentComplete"] >= 1 else 0

    def uploaded(self) -> int:
        return self._status()["uploadedEver"]
