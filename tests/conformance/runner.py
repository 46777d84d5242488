# SPDX-License-Identifier: Apache-2.0
"""Sends the requests of rules and says how each fared."""
import dataclasses
import enum
import functools
from collections.abc import Callable

from conformance.rule import NotOffered, Rule
from conformance.server import NO_ANSWER, Answer, Request, Server


class Outcome(enum.StrEnum):
    PASSED = "pass"
    FAILED = "fail"
    KNOWN = "known"              # fails, as the profile says it does
    NOT_OFFERED = "not offered"  # an extension that it does not have
    SKIPPED = "skipped"          # could not be tried: the reason is told


@dataclasses.dataclass(frozen=True)
class Result:
    rule: Rule
    outcome: Outcome
    why: str = ""
    request: Request | None = None  # the one that it is about
    answer: Answer | None = None


@dataclasses.dataclass
class Subject:
    """A server, with what was said of it."""
    server: Server
    admin: Server | None = None
    may_die: bool = False
    revive: Callable[[], None] | None = None  # starts it again
    is_known: Callable[[Result], bool] = lambda _: False

    @functools.cached_property
    def metadata(self) -> dict:
        return self.server.metadata()

    @functools.cached_property
    def extensions(self) -> set[str]:
        return set(self.metadata.get("extensions") or [])

    @functools.cached_property
    def managed_extensions(self) -> set[str]:
        """A server that manages on another port lists that there."""
        listed = self.admin.metadata().get("extensions") if self.admin else []
        return self.extensions | set(listed or [])

    @functools.cache  # noqa: B019, one a run
    def has_model(self, name: str) -> bool:
        return self.server.has_model(name)

    __hash__ = object.__hash__


def why_not(rule: Rule, subject: Subject) -> Result | None:
    """What keeps a rule from being tried."""
    if rule.needs_admin and not subject.admin:
        return Result(rule, Outcome.SKIPPED, "needs --admin-url")
    listed = subject.managed_extensions if rule.needs_admin else subject.extensions
    if rule.extension and rule.extension not in listed:
        return Result(rule, Outcome.NOT_OFFERED, f"{rule.extension} is not among its extensions")
    if rule.is_dangerous and not subject.may_die:
        return Result(rule, Outcome.SKIPPED, "the server may die of it: --dangerous")
    missing = [name for name in rule.models if not subject.has_model(name)]
    return Result(rule, Outcome.SKIPPED, f"no model {missing[0]}") if missing else None


def target_of(rule: Rule, request: Request, subject: Subject) -> Server:
    """Only what manages goes where one manages."""
    is_managing = rule.needs_admin and request.path.startswith("/v2/repository")
    return subject.admin if is_managing else subject.server


def ask(rule: Rule, subject: Subject) -> list[Answer]:
    return [target_of(rule, request, subject).send(request) for request in rule.requests]


def first_lost(answers: list[Answer]) -> int:
    """The last one, where all were answered."""
    return next((at for at, answer in enumerate(answers) if answer.status == NO_ANSWER),
                len(answers) - 1)


def judge(rule: Rule, answers: list[Answer], subject: Subject) -> Result:
    if any(answer.status == NO_ANSWER for answer in answers):
        return failed(rule, answers, first_lost(answers), "expected an answer")
    try:
        complaint = rule.check(answers)
    except NotOffered as reason:
        return Result(rule, Outcome.NOT_OFFERED, str(reason))
    except (ValueError, LookupError, TypeError, AttributeError):
        complaint = "expected an answer of another form"
    if not complaint:
        return Result(rule, Outcome.PASSED)
    at = getattr(complaint, "at", len(answers) - 1)
    result = failed(rule, answers, at, complaint)
    if subject.is_known(result):
        return dataclasses.replace(result, outcome=Outcome.KNOWN)
    return result


def failed(rule: Rule, answers: list[Answer], at: int, why: str) -> Result:
    return Result(rule, Outcome.FAILED, str(why), rule.requests[at], answers[at])


def run(rule: Rule, subject: Subject) -> Result:
    if skipped := why_not(rule, subject):
        return skipped
    answers = ask(rule, subject)
    result = judge(rule, answers, subject)
    if rule.is_dangerous and not subject.server.is_live():
        result = failed(rule, answers, first_lost(answers), "the server died of it")
        if subject.revive:
            subject.revive()
    return result
