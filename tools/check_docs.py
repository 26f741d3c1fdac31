# SPDX-License-Identifier: MIT OR Apache-2.0
"""Pages name only what exists: files, folders, links, ./dev commands, presets, weir's commands.

Reads every Markdown page. Looked at are links, `code spans` and fenced blocks. A word in angle
brackets or in capitals is a placeholder and is not looked up; neither is anything below build/.
"""

import re
from pathlib import Path

import checklib

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"\.?[\w.+*-]+(/[\w.+*-]+)*/?")
SUFFIXES = (".h", ".cc", ".py", ".md", ".cmake", ".sh", ".mjs")
DEV = re.compile(r"(?:^|[\s(])\./dev(?:[ \t]+([a-z][\w-]*))?")
WEIR = re.compile(r"(?:^|[\s(/])weir[ \t]+([a-z]+)\b([^\n|;&]*)")
PRESET = re.compile(r"--preset[ =]([a-z]\w*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")


class Pages:
    def __init__(self, root: Path):
        self.root = root
        files = checklib.project_files(root)
        self.files = {str(path) for path in files}
        self.folders = {str(parent) for path in files for parent in path.parents} - {"."}
        self.top = {path.split("/")[0] for path in self.folders} - {"build"}
        self.names = {path.name for path in files}
        self.dev = self.text("dev")
        self.presets = self.text("CMakePresets.json")
        self.cli = "".join(self.text(str(path)) for path in files
                           if path.parts[:2] in (("src", "cli"), ("src", "daemon"))
                           and path.suffix in checklib.CXX)

    def text(self, name: str) -> str:
        path = self.root / name
        return path.read_text() if path.is_file() else ""

    def exists(self, name: str, page: Path) -> bool:
        name = name.rstrip("/").removeprefix("./")
        bases = [Path(), page.parent, Path("src")]
        for base in bases:
            candidate = str(base / name)
            if candidate in self.files or candidate in self.folders:
                return True
            if "*" in name and any(self.root.glob(candidate)):
                return True
        return "/" not in name and name in self.names


def anchors(text: str) -> set[str]:
    """GitHub's names for the headings of a page."""
    headings = re.findall(r"^#+[ \t]+(.+?)[ \t]*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_problem(pages: Pages, page: Path, target: str) -> str | None:
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    linked = (pages.root / page.parent / name).resolve() if name else pages.root / page
    if not linked.exists():
        return f"link to {target}, which does not exist"
    if anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text()):
        return f"link to {target}: no such heading"
    return None


def looks_like_ours(pages: Pages, word: str) -> bool:
    if not PATH.fullmatch(word) or word.startswith("build") or ".." in word:
        return False
    if re.search(r"\b[A-Z]{2,}\b", word) and word not in pages.files and "/" not in word:
        return False
    if re.search(r"(^|/)[A-Z]+(_|/|$)", word):  # src/NAME, fuzz/corpus/NAME
        return False
    if word.startswith("./"):
        return False
    return ("/" in word and word.split("/")[0] in pages.top) or word.endswith(SUFFIXES)


def command_problems(pages: Pages, code: str) -> list[str]:
    found = []
    for match in DEV.finditer(code):
        command = match.group(1)
        if command and not re.search(rf"^  (?:[\w-]+ \| )*{re.escape(command)}(?: \| [^)]*)?\)", pages.dev,
                                     re.MULTILINE):
            found.append(f"./dev {command}: no such command")
    for match in PRESET.finditer(code):
        if f'"name": "{match.group(1)}"' not in pages.presets:
            found.append(f"no preset named {match.group(1)}")
    runs = [(match.group(1), match.group(2)) for match in WEIR.finditer(code)]
    runs += [(match.group(1), match.group(2))
             for match in re.finditer(r"\./dev run[ \t]+([a-z]+)\b([^\n|;&]*)", code)]
    for command, rest in runs if pages.cli else []:
        if f'"{command}"' not in pages.cli:
            found.append(f"weir {command}: no such command")
        for option in OPTION.findall(rest):
            if option not in pages.cli:
                found.append(f"weir {command} {option}: no such option")
    return found


def typed(block: str) -> str:
    """A transcript's commands without what they printed; other blocks as they are."""
    lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(lines) if lines else block


def page_problems(pages: Pages, page: Path) -> list[str]:
    text = re.sub(r"<!--.*?-->", "", pages.text(str(page)), flags=re.DOTALL)
    blocks = FENCE.findall(text)
    prose = FENCE.sub("", text)
    found = [problem for target in LINK.findall(prose)
             if (problem := link_problem(pages, page, target))]
    spans = SPAN.findall(prose)
    for span in spans:
        for word in span.split():
            if looks_like_ours(pages, word) and not pages.exists(word, page):
                found.append(f"{word} does not exist")
    for code in spans + [typed(block) for block in blocks]:
        found += command_problems(pages, code)
    return [f"{page}: {problem}" for problem in dict.fromkeys(found)]


def problems(root: Path) -> list[str]:
    pages = Pages(root)
    found = [f"{name} is missing" for name in
             ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/ARCHITECTURE.md",
              "docs/GLOSSARY.md") if name not in pages.files]
    for name in sorted(pages.files):
        if name.endswith(".md") and not checklib.is_input_data(Path(name)):
            found += page_problems(pages, Path(name))
    return found


if __name__ == "__main__":
    checklib.main(problems)
