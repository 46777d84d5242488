# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost while one that is well is left; and where none is, each is told so in time."""
from rows import ROWS, Row
from run import run_row


def pytest_generate_tests(metafunc):
    whole = metafunc.config.getoption("--whole")
    rows = [row for row in ROWS if whole or row.in_short]
    metafunc.parametrize("row", rows, ids=[str(row.about) for row in rows])


def test_row(row: Row, field, timing, hold):
    hold(run_row(row, field, timing))
