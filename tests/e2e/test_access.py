# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every kind of request by every scope, every wrong token, a rotation, a flood,
and a deny-list."""
import base64
import dataclasses
import json
import threading
import time

import pytest
import trail
from issuer import Issuer, wrong_tokens
from message import Reply, connect, encode, read_reply
from process import ROOT, Process, until
from samples import as_binary, as_tensor, by_features

ROUTES = "routes:\n  - {match: {content: text/*}, model: clinical-ner, scope: infer:text}\n"
NOTE = "Denies chest pain."
IMAGE = (ROOT / "examples/phantom-nodule.png").read_bytes()
BINARY, BINARY_HEADERS = as_binary()
TENSORS = "/v2/models/breast-cancer/infer"
TEXT = ("infer:text",)
VECTOR = ("infer:breast-cancer",)
PICTURE = ("infer:phantom-nodule",)
TENSOR = ("infer:tensor:breast-cancer",)
READ = ("models:read",)


@dataclasses.dataclass
class Case:
    what: str
    method: str
    path: str
    body: bytes | dict | None = None
    headers: dict | None = None
    needs: tuple[str, ...] = ()   # all of these
    or_else: tuple[str, ...] = ()  # any of these is enough, too
    status: int = 200

    def allows(self, scopes: list[str]) -> bool:
        def covered(scope):
            return any(scope == granted or (granted.endswith(":*") and scope.startswith(granted[:-1]))
                       for granted in scopes)
        return all(map(covered, self.needs)) or any(map(covered, self.or_else))


def form(name: str, kind: str, content: bytes) -> tuple[bytes, dict]:
    head = (f'--x\r\nContent-Disposition: form-data; name="input"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n").encode()
    return head + content + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def chunked(content: bytes, headers: dict) -> tuple[bytes, dict]:
    body = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n"
    return body, headers | {"Transfer-Encoding": "chunked", "Content-Length": None}


def infer(what: str, body, headers=None, needs=(), path="/infer") -> Case:
    return Case(what, "POST", path, body, headers, needs)


def of_model(what: str, path: str) -> Case:
    return Case(what, "GET", f"/v2/models/breast-cancer{path}", needs=READ, or_else=TENSOR)


CASES = [
    infer("text", NOTE.encode(), {"Content-Type": "text/plain"}, TEXT),
    infer("text, chunked", *chunked(NOTE.encode(), {"Content-Type": "text/plain"}), TEXT),
    infer("text in JSON", {"input": NOTE}, needs=TEXT),
    infer("text, its model named", {"input": NOTE, "model": "clinical-ner"}, needs=TEXT),
    infer("text, its model in the query", NOTE.encode(), {"Content-Type": "text/plain"}, TEXT,
          "/infer?model=clinical-ner"),
    infer("text as a data URI", {"input": f"data:text/plain,{NOTE.replace(' ', '%20')}"}, needs=TEXT),
    infer("text in a form", *form("note.txt", "text/plain", NOTE.encode()), TEXT),
    infer("a vector", by_features(), needs=VECTOR),
    infer("a vector of the version before", by_features(version="previous"), needs=VECTOR),
    infer("an image", IMAGE, {"Content-Type": "image/png"}, PICTURE),
    infer("an image in JSON", {"input": base64.b64encode(IMAGE).decode(), "content_type": "image/png"},
          needs=PICTURE),
    infer("an image in a form", *form("a.png", "image/png", IMAGE), PICTURE),
    infer("tensors at /infer", as_tensor() | {"model": "breast-cancer"}, needs=VECTOR + TENSOR),
    infer("tensors at /infer, raw", BINARY, BINARY_HEADERS, VECTOR + TENSOR,
          "/infer?model=breast-cancer"),
    infer("tensors", as_tensor(), needs=TENSOR, path=TENSORS),
    infer("tensors, raw", BINARY, BINARY_HEADERS, TENSOR, TENSORS),
    infer("tensors of a version", as_tensor(), needs=TENSOR,
          path="/v2/models/breast-cancer/versions/1/infer"),
    of_model("metadata", ""), of_model("metadata of a version", "/versions/2"),
    of_model("readiness", "/ready"), of_model("readiness of a version", "/versions/2/ready"),
    of_model("configuration", "/config"), of_model("statistics", "/stats"),
    Case("statistics of all", "GET", "/v2/models/stats", needs=READ),
    Case("the server", "GET", "/v2", needs=READ),
    Case("tensors of nobody", "POST", "/v2/models/nobody/infer", as_tensor(),
         needs=("infer:tensor:nobody",), status=404),
]
OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs", "/web/docs.css", "/v2/health/live",
        "/v2/health/ready"]
SCOPES = [[], ["infer:text"], ["infer:clinical-ner"], ["infer:breast-cancer"], ["infer:phantom-nodule"],
          ["infer:tensor:breast-cancer"], ["infer:tensor:*"], ["infer:*"], ["models:read"],
          ["models:admin"], ["infer:text", "models:read"], ["infer:breast-cancer", "infer:tensor:*"],
          ["infer"], ["infer:texts"], ["*"], ["system/*.cruds"]]


class Guarded:
    """An issuer, and a gateway that asks for its tokens."""

    def __init__(self, folder, settings=None, routes=ROUTES):
        self.issuer = Issuer(folder)
        self.forge = self.issuer.forge()
        self.config = folder / "galen.yaml"
        self.config.write_text(routes)
        self.process = Process("serve", folder, {
            "config": self.config, "auth.issuer": self.issuer.url, "threads": 2,
            "auth.jwks_interval_s": 1} | (settings or {}))
        self.process.wait_for("/readyz")
        until(lambda: "jwks.fetched" in self.process.log(), "the keys are there")

    def send(self, case: Case, token: str | None) -> Reply:
        headers = dict(case.headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with connect(self.process.port) as connection:
            connection.sendall(encode(case.method, case.path, case.body, headers))
            return read_reply(connection, case.method)

    def stop(self) -> None:
        self.process.check_end()
        self.issuer.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    guarded = Guarded(tmp_path_factory.mktemp("guarded"))
    yield guarded
    guarded.stop()


def challenge(reply: Reply) -> str:
    return reply.headers.get("www-authenticate", "")


@pytest.mark.parametrize("scopes", SCOPES, ids=" ".join)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_request_needs_its_scope(guarded, case, scopes):
    reply = guarded.send(case, guarded.forge.token(scope=" ".join(scopes)))
    if case.allows(scopes):
        assert reply.status == case.status, reply.body
        assert challenge(reply) == ""
        return
    assert reply.status == 403, reply.body
    start = 'Bearer realm="galen", error="insufficient_scope", scope="'
    assert challenge(reply).startswith(start), reply.headers
    assert "nobody" not in challenge(reply)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_nobody_is_let_in_without_a_token(guarded, case):
    reply = guarded.send(case, None)
    assert (reply.status, challenge(reply)) == (401, 'Bearer realm="galen"')
    reply = guarded.send(case, "not.a.token")
    assert reply.status == 401
    assert challenge(reply).startswith('Bearer realm="galen", error="invalid_token"')


@pytest.mark.parametrize("path", OPEN)
def test_what_says_nothing_of_anybody_is_open(guarded, path):
    assert guarded.send(Case("", "GET", path), None).status == 200


TEXT_CASE = CASES[0]


def test_every_wrong_token_is_refused(guarded):
    wrong = wrong_tokens(guarded.forge)
    assert len(wrong) > 30
    for what, token in wrong.items():
        reply = guarded.send(TEXT_CASE, token)
        assert reply.status in (400, 401), what
        assert challenge(reply).startswith('Bearer realm="galen", error="invalid_'), what
        assert token[:20] not in reply.everything().decode(), what
    assert guarded.send(TEXT_CASE, guarded.forge.token()).status == 200


def test_token_belongs_into_one_header(guarded):
    token = guarded.forge.token()
    for path in (f"/infer?access_token={token}", "/infer?access_token=", "/infer?a=1&access_token=x"):
        reply = guarded.send(dataclasses.replace(TEXT_CASE, path=path), token)
        assert reply.status == 400
        assert 'error="invalid_request"' in challenge(reply)
    twice = dataclasses.replace(TEXT_CASE, headers={"Content-Type": "text/plain",
                                                    "authorization": f"Bearer {token}"})
    assert guarded.send(twice, token).status == 400
    basic = dataclasses.replace(TEXT_CASE, headers={"Content-Type": "text/plain",
                                                    "Authorization": "Basic Z2FsZW46Z2FsZW4="})
    reply = guarded.send(basic, None)
    assert (reply.status, challenge(reply)) == (401, 'Bearer realm="galen"')


def test_body_is_not_waited_for_where_the_head_is_enough(guarded):
    for token, status in ((None, 401), (guarded.forge.token(scope="models:read"), 403)):
        headers = {"Content-Type": "text/plain", "Content-Length": "1000000"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        with connect(guarded.process.port, 10) as connection:
            connection.sendall(encode("POST", "/infer", None, headers))
            assert read_reply(connection).status == status


def test_nothing_of_a_token_is_in_log_or_trail(guarded):
    tokens = [guarded.forge.token(jti="canary-jti-1", sub="canary-sub-1"),
              guarded.forge.token(jti="canary-jti-1", sub="canary-sub-1", scope="canary:scope"),
              guarded.forge.with_another_key().token(jti="canary-jti-2", sub="canary-sub-2")]
    statuses = [guarded.send(TEXT_CASE, token).status for token in tokens]
    assert statuses == [200, 403, 401]
    written = guarded.process.log() + "".join(
        path.read_text() for path in guarded.process.trail.rglob("*.ndjson"))
    for token in tokens:
        assert token not in written
        assert token.split(".")[2] not in written
    for canary in ("canary-jti", "canary:scope", "canary-sub-2"):
        assert canary not in written


def test_records_say_who_asked_and_why_not(tmp_path):
    guarded = Guarded(tmp_path)
    forge = guarded.forge
    for token in (forge.token(sub="alice", client_id="ward-7"), forge.token(scope="models:read"),
                  forge.token(exp=int(time.time()) - 3600), None):
        guarded.send(TEXT_CASE, token)
    guarded.stop()
    records = trail.requests(trail.check(guarded.process.trail), "serve")
    assert [(record["event"], record["outcome"], record.get("reason")) for record in records] == [
        ("infer", "ok", None), ("authz", "refused", "scope"), ("authn", "refused", "expired"),
        ("authn", "refused", "no-token")]
    actors = [record.get("actor", {}) for record in records]
    assert (actors[0]["sub"], actors[0]["client_id"]) == ("alice", "ward-7")
    assert actors[0]["issuer"] == guarded.issuer.url
    assert len(actors[0]["token_hmac"]) == 64
    assert actors[1]["client_id"] == "ward"
    assert [actor["client_id"] for actor in actors[2:]] == ["unidentified"] * 2


def test_each_principal_has_its_own_rate(tmp_path):
    limits = "limits: {requests_per_s: 0.01, burst: 1}}\n"
    guarded = Guarded(tmp_path, routes=ROUTES.replace("infer:text}\n", f"infer:text, {limits}"))
    forge = guarded.forge
    asked = [guarded.send(TEXT_CASE, token).status for token in (
        None, forge.token(scope="models:read"), forge.token(sub="alice"), forge.token(sub="alice"),
        forge.token(sub="bob"), forge.token(sub="alice", client_id="another"))]
    guarded.stop()
    assert asked == [401, 403, 200, 429, 200, 200]


def test_keys_rotate_and_those_from_before_count_on(tmp_path):
    guarded = Guarded(tmp_path)
    old = guarded.forge.token()
    for _ in range(3):
        guarded.issuer.rotate()
        fresh = guarded.issuer.forge().token()
        until(lambda token=fresh: guarded.send(TEXT_CASE, token).status == 200,
              "newer keys are fetched, once the interval is over", 5)
        assert guarded.send(TEXT_CASE, old).status == 200
    guarded.stop()


def test_flood_of_unknown_keys_fetches_once_an_interval(tmp_path):
    guarded = Guarded(tmp_path, {"auth.jwks_interval_s": 3600})
    def flood(number):
        for turn in range(25):
            reply = guarded.send(TEXT_CASE, guarded.forge.token({"kid": f"k{number}-{turn}"}))
            assert reply.status == 401
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guarded.send(TEXT_CASE, guarded.forge.token()).status == 200
    metrics = guarded.process.metrics()
    assert metrics['galen_jwks_fetches_total{result="fetched"}'] <= 2
    assert metrics["galen_jwks_wishes_refused_total"] >= 99
    assert metrics["galen_jwks_keys"] == 1
    guarded.stop()


def test_who_is_denied_is_kept_out_within_a_second_or_two(tmp_path):
    denied = tmp_path / "denied"
    denied.write_text("# nobody yet\n")
    guarded = Guarded(tmp_path, {"auth.deny_list": denied})
    token = guarded.forge.token(sub="alice", jti="t-1")
    other = guarded.forge.token(sub="bob")
    assert guarded.send(TEXT_CASE, token).status == 200
    for line in ("sub:alice", "jti:t-1", "client_id:ward"):
        denied.write_text(line + "\n")
        until(lambda: guarded.send(TEXT_CASE, token).status == 401, f"{line} keeps it out", 5)
        assert (guarded.send(TEXT_CASE, other).status == 401) == line.startswith("client_id")
        denied.write_text("")
        until(lambda: guarded.send(TEXT_CASE, token).status == 200, "it is let in again", 5)
    denied.write_text("sub:alice\n")
    until(lambda: guarded.send(TEXT_CASE, token).status == 401, "it is kept out", 5)
    denied.write_text("no such line\n")
    until(lambda: '"why"' in guarded.process.log() and "line 1" in guarded.process.log(),
          "the log says what is wrong")
    assert guarded.send(TEXT_CASE, token).status == 401  # the list from before counts on
    guarded.stop()


def test_without_keys_nobody_is_let_in_and_it_is_not_ready(tmp_path):
    process = Process("serve", tmp_path, {"auth.issuer": "http://127.0.0.1:9"})
    process.wait_for("/healthz")
    assert process.get_status("/readyz") == 503
    with connect(process.port) as connection:
        connection.sendall(encode("POST", "/infer", {"input": NOTE}, {"Authorization": "Bearer a.b.c"}))
        assert read_reply(connection).status == 503
    process.check_end()


def test_matrix_is_exhaustive(guarded):
    """Every operation of the document is in it."""
    document = json.loads(guarded.send(Case("", "GET", "/openapi.json"), None).body)
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods
            if method in ("get", "post")}
    here = {(case.method, case.path.split("?")[0]) for case in CASES} | {("GET", path) for path in OPEN}
    def form_of(path):
        parts = path.split("/")
        if path.startswith("/v2/models/") and path != "/v2/models/stats":
            parts[3] = "{model}"
            if len(parts) > 5 and parts[4] == "versions":
                parts[5] = "{version}"
        return "/".join(parts).replace("/web/docs.css", "/web/{file}")
    missing = told - {(method, form_of(path)) for method, path in here}
    assert missing <= {("GET", "/console"), ("GET", "/v2/models/{model}/versions/{version}/config"),
                       ("GET", "/v2/models/{model}/versions/{version}/stats")}, missing
