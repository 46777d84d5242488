# SPDX-License-Identifier: Apache-2.0
"""What clang-tidy is not run on again is what has not changed since it was clean."""
import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

import tidy

NINJA = """
rule cc
  command = gcc -MD -MF $out.d -o $out -c $in
  deps = gcc
  depfile = $out.d
build one.o: cc ../src/one.c
"""


class Key(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name).resolve()
        for folder in ("src", "tools", "build"):
            (self.root / folder).mkdir()
        for name, text in {"src/one.c": '#include <stddef.h>\n#include "one.h"\n',
                           "src/one.h": "int one(void);\n", "src/two.h": "int two(void);\n",
                           ".clang-tidy": "", "tools/requirements.txt": "",
                           "build/build.ninja": NINJA}.items():
            (self.root / name).write_text(text)
        patched = mock.patch.object(tidy.tree, "ROOT", self.root)
        patched.start()
        self.addCleanup(patched.stop)
        self.build()

    def build(self):
        subprocess.run(["ninja", "-C", self.root / "build"], check=True, capture_output=True)

    def read(self):
        tidy.changed_at.cache_clear()
        tidy.hash_of.cache_clear()
        return tidy.files_read(self.root / "build").get("one.o")

    def command(self):
        return tidy.Command(str(self.root / "build"), ["gcc", "-o", "one.o", "-c", "../src/one.c"],
                            self.read())

    def change(self, name, text):
        (self.root / name).write_text(text)
        return tidy.key_of(self.command())

    def test_what_the_compiler_read_is_known_of_the_build(self):
        self.assertIn("../src/one.h", self.read())

    def test_headers_of_others_do_not_count(self):
        ours = [self.root / "src/one.c", self.root / "src/one.h"]
        self.assertEqual(tidy.files_of(self.command()), ours)

    def test_a_build_that_is_not_up_to_date_is_not_asked(self):
        (self.root / "src/one.c").write_text('#include "two.h"\n')
        self.assertIsNone(self.read())
        self.assertIn(self.root / "src/two.h", tidy.files_of(self.command()))

    def test_a_header_that_is_gone_makes_it_out_of_date(self):
        (self.root / "src/one.h").unlink()
        self.assertIsNone(self.read())

    def test_a_key_changes_with_a_header_built_or_not(self):
        first = tidy.key_of(self.command())
        second = self.change("src/one.h", "int changed(void);\n")
        self.assertNotEqual(first, second)
        self.build()
        self.assertIsNotNone(self.read())
        self.assertEqual(tidy.key_of(self.command()), second)


if __name__ == "__main__":
    unittest.main()
