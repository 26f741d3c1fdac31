# SPDX-License-Identifier: MIT OR Apache-2.0
"""Drives `weir serve`: a node on ports that the system chooses, and HTTP that shows how an answer
ended."""

import contextlib
import http.client
import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from harness import weir
from harness.processes import Failed, wait_until

API = "/api/codex/v1"
BLOCKED = 120  # seconds without a byte that make a test fail; the node gives up after 60


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]  # names in lower case
    body: bytes
    ended: str = "whole"  # or "reset", or "short": closed in good order before Content-Length

    def json(self):
        return json.loads(self.body)


class Node:
    """Ready when the constructor returns. `again()` starts it on the same folders after it ended."""

    def __init__(self, case, *arguments, name: str = "node"):
        self.case = case
        self.address, self.port = case.place()
        self.folder: Path = case.folder(name)
        self.data = self.folder / "data"
        self._name = name
        self._arguments = arguments
        self.again()

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens for peers."""
        return self.address, self.port

    def again(self) -> "Node":
        ports = self.folder / "ports.json"
        ports.unlink(missing_ok=True)
        argv = [weir.program(), "serve", "--http", "127.0.0.1:0", "--listen",
                f"{self.address}:{self.port}", "--data-dir", self.data, "--state-dir",
                self.folder / "state", "--ports-file", ports, "--log-level", "debug",
                *self._arguments]
        self.process = self.case.start(self.case.process_name(self._name), argv, self.folder)

        def ready() -> bool:
            if not self.process.alive():
                raise Failed(f"the node ended with {self.process.exit_code()}")
            return ports.exists()

        wait_until("the node is ready", ready, 30)
        host, _, port = json.loads(ports.read_text())["http"][0].rpartition(":")
        self.http = (host, int(port))
        self.url = f"http://{host}:{port}"
        return self

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        if code != 0:
            raise Failed(f"the node ended with {code}")

    def kill(self) -> None:
        self.process.kill()

    # --- HTTP.

    def ask(self, method: str, path: str, body=None, fields=None) -> Answer:
        """The answer, however it ends."""
        with contextlib.closing(http.client.HTTPConnection(*self.http, BLOCKED)) as connection:
            # What refuses a body may do so before it has all of it.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, fields or {})
            reply = connection.getresponse()
            named = {name.lower(): value for name, value in reply.getheaders()}
            taken, ended = bytearray(), "whole"
            try:
                while part := reply.read(1 << 16):
                    taken += part
            except http.client.IncompleteRead as short:
                taken += short.partial
                ended = "short"
            except ConnectionResetError:
                ended = "reset"
            length = int(named.get("content-length", len(taken)))
            if ended == "whole" and method != "HEAD" and len(taken) < length:
                ended = "short"
            return Answer(reply.status, named, bytes(taken), ended)

    def get(self, path: str, wanted: str | None = None, **fields) -> Answer:
        """`wanted` is a Range without its unit."""
        if wanted is not None:
            fields["Range"] = "bytes=" + wanted
        return self.ask("GET", path, None, fields)

    def upload(self, content, name: str | None = None, mimetype: str | None = None) -> dict:
        """POST /torrent; the JSON answer."""
        fields = {"Accept": "application/json"}
        if name is not None:
            fields["Content-Disposition"] = f'attachment; filename="{name}"'
        if mimetype is not None:
            fields["Content-Type"] = mimetype
        answer = self.ask("POST", API + "/torrent", content, fields)
        if answer.status != 200:
            raise Failed(f"{answer.status} {answer.body[:200]!r}")
        return answer.json()

    def begin_upload(self, length: int, part: bytes) -> socket.socket:
        """An upload that says it has `length` bytes and gives only the first of them."""
        link = socket.create_connection(self.http, 10)
        link.sendall(f"POST {API}/torrent HTTP/1.1\r\nHost: localhost\r\n"
                     f"Content-Length: {length}\r\n\r\n".encode() + part)
        return link

    # --- What it has on the disk.

    def files(self) -> dict[str, int]:
        """The files of uploads, whole and begun, and of downloads, with their sizes."""
        found = {}
        for folder in ("incoming", "published", "fetched", "folders"):
            # Folders may go while they are looked through.
            for parent, _, names in os.walk(self.data / folder):
                for path in (Path(parent, name) for name in names):
                    with contextlib.suppress(FileNotFoundError):
                        if path.is_file():
                            found[str(path.relative_to(self.data))] = path.stat().st_size
        return found


def counted(length: int) -> bytes:
    """F(length): the byte at i is i mod 251."""
    unit = bytes(range(251))
    return (unit * (length // 251 + 1))[:length]
