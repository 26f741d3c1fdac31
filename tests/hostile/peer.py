# SPDX-License-Identifier: MIT OR Apache-2.0
"""A peer that says exactly the bytes it is told to, over a connection it opened to the program under
test; and an honest seed of the same making."""

import itertools
import os
import select
import socket
import threading
import time

from harness import bencode

CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, CANCEL, PORT = range(10)
SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST = range(13, 18)
EXTENDED, HASH_REQUEST, HASHES, HASH_REJECT = 20, 21, 22, 23

EXTENSION_BIT, FAST_BIT, V2_BIT, DHT_BIT = 0x10 << 16, 0x04, 0x10, 0x01
USUAL_BITS = EXTENSION_BIT | FAST_BIT
BLOCK = 16 * 1024
METADATA_ID = 9  # what our extension handshakes call ut_metadata
SOURCE_BLOCK = "10.78"  # private addresses, one for each peer, so that a ban hits one only
_sources = itertools.count(1)


class Closed(Exception):
    """The other side ended the connection."""


def fresh_source() -> str:
    number = next(_sources)
    return f"{SOURCE_BLOCK}.{number // 250}.{number % 250 + 1}"


def be32(*numbers: int) -> bytes:
    return b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)


def message(kind: int, body: bytes = b"") -> bytes:
    return be32(1 + len(body)) + bytes([kind]) + body


def extended(number: int, payload: bytes) -> bytes:
    return message(EXTENDED, bytes([number]) + payload)


def handshake(info_hash: bytes, bits: int = USUAL_BITS, peer_id: bytes | None = None) -> bytes:
    return (b"\x13BitTorrent protocol" + bits.to_bytes(8, "big") + info_hash +
            (peer_id or b"-XX0000-" + os.urandom(12)))


