# SPDX-License-Identifier: MIT OR Apache-2.0
"""Two network namespaces joined by a virtual cable, and the tracker that tells a leech its seed."""

import http.server
import os
import subprocess
import threading
import urllib.parse
from pathlib import Path

from transfer.process import CLONE_NEWNET, LIBC, Failed

SEED_ADDRESS, LEECH_ADDRESS = "10.87.0.1", "10.87.0.2"


class Network:
    """Root only; others get the loopback device, where both sides share one network."""

    def __init__(self, loopback: bool):
        self.separate = os.geteuid() == 0 and not loopback
        self.seed_namespace = self.leech_namespace = None
        self.seed_address = self.leech_address = "127.0.0.1"
        if not self.separate:
            return
        tag = f"weir-bench-{os.getpid()}"
        self.seed_namespace, self.leech_namespace = f"{tag}-s", f"{tag}-l"
        self.seed_address, self.leech_address = SEED_ADDRESS, LEECH_ADDRESS
        self._ip(f"netns add {self.seed_namespace}")
        self._ip(f"netns add {self.leech_namespace}")
        self._ip(f"link add name wb0 netns {self.seed_namespace} type veth "
                 f"peer name wb1 netns {self.leech_namespace}")
        for space, device, address in ((self.seed_namespace, "wb0", SEED_ADDRESS),
                                       (self.leech_namespace, "wb1", LEECH_ADDRESS)):
            self._ip(f"-n {space} address add {address}/24 dev {device}")
            self._ip(f"-n {space} link set lo up")
            self._ip(f"-n {space} link set {device} up")

    @staticmethod
    def _ip(words: str) -> None:
        done = subprocess.run(["ip", *words.split()], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"ip {words}: {done.stderr.strip()}")

    def close(self) -> None:
        for space in (self.seed_namespace, self.leech_namespace):
            if space:
                subprocess.run(["ip", "netns", "del", space], check=False)

    def received_bytes(self, pid: int) -> int:
        """By everything in the leech's network."""
        device = "wb1:" if self.separate else "lo:"
        for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines():
            words = line.split()
            if words and words[0] == device:
                return int(words[1])
        return 0

    def describe(self) -> str:
        if self.separate:
            return "two network namespaces joined by a veth pair"
        return "the loopback device (namespaces need root)"


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that leaves without its answer is no news."""


class Tracker:
    """Whoever lacks something is told of the seed; nobody is told of a leech, so leeches dial."""

    def __init__(self, network: Network, seed_port: int):
        seed = bytes(map(int, network.seed_address.split("."))) + seed_port.to_bytes(2, "big")

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                values = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query,
                                               encoding="latin-1")
                peers = seed if values.get("left", ["0"])[0] != "0" else b""
                body = b"d8:intervali1800e5:peers%d:%se" % (len(peers), peers)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = self._open(network, Handler)
        self.url = f"http://{network.seed_address}:{self._server.server_address[1]}/announce"
        threading.Thread(target=self._server.serve_forever, args=(0.5,), daemon=True).start()

    @staticmethod
    def _open(network: Network, handler) -> QuietServer:
        """A socket stays in the network it was made in, so visiting that for a moment is enough."""
        if not network.separate:
            return QuietServer((network.seed_address, 0), handler)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        away = os.open(f"/run/netns/{network.seed_namespace}", os.O_RDONLY)
        try:
            if LIBC.setns(away, CLONE_NEWNET) != 0:
                raise Failed("cannot enter a network namespace")
            try:
                return QuietServer((network.seed_address, 0), handler)
            finally:
                LIBC.setns(home, CLONE_NEWNET)
        finally:
            os.close(home)
            os.close(away)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
