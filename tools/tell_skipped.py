# SPDX-License-Identifier: MIT OR Apache-2.0
"""Says which test programs, or which tests of one, did not run and why, so that nobody takes a run
without failures for one of everything. Reads what `ctest --output-junit` wrote."""

import ast
import re
import sys
import xml.etree.ElementTree
from pathlib import Path

PROGRAM = re.compile(r"^skipped: (.+)$", re.MULTILINE)
UNITTEST = re.compile(r"(?:^|\.\.\. )skipped ((['\"]).*\2)$", re.MULTILINE)
# GoogleTest prints the reason on the lines before; the last of them has to do.
GTEST = re.compile(r"^(.*)\n\[  SKIPPED \] \S+ \(\d+ ms\)$", re.MULTILINE)
UNKNOWN = "it does not say why"


def why_not_at_all(case: xml.etree.ElementTree.Element) -> str | None:
    """Nothing when the program ran."""
    skipped = case.find("skipped")
    if skipped is None and case.get("status") not in ("notrun", "disabled"):
        return None
    said = PROGRAM.search(case.findtext("system-out") or "")
    if said:
        return said.group(1)
    return UNKNOWN if skipped is None else skipped.get("message", UNKNOWN)


def why_in_part(case: xml.etree.ElementTree.Element) -> list[str]:
    """One reason for each test that the program left out."""
    output = case.findtext("system-out") or ""
    found = [str(ast.literal_eval(match.group(1))) for match in UNITTEST.finditer(output)]
    return found + [match.group(1).strip() or UNKNOWN for match in GTEST.finditer(output)]


def lines(record: str) -> list[str]:
    """One for each reason."""
    whole: dict[str, list[str]] = {}
    parts: dict[tuple[str, str], int] = {}
    for case in xml.etree.ElementTree.fromstring(record).iter("testcase"):
        name = case.get("name", "?")
        reason = why_not_at_all(case)
        if reason is not None:
            whole.setdefault(reason, []).append(name)
            continue
        for reason in why_in_part(case):
            parts[name, reason] = parts.get((name, reason), 0) + 1
    told = [f"did not run: {', '.join(sorted(names))}: {reason}"
            for reason, names in whole.items()]
    told += [f"did not run: {count} {'test' if count == 1 else 'tests'} of {name}: {reason}"
             for (name, reason), count in parts.items()]
    return told


def main() -> None:
    try:
        print("\n".join(lines(Path(sys.argv[1]).read_text(errors="replace"))))
    except xml.etree.ElementTree.ParseError as error:
        sys.exit(f"what did not run is not known, {sys.argv[1]} can't be read: {error}")


if __name__ == "__main__":
    main()
