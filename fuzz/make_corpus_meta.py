#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the seed corpora of the bencode, metainfo, info, magnet and path fuzz targets."""
import hashlib
import pathlib

HERE = pathlib.Path(__file__).parent / "corpus"


def enc(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(enc, value)) + b"e"
    items = {k.encode() if isinstance(k, str) else k: v for k, v in value.items()}
    return b"d" + b"".join(enc(k) + enc(items[k]) for k in sorted(items)) + b"e"


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def leaf(length, root=b"r" * 32, **more):
    out = {"length": length, **more}
    if length:
        out["pieces root"] = root
    return {"": out}


def file(length, *path, **more):
    return {"length": length, "path": list(path), **{k.replace("_", " "): v for k, v in more.items()}}


def infos():
    base = {"name": "root", "piece length": 16384}
    one = {**base, "pieces": b"h" * 20}
    layer = [bytes([n]) * 32 for n in (1, 2, 3)] + [bytes(32)]
    pair = lambda a, b: hashlib.sha256(a + b).digest()
    root = pair(pair(layer[0], layer[1]), pair(layer[2], layer[3]))
    huge = 9223372036854775807
    yield "single", {**base, "length": 20000, "pieces": b"h" * 40, "private": 1, "source": "S"}, {
        "announce": "http://t.example/a", "url-list": ["http://w/"],
        "announce-list": [["http://a/"], ["udp://b:1"]],
        "nodes": [["dht.example", 6881]], "comment": "c", "creation date": 1}
    yield "multi", {**one, "files": [file(1, "a"), file(2, "b", "c"), file(0, "A")]}, {}
    yield "pads", {**one, "files": [file(1, "a"), file(9, ".pad", "9", attr="p"), file(3, ".pad", "0")]}, {}
    yield "traversal", {**one, "files": [file(5, "..", "..", "etc", "canary"), file(1, "C:\\x")]}, {}
    yield "links", {**one, "files": [file(0, "l", attr="l", symlink_path=["d", "f"]), file(5, "d", "f"),
                                     file(0, "d", "m", attr="xl", symlink_path=["..", "l"])]}, {}
    yield "two_step", {**one, "files": [file(0, "d", attr="l", symlink_path=["..", "..", "outside"]),
                                        file(5, "d", "x")]}, {}
    yield "huge", {**one, "files": [file(huge, "a"), file(huge, "b")]}, {}
    yield "collide", {**one, "files": [file(1, "a")] * 5 + [file(1, "a", "b"), file(1, "A.1")]}, {}
    yield "legacy", {**one, "files": [{**file(1, b"\xff"), "path.utf-8": ["x"]}], "name.utf-8": "n"}, {}
    v2 = {**base, "meta version": 2}
    yield "v2", {**v2, "file tree": {"a": leaf(5), "b": {"c": leaf(20000), "e": leaf(0)}}}, {}
    yield "v2_layers", {**v2, "file tree": {"big": leaf(40000, root)}}, {
        "piece layers": {root: b"".join(layer[:3])}}
    yield "v2_root31", {**v2, "file tree": {"a": leaf(5, b"r" * 31)}}, {}
    yield "v2_both", {**v2, "file tree": {"a": {**leaf(5), "b": leaf(1)}}}, {}
    yield "v3", {**v2, "meta version": 3, "file tree": {"a": leaf(5)}}, {}
    yield "hybrid", {**v2, "pieces": b"h" * 40, "file tree": {"a": leaf(5), "b": leaf(7)},
                     "files": [file(5, "a"), file(16379, ".pad", "16379", attr="p"), file(7, "b")]}, {}
    yield "hybrid_single", {**v2, "pieces": b"h" * 20, "length": 5, "file tree": {"root": leaf(5)}}, {}


def main():
    for name, info, outer in infos():
        save("info", name, enc(info))
        save("metainfo", name, enc({**outer, "info": info}))
        save("bencode", name, enc({**outer, "info": info}))
    bomb = b"l" * 2000 + b"e" * 2000
    save("bencode", "depth", bomb)
    save("bencode", "depth_skipped", b"d1:z" + bomb + b"4:infodee")
    save("bencode", "tokens", b"l" + b"le" * 2000 + b"e")
    save("bencode", "length_lie", b"d4294967295")
    save("bencode", "integers", b"li0ei-1ei9223372036854775807ei-9223372036854775808ee")
    save("bencode", "unsorted", b"d1:bi1e1:ai2ee")
    save("bencode", "prefix", b"d8:msg_typei1e5:piecei0e10:total_sizei5eeBLOCK")
    h = b"magnet:?xt=urn:btih:" + b"a" * 40
    v2 = b"xt=urn:btmh:1220" + b"b" * 64
    save("magnet", "full", h + b"&" + v2 + b"&dn=A+n%20m&xl=5&tr=udp%3A%2F%2Ft%3A1&ws=http://w/"
         b"&xs=http://x/t&x.pe=10.0.0.1:1&x.pe=[::1]:2&so=0,2,4-6")
    save("magnet", "base32", b"magnet:?xt=urn:btih:" + b"A" * 32 + b"&amp;tr.1=http://a/")
    save("magnet", "v2", b"magnet:?" + v2)
    save("magnet", "bad_escape", h + b"&dn=%4")
    save("path", "plain", b"a\nb\ra\nc\rA\nB")
    save("path", "traversal", b"..\n..\netc\nx\r/etc\rC:\\x\r\\\\srv\\share\r.")
    save("path", "link", b"@d\rd\nx")
    save("path", "long", b"a" * 300 + b".mkv\r" + "é".encode() * 200 + b"\rcon.txt\r" + b"a" * 300 + b".mkv")
    save("path", "marks", b".\xe2\x80\x8e.\rphoto\xe2\x80\xaegpj.exe\r\xc0\x80\xed\xa0\x80\xff")


main()
