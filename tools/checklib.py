# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the checks share: which files belong to the project, and how a check reports.

A check is a module with `problems(root) -> list[str]`, one line per problem, empty when all is
well. It reads the tree below `root` only, so check_test.py can point it at a small broken tree.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}
CXX = {".cc", ".h"}


def project_files(root: Path) -> list[Path]:
    """Every file of the project, relative to root and sorted: what git would know, or the tree."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    ) if (root / ".git").exists() else None
    if listed is not None and listed.returncode == 0:
        names = [Path(os.fsdecode(name)) for name in listed.stdout.split(b"\0") if name]
        return sorted({name for name in names if (root / name).is_file()})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found += [Path(folder, name).relative_to(root) for name in names]
    return sorted(found)


def cxx_files(root: Path) -> list[Path]:
    return [path for path in project_files(root) if path.suffix in CXX]


def read_text(path: Path) -> str | None:
    """The file's text, or None when it is not text (fuzz inputs, test vectors)."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError):
        return None
    return None if "\0" in text else text


def is_input_data(path: Path) -> bool:
    """Files that are bytes for tests rather than writing of ours."""
    return path.parts[:2] == ("fuzz", "corpus") or "testdata" in path.parts


def strip_cxx_comments(text: str) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def main(problems) -> None:
    found = problems(ROOT)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
