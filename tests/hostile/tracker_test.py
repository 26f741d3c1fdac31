# SPDX-License-Identifier: MIT OR Apache-2.0
"""Hostile trackers of a `weir seed`."""

from support import KIB, MIB, TRAP_ADDRESS, HostileCase, main, v1_info  # first: it finds the others

import json
import socket
import threading
import time

from harness import bencode, network, torrents, weir
from harness.processes import wait_until
from peer import HonestSeed

TRACKER_ADDRESS = f"{network.BLOCK}1"
CONNECT, ANNOUNCE = 0, 1
MAGIC = (0x41727101980).to_bytes(8, "big")


class Server:
    """Accepts and lets `answer(connection, request)` do what it likes; counts what came."""

    def __init__(self, answer, address: str = TRACKER_ADDRESS, port: int = 0):
        self._answer = answer
        self.requests: list[bytes] = []
        self.accepted = 0
        self.sent = 0
        self.ended = 0  # answers that were given whole, or that weir cut off
        self._listener = socket.create_server((address, port))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://{address}:{self.port}/announce"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection) -> None:
        with connection:
            connection.settimeout(60)
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    data = connection.recv(65536)
                    if not data:
                        return
                    request += data
                self.requests.append(request)
                self._answer(self, connection, request)
            except OSError:
                pass
            finally:
                self.ended += 1

    def stream(self, connection, chunk: bytes, most: int) -> None:
        while self.sent < most:
            connection.sendall(chunk)
            self.sent += len(chunk)

    def close(self) -> None:
        # A plain close() would not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def says(*parts: bytes):
    return lambda server, connection, request: connection.sendall(b"".join(parts))


