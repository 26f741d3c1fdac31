# SPDX-License-Identifier: MIT OR Apache-2.0
"""Torrents made by libtorrent, so that weir is measured against what others write."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness import bencode

KINDS = ("v1", "v2", "hybrid")


@dataclass(frozen=True)
class Torrent:
    path: Path
    kind: str
    name: str
    info: bytes

    @property
    def v1_hash(self) -> bytes:
        return hashlib.sha1(self.info).digest()

    @property
    def v2_hash(self) -> bytes:
        return hashlib.sha256(self.info).digest()

    @property
    def hash(self) -> bytes:
        """The 20 bytes that a handshake names it by."""
        return self.v2_hash[:20] if self.kind == "v2" else self.v1_hash

    @property
    def fields(self) -> dict:
        return bencode.decode(self.info)

    @property
    def content_size(self) -> int:
        """Without padding."""
        if b"file tree" in self.fields:
            return _tree_size(self.fields[b"file tree"])
        return sum(file[b"length"] for file in self.fields.get(b"files", [self.fields]))

    def magnet(self, trackers=(), peers=(), with_v2: bool = True) -> str:
        """By all its info hashes, or by that of v1 alone."""
        parts = []
        if self.kind != "v2":
            parts.append(f"xt=urn:btih:{self.v1_hash.hex()}")
        if self.kind != "v1" and with_v2:
            parts.append(f"xt=urn:btmh:1220{self.v2_hash.hex()}")
        parts += [f"tr={url}" for url in trackers]
        parts += [f"x.pe={address}:{port}" for address, port in peers]
        return "magnet:?" + "&".join(parts)


def _tree_size(tree: dict) -> int:
    return sum(node[b""][b"length"] if b"" in node else _tree_size(node) for node in tree.values())


def load(path: Path, kind: str) -> Torrent:
    data = path.read_bytes()
    fields = bencode.decode(data)
    info = bencode.encode(fields[b"info"])
    return Torrent(path, kind, fields[b"info"][b"name"].decode(), info)


def save(path: Path, info: dict, trackers=(), **others) -> Torrent:
    """A torrent of exactly these fields, hostile ones too."""
    fields = {"info": info, **others}
    if trackers:
        fields["announce"] = trackers[0]
    path.write_bytes(bencode.encode(fields))
    return load(path, "v1")


def make(content: Path, piece_size: int, kind: str, target: Path, trackers=()) -> Torrent:
    import libtorrent  # not needed by every test that reads this module

    storage = libtorrent.file_storage()
    libtorrent.add_files(storage, str(content))
    flags = {"v1": libtorrent.create_torrent.v1_only, "v2": libtorrent.create_torrent.v2_only,
             "hybrid": 0}[kind]
    creator = libtorrent.create_torrent(storage, piece_size, flags)
    for tier, url in enumerate(trackers):
        creator.add_tracker(url, tier)
    libtorrent.set_piece_hashes(creator, str(content.parent))
    target.write_bytes(libtorrent.bencode(creator.generate()))
    return load(target, kind)


def without_trackers(torrent: Torrent) -> Torrent:
    fields = bencode.decode(torrent.path.read_bytes())
    fields.pop(b"announce", None)
    fields.pop(b"announce-list", None)
    path = torrent.path.with_suffix(".no-trackers.torrent")
    path.write_bytes(bencode.encode(fields))
    return load(path, torrent.kind)


def _pad_files(torrent: Torrent, content: Path):
    for file in torrent.fields.get(b"files", []):
        if b"p" in file.get(b"attr", b""):
            yield content.joinpath(*(part.decode() for part in file[b"path"])), file[b"length"]


def write_pad_files(torrent: Torrent, content: Path) -> None:
    """A client that does not know pad files wants them on disk before it seeds."""
    for path, length in _pad_files(torrent, content):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(length))
