# SPDX-License-Identifier: MIT OR Apache-2.0
"""libtorrent as one seed or leech: ROLE TORRENT FOLDER ADDRESS:PORT."""

import sys
import time

import libtorrent as lt

SETTINGS = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "enable_incoming_utp": False,
    "out_enc_policy": int(lt.enc_policy.pe_disabled), "in_enc_policy": int(lt.enc_policy.pe_disabled),
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}


def main() -> None:
    role, torrent, folder, listen = sys.argv[1:]
    session = lt.session({**SETTINGS, "listen_interfaces": listen,
                          "outgoing_interfaces": listen.partition(":")[0]})
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if role == "seed":
        parameters.flags |= lt.torrent_flags.seed_mode
    handle = session.add_torrent(parameters)
    if role == "seed":
        while not handle.status().is_seeding:
            time.sleep(0.01)
        print("seeding", flush=True)
        while True:
            time.sleep(3600)
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.torrent_finished_alert):
                print("finished", flush=True)
                time.sleep(3600)


main()
