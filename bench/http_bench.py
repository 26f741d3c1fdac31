# SPDX-License-Identifier: MIT OR Apache-2.0
"""Serving files over HTTP: weir's server and its gateway against nginx, from the page cache, over
loopback.

`weir` is the server alone, `gateway` a whole node that is asked by info hash for what was uploaded
to it; it has verified the content, in a first request that is not measured. The servers have one
thread of one process and send with sendfile; the node's engine and its workers have threads of
their own. They take turns and medians are shown.
CPU is user and system time of the server alone. See docs/benchmarks.md.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from transfer.process import Failed, Process, wait_for
from transfer.report import MIB, Workspace, end_in_order, load, machine, median, table, write_random

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclass(frozen=True)
class Job:
    name: str
    file: str  # as it lies in the root
    size: int
    connections: int
    requests: int  # on each


JOBS = [
    Job("4 KiB files, 16 connections", "small", 4096, 16, 4000),
    Job("1 MiB files, 16 connections", "middle", MIB, 16, 128),
    Job("256 MiB file, 1 connection", "large", 256 * MIB, 1, 8),
    Job("256 MiB file, 8 connections", "large", 256 * MIB, 8, 1),
]


def tool() -> str:
    program = Path(os.environ.get("WEIR", "")).parent / "bench" / "http_tool"
    if not os.access(program, os.X_OK):
        raise SystemExit(f"{program} is not built")
    return str(program)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_gateway(job: Job, root: Path, folder: Path) -> tuple[Process, int, str]:
    folder.mkdir(exist_ok=True)
    ports = folder / "ports.json"
    ports.unlink(missing_ok=True)
    server = Process([os.environ["WEIR"], "serve", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0",
                      "--data-dir", folder / "data", "--state-dir", folder / "state",
                      "--ports-file", ports, "--log-level", "error"], folder, None)
    wait_for("the node", lambda: server.alive() and ports.exists(), 20)
    port = int(json.loads(ports.read_text())["http"][0].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, 60)
    with open(root / job.file, "rb") as content:
        connection.request("POST", "/api/codex/v1/torrent", content,
                           {"Content-Length": str(job.size)})
        path = "/btih/" + connection.getresponse().read().decode()[4:]
    connection.request("GET", path)
    reply = connection.getresponse()
    while reply.read(MIB):
        pass
    return server, port, path


def start_weir(job: Job, root: Path, folder: Path) -> tuple[Process, int, str]:
    server = Process([tool(), "serve", root / job.file], folder, None)
    said = folder / "output"
    wait_for("the port", lambda: server.alive() and said.read_text().endswith("\n"), 10)
    return server, int(said.read_text()), f"/{job.file}"


def start_nginx(job: Job, root: Path, folder: Path) -> tuple[Process, int, str]:
    port = free_port()
    folder.mkdir(exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, root=root, port=port))
    server = Process(["nginx", "-p", folder, "-c", config], folder, None)
    wait_for("nginx", lambda: server.listens(port), 10)
    return server, port, f"/{job.file}"


def measure(start, job: Job, root: Path, folder: Path) -> tuple[float, float]:
    """Seconds, and the server's seconds of processor."""
    server, port, path = start(job, root, folder)
    try:
        before = server.cpu()
        done = subprocess.run([tool(), "load", str(port), path, str(job.connections),
                               str(job.requests)], capture_output=True, text=True, timeout=120)
        cpu = server.cpu() - before
    finally:
        server.stop()
    if done.returncode != 0:
        raise Failed(f"{job.name}: the client ended with {done.returncode}")
    seconds, received = done.stdout.split()
    if int(received) != job.size * job.connections * job.requests:
        raise Failed(f"{job.name}: {received} bytes came")
    return float(seconds), cpu


def report(results: dict, markdown: bool) -> str:
    rows = []
    for job in JOBS:
        count = job.connections * job.requests
        rival = results.get(("nginx", job))
        for name in ("weir", "gateway", "nginx"):
            if (name, job) not in results:
                continue
            seconds, cpu = results[name, job]
            ratio = f"{rival[0] / seconds:.2f}" if rival and name != "nginx" else ""
            effort = f"{cpu / rival[1]:.2f}" if rival and name != "nginx" and rival[1] > 0 else ""
            rows.append([job.name, name, f"{count / seconds:.0f}",
                         f"{count * job.size / MIB / seconds:.0f}", f"{cpu / count * 1e6:.0f}",
                         ratio, effort])
    head = ["job", "server", "requests/s", "MiB/s", "CPU µs/request", "speed to nginx's",
            "CPU to nginx's"]
    return table(head, rows, markdown)


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="of each (default: %(default)s)")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    options = parser.parse_args()
    servers = {"weir": start_weir, "gateway": start_gateway}
    if shutil.which("nginx"):
        servers["nginx"] = start_nginx
    else:
        print("without nginx: it is not installed", file=sys.stderr)
    busy = load()
    samples: dict = {}
    with Workspace(1200 * MIB) as folder:
        root = folder / "root"
        root.mkdir()
        for job in JOBS:
            if not (root / job.file).exists():
                write_random(root / job.file, job.size)
        for _ in range(options.runs):
            for job in JOBS:
                for name, start in servers.items():
                    try:
                        samples.setdefault((name, job), []).append(
                            measure(start, job, root, folder / name))
                    except Failed as failure:
                        print(f"{name}, {job.name}: {failure}", file=sys.stderr)
    results = {key: (median(s for s, _ in values), median(c for _, c in values))
               for key, values in samples.items() if values}
    print(f"{machine()}; {busy}.")
    print(f"Loopback, keep-alive, from the page cache; medians of {options.runs}.\n")
    print(report(results, options.markdown))


if __name__ == "__main__":
    main()
