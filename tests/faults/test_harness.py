# SPDX-License-Identifier: Apache-2.0
"""These tests see what is lost: with one server, and nobody to take its place."""
import pytest
from events import Killed, Told
from faults import answer, be_silent, change_shape, changed, reset, truncate
from field import Field
from rows import Row
from run import SHORT, run_row

LOSSES = (Killed("killed"), Told("resets", reset), Told("cuts", truncate), Told("is silent", be_silent),
          Told("answers 503", answer(503)), Told("answers wrongly", changed(change_shape)))


@pytest.fixture(scope="module")
def lone(tmp_path_factory):
    with Field(tmp_path_factory.mktemp("lone"), count=1) as running:
        yield running


@pytest.mark.parametrize("event", LOSSES, ids=[event.what for event in LOSSES])
def test_what_a_lone_server_loses_is_seen(lone, event):
    result = run_row(Row("engine", event, 1, True), lone, SHORT)
    assert result.lost > 10, result.line()
    assert result.faults
