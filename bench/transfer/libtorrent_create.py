# SPDX-License-Identifier: MIT OR Apache-2.0
"""libtorrent makes or verifies a torrent: v1|v2|hybrid|verify CONTENT PIECE-SIZE TORRENT."""

import sys
from pathlib import Path

import libtorrent as lt


def create(kind: str, content: Path, piece_size: int, target: Path) -> None:
    files = lt.file_storage()
    lt.add_files(files, str(content))
    flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}[kind]
    creator = lt.create_torrent(files, piece_size, flags)
    lt.set_piece_hashes(creator, str(content.parent))
    target.write_bytes(lt.bencode(creator.generate()))


def verify(content: Path, torrent: Path) -> None:
    session = lt.session({"enable_dht": False, "enable_lsd": False, "enable_upnp": False,
                          "enable_natpmp": False, "listen_interfaces": "",
                          "alert_mask": lt.alert.category_t.status_notification})
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(str(torrent))
    parameters.save_path = str(content.parent)
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = session.add_torrent(parameters)
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.torrent_checked_alert):
                sys.exit(0 if handle.status().is_seeding else 1)


if sys.argv[1] == "verify":
    verify(Path(sys.argv[2]), Path(sys.argv[4]))
else:
    create(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
