# SPDX-License-Identifier: MIT OR Apache-2.0
"""Include edges, CMake dependencies and outside libraries against docs/ARCHITECTURE.md.

The table between the `layers:begin` and `layers:end` comments is the rule: a component includes
itself and what its row names, its CMake DEPS declare exactly what it includes, only the rows that
name an outside library may use it, and a component above the line of pure state machines is the
only place for headers of sockets, files, threads and clocks.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import checklib

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

# What a header's or a CMake target's first letters say about the library behind it.
LIBRARY_HEADERS = {
    "boost/": "Boost", "curl/": "libcurl", "sqlite3": "SQLite", "openssl/": "OpenSSL",
    "fmt/": "fmt", "spdlog/": "spdlog", "CLI/": "CLI11", "zlib.h": "zlib", "protozero/": "protozero",
    "toml++/": "toml++",
}
LIBRARY_TARGETS = {
    "Boost::": "Boost", "CURL::": "libcurl", "SQLite": "SQLite", "OpenSSL::": "OpenSSL",
    "fmt::": "fmt", "spdlog::": "spdlog", "CLI11::": "CLI11", "ZLIB::": "zlib",
    "tomlplusplus::": "toml++",
}
IMPURE_HEADERS = re.compile(
    r"(sys|netinet|arpa|net|linux|asm)/.*|"
    r"(unistd|fcntl|poll|pthread|signal|time|netdb|dirent|dlfcn|sched|semaphore|syslog)\.h|"
    r"(thread|mutex|shared_mutex|condition_variable|future|atomic|stop_token|semaphore|latch|"
    r"barrier|fstream|iostream|filesystem|csignal|ctime|syncstream)"
)


@dataclass
class Row:
    may_include: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    pure: bool = True


def read_table(root: Path) -> tuple[dict[str, Row], list[str]]:
    page = root / "docs" / "ARCHITECTURE.md"
    text = page.read_text() if page.exists() else ""
    match = re.search(r"<!-- layers:begin -->(.*?)<!-- layers:end -->", text, re.DOTALL)
    if not match:
        return {}, ["docs/ARCHITECTURE.md: no table between layers:begin and layers:end"]
    rows: dict[str, Row] = {}
    problems = []
    for line in match.group(1).strip().splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4:
            problems.append(f"docs/ARCHITECTURE.md: not four cells: {line}")
            continue
        name, includes, libraries, pure = cells
        name = name.strip("`")
        row = Row(words(includes), words(libraries), pure == "yes")
        for other in sorted(row.may_include - rows.keys()):
            problems.append(f"docs/ARCHITECTURE.md: {name} may include {other}, "
                            "which is no row above it")
        rows[name] = row
    return rows, problems


def words(cell: str) -> set[str]:
    return set() if cell in ("", "none", "-") else set(cell.replace("`", "").replace(",", " ").split())


def component_of(path: Path) -> str | None:
    if path.parts[0] == "src" and len(path.parts) > 2:
        return path.parts[1]
    return path.parts[0] if path.parts[0] in ("sim", "fuzz") and len(path.parts) > 1 else None


def is_test(path: Path) -> bool:
    return path.stem.endswith("_test") or "testing" in path.parts


def library_behind(name: str, prefixes: dict[str, str]) -> str | None:
    return next((lib for prefix, lib in prefixes.items() if name.startswith(prefix)), None)


def declared(root: Path, component: str) -> dict[str, set[str]]:
    """The DEPS, LIBS and TEST_LIBS of the component's weir_component() call."""
    page = root / "src" / component / "CMakeLists.txt"
    text = re.sub(r"#.*", "", page.read_text()) if page.exists() else ""
    call = re.search(rf"weir_component\(\s*{re.escape(component)}\b([^)]*)\)", text)
    out: dict[str, set[str]] = {"DEPS": set(), "LIBS": set(), "TEST_LIBS": set()}
    key = None
    for word in call.group(1).split() if call else []:
        if word in out:
            key = word
        elif key:
            out[key].add(word)
    return out


class Checker:
    def __init__(self, root: Path, rows: dict[str, Row]):
        self.root = root
        self.rows = rows
        self.problems: list[str] = []
        self.declared: dict[str, dict[str, set[str]]] = {}

    def check_file(self, path: Path) -> None:
        component = component_of(path)
        if component is None:
            return
        if component not in self.rows:
            self.problems.append(f"{path}: {component} has no row in docs/ARCHITECTURE.md")
            return
        text = checklib.read_text(self.root / path) or ""
        for match in INCLUDE.finditer(checklib.strip_cxx_comments(text)):
            if match.group(1) == '"':
                self.check_edge(path, component, match.group(2))
            else:
                self.check_outside(path, component, match.group(2))

    def check_edge(self, path: Path, component: str, header: str) -> None:
        folder = header.split("/")[0]
        if folder not in self.rows:
            self.problems.append(f'{path}: "{header}" is not written as "component/file.h"')
            return
        row = self.rows[component]
        if folder == component:
            return
        if "/internal/" in header:
            self.problems.append(f"{path}: {header} is private to {folder}")
        extra = set()
        if is_test(path) and path.parts[0] == "src":
            libs = self.declared_by(component)["TEST_LIBS"]
            extra = {lib.removeprefix("weir_") for lib in libs}
        if folder not in row.may_include | extra:
            self.problems.append(f"{path}: {component} may not include {folder} ({header})")
        elif path.parts[0] == "src" and folder not in self.declared_by(component)["DEPS"] | extra:
            self.problems.append(f"{path}: {header} needs {folder} in the DEPS of "
                                 f"src/{component}/CMakeLists.txt")

    def check_outside(self, path: Path, component: str, header: str) -> None:
        row = self.rows[component]
        library = library_behind(header, LIBRARY_HEADERS)
        if library and library not in row.libraries and not is_test(path):
            self.problems.append(f"{path}: {component} may not use {library} (<{header}>)")
        if row.pure and not is_test(path) and IMPURE_HEADERS.fullmatch(header):
            self.problems.append(f"{path}: <{header}> in {component}, which does no I/O")

    def declared_by(self, component: str) -> dict[str, set[str]]:
        if component not in self.declared:
            self.declared[component] = declared(self.root, component)
        return self.declared[component]

    def check_cmake(self, component: str) -> None:
        where = f"src/{component}/CMakeLists.txt"
        says = self.declared_by(component)
        for dep in sorted(says["DEPS"] - self.rows[component].may_include):
            self.problems.append(f"{where}: {component} may not depend on {dep}")
        for lib in sorted(says["LIBS"]):
            library = library_behind(lib, LIBRARY_TARGETS)
            if library and library not in self.rows[component].libraries:
                self.problems.append(f"{where}: {component} may not link {library} ({lib})")
            if self.rows[component].pure and lib == "Threads::Threads":
                self.problems.append(f"{where}: {component} does no I/O and needs no threads")


def problems(root: Path) -> list[str]:
    rows, found = read_table(root)
    checker = Checker(root, rows)
    for path in checklib.cxx_files(root):
        checker.check_file(path)
    for component in rows:
        if (root / "src" / component / "CMakeLists.txt").exists():
            checker.check_cmake(component)
    return found + checker.problems


if __name__ == "__main__":
    checklib.main(problems)
