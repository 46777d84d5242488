# SPDX-License-Identifier: Apache-2.0
"""Who may do what on the admin listener: every path that there is by every scope and every token."""
import functools
import json
import re
import time

import counted
import pytest
import trail
from certificates import Authority
from issuer import Issuer, done
from message import exchange
from process import ROOT, Process, until
from samples import MODEL, as_tensor
from test_clients import context

FORMS = re.findall(r'^V2_FORM\((\w+), +"([^"]+)", +(\w+)\)$',
                   (ROOT / "src/v2/route.def").read_text(), re.MULTILINE)
READ, ADMIN = ("models:read", "models:admin"), ("models:admin",)
TENSOR = (f"infer:tensor:{MODEL}",)
OPEN, NOBODY = "open", "nobody has it"
NEEDS = {  # any of these is enough
    "SERVER": READ, "LIVE": OPEN, "READY": OPEN, "STATISTICS": READ, "MODEL": READ, "MODEL_READY": READ,
    "INFER": TENSOR, "MODEL_STATISTICS": READ, "CONFIG": READ, "INDEX": READ, "LOAD": ADMIN,
    "UNLOAD": ADMIN, "LOGGING": READ, "LOGGING_UPDATE": ADMIN, "TRACE": READ, "TRACE_UPDATE": ADMIN,
    "GENERATE": NOBODY, "NAMED_REPOSITORY": NOBODY, "SHARED_MEMORY": NOBODY}
BODIES = {"INFER": as_tensor(), "LOGGING_UPDATE": {"log_info": True},
          "TRACE_UPDATE": {"trace_level": ["OFF"]}}
SCOPES = [[], ["models:read"], ["models:admin"], ["models:promote"], ["models:*"], ["models"],
          ["models:"], ["audit:read"], ["breakglass"], [f"infer:{MODEL}"], [f"infer:tensor:{MODEL}"],
          ["infer:tensor:breast"], ["infer:tensor:*"], ["infer:*"], ["*"], ["system/*.cruds"],
          ["models:read", "infer:tensor:*"], ["models:promote", "audit:read", "infer:text"],
          ["models:admin", f"infer:tensor:{MODEL}"]]
REALM = 'Bearer realm="galen"'


def allows(needs: tuple[str, ...], scopes: list[str]) -> bool:
    return any(need == granted or (granted.endswith(":*") and need.startswith(granted[:-1]))
               for need in needs for granted in scopes)


def path_of(form: str, operation: str) -> str:
    model = "nobody" if operation == "UNLOAD" else MODEL
    return (form.replace("{model}", model).replace("{version}", "2").replace("{repository}", "r")
            .replace("{region}", "r"))


class Guarded:
    """A role that runs an engine and asks for tokens of an issuer."""

    def __init__(self, role: str, folder, settings=None):
        self.issuer = Issuer(folder)
        self.forge = self.issuer.forge()
        late = int(time.time()) + 3000
        self.token = functools.cache(lambda scope: self.forge.token(scope=scope, exp=late))
        self.bad_tokens = functools.cache(self.make_bad_tokens)
        denied = folder / "denied"
        denied.write_text("sub:mallory\n")
        self.process = Process(role, folder, {
            "repository": ROOT / "models", "auth.issuer": self.issuer.url, "threads": 2,
            "auth.deny_list": denied, "auth.jwks_interval_s": 1} | (settings or {}))
        self.process.wait_for("/v2/health/ready")
        until(lambda: "jwks.fetched" in self.process.log(), "the keys are there")

    def ask(self, method: str, path: str, body=None, token: str | None = None):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = b"" if body is None and method == "POST" else body
        return exchange(self.process.admin_port, method, path, content, headers)

    def make_bad_tokens(self, scope: str) -> dict[str, str | None]:
        """By the word that the refusal has for each."""
        now = int(time.time())
        return {"no-token": None, "base64url": "not.a.token",
                "expired": self.forge.token(scope=scope, iat=now - 7200, exp=now - 3600),
                "denied": self.forge.token(scope=scope, sub="mallory"),
                "signature": self.forge.with_another_key().token(scope=scope),
                "aud": self.forge.token(scope=scope, aud="somebody-else")}

    def refusals(self) -> dict[str, float]:
        pattern = re.compile(r'galen_auth_refusals_total{reason="([a-z0-9-]+)"}')
        return {pattern.fullmatch(name)[1]: value for name, value in self.process.metrics().items()
                if pattern.fullmatch(name)}

    def stop(self) -> None:
        self.process.check_end()
        self.issuer.stop()


@pytest.fixture(scope="module")
def explicit(tmp_path_factory):
    """An engine that loads and unloads what it is asked to."""
    guarded = Guarded("engine", tmp_path_factory.mktemp("explicit"),
                      {"models.control": "explicit", "models.load": MODEL})
    yield guarded
    guarded.stop()