def redirect(location: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location.encode()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\n"


class HttpTrackers(HostileCase):
    def server(self, answer, **options) -> Server:
        server = Server(answer, **options)
        self.addCleanup(server.close)
        return server

    def start_with(self, server: Server) -> None:
        self.start_seed("--tracker", server.url)

    def assert_given_up(self, server: Server, seconds: float = 20) -> None:
        """weir asked, and whatever it was told is over."""
        wait_until("the announce", lambda: server.requests, 20)
        wait_until("the end of the announce", lambda: server.ended == server.accepted, seconds)
        time.sleep(0.2)

    def assert_each_fails(self, answers: dict, cap: int, trap: Server | None = None) -> None:
        for name, answer in answers.items():
            with self.subTest(name):
                watched = threading.Event()

                def after(*arguments, answer=answer, watched=watched):
                    watched.wait(20)
                    answer(*arguments)

                server = self.server(after)
                self.start_with(server)
                wait_until("the announce", lambda: server.requests, 20)
                with self.memory_within(cap):
                    watched.set()
                    self.assert_given_up(server)
                    self.assert_serves()
                self.assertEqual(1, len(server.requests), "asked again at once")
                if trap:
                    self.assertEqual(0, trap.accepted, "the reply was believed")
                self.stop_node()

    def test_TRH_01_broken_chunks_are_an_error(self):
        def endless(server, connection, request):
            connection.sendall(CHUNKED)
            server.stream(connection, 1000 * b"1\r\nx\r\n", 64 * MIB)

        def trailers(server, connection, request):
            connection.sendall(CHUNKED + b"0\r\n")
            server.stream(connection, 100 * b"X-Trailer: bomb\r\n", 64 * MIB)

        trap = self.server(says(b""), address=f"{network.BLOCK}39")
        peer = socket.inet_aton(f"{network.BLOCK}39") + trap.port.to_bytes(2, "big")
        body = bencode.encode({"interval": 1800, "peers": peer})
        size, end = b"%x" % len(body), b"\r\n0\r\n\r\n"
        self.assert_each_fails({
            "a negative size": says(CHUNKED, b"-89abc9abcdef\r\n", body, end),
            "a size of 2^68": says(CHUNKED, b"ffffffffffffffff1\r\n", body, end),
            "a size of 2^64": says(CHUNKED, b"10000000000000000\r\n", body, end),
            "no line end": says(CHUNKED, size, body, end),
            "an extension of 1 MiB": says(CHUNKED, size, b";", MIB * b"x", b"\r\n"),
            "endless chunks": endless, "a trailer bomb": trailers}, MIB, trap)

    def test_BEN_01_nested_lists_in_a_reply_are_an_error(self):
        def reply(body: bytes):
            return says(PLAIN, b"Content-Length: %d\r\n\r\n" % len(body), body)

        trap = self.server(says(b""), address=f"{network.BLOCK}39")
        peer = socket.inet_aton(f"{network.BLOCK}39") + trap.port.to_bytes(2, "big")
        good = bencode.encode({"interval": 1800, "peers": peer})
        bomb = 20_000 * b"l" + 20_000 * b"e"
        self.assert_each_fails({
            "20,000 deep": reply(bomb), "200,000 deep": reply(10 * bomb),
            "unclosed": reply(200_000 * b"l"),
            "in a key that is passed over": reply(good[:-1] + b"1:z" + bomb + b"e"),
            "in front of the peers": reply(b"d1:a" + bomb + good[1:]),
        }, MIB, trap)

    def test_MAG_01_ten_thousand_trackers_are_no_burden(self):
        """Silent ones, so that an announce under way stays so."""
        silent = self.server(lambda server, connection, request: connection.recv(1))
        self.prepare()
        links = [f"http://{TRACKER_ADDRESS}:{silent.port}/{number}/announce" for number in range(10_000)]
        long = self.torrent.magnet(links)
        short = self.torrent.magnet(links[:1500])
        self.assertGreater(len(long), 64 * KIB)
        self.assertLess(len(short), 64 * KIB)
        # One word of a command line ends at 128 KiB; what is longer can't be given at all.
        refused = weir.run("get", "--listen", "none", "--state-dir", self.work / "state",
                           "-o", self.work / "out", long[:120 * KIB])
        self.assertEqual(12, refused.returncode, refused.stderr)
        self.assertEqual(0, silent.accepted)

        shown = weir.run("show", "--json", short)
        self.assertEqual(200, len(json.loads(shown.stdout)["trackers"]))
        self.node = weir.get(self, short, self.folder("out"))
        self.place_of_node()
        self.wait_listening()
        with self.memory_within():
            wait_until("an announce", lambda: silent.requests, 20)
            self.assertLessEqual(silent.accepted - silent.ended, 50)
            with HonestSeed(self.weir_place, self.torrent, self.content):
                self.node.wait_done(30)
        self.assertLessEqual(silent.accepted, 200)

    def test_TRH_11_other_trackers_are_asked_meanwhile(self):
        silent = self.server(lambda server, connection, request: connection.recv(1))
        good = self.server(says(PLAIN, b"\r\n", bencode.encode({"interval": 1800, "peers": b""})))
        self.prepare()
        self.torrent = torrents.save(self.torrent.path, v1_info("victim.bin", self.content),
                                     **{"announce-list": [[silent.url], [good.url]]})
        self.node = weir.seed(self, self.torrent, self.data)
        self.place_of_node()
        self.watch_node()
        wait_until("the good tracker is asked", lambda: good.requests, 20)
        self.assertEqual(1, silent.accepted, "the silent one was not asked first")
        self.assertEqual(0, silent.ended, "only after the silent one was given up")

    def test_TRH_01_right_chunks_are_read(self):
        friend = self.server(says(b""), address=f"{network.BLOCK}39")
        peer = socket.inet_aton(f"{network.BLOCK}39") + friend.port.to_bytes(2, "big")
        body = bencode.encode({"interval": 1800, "peers": peer})
        self.prepare()
        server = self.server(says(CHUNKED, b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"))
        self.node = weir.get(self, self.torrent.path, self.folder("out"), "--tracker", server.url)
        wait_until("its peer is dialled", lambda: friend.accepted, 20)

    def test_TRH_03_an_endless_body_is_cut_off(self):
        servers = []

        def body(start: bytes):
            def answer(server, connection, request):
                servers.append(server)
                connection.sendall(start)
                server.stream(connection, bytes(65536), 1 << 33)
            return answer

        self.assert_each_fails({
            "10 GB": body(PLAIN + b"Content-Length: 10000000000\r\n\r\n"),
            "without a length": body(PLAIN + b"\r\n"),
            "a length of 2^64": body(PLAIN + b"Content-Length: 18446744073709551616\r\n\r\n"),
        }, 2 * MIB)
        for server in servers:  # what was sent beyond the limit was under way in socket buffers
            self.assertLess(server.sent, 16 * MIB)

    def test_TRH_05_redirects_end_after_five_hops(self):
        chain = self.server(lambda server, connection, request:
                            connection.sendall(redirect(f"{server.url}/{len(server.requests)}")))
        self.start_with(chain)
        self.assert_given_up(chain)
        self.assert_serves()
        self.assertLessEqual(len(chain.requests), 6)
        self.assertGreaterEqual(len(chain.requests), 2, "no redirect is followed at all")

    def test_TRH_05_redirects_lead_to_no_forbidden_place(self):
        traps = [self.server(says(PLAIN), address=TRAP_ADDRESS, port=80),
                 self.server(says(PLAIN), address="127.0.0.1")]
        places = ["file:///etc/hostname", "ftp://10.77.0.1/x", f"http://{TRAP_ADDRESS}/",
                  f"http://127.0.0.1:{traps[1].port}/announce", "gopher://10.77.0.1/",
                  f"http://localhost:{traps[1].port}/announce", "http://[::1]/announce", "//", ""]
        for place in places:
            with self.subTest(place):
                server = self.server(says(redirect(place)))
                self.start_with(server)
                self.assert_given_up(server)
                self.assertEqual([0, 0], [trap.accepted for trap in traps])
                self.assert_serves()
                self.stop_node()

    def test_TRH_11_a_silent_tracker_holds_up_nothing(self):
        def trickle(start: bytes, pause: float):
            def answer(server, connection, request):
                connection.sendall(start)
                while True:
                    time.sleep(pause)
                    connection.sendall(b"x")
            return answer

        def endless_headers(server, connection, request):
            connection.sendall(PLAIN)
            server.stream(connection, 100 * b"X-More: headers\r\n", 64 * MIB)

        answers = {"silence": lambda server, connection, request: connection.recv(1),
                   "a byte now and then": trickle(PLAIN + b"Content-Length: 1000\r\n\r\n", 2),
                   "headers byte by byte": trickle(PLAIN + b"X-", 2),
                   "endless headers": endless_headers}
        nodes = []
        self.prepare()
        servers = [self.server(answer) for answer in answers.values()]
        for server in servers:
            nodes.append(weir.seed(self, self.torrent, self.data, "--tracker", server.url))
        for node in nodes:
            self.node = node
            self.place_of_node()
            self.assert_serves()
        for name, node, server in zip(answers, nodes, servers):
            with self.subTest(name):
                self.node = node
                self.place_of_node()
                self.assert_given_up(server, 45)
                self.assert_memory(node.process, 64 * MIB)
                self.assert_serves()


class UdpTracker(HostileCase):
    """Lies in every way before it says the truth, to the connect and to the announce."""

    def setUp(self):
        self.socket = self.udp()
        self.other = self.udp()
        self.seen: list[tuple[int, bytes]] = []  # action and connection id of what came
        self.trap = Server(says(b""), address=f"{network.BLOCK}39")
        self.friend = Server(says(b""), address=f"{network.BLOCK}40")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def udp(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((TRACKER_ADDRESS, 0))
        return made

    def tearDown(self):
        self.socket.close()
        self.other.close()
        self.trap.close()
        self.friend.close()

    def serve(self) -> None:
        try:
            while True:
                data, source = self.socket.recvfrom(2048)
                action, transaction = int.from_bytes(data[8:12], "big"), data[12:16]
                self.seen.append((action, data[:8]))
                wrong = ((int.from_bytes(transaction, "big") + 1) & 0xFFFFFFFF).to_bytes(4, "big")
                bad, good = self.bodies(action)
                right_action = action.to_bytes(4, "big")
                self.socket.sendto(right_action + wrong + bad, source)
                self.socket.sendto((1 - action).to_bytes(4, "big") + transaction + bad, source)
                self.socket.sendto(b"\0\0\0\x7f" + transaction + bad, source)
                self.other.sendto(right_action + transaction + bad, source)
                for size in (0, 7, 8, 15):
                    self.socket.sendto((right_action + wrong + bad)[:size], source)
                time.sleep(0.3)
                self.socket.sendto(right_action + transaction + good, source)
        except OSError:
            return

    def bodies(self, action: int) -> tuple[bytes, bytes]:
        if action == CONNECT:
            return b"badbadba", b"goodgood"
        head = b"".join(number.to_bytes(4, "big") for number in (1800, 1, 1))
        return tuple(head + socket.inet_aton(f"{network.BLOCK}{host}") + server.port.to_bytes(2, "big")
                     for host, server in ((39, self.trap), (40, self.friend)))

    def test_TRU_01_replies_that_do_not_match_are_ignored(self):
        self.prepare()
        self.out = self.folder("out")
        port = self.socket.getsockname()[1]
        self.node = weir.get(self, self.torrent.path, self.out, "--tracker",
                             f"udp://{TRACKER_ADDRESS}:{port}/announce")
        self.place_of_node()
        wait_until("the peer of the true reply is dialled", lambda: self.friend.accepted, 30)
        time.sleep(0.5)
        self.assertEqual(0, self.trap.accepted, "the peer of a false reply was dialled")
        self.assertEqual((CONNECT, MAGIC), self.seen[0])
        announces = [key for action, key in self.seen if action == ANNOUNCE]
        self.assertEqual({b"goodgood"}, set(announces))
        self.wait_listening()
        self.assert_completes()


if __name__ == "__main__":
    main()
