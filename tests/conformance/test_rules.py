# SPDX-License-Identifier: Apache-2.0
"""Each rule of the kit, as a test."""
import pytest

from conformance.runner import Outcome, run


def test_the_server_keeps_the_rule(subject, rule):
    result = run(rule, subject)
    if result.outcome in (Outcome.NOT_OFFERED, Outcome.SKIPPED):
        pytest.skip(result.why)
    told = f"{result.why}\n> {result.request.describe(2000)}\n< {result.answer.describe(2000)}" \
        if result.request else ""
    assert result.outcome in (Outcome.PASSED, Outcome.KNOWN), told


def test_it_still_answers_after_all_of_them(subject):
    assert subject.server.is_live()