def test_the_table_of_paths_is_read_and_each_operation_has_a_rule(capsys):
    assert len(FORMS) == (ROOT / "src/v2/route.def").read_text().count("\nV2_FORM(")
    assert {operation for _, _, operation in FORMS} == set(NEEDS)
    counted.check(capsys, "access-admin", paths=len(FORMS), scope_sets=len(SCOPES),
                  requests=len(FORMS) * len(SCOPES))


@pytest.mark.parametrize(("method", "form", "operation"), FORMS, ids=[" ".join(row) for row in FORMS])
def test_each_path_by_each_set_of_scopes(explicit, method, form, operation):
    path, body, needs = path_of(form, operation), BODIES.get(operation), NEEDS[operation]
    for scopes in SCOPES:
        reply = explicit.ask(method, path, body, explicit.token(" ".join(scopes)))
        challenge = reply.headers.get("www-authenticate", "")
        if needs is NOBODY:
            assert (reply.status, challenge) == (501, ""), scopes
        elif needs is OPEN or allows(needs, scopes):
            assert (reply.status, challenge) == (200, ""), (scopes, reply.body)
        else:
            told = f'{REALM}, error="insufficient_scope", scope="{needs[0]}"'
            assert (reply.status, challenge) == (403, told), (scopes, reply.body)
            assert reply.json()["error"] == "the token has not the scope that this needs"


@pytest.mark.parametrize(("method", "form", "operation"), FORMS, ids=[" ".join(row) for row in FORMS])
def test_no_scope_makes_a_bad_token_good(explicit, method, form, operation):
    path, body, needs = path_of(form, operation), BODIES.get(operation), NEEDS[operation]
    for scopes in SCOPES:
        for word, token in explicit.bad_tokens(" ".join(scopes)).items():
            reply = explicit.ask(method, path, body, token)
            challenge = reply.headers.get("www-authenticate", "")
            if needs in (NOBODY, OPEN):
                assert (reply.status, challenge) == (501 if needs is NOBODY else 200, "")
                continue
            assert reply.status == 401, (word, scopes)
            assert set(reply.json()) == {"error", "code"}
            assert (challenge == REALM) == (word == "no-token"), (word, challenge)
            assert challenge.startswith(REALM)


def test_a_name_that_is_no_model_is_not_told(explicit):
    for name in ("John%20Smith", "a%22b", "x%0d%0aSet-Cookie:%20a"):
        reply = explicit.ask("POST", f"/v2/models/{name}/infer", as_tensor(),
                             explicit.forge.token(scope="models:admin"))
        assert reply.status == 403
        assert 'scope="infer:tensor:*"' in reply.headers["www-authenticate"]
        assert b"Smith" not in reply.everything()


def test_a_body_is_not_waited_for(explicit):
    for token, status in ((None, 401), (explicit.forge.token(scope="models:read"), 403)):
        headers = {"Content-Length": "1000000"} | (
            {"Authorization": f"Bearer {token}"} if token else {})
        reply = exchange(explicit.process.admin_port, "POST", "/v2/logging", b"{", headers)
        assert reply.status == status


def test_each_refusal_is_counted_by_its_word_and_recorded(tmp_path):
    guarded = Guarded("engine", tmp_path)
    before = guarded.refusals()
    assert set(before.values()) == {0}
    tokens = guarded.bad_tokens("models:admin") | {"scope": guarded.forge.token(scope="models:read")}
    for token in tokens.values():
        assert guarded.ask("POST", "/v2/logging", {"log_info": True}, token).status in (401, 403)
    assert guarded.ask("POST", "/v2/logging", {"log_info": True},
                       guarded.forge.token(scope="models:admin", sub="alice")).status == 200
    counted = {word: value for word, value in guarded.refusals().items() if value}
    assert counted == dict.fromkeys(tokens, 1)
    guarded.stop()
    records = trail.requests(trail.check(guarded.process.trail))
    assert [(record["event"], record["route"], record.get("reason")) for record in records] == [
        ("authz" if word == "scope" else "authn", "v2_logging", word) for word in tokens] + [
        ("configure", "v2_logging", None)]
    assert [record["actor"].get("sub") for record in records] == [None] * 6 + ["ward", "alice"]
    assert len(records[-1]["actor"]["token_hmac"]) == 64


def test_refusals_are_words_of_the_table(explicit):
    table = (ROOT / "src/service/auth/refusal.def").read_text()
    words = re.findall(r'^REFUSAL\(\w+, +"([^"]+)"', table, re.MULTILINE)
    assert set(explicit.refusals()) == set(words)


