# SPDX-License-Identifier: MIT OR Apache-2.0
"""Files to transfer, made from a seed, and the comparison of what arrived with what was sent."""

import hashlib
import os
import random
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Content:
    """A tree of files, by path below the torrent's name. A single file has the empty path."""
    name: str
    files: dict[str, int]
    piece_size: int

    @property
    def size(self) -> int:
        return sum(self.files.values())

    def write(self, folder: Path, seed: int = 1) -> Path:
        """Writes it below folder; returns where it is (a file or a folder)."""
        target = folder / self.name
        for number, (path, size) in enumerate(self.files.items()):
            file = target / path if path else target
            file.parent.mkdir(parents=True, exist_ok=True)
            source = random.Random(f"{self.name}/{path}/{seed}/{number}")
            with open(file, "wb") as out:
                for done in range(0, size, 16 * MIB):
                    out.write(source.randbytes(min(16 * MIB, size - done)))
        return target


# One file, not a multiple of anything.
SINGLE = Content("single file.bin", {"": 3 * MIB + 12_345}, 16 * KIB)

# Files within a piece, across pieces, exactly a piece, empty ones first, between and last, folders in
# folders, names beyond ASCII. No two files need equally much padding in a hybrid: others take pad
# files for files, and two of one name for an error.
TREE = Content("tree", {
    "a/empty at the start": 0,
    "a/one byte": 1,
    "b/across pieces.bin": 5 * 16 * KIB + 777,
    "b/deep/er/exactly a piece": 16 * KIB,
    "b/deep/er/one less": 16 * KIB - 1,
    "b/empty between": 0,
    "c/naïve – 文件.txt": 40_000,
    "c/small": 17,
    "large.bin": 2 * MIB + 3,
    "z/empty at the end": 0,
}, 16 * KIB)

LARGE_PIECES = Content("large pieces", {
    "first.bin": 9 * MIB + 5,
    "middle/small.txt": 1000,
    "middle/two pieces.bin": 8 * MIB,
    "rest.bin": 6 * MIB + 333,
}, 4 * MIB)


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(path: Path) -> dict[str, tuple[int, str]]:
    """Every file below path: its size and digest; folders without files with size -1."""
    if path.is_file():
        return {"": (path.stat().st_size, digest(path))}
    found = {}
    for folder, folders, names in os.walk(path):
        for name in names:
            file = Path(folder, name)
            found[str(file.relative_to(path))] = (file.stat().st_size, digest(file))
        if not folders and not names:
            found[str(Path(folder).relative_to(path))] = (-1, "")
    return found


def difference(expected: Path, actual: Path, lenient: bool = False) -> list[str]:
    """What is wrong with actual, one line each. Lenient forgives what other clients do: pad files
    they know nothing of, and empty files they leave out."""
    if not actual.exists():
        return [f"{actual} is not there"]
    wanted, here = tree(expected), tree(actual)
    found = []
    for path in sorted(wanted.keys() | here.keys()):
        if wanted.get(path) == here.get(path):
            continue
        if path not in wanted:
            if not (lenient and path.startswith(".pad/")):
                found.append(f"extra: {path} {here[path]}")
        elif path not in here:
            if not (lenient and wanted[path][0] == 0):
                found.append(f"missing: {path} {wanted[path]}")
        else:
            found.append(f"differs: {path} {wanted[path]} {here[path]}")
    return found
