#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the seed corpora of the cid and codex_manifest fuzz targets."""
import pathlib

HERE = pathlib.Path(__file__).parent / "corpus"

CID = {
    "block": bytes.fromhex("01829a0312202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
    "block_text": b"zDxWB8ED1aT6toYW9R1grC12wesgfBLxovs7KLq5WwfzvwsYTSV9",
    "info_hash": bytes.fromhex("017b11141902d602db8c350f4f6d809ed01eff32f030da95"),
    "info_hash_text": b"z8q71z28S52VyhNSmcAC9HWy5KrEsYnDr",
    "v0": b"\x12\x20" + bytes(range(32)),
    "v0_text": b"QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
    "identity": bytes([1, 0x55, 0, 3]) + b"abc",
    "identity_claim": bytes([1, 0x55, 0, 0xa0, 0x8d, 6]),
    "long_varint": bytes([1, 0xd5, 0, 0x12, 0x20]) + bytes(32),
    "base32_text": b"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",
    "base64_pad_text": b"MeWVzIG1hbmkgIQ==",
    "spare_bits": b"mAB",
    "peer": bytes.fromhex("0025080212210375dea2b0552bb77de18f4ba8360997d1afa51c4fbe1a792a44002f93725b3e53"),
    "peer_text": b"16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt",
    "multiaddr": bytes.fromhex("04c000020a061f86"),
    "multiaddr_mapped": bytes.fromhex("2900000000000000000000ffff01020304"),
    "multiaddr_text": b"/ip6/2001:db8::7/tcp/8070/p2p/16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt",
    "multiaddr_dns": b"/dns4/node.example/udp/1",
}

ROOT = bytes.fromhex("01839a031220") + bytes(32)
MANIFEST_CID = bytes.fromhex("01819a031220") + bytes(32)
SLOT_ROOT = bytes.fromhex("01849a031220") + bytes(32)
VERIFY_ROOT = bytes.fromhex("01859a031220") + bytes(32)
NODE = bytes(31) + b"n"


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def pb(*fields):
    """Fields as (tag, number) or (tag, bytes)."""
    out = b""
    for tag, value in fields:
        if isinstance(value, int):
            out += varint(tag << 3) + varint(value)
        else:
            out += varint(tag << 3 | 2) + varint(len(value)) + value
    return out


def header(*more, size=100_000, block=65536, codec=0xcd02):
    return pb((1, pb((1, ROOT), (2, block), (3, size), (4, codec), (5, 0x12), (6, 2), *more)))


def torrent(length, piece_length, pieces, *more):
    digests = [(3, pb((1, b"\x11\x14" + bytes([n]) * 20))) for n in range(pieces)]
    return pb((1, pb((1, length), (2, piece_length), *digests, *more)), (2, MANIFEST_CID))


def erasure(*more, k=2, m=3):
    return 7, pb((1, k), (2, m), (3, ROOT), (4, 262137), (5, 1), *more)


VERIFIABLE = 6, pb((1, VERIFY_ROOT), *[(2, SLOT_ROOT)] * 5, (3, 2048), (4, 0))

CODEX = {
    "plain": header((8, b"a.bin"), (9, b"text/plain")),
    "torrent_blocks": header(block=16384),
    "unknown_fields": header((15, 1), (16, b"x")) + pb((2, b"y")),
    "two_headers": header(size=1) + header(size=2),
    "erasure": header(erasure(), size=655355),
    "verifiable": header(erasure(VERIFIABLE), size=655355),
    "erasure_zero": header(erasure(k=0, m=0), size=655355),
    "erasure_huge": header(erasure(k=2**32 - 1, m=2**32 - 1), size=655355),
    "block_size_0": header(block=0),
    "block_size_1": header(block=1),
    "block_size_2_32": header(block=2**32),
    "size_2_63": header(size=2**63),
    "size_max": header(size=2**64 - 1, block=1),
    "wrong_codec": header(codec=0x55),
    "long_varint": b"\x0a\x80\x00",
    "length_cut_to_32_bits": b"\x0a\x81\x80\x80\x80\x10\x00",
    "group": b"\x0b\x0c",
    "directory": pb((1, b"photos"), (2, pb((1, MANIFEST_CID))), (2, pb((1, MANIFEST_CID)))),
    "torrent": torrent(300_000, 262144, 2, (4, b"data300k.bin")),
    "torrent_one_byte": torrent(1, 1, 1),
    "torrent_piece_count": torrent(300_000, 262144, 1),
    "torrent_piece_length_0": torrent(300_000, 0, 1),
    "torrent_length_max": torrent(2**64 - 1, 2**32 - 1, 1),
    "proof": pb((1, 0x12), (2, 2), (3, 3), (4, pb((1, bytes(32)))), (4, pb((1, NODE)))),
    "proof_index_max": pb((1, 0x12), (2, 2**64 - 1), (3, 2**64 - 1), (4, pb((1, NODE)))),
    "tree": bytes.fromhex(
        "081210031a220a2030303030303030303030303030303030303030303030303030303030303030311a220a20"
        "30303030303030303030303030303030303030303030303030303030303030321a220a203030303030303030"
        "3030303030303030303030303030303030303030303030331a220a200b642bff731e11e1438845a5c37ef8aa"
        "1278384e722862e03f19efb4dd51d7371a220a202554ede60d7f92f5c948d3f0ce7571ddb8e46b052c4f4f95"
        "072c4d7390e7fb271a220a20d3baa021b74562dfc6c1fc0c077581aa408c813824a600590a09e2f6b14a0c98"),
    "info_hash_text": b"0x11141902D602DB8C350F4F6D809ED01EFF32F030DA95",
    "info_hash_base32": b"DEBNMAW3RQ2Q6T3NQCPNAH77GLYDBWUV",
}


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    for name, data in CID.items():
        save("cid", name, data)
    for name, data in CODEX.items():
        save("codex_manifest", name, data)


main()
