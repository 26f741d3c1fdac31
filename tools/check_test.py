# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each check fails on a small tree made to break it, and passes on the mended one."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import check_docs
import check_format
import check_headers
import check_layers
import check_length
import check_purity
import check_spdx
import check_words
import tell_skipped

SPDX = "// SPDX-License-Identifier: MIT OR Apache-2.0\n"
LAYERS = """<!-- layers:begin -->
| component | may include | outside libraries | no I/O |
| --- | --- | --- | --- |
| base | none | none | yes |
| wire | base | none | yes |
| io | base wire | Boost | no |
<!-- layers:end -->
"""


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("docs/ARCHITECTURE.md", LAYERS)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assert_one(self, check, part: str) -> None:
        found = check.problems(self.root)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def assert_none(self, check) -> None:
        self.assertEqual(check.problems(self.root), [])


class Layers(Tree):
    def setUp(self):
        super().setUp()
        self.write("src/wire/CMakeLists.txt", "weir_component(wire DEPS base)\n")
        self.write("src/base/CMakeLists.txt", "weir_component(base)\n")

    def test_declared_edge_downwards_passes(self):
        self.write("src/wire/a.h", '#include "base/b.h"\n')
        self.assert_none(check_layers)

    def test_edge_upwards_fails(self):
        self.write("src/base/a.h", '#include "wire/b.h"\n')
        self.assert_one(check_layers, "base may not include wire")

    def test_edge_missing_from_cmake_fails(self):
        self.write("src/wire/CMakeLists.txt", "weir_component(wire)\n")
        self.write("src/wire/a.h", '#include "base/b.h"\n')
        self.assert_one(check_layers, "in the DEPS of")

    def test_cmake_edge_upwards_fails(self):
        self.write("src/base/CMakeLists.txt", "weir_component(base DEPS wire)\n")
        self.assert_one(check_layers, "base may not depend on wire")

    def test_private_header_fails(self):
        self.write("src/wire/a.h", '#include "base/internal/b.h"\n')
        self.assert_one(check_layers, "private to base")

    def test_outside_library_fails_but_not_in_io_or_comments(self):
        self.write("src/io/a.h", "#include <boost/asio/io_context.hpp>\n")
        self.write("src/wire/b.h", "// #include <boost/asio.hpp>\n")
        self.assert_none(check_layers)
        self.write("src/wire/a.h", "#include <boost/asio/io_context.hpp>\n")
        self.assert_one(check_layers, "wire may not use Boost")

    def test_outside_library_in_cmake_fails(self):
        self.write("src/wire/CMakeLists.txt", "weir_component(wire DEPS base LIBS CURL::libcurl)\n")
        self.assert_one(check_layers, "wire may not link libcurl")

    def test_clock_and_thread_headers_fail_below_io(self):
        self.write("src/wire/a.cc", "#include <thread>\n")
        self.assert_one(check_layers, "<thread> in wire")

    def test_component_without_row_fails(self):
        self.write("src/dht/a.h", "\n")
        self.assert_one(check_layers, "dht has no row")

    def test_row_that_includes_a_later_row_fails(self):
        self.write("docs/ARCHITECTURE.md", LAYERS.replace("base | none", "base | wire", 1))
        self.assert_one(check_layers, "no row above it")


class Purity(Tree):
    def build(self, source: str) -> None:
        self.write("src/base/a.cc", source)
        self.write("tools/purity_allow.txt", "all memcpy|operator new\\(.*\\)\n")
        archive = check_purity.archive_of(self.root, "base")
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.unlink(missing_ok=True)
        subprocess.run(["g++", "-O1", "-c", "-o", "a.o", "src/base/a.cc"], cwd=self.root, check=True)
        subprocess.run(["ar", "rc", str(archive), "a.o"], cwd=self.root, check=True)

    def test_allocation_passes(self):
        self.build("int* make() { return new int(1); }\n")
        self.assert_none(check_purity)

    def test_clock_fails(self):
        self.build("#include <chrono>\n"
                   "auto t() { return std::chrono::steady_clock::now(); }\n")
        self.assert_one(check_purity, "steady_clock::now()")

    def test_system_call_fails(self):
        self.build("#include <unistd.h>\nlong f(char* p) { return read(0, p, 1); }\n")
        self.assert_one(check_purity, "base needs read")

    def test_mutable_global_fails(self):
        self.build("int counter = 7;\nint next() { return ++counter; }\n")
        self.assert_one(check_purity, "can change: counter")

    def test_local_static_that_can_change_fails(self):
        self.build("int f(int);\nint g() {\n  static int n = 3;\n  return f(n);\n}\n"
                   "struct S {\n  static S make();\n  static constexpr int kA = 1;\n};\n")
        found = check_purity.problems(self.root)
        self.assertIn("src/base/a.cc: a static that can change: static int n =", found)
        self.assertFalse([line for line in found if "make" in line or "kA" in line])

    def test_constants_pass(self):
        self.build("extern const int table[];\nconst int table[] = {1, 2};\n"
                   "extern const char* const names[];\nconst char* const names[] = {\"a\"};\n")
        self.assert_none(check_purity)

    def test_archive_that_was_not_built_fails(self):
        self.write("src/base/a.cc", "")
        self.write("tools/purity_allow.txt", "")
        self.assert_one(check_purity, "is not built")