def test_keys_of_no_use_are_counted(tmp_path):
    (tmp_path / "keys").mkdir()
    done("keygen", tmp_path / "issuer")
    keys = json.loads((tmp_path / "issuer/jwks.json").read_text())
    keys["keys"] += [{"kty": "oct", "k": "AAAA", "kid": "a"}, {"kty": "RSA", "kid": "b", "use": "enc"},
                     {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "c", "alg": "ES256"}]
    (tmp_path / "jwks.json").write_text(json.dumps(keys))
    engine = Process("engine", tmp_path, {"repository": ROOT / "models",
                                          "auth.issuer": "https://issuer.example",
                                          "auth.jwks": tmp_path / "jwks.json"})
    engine.wait_for("/v2/health/ready")
    until(lambda: engine.metrics()["galen_jwks_keys"] == 1, "the keys are read")
    passed = {name: value for name, value in engine.metrics().items() if "passed_over" in name}
    engine.check_end()
    assert passed == {f'galen_jwks_keys_passed_over{{reason="{reason}"}}': count
                      for reason, count in {"kind": 1, "use": 1, "algorithm": 0, "broken": 1}.items()}


def test_serve_asks_there_as_well(tmp_path):
    guarded = Guarded("serve", tmp_path)
    infer = ("POST", f"/v2/models/{MODEL}/infer", as_tensor())
    assert guarded.ask(*infer).status == 401
    assert guarded.ask(*infer, guarded.forge.token(scope="models:admin")).status == 403
    assert guarded.ask(*infer, guarded.forge.token(scope="infer:tensor:*")).status == 200
    assert guarded.ask("POST", "/v2/repository/index").status == 401
    assert guarded.ask("POST", "/v2/repository/index", None,
                       guarded.forge.token(scope="models:read")).status == 200
    guarded.stop()


def test_an_engine_answers_its_gateway_without_a_token(explicit):
    """The hop is for certificates; listen.http of an engine takes no tokens."""
    port = explicit.process.port
    assert exchange(port, "POST", f"/v2/models/{MODEL}/infer", as_tensor()).status == 200
    assert exchange(port, "POST", f"/v2/repository/models/{MODEL}/load", b"").status == 403


def test_keys_rotate_there(tmp_path):
    guarded = Guarded("engine", tmp_path)
    guarded.issuer.rotate()
    fresh = guarded.issuer.forge().token(scope="models:read")
    until(lambda: guarded.ask("GET", "/v2/logging", None, fresh).status == 200,
          "newer keys are fetched")
    guarded.stop()


def test_without_keys_nobody_manages_and_the_engine_serves_on(tmp_path):
    engine = Process("engine", tmp_path, {"repository": ROOT / "models",
                                          "auth.issuer": "http://127.0.0.1:9"})
    engine.wait_for("/v2/health/ready")
    reply = exchange(engine.admin_port, "POST", "/v2/logging", {"log_info": True},
                     {"Authorization": "Bearer a.b.c"})
    assert (reply.status, "www-authenticate" in reply.headers) == (503, False)
    ready = exchange(engine.admin_port, "GET", "/v2/health/ready")
    assert (ready.status, ready.json()["error"]) == (503, "the keys of auth.issuer are not known")
    engine.check_end()


@pytest.fixture
def by_certificate(tmp_path):
    """(an engine that knows administrators by their certificates, by whom these are)"""
    authority = Authority(tmp_path)
    server = authority.certify("server", "127.0.0.1")
    (tmp_path / "galen.yaml").write_text(
        "clients:\n"
        "  - {certificate: {dns: ops.example}, client_id: ops, scopes: ['models:admin']}\n"
        "  - {certificate: {dns: eye.example}, client_id: eye, scopes: ['models:read']}\n")
    engine = Process("engine", tmp_path, server.settings("listen") | {
        "repository": ROOT / "models", "config": tmp_path / "galen.yaml",
        "listen.tls.client_certificate": "ask", "listen.tls.client_ca": authority.path},
        context(authority))
    engine.wait_for("/v2/health/ready")
    yield engine, authority
    engine.check_end()


@pytest.mark.parametrize(("name", "statuses"), [
    ("ops.example", (200, 200)), ("eye.example", (200, 403)), ("other.example", (401, 401)),
    (None, (401, 401))])
def test_administrators_may_be_known_by_certificates(by_certificate, name, statuses):
    engine, authority = by_certificate
    engine.trust = context(authority, authority.certify("client", name) if name else None)
    engine.port = engine.admin_port
    def status(method, body):
        connection = engine.connect()
        connection.request(method, "/v2/logging", body)
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply.status
    assert (status("GET", None), status("POST", '{"log_info": true}')) == statuses
