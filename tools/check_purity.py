# SPDX-License-Identifier: MIT OR Apache-2.0
"""The state machines are pure: what their libraries need from outside is on an allow-list.

Reads the archives of build/dev with nm. Three rules: every undefined symbol is defined by another
state machine or matches tools/purity_allow.txt; nothing of Boost, libcurl or SQLite appears even
as a definition; no variable can change after its initialisation. The last one is read from the
sources too, because a local static that is initialised at run time looks the same whether it is
const or not. Which components are state machines is said by the table in docs/ARCHITECTURE.md.
"""

import re
import subprocess
import sys
from pathlib import Path

import check_layers
import checklib

CHANGING_STATIC = re.compile(
    r"^[ \t]*(?:inline[ \t]+)?(?:static|thread_local)\b(?![ \t]+(?:const|constexpr|constinit const)\b)[^;(){}=]*[;={]",
    re.MULTILINE)
FORBIDDEN = re.compile(r"\b(boost::|curl_|sqlite3_)")


def pure_components(root: Path) -> list[str]:
    """Those with a row marked pure and something to compile in src/."""
    rows, _ = check_layers.read_table(root)
    return [name for name, row in rows.items() if row.pure and any(
        not path.stem.endswith("_test") for path in (root / "src" / name).glob("**/*.cc"))]


def archive_of(root: Path, component: str) -> Path:
    return root / "build" / "dev" / "src" / component / f"libweir_{component}.a"


def read_allowed(root: Path) -> dict[str, list[str]]:
    allowed: dict[str, list[str]] = {}
    for line in (root / "tools" / "purity_allow.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            component, pattern = line.split(None, 1)
            allowed.setdefault(component, []).append(f"(?:{pattern.strip()})")
    return allowed


def nm(archive: Path) -> list[tuple[str, str, str]]:
    """(name, class, section) of each symbol, mangled; class U is undefined."""
    done = subprocess.run(["nm", "--format=sysv", str(archive)], capture_output=True, text=True,
                          check=True)
    symbols = []
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 7 and cells[0] != "Name":
            symbols.append((cells[0], cells[2], cells[6]))
    return symbols


def demangle(names: list[str]) -> list[str]:
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True,
                          check=True)
    return done.stdout.splitlines()


def mutable_variables(symbols: list[tuple[str, str, str]]) -> list[str]:
    """Variables in writable memory. A local static that a guard initialises once is let through,
    and so is what only the loader writes (.data.rel.ro)."""
    guarded = {name.removeprefix("_ZGV") for name, _, _ in symbols if name.startswith("_ZGV")}
    return [name for name, _, section in symbols
            if section.startswith((".data", ".bss", ".tdata", ".tbss"))
            and not section.startswith((".data.rel.ro", ".data.rel.local.DW"))
            and not name.startswith(("_ZGV", "DW.ref.", ".data", ".bss"))
            and name.removeprefix("_Z") not in guarded]


def problems_of(component: str, symbols: list[tuple[str, str, str]], defined: set[str],
                allowed: dict[str, list[str]]) -> list[str]:
    pattern = re.compile("|".join(allowed.get("all", []) + allowed.get(component, [])) or r"(?!)")
    found = []
    needed = sorted({name for name, kind, _ in symbols if kind == "U"} - defined)
    for plain in demangle(needed) if needed else []:
        if not pattern.fullmatch(plain):
            found.append(f"{component} needs {plain}")
    own = sorted({name for name, kind, _ in symbols if kind not in ("U", "")})
    for plain in demangle(own) if own else []:
        if FORBIDDEN.search(plain):
            found.append(f"{component} holds {plain}")
    variables = sorted(set(mutable_variables(symbols)))
    for plain in demangle(variables) if variables else []:
        found.append(f"{component} has a variable that can change: {plain}")
    return found


def changing_statics(root: Path, component: str) -> list[str]:
    found = []
    for path in sorted((root / "src" / component).glob("**/*")):
        if path.suffix in checklib.CXX and not check_layers.is_test(path):
            code = checklib.strip_cxx_comments(path.read_text())
            found += [f"{path.relative_to(root)}: a static that can change: {match.group().strip()}"
                      for match in CHANGING_STATIC.finditer(code)]
    return found


def problems(root: Path) -> list[str]:
    allowed = read_allowed(root)
    symbols, found = {}, []
    for component in pure_components(root):
        found += changing_statics(root, component)
        archive = archive_of(root, component)
        if archive.exists():
            symbols[component] = nm(archive)
        else:
            found.append(f"{archive.relative_to(root)} is not built")
    defined = {name for own in symbols.values() for name, kind, _ in own if kind not in ("U", "")}
    for component, own in symbols.items():
        found += problems_of(component, own, defined, allowed)
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["--targets"]:
        print("\n".join(f"weir_{component}" for component in pure_components(checklib.ROOT)))
        sys.exit(0)
    checklib.main(problems)
