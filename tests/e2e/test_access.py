# SPDX-License-Identifier: Apache-2.0
"""Who is let in: every wrong token, a rotation, a flood, and a deny-list. Which scope opens what is
test_access_matrix.py's."""
import dataclasses
import threading
import time

import counted
import pytest
import trail
from guarded import Guarded, Request, challenge
from issuer import wrong_tokens
from message import connect, encode, read_reply
from process import Process, until

ROUTES = "routes:\n  - {match: {content: text/*}, model: clinical-ner, scope: infer:text}\n"
NOTE = "Denies chest pain."
NOTED = Request("POST", "/infer", NOTE.encode(), {"Content-Type": "text/plain"})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    guarded = Guarded(tmp_path_factory.mktemp("guarded"), config=ROUTES)
    yield guarded
    guarded.stop()


def test_every_wrong_token_is_refused(guarded, capsys):
    wrong = wrong_tokens(guarded.forge)
    assert len(wrong) > 30
    for what, token in wrong.items():
        reply = guarded.send(NOTED, token)
        assert reply.status in (400, 401), what
        assert challenge(reply).startswith('Bearer realm="galen", error="invalid_'), what
        assert token[:20] not in reply.everything().decode(), what
    assert guarded.send(NOTED, guarded.forge.token()).status == 200
    counted.check(capsys, "tokens-wrong", tokens=len(wrong))


def test_token_belongs_into_one_header(guarded):
    token = guarded.forge.token()
    for path in (f"/infer?access_token={token}", "/infer?access_token=", "/infer?a=1&access_token=x"):
        reply = guarded.send(dataclasses.replace(NOTED, path=path), token)
        assert reply.status == 400
        assert 'error="invalid_request"' in challenge(reply)
    twice = dataclasses.replace(NOTED, headers={"Content-Type": "text/plain",
                                                    "authorization": f"Bearer {token}"})
    assert guarded.send(twice, token).status == 400
    basic = dataclasses.replace(NOTED, headers={"Content-Type": "text/plain",
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
    statuses = [guarded.send(NOTED, token).status for token in tokens]
    assert statuses == [200, 403, 401]
    written = guarded.process.log() + "".join(
        path.read_text() for path in guarded.process.trail.rglob("*.ndjson"))
    for token in tokens:
        assert token not in written
        assert token.split(".")[2] not in written
    for canary in ("canary-jti", "canary:scope", "canary-sub-2"):
        assert canary not in written


def test_records_say_who_asked_and_why_not(tmp_path):
    guarded = Guarded(tmp_path, config=ROUTES)
    forge = guarded.forge
    for token in (forge.token(sub="alice", client_id="ward-7"), forge.token(scope="models:read"),
                  forge.token(exp=int(time.time()) - 3600), None):
        guarded.send(NOTED, token)
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
    guarded = Guarded(tmp_path, config=ROUTES.replace("infer:text}\n", f"infer:text, {limits}"))
    forge = guarded.forge
    asked = [guarded.send(NOTED, token).status for token in (
        None, forge.token(scope="models:read"), forge.token(sub="alice"), forge.token(sub="alice"),
        forge.token(sub="bob"), forge.token(sub="alice", client_id="another"))]
    guarded.stop()
    assert asked == [401, 403, 200, 429, 200, 200]


def test_keys_rotate_and_those_from_before_count_on(tmp_path):
    guarded = Guarded(tmp_path, config=ROUTES)
    old = guarded.forge.token()
    for _ in range(3):
        guarded.issuer.rotate()
        fresh = guarded.issuer.forge().token()
        until(lambda token=fresh: guarded.send(NOTED, token).status == 200,
              "newer keys are fetched, once the interval is over", 5)
        assert guarded.send(NOTED, old).status == 200
    guarded.stop()


def test_flood_of_unknown_keys_fetches_once_an_interval(tmp_path, capsys):
    guarded = Guarded(tmp_path, {"auth.jwks_interval_s": 3600}, ROUTES)
    def flood(number):
        for turn in range(25):
            reply = guarded.send(NOTED, guarded.forge.token({"kid": f"k{number}-{turn}"}))
            assert reply.status == 401
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guarded.send(NOTED, guarded.forge.token()).status == 200
    metrics = guarded.process.metrics()
    assert metrics['galen_jwks_fetches_total{result="fetched"}'] <= 2
    assert metrics["galen_jwks_wishes_refused_total"] >= 99
    assert metrics["galen_jwks_keys"] == 1
    guarded.stop()
    counted.check(capsys, "tokens-unknown-keys", tokens=100, clients=len(threads), fetches_max=2)


def test_who_is_denied_is_kept_out_within_a_second_or_two(tmp_path):
    denied = tmp_path / "denied"
    denied.write_text("# nobody yet\n")
    guarded = Guarded(tmp_path, {"auth.deny_list": denied}, ROUTES)
    token = guarded.forge.token(sub="alice", jti="t-1")
    other = guarded.forge.token(sub="bob")
    assert guarded.send(NOTED, token).status == 200
    for line in ("sub:alice", "jti:t-1", "client_id:ward"):
        denied.write_text(line + "\n")
        until(lambda: guarded.send(NOTED, token).status == 401, f"{line} keeps it out", 5)
        assert (guarded.send(NOTED, other).status == 401) == line.startswith("client_id")
        denied.write_text("")
        until(lambda: guarded.send(NOTED, token).status == 200, "it is let in again", 5)
    denied.write_text("sub:alice\n")
    until(lambda: guarded.send(NOTED, token).status == 401, "it is kept out", 5)
    denied.write_text("no such line\n")
    until(lambda: '"why"' in guarded.process.log() and "line 1" in guarded.process.log(),
          "the log says what is wrong")
    assert guarded.send(NOTED, token).status == 401  # the list from before counts on
    guarded.stop()


def test_without_keys_nobody_is_let_in_and_it_is_not_ready(tmp_path):
    process = Process("serve", tmp_path, {"auth.issuer": "http://127.0.0.1:9"})
    process.wait_for("/healthz")
    assert process.get_status("/readyz") == 503
    with connect(process.port) as connection:
        connection.sendall(encode("POST", "/infer", {"input": NOTE}, {"Authorization": "Bearer a.b.c"}))
        assert read_reply(connection).status == 503
    process.check_end()
