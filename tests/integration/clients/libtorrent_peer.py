# SPDX-License-Identifier: MIT OR Apache-2.0
"""One libtorrent session with one torrent; see scripted.py for its orders."""

import json
import selectors
import sys
from pathlib import Path

import libtorrent as lt

QUIET = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "allow_multiple_connections_per_ip": True, "announce_to_all_trackers": True,
    "announce_to_all_tiers": True, "min_reconnect_time": 1, "peer_connect_timeout": 3,
    "min_announce_interval": 5, "choking_algorithm": 0, "unchoke_slots_limit": 50,
    "connection_speed": 100, "outgoing_port": 0,
}


def open_session(orders: dict) -> lt.session:
    settings = dict(QUIET)
    address = orders["address"]
    host = f"[{address}]" if ":" in address else address
    settings["listen_interfaces"] = f"{host}:{orders['port']}"
    settings["outgoing_interfaces"] = address
    settings["alert_mask"] = (lt.alert.category_t.error_notification |
                              lt.alert.category_t.storage_notification)
    if orders.get("log"):
        settings["alert_mask"] = lt.alert.category_t.all_categories
    settings["enable_outgoing_utp"] = settings["enable_incoming_utp"] = False
    settings.update(orders.get("settings", {}))
    session = lt.session(settings)
    return session


def add(session: lt.session, orders: dict) -> lt.torrent_handle:
    source = orders["source"]
    if source.startswith("magnet:"):
        parameters = lt.parse_magnet_uri(source)
    else:
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(source)
    parameters.save_path = orders["folder"]
    parameters.upload_limit = orders["up_limit"] or -1
    parameters.download_limit = orders["down_limit"] or -1
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if orders.get("sequential"):
        parameters.flags |= lt.torrent_flags.sequential_download
    handle = session.add_torrent(parameters)
    for address, port in orders["peers"]:
        handle.connect_peer((address, port))
    return handle


# Once in some 50 downloads of a hybrid by magnet, libtorrent 2.0 stops with this error, whoever
# seeds (its issue 6394), and goes on when it is started anew. Bytes that are wrong fail otherwise.
INCONSISTENT = 217
ANEW_MAX = 3


def start_anew(session: lt.session, handle: lt.torrent_handle, orders: dict) -> lt.torrent_handle:
    session.remove_torrent(handle, lt.session.delete_files)
    ended = (lt.torrent_deleted_alert, lt.torrent_delete_failed_alert)
    while not any(isinstance(alert, ended) for alert in session.pop_alerts()):
        session.wait_for_alert(100)
    print("started anew", file=sys.stderr)
    return add(session, orders)


def show(handle: lt.torrent_handle) -> None:
    status = handle.status()
    whole = status.has_metadata and status.state in (lt.torrent_status.seeding,
                                                     lt.torrent_status.finished)
    print(json.dumps({
        "progress": 1 if whole else min(status.progress, 0.999),
        "uploaded": status.total_payload_upload, "downloaded": status.total_payload_download,
        "peers": status.num_peers, "state": str(status.state),
        "failed_bytes": status.total_failed_bytes,
        "error": status.errc.message() if status.errc.value() else "",
    }), flush=True)


def main() -> None:
    orders = json.loads(sys.argv[1])
    Path(orders["folder"]).mkdir(parents=True, exist_ok=True)
    session = open_session(orders)
    handle = add(session, orders)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    anew = 0
    while True:
        if anew < ANEW_MAX and handle.status().errc.value() == INCONSISTENT:
            handle = start_anew(session, handle, orders)
            anew += 1
        show(handle)
        for alert in session.pop_alerts():
            print(f"{type(alert).__name__}: {alert.message()}", file=sys.stderr)
        if not selector.select(0.1):
            continue
        line = sys.stdin.readline()
        if not line:
            return
        order = json.loads(line)
        if "up_limit" in order:
            handle.set_upload_limit(order["up_limit"] or -1)
        for address, port in order.get("peers", []):
            handle.connect_peer((address, port))


main()
