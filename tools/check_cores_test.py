# SPDX-License-Identifier: Apache-2.0
"""A core that reads the clock, takes a lock, or keeps state is reported; a pure one is not."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).parent
LAYERS = """
[folders]
[system headers]
[cores]
src/cor*.c
[pure base]
src/pure.c
[cores may call]
memcpy
yaml_*
"""
NINJA = """
rule cc
  command = gcc -O2 -flto=auto -ffat-lto-objects -o $out -c $in
build core.o: cc ../src/core.c
build pure.o: cc ../src/pure.c
"""


class Cores(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        for folder in ("src", "tools", "build"):
            (self.root / folder).mkdir()
        (self.root / "tools/layers.txt").write_text(LAYERS)
        (self.root / "src/pure.c").write_text("int pure(int x) { return x + 1; }\n")
        (self.root / "build/build.ninja").write_text(NINJA)
        (self.root / "build/compile_commands.json").write_text(json.dumps(
            [{"file": f"../src/{name}.c", "output": f"{name}.o"} for name in ("core", "pure")]))

    def verdict(self, code):
        (self.root / "src/core.c").write_text(code)
        done = subprocess.run([sys.executable, TOOLS / "check_cores.py"], check=False, text=True,
                              capture_output=True, env=os.environ | {"GALEN_TREE": str(self.root)})
        return done.returncode, done.stdout + done.stderr

    def test_pure_base_and_listed_calls_are_accepted(self):
        status, said = self.verdict("int pure(int x); int yaml_get(void);\n"
                                    "int core(int x) { return pure(x) + yaml_get(); }\n")
        self.assertEqual(status, 0, said)

    def test_a_clock_is_refused(self):
        status, said = self.verdict("long time(long *);\nlong core(void) { return time(0); }\n")
        self.assertEqual(status, 1)
        self.assertIn("src/core.c: a core may not use time", said)

    def test_state_of_its_own_is_refused(self):
        status, said = self.verdict("static int count;\nint core(void) { return ++count; }\n")
        self.assertEqual(status, 1)
        self.assertIn("a core keeps no state of its own: count", said)

    def test_what_changed_since_the_build_is_looked_at(self):
        self.verdict("int core(void) { return 0; }\n")
        status, said = self.verdict("long time(long *);\nlong core(void) { return time(0); }\n")
        self.assertEqual(status, 1, said)

    def test_bytecode_alone_is_no_verdict(self):
        build = self.root / "build/build.ninja"
        build.write_text(NINJA.replace(" -ffat-lto-objects", " -fno-fat-lto-objects"))
        status, said = self.verdict("int core(void) { return 0; }\n")
        self.assertNotEqual(status, 0, said)

    def test_the_test_of_a_core_is_no_core(self):
        (self.root / "src/core_test.c").write_text("int main(void) { return 0; }\n")
        status, said = self.verdict("int core(void) { return 0; }\n")
        self.assertEqual(status, 0, said)

    def test_a_core_that_nothing_compiles_is_reported(self):
        (self.root / "build/compile_commands.json").write_text("[]")
        status, said = self.verdict("int core;\n")
        self.assertEqual(status, 1)
        self.assertIn("is not compiled by anything", said)


if __name__ == "__main__":
    unittest.main()
