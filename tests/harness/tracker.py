# SPDX-License-Identifier: MIT OR Apache-2.0
"""A small HTTP tracker: compact IPv4 replies, and a record of every announce for the test to read."""

import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import bencode


@dataclass(frozen=True)
class Announce:
    info_hash: bytes
    peer_id: bytes
    address: str
    port: int
    left: int
    event: str
    parameters: dict = field(hash=False)


def compact(peers) -> bytes:
    return b"".join(bytes(map(int, address.split("."))) + port.to_bytes(2, "big")
                    for address, port in peers)


def _parameters(query: str) -> dict[str, bytes]:
    pairs = (part.partition("=") for part in query.split("&"))
    return {key: urllib.parse.unquote_to_bytes(value) for key, _, value in pairs}


class Tracker:
    """Peers are listed under their port's place when the test has given them one: a client that does
    not bind its tracker request announces from another address than the one it listens on."""

    def __init__(self, address: str, interval: int = 5):
        self.interval = interval
        self.places: dict[int, str] = {}  # port to address
        self.announces: list[Announce] = []
        self._swarms: dict[bytes, dict[tuple[str, int], bool]] = {}
        self._lock = threading.Lock()
        tracker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = tracker.answer(self.path, self.client_address[0])
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that has gone away

        self._server = Server((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{address}:{self._server.server_address[1]}/announce"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, path: str, source: str) -> bytes:
        place, _, query = path.partition("?")
        values = _parameters(query)
        if place.endswith("/scrape"):
            return bencode.encode({"files": {}})
        info_hash = values.get("info_hash", b"")
        if len(info_hash) != 20 or "port" not in values:
            return bencode.encode({"failure reason": "not an announce"})
        port = int(values["port"])
        announce = Announce(info_hash, values.get("peer_id", b""), self.places.get(port, source),
                            port, int(values.get("left", b"0")),
                            values.get("event", b"").decode(), values)
        with self._lock:
            self.announces.append(announce)
            swarm = self._swarms.setdefault(info_hash, {})
            me = (announce.address, port)
            if announce.event == "stopped":
                swarm.pop(me, None)
            elif port:
                swarm[me] = announce.left == 0
            others = [peer for peer in swarm if peer != me]
            seeds = sum(swarm.values())
        return bencode.encode({
            "interval": self.interval, "min interval": self.interval, "complete": seeds,
            "incomplete": len(others) + 1 - seeds if others else 0, "peers": compact(others)})

    def add(self, info_hash: bytes, address: str, port: int) -> None:
        """A peer that does not announce itself."""
        with self._lock:
            self._swarms.setdefault(info_hash, {})[(address, port)] = False

    def knows(self, address: str, info_hash: bytes | None = None) -> bool:
        with self._lock:
            return any(a.address == address and info_hash in (None, a.info_hash)
                       for a in self.announces)

    def of(self, port: int) -> list[Announce]:
        with self._lock:
            return [announce for announce in self.announces if announce.port == port]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