class Peer:
    """One connection. What weir says is read by next_message(); a timeout is a TimeoutError."""

    def __init__(self, place: tuple[str, int], source: str | None = None):
        self.source = source or fresh_source()
        self.received = 0
        self._buffer = b""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.bind((self.source, 0))
        self._socket.settimeout(10)
        try:
            self._socket.connect(place)
        except OSError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
        except OSError:
            pass
        self._socket.close()

    # --- Sending.

    def send(self, *data: bytes) -> bool:
        """False: weir has closed the connection."""
        try:
            self._socket.settimeout(10)
            self._socket.sendall(b"".join(data))
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def flood(self, chunk: bytes, most: int, seconds: float) -> int | None:
        """Sends the chunk over and over while it reads and forgets what comes. Returns how many
        bytes went out until weir closed the connection; nothing when it stayed open."""
        deadline = time.monotonic() + seconds
        sent, at = 0, 0
        self._socket.setblocking(False)
        while sent < most and time.monotonic() < deadline:
            can_read, can_write, _ = select.select([self._socket], [self._socket], [], 0.5)
            try:
                if can_read:
                    data = self._socket.recv(1 << 18)
                    self.received += len(data)
                    if not data:
                        return sent
                if can_write:
                    count = self._socket.send(chunk[at:])
                    sent, at = sent + count, (at + count) % len(chunk)
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                return sent
        return None

    # --- Receiving.

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(1 << 18)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None
        if not data:
            raise Closed
        self.received += len(data)
        self._buffer += data

    def take(self, count: int, timeout: float = 10) -> bytes:
        deadline = time.monotonic() + timeout
        while len(self._buffer) < count:
            self._receive(deadline)
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def next_message(self, timeout: float = 10) -> tuple[int, bytes]:
        """Its id and its body. Keep-alives are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            while len(self._buffer) < 4:
                self._receive(deadline)
            length = int.from_bytes(self._buffer[:4], "big")
            while len(self._buffer) < 4 + length:
                self._receive(deadline)
            body, self._buffer = self._buffer[4:4 + length], self._buffer[4 + length:]
            if body:
                return body[0], body[1:]

    def wait_for(self, kind: int, timeout: float = 10) -> bytes:
        """The body of the next such message; others are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            found, body = self.next_message(max(0.0, deadline - time.monotonic()))
            if found == kind:
                return body

    def closed_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._receive(deadline)
                self._buffer = b""
        except Closed:
            return True
        except TimeoutError:
            return False

    # --- Protocol.

    def greet(self, info_hash: bytes, bits: int = USUAL_BITS, peer_id: bytes | None = None) -> bytes:
        """Both handshakes; returns weir's."""
        self.send(handshake(info_hash, bits, peer_id))
        return self.take(68)

    def answers(self) -> list[tuple[int, bytes]]:
        """Asks for what does not exist and waits for the refusal (both speak fast): everything said
        before is judged by then. Returns what came until then; Closed when there is no answer."""
        self._asked = getattr(self, "_asked", 0) + 1
        nonsense = be32(0xFFFFFF00, self._asked, BLOCK)
        self.send(message(REQUEST, nonsense))
        heard = []
        while True:
            got = self.next_message()
            if got == (REJECT, nonsense):
                return heard
            heard.append(got)

    def tell_metadata(self, size: int) -> None:
        self.send(extended(0, bencode.encode({"m": {"ut_metadata": METADATA_ID},
                                              "metadata_size": size})))

    def metadata_request(self, timeout: float = 10) -> int:
        """The next piece of the info dictionary that weir asks for."""
        while True:
            body = self.wait_for(EXTENDED, timeout)
            if body[0] == METADATA_ID:
                fields = bencode.decode(body[1:])
                if fields[b"msg_type"] == 0:
                    return fields[b"piece"]

    def metadata_name(self) -> int:
        """What weir's extension handshake calls ut_metadata."""
        while True:
            body = self.wait_for(EXTENDED)
            if body[0] == 0:
                return bencode.decode(body[1:])[b"m"][b"ut_metadata"]

    def serve_metadata(self, info: bytes) -> None:
        """Tells and gives the whole info dictionary."""
        name = self.metadata_name()
        self.tell_metadata(len(info))
        for _ in range(-(-len(info) // BLOCK)):
            piece = self.metadata_request()
            self.send(metadata_data(name, piece, len(info), info[piece * BLOCK:][:BLOCK]))


def metadata_data(name: int, piece: int, total: int, data: bytes) -> bytes:
    fields = bencode.encode({"msg_type": 1, "piece": piece, "total_size": total})
    return extended(name, fields + data)


class HonestSeed:
    """Connects to a `weir get` and gives it all: the metadata at once, blocks when let."""

    def __init__(self, place, torrent, content: bytes, blocks: bool = True,
                 source: str | None = None):
        self.peer = Peer(place, source)
        self._torrent = torrent
        self._content = content
        self._piece_size = torrent.fields[b"piece length"]
        self._blocks = blocks
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._serve()
        except (Closed, OSError):
            pass  # weir ends it when it is complete, the test when it is over
        except BaseException as failure:  # shown by the test, which waits for what never comes
            self.failure = failure

    def _serve(self) -> None:
        peer, info = self.peer, self._torrent.info
        peer.greet(self._torrent.hash)
        peer.send(message(HAVE_ALL))
        peer.tell_metadata(len(info))
        if self._blocks:
            peer.send(message(UNCHOKE))
        name = 0
        while True:
            kind, body = peer.next_message(60)
            if kind == REQUEST:
                piece, begin, length = (int.from_bytes(body[at:at + 4], "big") for at in (0, 4, 8))
                at = piece * self._piece_size + begin
                peer.send(message(PIECE, body[:8] + self._content[at:at + length]))
            elif kind == EXTENDED and body[0] == 0:
                name = bencode.decode(body[1:])[b"m"].get(b"ut_metadata", 0)
            elif kind == EXTENDED and body[0] == METADATA_ID:
                piece = bencode.decode(body[1:])[b"piece"]
                peer.send(metadata_data(name, piece, len(info), info[piece * BLOCK:][:BLOCK]))
