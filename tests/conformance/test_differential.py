# SPDX-License-Identifier: Apache-2.0
"""galen beside the real Triton 2.51: the same bytes to both, and no difference but those that
known.py lists. Skipped where Triton is not installed: tools/bootstrap --conformance."""
import dataclasses

import pytest

from conformance import known
from conformance.differential import Pair, ask_both
from conformance.runner import Outcome, Subject, run, why_not
from conformance.server import Server

triton_wheel = pytest.importorskip("triton_wheel", reason="galen's own test: not part of the kit")
if missing := triton_wheel.why_not():
    pytest.skip(f"Triton: {missing}", allow_module_level=True)


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    from conformance.peers import triton
    process = triton.start(tmp_path_factory.mktemp("triton"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The engine, which offers most of what Triton does."""
    from conformance.peers import galen
    process = galen.start("engine", tmp_path_factory.mktemp("galen"))
    yield Subject(Server(process.url))
    process.check_end()


@pytest.fixture(scope="module")
def theirs(peer):
    return Subject(Server(peer.url))


@dataclasses.dataclass
class Compared:
    pairs: dict[str, list[Pair]]
    skipped: dict[str, str]

    def of(self, name: str) -> list[Pair]:
        if name in self.skipped:
            pytest.skip(self.skipped[name])
        return self.pairs[name]


@pytest.fixture(scope="module")
def compared(ours, theirs, every_rule):
    """What both answered to everything that both offer."""
    found = Compared({}, {})
    for rule in every_rule:
        if skipped := why_not(rule, ours) or why_not(rule, theirs):
            found.skipped[rule.id] = skipped.why
        else:
            found.pairs[rule.id] = ask_both(rule, ours.server, theirs.server)
    return found


def row_of(pair: Pair) -> known.Row | None:
    return known.row_for(pair.rule, pair.request, pair.ours, pair.theirs)


def test_both_answer_alike_but_for_what_is_known(harmless, compared):
    unlike = [f"{pair.difference}: {pair.describe()}" for pair in compared.of(harmless.id)
              if pair.difference and not row_of(pair)]
    assert not unlike, "\n".join(unlike)


def test_each_row_of_the_table_is_needed(compared):
    """A row that no request needs allows a difference that is not there."""
    every = [pair for pairs in compared.pairs.values() for pair in pairs]
    needed = {row_of(pair) for pair in every if pair.difference}
    tried = [row for row in known.TABLE if not row.is_text_only
             and any(row.is_for(pair.rule, pair.request) for pair in every)]
    assert [row.what for row in tried if row not in needed] == []


@pytest.mark.parametrize("name", known.SAME_TEXTS)
def test_errors_are_told_in_the_same_words(name, compared):
    unlike = [pair.describe() for pair in compared.of(name)
              if not known.is_same_text(pair.ours, pair.theirs)]
    assert not unlike, "\n".join(unlike)


def test_triton_fails_only_what_it_is_known_to_fail(survivable, theirs):
    result = run(survivable, Subject(theirs.server, theirs.server, is_known=known.is_tritons))
    assert result.outcome != Outcome.FAILED, \
        f"{result.why}\n> {result.request.describe()}\n< {result.answer.describe()}"
