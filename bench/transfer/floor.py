# SPDX-License-Identifier: MIT OR Apache-2.0
"""The least a transfer can cost: bench/floor.cc as sender and receiver, without any protocol."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from transfer.network import Network
from transfer.process import Failed, Process, wait_for

FLOORS = {"recv": [], "recv + SHA-1": ["sha1"], "recv + write": ["write"],
          "recv + SHA-1 + write": ["sha1", "write"]}


@dataclass(frozen=True)
class FloorTimes:
    seconds: float
    leech_cpu: float
    seed_cpu: float


def floor_program(folder: Path) -> Path:
    """From the build that holds $WEIR; made on the spot when that has none."""
    built = Path(os.environ.get("WEIR", "")).parent / "bench" / "floor"
    if os.access(built, os.X_OK):
        return built
    program = folder / "floor"
    if not program.exists():
        source = Path(__file__).parents[1] / "floor.cc"
        subprocess.run(["c++", "-std=c++20", "-O2", str(source), "-o", str(program), "-lcrypto"],
                       check=True)
    return program


def run_floor(program: Path, name: str, payload: Path, folder: Path, network: Network,
              port: int) -> FloorTimes:
    target = folder / "floor.out"
    sender = Process([program, "send", payload, network.seed_address, port], folder / "floor-s",
                     network.seed_namespace)
    try:
        wait_for("the floor's sender listens", lambda: sender.listens(port), 5)
        words = [word if word != "write" else f"write={target}" for word in FLOORS[name]]
        begin = time.monotonic()
        receiver = Process([program, "receive", network.seed_address, port, *words],
                           folder / "floor-l", network.leech_namespace)
        received = receiver.wait(120)
        sent = sender.wait(10)
        if "write" in FLOORS[name] and target.stat().st_size != payload.stat().st_size:
            raise Failed("the floor's receiver lost something")
        return FloorTimes(received.at - begin, received.cpu, sent.cpu)
    finally:
        sender.stop()
        target.unlink(missing_ok=True)
