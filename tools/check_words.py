# SPDX-License-Identifier: MIT OR Apache-2.0
"""Marks of unfinished work, somebody's absolute paths, and package hosts stay out of the tree.

The patterns are spelled in pieces so that this file passes its own check.
"""

import re
from pathlib import Path

import checklib

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|\b[Ss]tu" r"b(s|bed)?\b")
# A path into one machine's folders means nothing to anyone else. Tests may speak of such paths:
# they are what a hostile torrent asks for.
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(wo" r"rk|ho" r"me|ro" r"ot|Us" r"ers)/[\w.-]")
# A lock file names packages and their hashes; where they come from is the user's npm setting.
LOCKED_HOST = re.compile(r'"resolved"\s*:\s*"(?!file:)')
REGISTRY = re.compile(r"^\s*(@[\w-]+:)?regi" r"stry\s*=|--(regi" r"stry|(extra-)?index-u" r"rl)\b")


def line_problem(path: Path, line: str) -> str | None:
    if path.name == "package-lock.json":
        return "a package host in the lock file" if LOCKED_HOST.search(line) else None
    if UNFINISHED.search(line):
        return "a mark of unfinished work"
    is_test = path.stem.endswith(("_test", ".test"))
    if not is_test and MACHINE_PATH.search(line):
        return "a path of one machine"
    if REGISTRY.search(line):
        return "a package host"
    return None


def problems(root: Path) -> list[str]:
    found = []
    for path in checklib.project_files(root):
        if checklib.is_input_data(path) or path.name.startswith("LICENSE"):
            continue
        text = checklib.read_text(root / path)
        for number, line in enumerate((text or "").splitlines(), 1):
            problem = line_problem(path, line)
            if problem:
                found.append(f"{path}:{number}: {problem}: {line.strip()[:100]}")
    return found


if __name__ == "__main__":
    checklib.main(problems)
