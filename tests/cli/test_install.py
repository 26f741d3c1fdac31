# SPDX-License-Identifier: MIT OR Apache-2.0
"""`cmake --install` of the build folder that $WEIR lies in, into a folder that stands for the root."""

import os
import subprocess
import unittest
from pathlib import Path

from support import ROOT, WEIR, CliTest, sanitizer

BUILD = Path(WEIR).resolve().parent
SHARED = {
    "share/bash-completion/completions/weir": "share/completions/weir.bash",
    "share/zsh/site-functions/_weir": "share/completions/_weir",
    "share/fish/vendor_completions.d/weir.fish": "share/completions/weir.fish",
    "share/man/man1/weir.1": "share/man/weir.1",
    "share/doc/weir/LICENSE-MIT": "LICENSE-MIT",
    "share/doc/weir/LICENSE-APACHE": "LICENSE-APACHE",
    "lib/systemd/system/weir.socket": "share/systemd/weir.socket",
}
UNIT = "lib/systemd/system/weir.service"
PROGRAM = "bin/weir"


@unittest.skipUnless((BUILD / "cmake_install.cmake").exists(), "WEIR lies in no build folder")
class Install(CliTest):
    def install(self, prefix: str) -> Path:
        """Where the prefix is now."""
        root = self.dir / f"root{prefix.replace('/', '-')}"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": str(root)})
        # libweir's headers and archives are many; test_library.py builds with them.
        library = f"{prefix[1:]}/include/weir/", f"{prefix[1:]}/lib"
        files = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
        files = {name for name in files
                 if not name.startswith(library) or "systemd" in name}
        expected = {f"{prefix[1:]}/{name}" for name in (*SHARED, UNIT, PROGRAM)}
        self.assertEqual(files, expected)
        return root / prefix[1:]

    def test_the_files_are_those_of_the_project_and_no_others(self):
        # The unit names the program by where it will be, not by where a package puts it together.
        unit = (ROOT / "share/systemd/weir.service").read_text()
        self.assertIn("ExecStart=/usr/bin/weir serve\n", unit)
        for prefix in ("/usr", "/opt/weir"):
            with self.subTest(prefix=prefix):
                there = self.install(prefix)
                for name, source in SHARED.items():
                    self.assertEqual((there / name).read_bytes(), (ROOT / source).read_bytes(), name)
                    self.assertEqual((there / name).stat().st_mode & 0o777, 0o644, name)
                self.assertEqual((there / UNIT).read_text(),
                                 unit.replace("/usr/bin/weir", f"{prefix}/bin/weir"))

    def test_the_installed_program_runs(self):
        program = self.install("/usr") / PROGRAM
        self.write("content", 50_000)
        for words in (("--version",), ("create", "content"),
                      ("verify", "content.torrent", "--data", ".")):
            done = subprocess.run([program, *words], cwd=self.dir, env=self.env, text=True,
                                  capture_output=True, timeout=60, check=False)
            self.assertIsNone(sanitizer.report(done.stderr))
            self.assertEqual(done.returncode, 0, done.stderr)
            if words == ("--version",):
                self.assertEqual(done.stdout, self.weir("--version").text)


if __name__ == "__main__":
    unittest.main()
