# SPDX-License-Identifier: MIT OR Apache-2.0
"""A file has at most 500 lines, a function at most 70.

tools/length_ratchet.txt holds the exceptions, `file PATH LINES` or `function PATH NAME LINES`. An
exception may only shrink: when the thing got shorter, its line must follow or go.
"""

import subprocess
from pathlib import Path

import checklib

MAX_FILE = 500
MAX_FUNCTION = 70
FOLDERS = {"src", "sim", "fuzz", "bench", "tests", "tools", "cmake", "examples"}
SUFFIXES = {".cc", ".h", ".py", ".sh", ".js", ".mjs", ".css", ".html", ".cmake"}
CTAGS = "ctags-universal"


def measured_files(root: Path) -> list[Path]:
    return [path for path in checklib.project_files(root)
            if not checklib.is_input_data(path)
            and (path.name == "dev" or path.parts[0] in FOLDERS)
            and (path.suffix in SUFFIXES or path.name in ("dev", "CMakeLists.txt"))]


def function_lengths(root: Path, files: list[Path]) -> dict[tuple[str, str], int]:
    """The longest function of each name in each file, from its name's line to its last."""
    names = "\n".join(str(path) for path in files if path.suffix in {".cc", ".h", ".py", ".js", ".mjs"})
    done = subprocess.run(
        [CTAGS, "-L", "-", "-x", "--languages=C++,Python,JavaScript", "--map-C++=+.h",
         "--kinds-C++=f", "--kinds-Python=fm", "--kinds-JavaScript=fm", "--fields=+ne",
         "--_xformat=%F\t%N\t%n\t%e"],
        input=names, cwd=root, capture_output=True, text=True, check=True)
    lengths: dict[tuple[str, str], int] = {}
    for line in done.stdout.splitlines():
        path, name, first, last = line.split("\t")
        if last.isdigit():
            key = (path, name)
            lengths[key] = max(lengths.get(key, 0), int(last) - int(first) + 1)
    return lengths


def read_ratchet(root: Path) -> tuple[dict[tuple[str, ...], int], list[str]]:
    allowed: dict[tuple[str, ...], int] = {}
    found = []
    page = root / "tools" / "length_ratchet.txt"
    for line in page.read_text().splitlines() if page.exists() else []:
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        shape = {"file": 3, "function": 4}.get(words[0])
        if shape != len(words) or not words[-1].isdigit():
            found.append(f"tools/length_ratchet.txt: not understood: {line}")
            continue
        allowed[tuple(words[:-1])] = int(words[-1])
    return allowed, found


def problems(root: Path) -> list[str]:
    allowed, found = read_ratchet(root)
    files = measured_files(root)
    actual: dict[tuple[str, ...], tuple[int, int]] = {}
    for path in files:
        lines = len((checklib.read_text(root / path) or "").splitlines())
        actual[("file", str(path))] = (lines, MAX_FILE)
    for (path, name), lines in function_lengths(root, files).items():
        actual[("function", path, name)] = (lines, MAX_FUNCTION)
    for key, (lines, limit) in sorted(actual.items()):
        ceiling = max(limit, allowed.get(key, 0))
        if lines > ceiling:
            found.append(f"{' '.join(key[1:])}: {lines} lines, at most {ceiling}")
    for key, ceiling in sorted(allowed.items()):
        lines, limit = actual.get(key, (0, 0))
        if lines <= limit:
            found.append(f"tools/length_ratchet.txt: '{' '.join(key)}' is not needed any more")
        elif lines < ceiling:
            found.append(f"tools/length_ratchet.txt: '{' '.join(key)}' may shrink to {lines}")
    return found


if __name__ == "__main__":
    checklib.main(problems)
