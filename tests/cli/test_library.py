# SPDX-License-Identifier: MIT OR Apache-2.0
"""libweir as others use it: installed, found by CMake, linked with the example, which downloads."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support import ROOT, SeededTest

BUILD = Path(os.environ.get("WEIR_BUILD", ROOT / "build/dev"))
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(weir REQUIRED)
add_executable(download download.cc)
target_link_libraries(download PRIVATE weir::libweir)
"""


class LibraryTest(SeededTest):
    def run_step(self, *words):
        done = subprocess.run([str(word) for word in words], cwd=self.dir, capture_output=True,
                              timeout=300, check=False)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr).decode(errors="replace"))
        return done.stdout

    def cached(self, name):
        """What the tested build was configured with."""
        for line in (BUILD / "CMakeCache.txt").read_text().splitlines():
            if line.startswith(name + ":"):
                return line.partition("=")[2]
        return ""

    def test_the_installed_library_builds_and_runs_the_example(self):
        self.run_step("cmake", "--install", BUILD, "--prefix", self.dir / "usr")
        consumer = self.dir / "consumer"
        consumer.mkdir()
        shutil.copy(ROOT / "examples/download.cc", consumer)
        (consumer / "CMakeLists.txt").write_text(PROJECT)
        sanitize = self.cached("WEIR_SANITIZE")
        flags = f"-fsanitize={sanitize}" if sanitize else ""
        self.run_step("cmake", "-S", consumer, "-B", consumer / "build", "-G", "Ninja",
                      f"-DCMAKE_PREFIX_PATH={self.dir / 'usr'}", f"-DCMAKE_CXX_FLAGS={flags}",
                      f"-DCMAKE_CXX_COMPILER={self.cached('CMAKE_CXX_COMPILER')}")
        self.run_step("cmake", "--build", consumer / "build")
        self.seed()
        start = self.run_step(consumer / "build/download", "t.torrent", "into",
                              f"127.0.0.1:{self.port}")
        self.assert_same("into")
        first = min(path for path in (self.dir / "into/tree").iterdir() if path.is_file())
        self.assertEqual(start, first.read_bytes()[:16])

    def test_the_manual_shows_the_example(self):
        example = (ROOT / "examples/download.cc").read_text()
        shown = (ROOT / "docs/library.md").read_text().partition("```cpp\n")[2].partition("```")[0]
        self.assertTrue(example.endswith(shown) and "int main" in shown)


if __name__ == "__main__":
    unittest.main()
