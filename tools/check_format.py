# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every C++ file is as clang-format 19 writes it; --fix writes it so."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import checklib

CLANG_FORMAT = "clang-format-19"


def format_files(root: Path, flags: list[str]) -> list[str]:
    files = [str(path) for path in checklib.cxx_files(root) if not checklib.is_input_data(path)]
    groups = [files[i:i + 20] for i in range(0, len(files), 20)]

    def run(group: list[str]) -> str:
        done = subprocess.run([CLANG_FORMAT, *flags, *group], cwd=root, capture_output=True,
                              text=True, check=False)
        return done.stdout + done.stderr if done.returncode else ""

    with ThreadPoolExecutor(max_workers=2) as pool:
        return [line for out in pool.map(run, groups) for line in out.splitlines()]


def problems(root: Path) -> list[str]:
    found = format_files(root, ["--dry-run", "-Werror"])
    return found + ["`./dev format` mends this"] if found else []


if __name__ == "__main__":
    if sys.argv[1:] == ["--fix"]:
        checklib.main(lambda root: format_files(root, ["-i"]))
    checklib.main(problems)
