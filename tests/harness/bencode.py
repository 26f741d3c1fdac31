# SPDX-License-Identifier: MIT OR Apache-2.0
"""Bencode for tests: bytes, int, list, dict (keys are bytes). Not strict when it reads."""


def encode(value) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    items = {key.encode() if isinstance(key, str) else key: item for key, item in value.items()}
    return b"d" + b"".join(encode(key) + encode(items[key]) for key in sorted(items)) + b"e"


def decode(data: bytes):
    return decode_prefix(data, 0)[0]


def decode_prefix(data: bytes, at: int):
    """The value that starts there, and where it ends."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = decode_prefix(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return dict(zip(items[::2], items[1::2])), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end
