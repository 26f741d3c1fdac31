# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every header compiles alone: it includes what it uses, and warns about nothing.

One compiler call per header, two at a time. A header that passed is remembered in
build/header-cache by the content of everything of ours that it reaches, so only what a change
touches is compiled again.
"""

import hashlib
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import checklib

COMPILER = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wswitch",
         "-Werror", "-x", "c++", "-"]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
INCLUDE_FOLDERS = ("src", ".")


def resolve(root: Path, name: str) -> Path | None:
    return next((root / base / name for base in INCLUDE_FOLDERS if (root / base / name).is_file()), None)


def reached(root: Path, header: Path, texts: dict[Path, str]) -> list[Path]:
    """The header and every file of ours that it includes, however far."""
    todo, seen = [header], set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        if path not in texts:
            texts[path] = checklib.read_text(path) or ""
        todo += [found for name in INCLUDE.findall(texts[path]) if (found := resolve(root, name))]
    return sorted(seen)


def compile_alone(root: Path, header: Path) -> str:
    name = header.relative_to("src") if header.parts[0] == "src" else header
    includes = [f"-I{root / base}" for base in INCLUDE_FOLDERS]
    done = subprocess.run([COMPILER, *includes, *FLAGS], input=f'#include "{name}"\n', text=True,
                          capture_output=True, cwd=root, check=False)
    return "" if done.returncode == 0 else done.stderr or "the compiler failed"


def problems(root: Path) -> list[str]:
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True).stdout
    cache = root / "build" / "header-cache"
    cache.mkdir(parents=True, exist_ok=True)
    texts: dict[Path, str] = {}

    def check(header: Path) -> list[str]:
        digest = hashlib.sha256(f"{version}{FLAGS}{header}".encode())
        for path in reached(root, root / header, texts):
            digest.update(f"{path.relative_to(root)}\0{texts[path]}\0".encode())
        passed = cache / digest.hexdigest()
        if passed.exists():
            os.utime(passed)
            return []
        errors = compile_alone(root, header)
        if errors:
            return [f"{header} does not compile alone:", *errors.splitlines()[:15]]
        passed.touch()
        return []

    headers = [path for path in checklib.cxx_files(root)
               if path.suffix == ".h" and path.parts[0] in ("src", "sim", "fuzz", "bench", "tests")]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = [line for lines in pool.map(check, headers) for line in lines]
    forget_old(cache)
    return found


def forget_old(cache: Path, keep: int = 2000) -> None:
    entries = sorted(cache.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[keep:]:
        entry.unlink()


if __name__ == "__main__":
    checklib.main(problems)
