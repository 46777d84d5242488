# SPDX-License-Identifier: Apache-2.0
"""Which server is held to the rules: the one at --url, or galen with the test models."""
import pytest

from conformance import known
from conformance.models import SUM
from conformance.rules import rules
from conformance.runner import Subject
from conformance.server import Server


def pytest_addoption(parser):
    parser.addoption("--url", help="a v2 server; without it, galen is started")
    parser.addoption("--admin-url", help="where it loads and unloads models")
    parser.addoption("--model", default=SUM, help="which of its models adds and subtracts"
                     " two INT32 tensors [-1,16] (default: simple)")
    parser.addoption("--profile", choices=("none", *known.PROFILES), default="none",
                     help="triton: allow the differences that Triton 2.51 is known for")
    parser.addoption("--dangerous", action="store_true", help="send what a server may die of too"
                     " (to galen it is always sent)")


@pytest.fixture(scope="session")
def galen(tmp_path_factory):
    """A galen of our own. What starts it is not part of the kit, which stands alone otherwise."""
    from process import ROOT, Process
    process = Process("serve", tmp_path_factory.mktemp("logs"),
                      {"repository": ROOT / "tests/data/models"})
    process.wait_for("/v2/health/ready")
    yield process
    process.check_end()


@pytest.fixture(scope="session")
def subject(request):
    option = request.config.getoption
    url = option("--url") or request.getfixturevalue("galen").url
    admin = Server(option("--admin-url")) if option("--admin-url") else None
    made = Subject(Server(url), admin, option("--dangerous") or not option("--url"))
    made.is_known = known.PROFILES.get(option("--profile"), made.is_known)
    return made


@pytest.fixture(scope="session")
def every_rule(request):
    return rules(request.config.getoption("--model"))


def pytest_generate_tests(metafunc):
    """rule: all of them; harmless: those that change nothing and that no server dies of."""
    every = rules(metafunc.config.getoption("--model"))
    sets = {"rule": every, "harmless": [
        rule for rule in every if not rule.needs_admin and not rule.is_dangerous]}
    for name in sets.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, sets[name],
                             ids=[f"{rule.id}: {rule.sentence}" for rule in sets[name]])
