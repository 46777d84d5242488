# SPDX-License-Identifier: Apache-2.0
"""Counts are of tests that really ran."""
import pathlib
import tempfile
import unittest

import counts
from counts import Counts

CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] one
[       OK ] one
[ RUN      ] two
[  ERROR   ] --- 1 != 2
[  FAILED  ] two
[ RUN      ] three
[  SKIPPED ] three
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] three
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] two
"""


class Programs(unittest.TestCase):
    def test_each_test_of_a_cmocka_program_counts_once(self):
        self.assertEqual(counts.of_program("x", "FAIL", CMOCKA),
                         Counts(1, 1, ("three",), ("x: two",)))

    def test_a_cmocka_program_without_tests_counts_nothing(self):
        self.assertEqual(counts.of_program("x", "OK", "[==========] 0 test(s) run.\n"), Counts())

    def test_a_cmocka_program_that_dies_after_its_tests_has_failed(self):
        leaks = "[       OK ] one\n[==========] 1 test(s) run.\nLeakSanitizer: leaks\n"
        self.assertEqual(counts.of_program("x", "FAIL", leaks),
                         Counts(1, 1, failures=("x: FAIL",)))

    def test_a_program_that_dies_before_its_summary_has_failed(self):
        self.assertEqual(counts.of_program("x", "FAIL", "[ RUN      ] one\n"),
                         Counts(0, 1, failures=("x: FAIL",)))

    def test_any_other_program_counts_as_one(self):
        self.assertEqual(counts.of_program("x", "OK", ""), Counts(1))
        self.assertEqual(counts.of_program("x", "SKIP", ""), Counts(0, 0, ("x",)))
        self.assertEqual(counts.of_program("x", "TIMEOUT", ""),
                         Counts(0, 1, failures=("x: TIMEOUT",)))

    def test_a_log_that_is_not_there_counts_nothing(self):
        self.assertEqual(counts.of_meson(pathlib.Path("/nonexistent")), Counts())


class Reports(unittest.TestCase):
    def test_pytest_counts_errors_as_failures(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as report:
            report.write('<testsuites><testsuite tests="9" errors="1" failures="2" skipped="1">'
                         '<testcase name="a"/><testcase name="b"><skipped message="no b here"/>'
                         '</testcase><testcase classname="t" name="c"><error/></testcase>'
                         "</testsuite></testsuites>")
            report.flush()
            self.assertEqual(counts.of_junit(report.name),
                             Counts(5, 3, ("b: no b here",), ("t.c",)))

    def test_unittest_counts_from_its_last_lines(self):
        self.assertEqual(counts.of_unittest("Ran 7 tests in 0.1s\n\nOK\n"), Counts(7))
        self.assertEqual(counts.of_unittest("Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"),
                         Counts(4, 3))
        self.assertEqual(counts.of_unittest(""), Counts())

    def test_what_unittest_skips_has_not_passed(self):
        self.assertEqual(counts.of_unittest("test_x (m.C.test_x) ... skipped 'no tool'\n"
                                            "test_y (m.C.test_y) ... ok\n"
                                            "Ran 2 tests in 0.1s\n\nOK (skipped=1)\n"),
                         Counts(1, 0, ("test_x: no tool",)))

    def test_a_fuzz_target_with_a_finding_has_failed(self):
        self.assertEqual(counts.of_fuzz("json: 7 inputs, nothing found\nyaml: FOUND, see x\n"),
                         Counts(1, 1, failures=("yaml: FOUND, see x",)))


if __name__ == "__main__":
    unittest.main()