class Headers(Tree):
    def test_header_that_leans_on_another_fails(self):
        self.write("src/base/a.h", "#pragma once\ninline std::string a() { return {}; }\n")
        found = check_headers.problems(self.root)
        self.assertIn("src/base/a.h does not compile alone:", found)
        self.write("src/base/a.h", "#pragma once\n#include \"base/b.h\"\ninline B a() { return {}; }\n")
        self.write("src/base/b.h", "#pragma once\nusing B = int;\n")
        self.assert_none(check_headers)
        # The second header changes: the first must not be taken for checked.
        self.write("src/base/b.h", "#pragma once\n")
        self.assertIn("src/base/a.h does not compile alone:", check_headers.problems(self.root))


class Length(Tree):
    def test_long_file_fails(self):
        self.write("src/base/a.h", "\n" * 501)
        self.assert_one(check_length, "501 lines, at most 500")
        self.write("src/base/a.h", "\n" * 500)
        self.assert_none(check_length)
        self.write("src/page/web/a.css", "\n" * 501)
        self.assert_one(check_length, "501 lines, at most 500")

    def test_long_function_fails_in_each_language(self):
        self.write("src/base/a.cc", "int f(int x) {\n" + "  ++x;\n" * 69 + "  return x;\n}\n")
        self.assert_one(check_length, "src/base/a.cc f: 72 lines, at most 70")
        self.write("src/base/a.cc", "\n")
        self.write("tools/a.py", "def f(x):\n" + "    x += 1\n" * 71)
        self.assert_one(check_length, "tools/a.py f: 72 lines, at most 70")

    def test_long_test_body_fails(self):
        self.write("src/base/a_test.cc", "TEST(A, B) {\n" + "  f();\n" * 80 + "}\n")
        self.assert_one(check_length, "82 lines, at most 70")

    def test_ratchet_only_shrinks(self):
        self.write("src/base/a.h", "\n" * 510)
        self.write("tools/length_ratchet.txt", "file src/base/a.h 510\n")
        self.assert_none(check_length)
        self.write("tools/length_ratchet.txt", "file src/base/a.h 520\n")
        self.assert_one(check_length, "may shrink to 510")
        self.write("src/base/a.h", "\n" * 530)
        self.assert_one(check_length, "530 lines, at most 520")
        self.write("src/base/a.h", "\n")
        self.assert_one(check_length, "is not needed any more")


class Docs(Tree):
    def setUp(self):
        super().setUp()
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/GLOSSARY.md"):
            self.write(name, "# Page\n")
        self.write("dev", "case $command in\n  run) a ;;\n  help | --help | -h) b ;;\nesac\n")
        self.write("CMakePresets.json", '{"name": "dev"}')
        self.write("src/cli/a.cc", 'add("get"); add("--select");\n')

    def test_page_that_tells_the_truth_passes(self):
        self.write("README.md", "# Page\n[a](docs/GLOSSARY.md#page) `src/cli` `cli/a.cc` `./dev help`"
                   " `src/<name>/x.h` `build/x/y` `a.torrent`\n"
                   "```\n./dev run get a.torrent --select b\nweir get x\n```\n"
                   "```\n$ weir get x\nweir says something\n```\n")
        self.assert_none(check_docs)

    def test_each_untruth_fails(self):
        for text, part in (
            ("[a](docs/none.md)", "link to docs/none.md"),
            ("[a](docs/GLOSSARY.md#none)", "no such heading"),
            ("`src/none.h`", "src/none.h does not exist"),
            ("`none.py`", "none.py does not exist"),
            ("`src/none/`", "src/none/ does not exist"),
            ("`./dev fly`", "./dev fly"),
            ("```\n./dev run fly x\n```", "weir fly"),
            ("```\n$ weir fly x\nhello\n```", "weir fly"),
            ("`weir get --fly`", "weir get --fly"),
            ("`cmake --preset fly`", "no preset named fly"),
        ):
            with self.subTest(text):
                self.write("README.md", text + "\n")
                self.assert_one(check_docs, part)

    def test_missing_page_fails(self):
        (self.root / "CHANGELOG.md").unlink()
        self.assert_one(check_docs, "CHANGELOG.md is missing")


