# SPDX-License-Identifier: Apache-2.0
"""A page that claims what is not there is refused, claim by claim."""
import unittest

import evidence
import tree
from check_layers_test import Tree

PAGE = """# Security

## Controls

| clause | behaviour | setting | test |
|---|---|---|---|
| 164.312(b) | Records are kept | `audit.enabled`, `routes[].scope` | {} |

## What is not built yet

- **DICOM**: not read.
- **Erasure, FIPS**: not there.
""".format("[`test_kept`](tests/test_audit.py), [`kept`](src/audit_test.c)")
SETTINGS = """# Settings

| `audit.enabled` | `true` | |

## routes

| Key | Value |
|---|---|
| `scope` | text |
"""


class Security(Tree):
    check = "check_security.py"

    def setUp(self):
        super().setUp()
        self.write("src/service/settings.def", 'LIVE(   "audit.enabled", audit_enabled)\n')
        self.write("docs/settings.md", SETTINGS)
        self.write("tests/test_audit.py", "def test_kept():\n    pass\n")
        self.write("src/audit_test.c", "static void kept(void **state)\n{\n}\n")

    def assert_page_refused(self, old, new, why):
        self.assertIn(old, PAGE)
        self.write("SECURITY.md", PAGE.replace(old, new))
        self.assert_refused(why)

    def test_a_page_that_is_right_is_accepted(self):
        self.write("SECURITY.md", PAGE)
        self.assert_accepted()

    def test_a_test_that_is_not_there_is_refused(self):
        self.assert_page_refused("test_kept", "test_gone",
                                 "SECURITY.md:7: tests/test_audit.py has no test test_gone")
        self.assert_page_refused("`kept`", "`kep`", "src/audit_test.c has no test kep")
        self.assert_page_refused("tests/test_audit.py", "tests/gone.py", "tests/gone.py has no test")

    def test_a_setting_that_is_not_there_is_refused(self):
        self.assert_page_refused("audit.enabled", "audit.retention", "no setting audit.retention")
        self.assert_page_refused("routes[].scope", "routes[].role", "no setting routes[].role")

    def test_a_control_has_all_four(self):
        self.assert_page_refused("| Records are kept |", "| |", "a control has clause, behaviour")
        self.assert_page_refused("`audit.enabled`, `routes[].scope`", "none", "no setting is named")

    def test_a_control_without_a_test_is_refused(self):
        self.assert_page_refused("[`test_kept`](tests/test_audit.py), [`kept`](src/audit_test.c)",
                                 "all of them", "no test is named")

    def test_what_is_not_built_is_no_control(self):
        self.assert_page_refused("Records are kept", "Records of dicom are kept",
                                 "SECURITY.md:7: DICOM is not built, line 11 says")
        self.assert_page_refused("Records are kept", "A FIPS provider", "FIPS is not built, line 12")

    def test_what_is_not_built_is_listed_once(self):
        self.assert_page_refused("Erasure, FIPS", "DICOM", "DICOM is not built twice")

    def test_a_page_without_controls_is_refused(self):
        self.assert_page_refused("## Controls", "## Others", "nothing below ## Controls")


class Evidence(unittest.TestCase):
    def test_the_worst_case_of_a_test_counts(self):
        report = tree.ROOT / "build-test/evidence_test.xml"
        report.parent.mkdir(exist_ok=True)
        self.addCleanup(report.unlink)
        report.write_text('<testsuites><testsuite><testcase classname="e2e.test_a" name="test_x[1]"/>'
                          '<testcase classname="e2e.test_a" name="test_x[2]"><failure/></testcase>'
                          '<testcase classname="e2e.test_a" name="test_y"><skipped/></testcase>'
                          "</testsuite></testsuites>")
        self.assertEqual(evidence.of_junit(report), {("test_x", "tests/e2e/test_a.py"): "failed",
                                                     ("test_y", "tests/e2e/test_a.py"): "skipped"})


if __name__ == "__main__":
    unittest.main()
