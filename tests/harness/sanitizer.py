# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a build with a sanitizer (the presets asan and tsan) has to say about a run of the program.
Its exit code alone does not tell: 1 is also what many tests want, and ThreadSanitizer goes on."""

import functools
import re
from pathlib import Path

MARK = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")
BUILT_WITH = re.compile(rb"__[at]san_init")
LINES = 120


@functools.cache
def is_in(program: str) -> bool:
    return BUILT_WITH.search(Path(program).read_bytes()) is not None


def report(text: str) -> str | None:
    """What the program wrote to stderr from its first report on."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if MARK.search(line):
            return "\n".join(lines[number:number + LINES])
    return None
