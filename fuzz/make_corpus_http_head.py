#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the seed corpus of http_head."""
import pathlib

HERE = pathlib.Path(__file__).parent / "corpus" / "http_head"

GET = b"GET /a/b%20c?x=1 HTTP/1.1\r\nHost: h\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\n"
HIDDEN = b"0\r\n\r\nDELETE /canary HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

SEEDS = {
    "get": GET + b"Range: bytes=0-1\r\nIf-None-Match: \"a\"\r\n\r\n",
    "pipelined": (GET + b"\r\n") * 3,
    "length": POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello" + GET + b"\r\n",
    "chunked": CHUNKED + b"5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n" + GET + b"\r\n",
    "both": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" + HIDDEN,
    "codings": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + HIDDEN,
    "gzip": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + HIDDEN,
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + HIDDEN,
    "lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "list": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "plus": POST + b"Content-Length: +5\r\n\r\nhello",
    "fold": GET + b"X: a\r\n b\r\n\r\n",
    "bare_lf": b"GET / HTTP/1.1\nHost: h\n\n",
    "bare_cr": GET + b"X: a\rY: b\r\n\r\n",
    "nul": GET + b"X: a\0b\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "empty_line": b"\r\n" + GET + b"\r\n",
    "overflow": CHUNKED + b"ffffffffffffffff\r\nx",
    "wrap": CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "extension": CHUNKED + b"1;" + b"x" * 17000,
    "trailers": CHUNKED + b"0\r\n" + b"X: y\r\n" * 3000,
    "many": GET + b"X: y\r\n" * 21 + b"\r\n",
    "target": b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
}

HERE.mkdir(parents=True, exist_ok=True)
for name, text in SEEDS.items():
    for stretch in (0, 6, 255):
        if stretch == 6 or len(text) < 1000:
            (HERE / f"{name}_{stretch}").write_bytes(bytes([stretch]) + text)
