# SPDX-License-Identifier: Apache-2.0
"""A tree that breaks each rule once is reported, rule by rule; one that keeps them is not."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).parent
LAYERS = """
[folders]
base:
net: base
app: everything
[system headers]
uv.h: net
openssl/: net
[cores]
[pure base]
[may reveal patient data]
src/base/phi.h
[test support]
"""


class Tree(unittest.TestCase):
    """A small tree on disk, and a check that is run over it."""
    check = "check_layers.py"

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.write("tools/layers.txt", LAYERS)
        self.write("src/base/phi.h", "static inline int phi_reveal(int phi);\n")
        self.write("include/galen/status.h", "/* SPDX-License-Identifier: Apache-2.0 */\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def verdict(self):
        done = subprocess.run([sys.executable, TOOLS / self.check], check=False, text=True,
                              capture_output=True, env=os.environ | {"GALEN_TREE": str(self.root)})
        return done.returncode, done.stdout

    def assert_refused(self, why):
        status, said = self.verdict()
        self.assertEqual(status, 1, said)
        self.assertIn(why, said)

    def assert_accepted(self):
        status, said = self.verdict()
        self.assertEqual(status, 0, said)


class Layers(Tree):
    def test_an_include_downwards_is_accepted(self):
        self.write("src/net/loop.c", '#include "base/phi.h"\n#include <uv.h>\n#include <stdio.h>\n')
        self.assert_accepted()

    def test_an_include_upwards_is_refused(self):
        self.write("src/base/blob.c", '#include "net/loop.h"\n')
        self.assert_refused("src/base/blob.c:1: base may not include net")

    def test_a_table_is_looked_at_like_a_header(self):
        self.write("src/base/rows.def", '#include "net/loop.h"\n')
        self.assert_refused("src/base/rows.def:1: base may not include net")

    def test_a_path_that_does_not_begin_at_the_root_is_refused(self):
        self.write("src/net/loop.c", '#include "../base/phi.h"\n')
        self.assert_refused("from the root")
        self.write("src/net/loop.c", '#include "loop.h"\n')
        self.assert_refused("from the root")

    def test_a_private_header_of_another_folder_is_refused(self):
        self.write("src/app/main.c", '#include "net/loop_impl.h"\n')
        self.assert_refused("net/loop_impl.h is private to net")

    def test_a_private_header_of_the_same_folder_is_accepted(self):
        self.write("src/net/loop.c", '#include "net/loop_impl.h"\n')
        self.assert_accepted()

    def test_a_folder_without_a_line_is_refused(self):
        self.write("src/extra/extra.c", '#include "base/phi.h"\n')
        self.assert_refused("folder extra has no line")

    def test_a_system_header_is_for_its_folders(self):
        self.write("src/base/clock.c", "#include <uv.h>\n")
        self.assert_refused("src/base/clock.c:1: <uv.h> is for net only")

    def test_a_folder_of_system_headers_is_for_its_folders(self):
        self.write("src/app/main.c", "  #  include <openssl/evp.h>\n")
        self.assert_refused("<openssl/evp.h> is for net only")

    def test_patient_data_is_revealed_only_where_it_is_listed(self):
        self.write("src/net/loop.c", "int f(int phi)\n{\n    return phi_reveal(phi);\n}\n")
        self.assert_refused("src/net/loop.c:3: this file may not look into a struct phi")

    def test_patient_data_is_not_reached_by_its_member(self):
        self.write("src/net/loop.c", "int f(struct phi p)\n{\n    return p.bytes_.size;\n}\n")
        self.assert_refused("src/net/loop.c:3: this file may not look into a struct phi")

    def test_a_comment_may_name_what_code_may_not(self):
        self.write("src/net/loop.c", "/* phi_reveal is not for us */\n")
        self.assert_accepted()

    def test_tests_are_free(self):
        self.write("src/base/blob_test.c", '#include "net/loop.h"\n#include <uv.h>\n')
        self.assert_accepted()

    def test_support_of_tests_is_free_where_it_is_listed(self):
        self.write("src/base/world.c", "#include <uv.h>\n")
        self.write("tools/layers.txt", LAYERS + "src/base/world.c\n")
        self.assert_accepted()

    def test_a_listed_file_that_is_gone_is_reported(self):
        self.write("tools/layers.txt", LAYERS + "src/net/gone.c\n")
        self.assert_refused("names src/net/gone.c, which does not exist")


class Source(Tree):
    check = "check_source.py"

    def test_a_plain_file_is_accepted(self):
        self.write("src/base/phi.h", "/* SPDX-License-Identifier: Apache-2.0 */\nint x;\n")
        self.assert_accepted()

    def assert_line_refused(self, line, why):
        self.write("src/base/phi.h", f"/* SPDX-License-Identifier: Apache-2.0 */\n{line}\n")
        self.assert_refused(f"src/base/phi.h:2: {why}")

    def test_a_missing_licence_is_refused(self):
        self.assert_refused("src/base/phi.h:1: no SPDX")

    def test_banned_calls_are_refused(self):
        for name in ("strcpy", "strcat", "sprintf", "gets", "strtok", "atoi", "alloca"):
            with self.subTest(name):
                self.assert_line_refused(f"x = {name} (y);", f"{name} is banned")

    def test_the_safe_relatives_are_accepted(self):
        self.write("src/base/phi.h", "/* SPDX-License-Identifier: Apache-2.0 */\n"
                   "int x = snprintf(a, b, c); fgets(a, b, c); \"strcpy(\"; /* atoi(x) */\n")
        self.assert_accepted()

    def test_goto_is_refused(self):
        self.assert_line_refused("    goto out;", "goto is banned")

    def test_a_typedef_of_a_struct_is_refused(self):
        self.assert_line_refused("typedef struct thing thing;", "no typedef of a struct")

    def test_an_overlong_file_is_refused(self):
        self.write("src/base/phi.h", "/* SPDX-License-Identifier: Apache-2.0 */\n" + "int x;\n" * 800)
        self.assert_refused("more than 800 lines")

    def test_a_script_without_licence_is_refused(self):
        self.write("src/base/phi.h", "/* SPDX-License-Identifier: Apache-2.0 */\n")
        self.write("tools/step", "#!/bin/sh\n")
        self.assert_refused("tools/step:1: no SPDX")


class Links(Tree):
    check = "check_links.py"

    def test_a_link_to_a_file_that_is_there_is_accepted(self):
        self.write("README.md", "[a](docs/a.md#part) [b](https://example.org/x) [c](docs)\n")
        self.write("docs/a.md", "[up](../README.md)\n")
        self.assert_accepted()

    def test_a_link_to_a_file_that_is_not_there_is_refused(self):
        self.write("docs/a.md", "\n[b](b.md)\n")
        self.assert_refused("docs/a.md:2: b.md does not exist")


if __name__ == "__main__":
    unittest.main()
