# SPDX-License-Identifier: Apache-2.0
"""docs/security-tests.md is what tests have counted, and names tests that are there."""
import re

import counted
import page
import pytest
from process import ROOT


def test_the_page_is_made_of_the_counts():
    assert (ROOT / "docs/security-tests.md").read_text() == page.page(counted.told()), \
        "tests/security/publish.py writes it"
    assert list(counted.told()) == [row.name for row in page.rows()]


@pytest.mark.parametrize("test", sorted(set(page.tests())))
def test_every_row_names_a_test_that_is_there(test):
    file, name = test.split("::")
    begin = rf"^def {name}\(" if file.endswith(".py") else rf"^(static void|int) {name}\(void"
    assert re.search(begin, (ROOT / file).read_text(), re.MULTILINE), test
