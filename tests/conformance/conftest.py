# SPDX-License-Identifier: Apache-2.0
"""Which server is held to the rules: the one at --url, or galen with the test models, as one
process and as an engine of its own."""
import pytest

from conformance import known
from conformance.models import SUM
from conformance.rules import rules
from conformance.runner import Subject
from conformance.server import Server

ROLES = ("serve", "engine")
AT_URL = "url"


def pytest_addoption(parser):
    parser.addoption("--url", help="a v2 server; without it, galen is started")
    parser.addoption("--admin-url", help="where it loads and unloads models")
    parser.addoption("--model", default=SUM, help="which of its models adds and subtracts"
                     " two INT32 tensors [-1,16] (default: simple)")
    parser.addoption("--profile", choices=("none", *known.PROFILES), default="none",
                     help="triton: allow the differences that Triton 2.51 is known for")
    parser.addoption("--dangerous", action="store_true", help="send what a server may die of too"
                     " (to galen it is always sent)")


def subject_at(option) -> Subject:
    admin = Server(option("--admin-url")) if option("--admin-url") else None
    subject = Subject(Server(option("--url")), admin, option("--dangerous"))
    subject.is_known = known.PROFILES.get(option("--profile"), subject.is_known)
    return subject


@pytest.fixture(scope="session")
def subject(request, tmp_path_factory):
    """By its role. What starts galen is not part of the kit, which stands alone otherwise."""
    if request.param == AT_URL:
        yield subject_at(request.config.getoption)
        return
    from conformance.peers import galen
    process = galen.start(request.param, tmp_path_factory.mktemp("logs"))
    admin = Server(galen.admin_url(process)) if request.param == "engine" else None
    yield Subject(Server(process.url), admin, may_die=True)
    process.check_end()


@pytest.fixture(scope="session")
def every_rule(request):
    return rules(request.config.getoption("--model"))


def tell(rule) -> str:
    return f"{rule.id}: {rule.sentence}"


def pytest_generate_tests(metafunc):
    """rule: all of them; harmless and survivable: without those that change something, or that a
    server may die of."""
    every = rules(metafunc.config.getoption("--model"))
    sets = {"rule": every, "survivable": [rule for rule in every if not rule.is_dangerous],
            "harmless": [rule for rule in every if not rule.is_dangerous and not rule.needs_admin]}
    if "subject" in metafunc.fixturenames:
        roles = (AT_URL,) if metafunc.config.getoption("--url") else ROLES
        metafunc.parametrize("subject", roles, indirect=True, scope="session")
    for name in sets.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, sets[name], ids=map(tell, sets[name]))


def pytest_collection_modifyitems(items):
    """A galen as one process is managed by nobody here: those rules are the engine's."""
    items[:] = [item for item in items if not is_for_the_engine(item)]


def is_for_the_engine(item) -> bool:
    values = item.callspec.params if hasattr(item, "callspec") else {}
    return values.get("subject") == "serve" and "rule" in values and values["rule"].needs_admin
