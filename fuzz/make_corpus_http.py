#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the seed corpora of http_range, content_disposition, http_path and tar_reader."""
import io
import pathlib
import tarfile

HERE = pathlib.Path(__file__).parent / "corpus"

RANGES = {
    "single": "20000\nbytes=0-499\n\"a\"\n\"b\"\n\"a\"\ntext/html",
    "suffix": "20000\nbytes=-500\nSun, 06 Nov 1994 08:49:37 GMT\nW/\"b\"\n*\n*/*;q=0.1",
    "open": "20000\nbytes=9500-\nSunday, 06-Nov-94 08:49:37 GMT\n\n*\napplication/json",
    "many": "20000\nbytes=0-0,-1, 500-600,601-999 ,5-\nSun Nov  6 08:49:37 1994\n*\n*\n",
    "overlap": "128000000\nbytes=0-" + ",0-" * 1299 + "\n",
    "backwards": "20000\nbytes=5-2\n\n\n\n",
    "huge": "18446744073709551615\nbytes=18446744073709551615-,9223372036854775806-\n",
    "zero": "0\nbytes=-0\n",
    "unit": "20000\nitems=0-1\n\"\n,\nW/\n;q=1,",
}
DISPOSITIONS = {
    "plain": "attachment; filename=example.html",
    "quoted": "INLINE; FILENAME= \"an \\\"example\\\".html\"",
    "extended": "attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates",
    "latin1": "attachment; filename*=iso-8859-1'en'%A3%20rates",
    "form": "form-data; name=\"file\"; filename=\"../../etc/passwd\"",
    "media": "text/html; charset=\"utf-8\"; a=b",
    "device": "a; filename=\"C:\\\\con.txt\"",
    "twice": "a; filename=a; filename=b",
}
PATHS = {
    "origin": "/btih/ab/c%20d?x=1&y=%2f+z",
    "absolute": "http://localhost:8080/a/?q",
    "traversal": "/%2e%2e/%2e%2e/canary",
    "double": "/%252e%252e/canary",
    "backslash": "/..%5c..%5ccanary",
    "overlong": "/%c0%ae%c0%ae/a",
    "host": "localhost:8080",
    "host6": "[::1]:80",
    "name": "node.example.:443",
    "asterisk": "*",
    "utf8": "/%E2%82%AC/\u20ac",
}


def archive(form, entries, headers=None):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, pax_headers=headers) as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mtime = kind, len(content), 1700000000
            info.linkname = "target" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            tar.addfile(info, io.BytesIO(content))
        length = tar.offset
    # With the end mark, without the zeroes that fill the last record and only make inputs large.
    return out.getvalue()[:length + 1024]


def archives():
    tree = [("d/", tarfile.DIRTYPE, b""), ("d/a.txt", tarfile.REGTYPE, b"hello"),
            ("d/empty", tarfile.REGTYPE, b""), ("b" * 99, tarfile.REGTYPE, b"x" * 600)]
    deep = [("n" * 150 + "/\u20ac", tarfile.REGTYPE, b"abc")]
    yield "ustar", archive(tarfile.USTAR_FORMAT, tree)
    yield "pax", archive(tarfile.PAX_FORMAT, tree + deep, {"comment": "c"})
    yield "gnu", archive(tarfile.GNU_FORMAT, tree + deep)
    yield "prefix", archive(tarfile.USTAR_FORMAT, [("p" * 90 + "/" + "n" * 60, tarfile.REGTYPE, b"1")])
    yield "link", archive(tarfile.PAX_FORMAT, [("l", tarfile.SYMTYPE, b"")])
    yield "device", archive(tarfile.PAX_FORMAT, [("c", tarfile.CHRTYPE, b"")])
    yield "traversal", archive(tarfile.PAX_FORMAT, [("../../canary", tarfile.REGTYPE, b"1")])
    yield "duplicate", archive(tarfile.PAX_FORMAT, tree + tree)
    yield "truncated", archive(tarfile.PAX_FORMAT, tree)[:2000]
    yield "empty", bytes(1024)


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def main():
    for target, items in (("http_range", RANGES), ("content_disposition", DISPOSITIONS),
                          ("http_path", PATHS), ("tar_reader", dict(archives()))):
        for name, data in items.items():
            save(target, name, data)


if __name__ == "__main__":
    main()
