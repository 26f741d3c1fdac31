# SPDX-License-Identifier: MIT OR Apache-2.0
"""A network namespace of its own for each test program: ports never clash and nothing outside can be
reached or can interfere.

All addresses are on the loopback device, but none is in 127.0.0.0/8: Transmission refuses peers
there.
"""

import ctypes
import os
import socket
import subprocess

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
BLOCK = "10.77.0."
BLOCK_V6 = "fd77::"
ADDRESSES = 40


class NetworkError(Exception):
    pass


def enter(more=()) -> None:
    """Moves this process (which must have one thread) and its later children into a fresh network.
    `more` are further orders for ip(8).

    Root does it directly, anybody else inside a new user namespace. A NetworkError means that the
    machine does not let us, or has no ip(8); the process is of no more use then.
    """
    try:
        _unshare()
    except OSError as error:
        raise NetworkError(f"a network namespace is needed and was refused: {error.strerror}")
    commands = ["link set lo up"]
    commands += [f"address add {BLOCK}{number}/24 dev lo" for number in range(1, ADDRESSES + 1)]
    commands += [f"address add {BLOCK_V6}{number} dev lo nodad" for number in range(1, 4)]
    commands += more
    try:
        done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True,
                              capture_output=True, check=False)
    except FileNotFoundError:
        raise NetworkError("the command ip (package iproute2) is needed") from None
    if done.returncode != 0:
        reason = (done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]
        raise NetworkError(f"the network namespace can't be given addresses: {reason}")


def _unshare() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        uid, gid = os.getuid(), os.getgid()
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                           ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Places:
    """Hands out places to listen: every client gets an address and a port that no other has."""

    def __init__(self):
        self._used = 1  # the first address is the source of whoever binds to none
        self._port = 20000

    def next(self) -> tuple[str, int]:
        self._used += 1
        self._port += 1
        if self._used > ADDRESSES:
            raise NetworkError("more clients than addresses")
        return f"{BLOCK}{self._used}", self._port
