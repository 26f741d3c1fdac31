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


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    for name, data in CID.items():
        save("cid", name, data)


main()
