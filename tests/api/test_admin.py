# SPDX-License-Identifier: Apache-2.0
"""The admin listener answers as its own /openapi.json says, to who has a token and who has none."""
import pathlib
import time

import openapi
import pytest
import repository
import tester
from issuer import Issuer
from message import Reply, exchange
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from process import Process, until

# Who reads the repository, and whether its engine loads what it is told to.
ROLES = {"serve": {}, "engine": {"models.control": "explicit"}, "gateway": {}}
SCOPES = "models:* infer:tensor:*"
SINGLE = ("models:read", "models:admin", "models:promote")


class Admin:
    """A role that asks who manages it."""

    def __init__(self, role: str, folder: pathlib.Path):
        self.issuer = Issuer(folder)
        self.forge = self.issuer.forge()
        settings = repository.write(folder) if role != "engine" else {
            "repository": repository.write(folder)["repository"]}
        if role == "gateway":
            settings |= {"preprocess": "http://127.0.0.1:1", "engines.default": "http://127.0.0.1:1"}
        self.process = Process(role, folder, settings | ROLES[role] | {
            "auth.issuer": self.issuer.url, "threads": 1})
        self.process.wait_for("/healthz" if role == "gateway" else "/v2/health/live")
        until(lambda: "jwks.fetched" in self.process.log(), "the keys are there")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.admin_port}"

    def token(self, scope: str = SCOPES) -> str:
        return self.forge.token(scope=scope, exp=int(time.time()) + 3000)

    def ask(self, method: str, path: str, body=None, scope: str | None = SCOPES, **headers) -> Reply:
        sent = {} if scope is None else {"Authorization": f"Bearer {self.token(scope)}"}
        return exchange(self.process.admin_port, method, path, body, sent | headers)

    def document(self) -> openapi.Document:
        return openapi.Document(self.ask("GET", "/openapi.json", scope=None).json())

    def stop(self) -> None:
        self.process.check_end()
        self.issuer.stop()


@pytest.fixture(scope="module")
def admins(tmp_path_factory):
    running = {role: Admin(role, tmp_path_factory.mktemp(role)) for role in ROLES}
    yield running
    for admin in running.values():
        admin.stop()


@pytest.fixture(params=ROLES)
def admin(request, admins):
    return admins[request.param]


@pytest.fixture(scope="module")
def runs(admins, tmp_path_factory):
    """All at once: most of the time is the tester's own."""
    started = {role: tester.begin(admin.url, "admin.toml", tmp_path_factory.mktemp(role), admin.token())
               for role, admin in admins.items()}
    yield started
    for process in started.values():
        process.kill()
        process.wait()


def test_it_is_valid_and_open_to_everybody(admin):
    document = admin.document()
    validate(document.document, cls=OpenAPIV31SpecValidator)
    assert {"token"} == set(document.document["components"]["securitySchemes"])


def test_tensors_are_told_of_where_an_engine_is(admin):
    has_engine = admin.process.role != "gateway"
    paths = admin.document().document["paths"]
    assert ("/v2/repository/index" in paths) == has_engine
    assert admin.ask("POST", "/v2/repository/index", b"").status == (200 if has_engine else 404)


def test_each_operation_says_which_scopes_are_enough(admin):
    document = admin.document()
    for template, method, operation in document.operations():
        path = template.replace("{model}", "lexicon").replace("{version}", "1")
        body = b"" if method == "POST" else None
        for scope, status in ((None, 401), ("infer:none", 403), *((each, 403) for each in SINGLE)):
            reply = admin.ask(method, path, body, scope)
            document.check(operation, reply)
            is_told = "security" not in operation or f"`{scope}`" in operation["description"]
            assert (reply.status not in (401, 403)) == is_told, (method, path, scope)
            assert is_told or reply.status == status, (method, path, scope)


@pytest.mark.parametrize("role", ROLES)
def test_schemathesis_finds_nothing(runs, role):
    tester.end(runs[role])
