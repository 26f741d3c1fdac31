# SPDX-License-Identifier: MIT OR Apache-2.0
"""A small tracker, over HTTP and over UDP (BEP 15), over IPv4 or IPv6: compact replies, scrapes, and a
record of every announce and scrape for the test to read."""

import socket
import struct
import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import bencode


UDP_PROTOCOL = 0x41727101980
UDP_CONNECTION = 0x1122334455667788
UDP_ANNOUNCE = struct.Struct(">20s20sQQQIIIIH")
UDP_EVENTS = ("", "completed", "started", "stopped")


@dataclass(frozen=True)
class Announce:
    info_hash: bytes
    peer_id: bytes
    address: str
    port: int
    left: int
    event: str
    parameters: dict = field(hash=False)


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def compact(peers, family: int = socket.AF_INET) -> bytes:
    """Those of the family."""
    return b"".join(socket.inet_pton(family, address) + port.to_bytes(2, "big")
                    for address, port in peers if family_of(address) == family)


def url_host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


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
        self.scrapes: list[tuple[bytes, ...]] = []  # the hashes that each asked for
        self.downloads: dict[bytes, int] = {}
        self.tells_source = False  # "external ip" (BEP 24)
        self._swarms: dict[bytes, dict[tuple[str, int], bool]] = {}
        self._lock = threading.Lock()
        self._udp: socket.socket | None = None
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
            address_family = family_of(address)

            def handle_error(self, *_):
                pass  # a client that has gone away

        self._server = Server((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{url_host(address)}:{self._server.server_address[1]}/announce"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, path: str, source: str) -> bytes:
        place, _, query = path.partition("?")
        values = _parameters(query)
        if place.endswith("/scrape"):
            pairs = (part.partition("=") for part in query.split("&"))
            hashes = [urllib.parse.unquote_to_bytes(value) for key, _, value in pairs
                      if key == "info_hash"]
            return bencode.encode({"files": {
                info_hash: {"complete": seeds, "incomplete": leeches, "downloaded": downloads}
                for info_hash, (seeds, leeches, downloads) in self._scrape(hashes) if seeds or leeches}})
        info_hash = values.get("info_hash", b"")
        if len(info_hash) != 20 or "port" not in values:
            return bencode.encode({"failure reason": "not an announce"})
        port = int(values["port"])
        announce = Announce(info_hash, values.get("peer_id", b""), self.places.get(port, source),
                            port, int(values.get("left", b"0")),
                            values.get("event", b"").decode(), values)
        others, seeds = self._record(announce)
        reply = {"interval": self.interval, "min interval": self.interval, "complete": seeds,
                 "incomplete": len(others) + 1 - seeds if others else 0, "peers": compact(others),
                 "peers6": compact(others, socket.AF_INET6)}
        if self.tells_source:
            reply["external ip"] = socket.inet_pton(family_of(source), source)
        return bencode.encode(reply)

    def _scrape(self, hashes) -> list[tuple[bytes, tuple[int, int, int]]]:
        """Seeds, leeches and downloads of each."""
        with self._lock:
            self.scrapes.append(tuple(hashes))
            out = []
            for info_hash in hashes:
                swarm = self._swarms.get(info_hash, {})
                seeds = sum(swarm.values())
                out.append((info_hash, (seeds, len(swarm) - seeds, self.downloads.get(info_hash, 0))))
            return out

    def _record(self, announce: Announce) -> tuple[list, int]:
        """The other peers, and the number of seeds."""
        with self._lock:
            self.announces.append(announce)
            swarm = self._swarms.setdefault(announce.info_hash, {})
            me = (announce.address, announce.port)
            if announce.event == "stopped":
                swarm.pop(me, None)
            elif announce.port:
                swarm[me] = announce.left == 0
            return [peer for peer in swarm if peer != me], sum(swarm.values())

    # --- The same over UDP.

    def open_udp(self, address: str) -> str:
        """Answers over UDP as well from now on; returns the URL."""
        self._udp = socket.socket(family_of(address), socket.SOCK_DGRAM)
        self._udp.bind((address, 0))
        threading.Thread(target=self._serve_udp, daemon=True).start()
        return f"udp://{url_host(address)}:{self._udp.getsockname()[1]}/announce"

    def _serve_udp(self) -> None:
        while True:
            try:
                packet, source = self._udp.recvfrom(2048)
            except OSError:
                return  # closed
            answer = self._answer_udp(packet, source[0])
            if answer:
                self._udp.sendto(answer, source)

    def _answer_udp(self, packet: bytes, source: str) -> bytes | None:
        if len(packet) < 16:
            return None
        connection, action, transaction = struct.unpack_from(">QII", packet)
        if action == 0 and connection == UDP_PROTOCOL:
            return struct.pack(">IIQ", 0, transaction, UDP_CONNECTION)
        if action == 2 and connection == UDP_CONNECTION:
            hashes = [packet[at:at + 20] for at in range(16, len(packet) - 19, 20)]
            words = b"".join(struct.pack(">III", seeds, downloads, leeches)
                             for _, (seeds, leeches, downloads) in self._scrape(hashes))
            return struct.pack(">II", 2, transaction) + words
        if action != 1 or connection != UDP_CONNECTION or len(packet) < 98:
            return struct.pack(">II", 3, transaction) + b"not understood"
        info_hash, peer_id, _, left, _, event, _, _, _, port = UDP_ANNOUNCE.unpack_from(packet, 16)
        others, seeds = self._record(Announce(
            info_hash, peer_id, self.places.get(port, source), port, left, UDP_EVENTS[event],
            {"udp": True}))
        return struct.pack(">IIIII", 1, transaction, self.interval, len(others),
                           seeds) + compact(others, family_of(source))

    def add(self, info_hash: bytes, address: str, port: int, seed: bool = False) -> None:
        """A peer that does not announce itself."""
        with self._lock:
            self._swarms.setdefault(info_hash, {})[(address, port)] = seed

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
        if self._udp:
            self._udp.close()
