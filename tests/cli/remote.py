# SPDX-License-Identifier: MIT OR Apache-2.0
"""A running node and the commands that speak to it."""

import contextlib
import http.client
import json
import socket
import urllib.parse
from pathlib import Path

from test_serve import ServeTest

READER, ADDER, ADMIN = "reader-0123456789", "adder-0123456789", "admin-0123456789"
TOKENS = {"WEIR_HTTP_TOKENS": f"read:{READER},add:{ADDER},admin:{ADMIN}"}
NO_NODE = 10


class RemoteTest(ServeTest):
    @property
    def state(self) -> Path:
        return self.dir / "home/.local/state/weir/node"

    @property
    def socket_path(self) -> Path:
        return self.state / "api.sock"

    @property
    def url(self) -> str:
        return "http://" + self.addresses()[0]

    @property
    def peer(self) -> str:
        return self.addresses("peer")[0]

    def api(self, method, path, body=None, **headers):
        """Status and JSON, over TCP."""
        status, answer = self.request(method, "/api/weir/v1" + path, body, headers)
        return status, json.loads(answer) if answer else None

    def local(self, method, path, body=None, **headers):
        """Status and bytes, through the socket."""
        class Connection(http.client.HTTPConnection):
            def connect(inner):
                inner.sock = socket.socket(socket.AF_UNIX)
                inner.sock.settimeout(30)
                inner.sock.connect(str(self.socket_path))

        with contextlib.closing(Connection("localhost")) as connection:
            if body is not None:
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def jobs(self):
        return json.loads(self.local("GET", "/api/weir/v1/publishing")[1])["publishing"]

    def named_upload(self, name, size):
        content = self.random.randbytes(size)
        status, answer = self.request(
            "POST", "/api/codex/v1/torrent", content,
            {"Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(name)}",
             "Accept": "application/json"})
        self.assertEqual(status, 200, answer)
        return content, json.loads(answer)

    def listed(self, *words):
        return self.weir("ls", "--json", *words).json["torrents"]

    def alone(self):
        """The environment of somebody who runs no node."""
        return {"HOME": str(self.dir / "elsewhere")}

    def stored(self) -> int:
        """How many bytes of content the node holds itself."""
        data = self.dir / "home/.local/share/weir"
        return sum(path.stat().st_size for path in data.rglob("*")
                   if path.is_file() and path.name != "node.lock")
