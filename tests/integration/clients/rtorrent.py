# SPDX-License-Identifier: MIT OR Apache-2.0
"""rtorrent as a daemon, driven with XML-RPC over its SCGI socket."""

import socket
import xmlrpc.client
from pathlib import Path

from clients.base import Client

SETTINGS = """
session.path.set = {session}
network.scgi.open_local = {socket}
network.bind_address.set = {address}
network.port_range.set = {port}-{port}
network.port_random.set = no
dht.mode.set = off
protocol.pex.set = no
trackers.use_udp.set = no
trackers.numwant.set = 50
pieces.hash.on_completion.set = no
system.umask.set = 0022
throttle.global_up.max_rate.set = {up_limit}
throttle.global_down.max_rate.set = {down_limit}
system.daemon.set = true
"""


def scgi(path: Path, body: bytes) -> bytes:
    headers = b"CONTENT_LENGTH\0%d\0SCGI\x001\0" % len(body)
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(b"%d:%s,%s" % (len(headers), headers, body))
        answer = b""
        while part := link.recv(65536):
            answer += part
    return answer.partition(b"\r\n\r\n")[2]


class Rtorrent(Client):
    name = "rtorrent"

    def _open(self) -> None:
        session = self.folder / "session"
        session.mkdir()
        self._socket = self.folder / "rpc"
        settings = self.folder / "settings.rc"
        settings.write_text(SETTINGS.format(
            session=session, socket=self._socket, address=self.address, port=self.port,
            up_limit=self.up_limit, down_limit=self.down_limit))
        self.start(["rtorrent", "-n", "-o", f"import={settings}"], {"TERM": "xterm"})
        self._wait("answers", self._answers, 15)

    def _answers(self) -> bool:
        try:
            self._call("system.client_version")
            return True
        except OSError:
            return False

    def _call(self, method: str, *parameters):
        answer = scgi(self._socket, xmlrpc.client.dumps(parameters, method).encode())
        return xmlrpc.client.loads(answer)[0][0]

    def _add(self, source, folder: Path) -> None:
        self._open()
        folder.mkdir(parents=True, exist_ok=True)
        self._call("load.start", "", source if isinstance(source, str) else str(source.path),
                   f'd.directory.set="{folder}"')

    def seed(self, torrent, folder: Path) -> None:
        self._add(torrent, folder)
        self.wait_seeding(torrent)

    def leech(self, source, folder: Path) -> None:
        self._add(source, folder)

    def _status(self) -> dict:
        rows = self._call("d.multicall2", "", "main", "d.size_bytes=", "d.completed_bytes=",
                          "d.up.total=", "d.complete=", "d.is_meta=", "d.message=", "d.hashing=")
        keys = ("size", "have", "uploaded", "complete", "meta", "message", "hashing")
        return dict(zip(keys, rows[0])) if rows else {}

    def progress(self) -> float:
        status = self._status()
        if not status or status["meta"] or status["hashing"] or not status["size"]:
            return 0
        return 1 if status["complete"] else min(status["have"] / status["size"], 0.999)

    def uploaded(self) -> int:
        return self._status().get("uploaded", 0)
