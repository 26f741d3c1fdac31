# SPDX-License-Identifier: MIT OR Apache-2.0
"""Chromium without a window, driven through browser.mjs. And the test case of those who use it."""

import base64
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "integration")]

from harness import case as cases
from harness.processes import Failed, wait_until

PROGRAM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PACKAGE = HERE / "node_modules" / "playwright-core"
PATIENCE = 60


class Browser:
    def __init__(self, case):
        self.case = case
        folder = case.folder(case.process_name("browser"))
        argv = ["node", HERE / "browser.mjs", PROGRAM, folder / "user"]
        self.process = case.start(folder.name, argv, folder)
        self._answer("the start")

    def _answer(self, what: str):
        def lines():
            found = self.process.new_lines()
            if not found and not self.process.alive():
                raise Failed(f"the browser's driver ended: {self.process.tail()}")
            return found

        answer = json.loads(wait_until(what, lines, PATIENCE, 0.005)[0])
        if "error" in answer:
            raise Failed(f"{what}: {answer['error']}")
        return answer["value"]

    def call(self, name: str, *arguments):
        self.process.say({"call": name, "arguments": list(arguments)})
        return self._answer(f"{name} {arguments}")

    def __getattr__(self, name: str):
        return lambda *arguments: self.call(name, *arguments)

    def evaluate(self, expression: str):
        return self.call("evaluate", expression)

    def until(self, expression: str, what: str | None = None):
        """The first true value of an expression in the page."""
        return wait_until(what or expression, lambda: self.evaluate(expression), PATIENCE)

    def text(self, selector: str) -> str:
        return self.call("innerText", selector)

    def until_text(self, selector: str, part: str) -> None:
        def there():
            return self.evaluate(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"
                                 f".includes({json.dumps(part)})")
        try:
            wait_until(f"{part!r} in {selector}", there, PATIENCE)
        except Failed as failed:
            shown = self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText")
            raise Failed(f"{failed}; it has {shown!r}") from None

    def drop_files(self, *files: tuple[str, str, bytes]) -> None:
        """Each a name, a type and the content."""
        self.call("drop", [{"name": name, "type": kind, "data": base64.b64encode(data).decode()}
                           for name, kind, data in files])


class PageCase(cases.Case):
    """A browser for each test, which must leave no complaint behind."""

    expected: tuple[str, ...] = ()  # parts of complaints that belong to the test

    def setUp(self):
        self.browser = Browser(self)
        self.addCleanup(self._end_browser)

    def _end_browser(self) -> None:
        if not self.browser.process.alive():
            return
        found = [problem for problem in self.browser.problems()
                 if not any(part in problem for part in self.expected)]
        self.browser.call("end")
        self.browser.process.wait(20)
        self.assertEqual([], found, "the browser complains")


def main() -> None:
    for path in (Path(PROGRAM), PACKAGE):
        if not path.exists():
            print(f"skipped: {path} is not there; ./dev install-deps interop and npm ci in {HERE}",
                  file=sys.stderr)
            sys.exit(cases.SKIPPED)
    cases.main()
