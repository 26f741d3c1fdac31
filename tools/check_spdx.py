# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every source file and script says its licence in its first three lines."""

from pathlib import Path

import checklib

LINE = "SPDX-License-Identifier: MIT OR Apache-2.0"
SUFFIXES = {".cc", ".h", ".py", ".sh", ".cmake", ".js", ".mjs", ".cjs", ".css", ".html", ".svg", ".fish", ".bash"}


def wants_line(root: Path, path: Path) -> bool:
    if checklib.is_input_data(path):
        return False
    if path.suffix in SUFFIXES or path.name == "CMakeLists.txt":
        return True
    with open(root / path, "rb") as file:
        return file.read(2) == b"#!"


def problems(root: Path) -> list[str]:
    found = []
    for path in checklib.project_files(root):
        if not wants_line(root, path):
            continue
        head = (checklib.read_text(root / path) or "").splitlines()[:3]
        if not any(LINE in line for line in head):
            found.append(f"{path}: no '{LINE}' in the first three lines")
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        if not (root / name).exists():
            found.append(f"{name} is missing")
    return found


if __name__ == "__main__":
    checklib.main(problems)
