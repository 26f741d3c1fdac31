# SPDX-License-Identifier: MIT OR Apache-2.0
"""How each program is started as seed and as leech, and how one sees that it is done.

All with plain TCP, no encryption, and no source of peers but the tracker.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from transfer.process import Ended, Process, wait_for

TRANSFER_MAX = 300  # seconds
PYTHON = "/usr/bin/python3"  # the one that Debian's modules are for


@dataclass(frozen=True)
class Side:
    """One end of a transfer."""

    torrent: Path
    tracker: str
    content: Path  # the folder that holds the payload
    scratch: Path
    address: str
    port: int
    namespace: str | None


class Client:
    name = ""
    process: Process

    def _start(self, side: Side, argv: list, env: dict | None = None) -> None:
        self.process = Process(argv, side.scratch, side.namespace, env)

    def seed(self, side: Side) -> None:
        """Returns when it serves everything."""
        raise NotImplementedError

    def leech(self, side: Side) -> None:
        raise NotImplementedError

    def finish(self) -> Ended:
        """Waits until the content is complete and in its file."""
        return self.process.wait(TRANSFER_MAX)

    def _wait_listening(self, side: Side) -> None:
        wait_for(f"{self.name} listens", lambda: self.process.listens(side.port), 20)


class Weir(Client):
    name = "weir"
    check: list = ["--trust"]

    def _command(self, side: Side, command: str) -> list:
        return [os.environ["WEIR"], command, side.torrent, "--listen",
                f"{side.address}:{side.port}", "--state-dir", side.scratch / "state"]

    def seed(self, side: Side) -> None:
        self._start(side, [*self._command(side, "seed"), "--jsonl", *self.check, "--data",
                           side.content])
        self._wait_listening(side)
        self.process.wait_output('"checked"', 60)

    def leech(self, side: Side) -> None:
        # weir asks a tracker with a private address only when its user names it.
        self._start(side, [*self._command(side, "get"), "--quiet", "--tracker", side.tracker, "-o",
                           side.content])


class WeirChecked(Weir):
    """The whole content is hashed before the measurement begins."""

    name = "weir, checked"
    check: list = []


class Libtorrent(Client):
    name = "libtorrent"

    def _run(self, side: Side, role: str) -> None:
        runner = Path(__file__).with_name("libtorrent_runner.py")
        self._start(side, [PYTHON, runner, role, side.torrent, side.content,
                           f"{side.address}:{side.port}"])

    def seed(self, side: Side) -> None:
        self._run(side, "seed")
        self._wait_listening(side)
        self.process.wait_output("seeding", 20)

    def leech(self, side: Side) -> None:
        self._run(side, "leech")

    def finish(self) -> Ended:
        self.process.wait_output("finished", TRANSFER_MAX)
        return self.process.now()


class Aria2(Client):
    name = "aria2"

    def _run(self, side: Side, *arguments: str) -> None:
        self._start(side, [
            "aria2c", "--no-conf=true", f"--dir={side.content}", f"--interface={side.address}",
            f"--listen-port={side.port}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--disable-ipv6=true",
            "--file-allocation=none", "--console-log-level=warn", "--summary-interval=0",
            "--follow-torrent=mem", *arguments, str(side.torrent)])

    def seed(self, side: Side) -> None:
        self._run(side, "--bt-seed-unverified=true", "--check-integrity=false", "--seed-ratio=0.0",
                  "--allow-overwrite=true")
        self._wait_listening(side)

    def leech(self, side: Side) -> None:
        self._run(side, "--seed-time=0")


RTORRENT_SETTINGS = """
session.path.set = {session}
network.bind_address.set = {address}
network.port_range.set = {port}-{port}
network.port_random.set = no
dht.mode.set = off
protocol.pex.set = no
protocol.encryption.set = none
trackers.use_udp.set = no
pieces.hash.on_completion.set = no
system.daemon.set = true
method.set_key = event.download.hash_done, bench, "execute.nothrow=touch,{scratch}/checked"
method.set_key = event.download.finished, bench, "execute.nothrow=touch,{scratch}/finished"
directory.default.set = {content}
schedule2 = load, 0, 0, "load.start={torrent}"
"""


class Rtorrent(Client):
    name = "rtorrent"

    def _run(self, side: Side) -> None:
        session = side.scratch / "session"
        session.mkdir(parents=True)
        settings = side.scratch / "settings.rc"
        settings.write_text(RTORRENT_SETTINGS.format(
            session=session, address=side.address, port=side.port, scratch=side.scratch,
            content=side.content, torrent=side.torrent))
        self._scratch = side.scratch
        self._start(side, ["rtorrent", "-n", "-o", f"import={settings}"], {"TERM": "xterm"})

    def seed(self, side: Side) -> None:
        self._run(side)
        self._wait_listening(side)
        wait_for("rtorrent has checked", (side.scratch / "checked").exists, 60)

    def leech(self, side: Side) -> None:
        self._run(side)

    def finish(self) -> Ended:
        wait_for("rtorrent is done", (self._scratch / "finished").exists, TRANSFER_MAX)
        return self.process.now()


CLIENTS = {client.name: client for client in (Weir, WeirChecked, Libtorrent, Aria2, Rtorrent)}


def missing() -> dict[str, str]:
    """Why a client can't take part, for those that can't."""
    found = {}
    if not os.access(os.environ.get("WEIR", ""), os.X_OK):
        found["weir"] = found["weir, checked"] = "$WEIR does not name the program"
    for name, command in (("aria2", "aria2c"), ("rtorrent", "rtorrent")):
        if shutil.which(command) is None:
            found[name] = f"{command} is not installed"
    if subprocess.run([PYTHON, "-c", "import libtorrent"], capture_output=True).returncode != 0:
        found["libtorrent"] = f"{PYTHON} has no module libtorrent"
    return found