class Spdx(Tree):
    def test_source_and_script_without_licence_fail(self):
        self.write("LICENSE-MIT", "")
        self.write("LICENSE-APACHE", "")
        self.write("src/base/a.h", SPDX)
        self.assert_none(check_spdx)
        self.write("src/base/b.h", "#pragma once\n")
        self.assert_one(check_spdx, "src/base/b.h")
        self.write("src/base/b.h", SPDX)
        self.write("src/page/web/a.css", "a {}\n")
        self.assert_one(check_spdx, "src/page/web/a.css")
        self.write("src/page/web/a.css", f"/* {SPDX[3:-1]} */\n")
        self.write("tools/run", "#!/bin/sh\n")
        self.assert_one(check_spdx, "tools/run")


class Words(Tree):
    def test_each_word_fails(self):
        for text, part in (
            ("// TO" "DO: later", "unfinished"),
            ("// a stu" "b", "unfinished"),
            ('open("/ho' 'me/ann/x")', "path of one machine"),
            ("npm ci --regi" "stry x", "package host"),
        ):
            with self.subTest(text):
                self.write("src/base/a.cc", text + "\n")
                self.assert_one(check_words, part)
        self.write("src/base/a.cc", "// stubborn, XXXXXX, https://example.org/home/page\n")
        self.assert_none(check_words)

    def test_host_in_lock_file_fails(self):
        self.write("package-lock.json", '"resolved": "https://npm.example/a.tgz"\n')
        self.assert_one(check_words, "lock file")


class Format(Tree):
    def test_badly_formatted_file_fails_and_is_mended(self):
        os.symlink(Path(__file__).resolve().parent.parent / ".clang-format",
                   self.root / ".clang-format")
        self.write("src/base/a.h", "int   f( );\n")
        self.assertIn("a.h", check_format.problems(self.root)[0])
        check_format.format_files(self.root, ["-i"])
        self.assert_none(check_format)


class TellSkipped(unittest.TestCase):
    def lines(self, *cases: str) -> list[str]:
        return tell_skipped.lines(f"<testsuite>{''.join(cases)}</testsuite>")

    def case(self, name: str, output: str = "", inside: str = "", status: str = "run") -> str:
        return (f'<testcase name="{name}" status="{status}">{inside}'
                f"<system-out>{output}</system-out></testcase>")

    def test_programs_are_named_once_for_each_reason(self):
        skipped = '<skipped message="SKIP_RETURN_CODE=77"/>'
        self.assertEqual(self.lines(
            self.case("b", "skipped: no network\n", skipped), self.case("d", "", skipped),
            self.case("a", "skipped: no network\n", skipped), self.case("c", "fine\n"),
            self.case("e", status="notrun")),
            ["did not run: a, b: no network", "did not run: d: SKIP_RETURN_CODE=77",
             "did not run: e: it does not say why"])

    def test_tests_of_a_program_are_counted_for_each_reason(self):
        output = ("test_a (M.a) ... skipped 'no zsh'\ntest_b (M.b) ... ok\n"
                  "test_c (M.c) ... skipped \"it's absent\"\ntest_d (M.d) ... skipped 'no zsh'\n"
                  "OK (skipped=3)\n")
        self.assertEqual(self.lines(self.case("cli", output)),
                         ["did not run: 2 tests of cli: no zsh",
                          "did not run: 1 test of cli: it's absent"])

    def test_googletest_says_why_on_the_line_before(self):
        output = ("x_test.cc:7: Skipped\nno IPv6 here\n[  SKIPPED ] X.Y (0 ms)\n"
                  "[  PASSED  ] 3 tests.\n[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] X.Y\n")
        self.assertEqual(self.lines(self.case("x_test", output)),
                         ["did not run: 1 test of x_test: no IPv6 here"])

    def test_a_run_of_everything_says_nothing(self):
        self.assertEqual(self.lines(self.case("a", "test_a (M.a) ... ok\nOK\n")), [])


if __name__ == "__main__":
    unittest.main()
