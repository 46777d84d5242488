# SPDX-License-Identifier: Apache-2.0
"""What is refused, and how: status and document, never content, and the server goes on."""
import contextlib
import json
import re

import counted
import pytest
from message import Stream, connect, encode, read_reply, send_raw
from process import until
from refusals import ALL, BODY_MAX, CANARIES, DOCUMENT, FEATURES, MESSAGES, SYNTAX, V2_INFER
from samples import by_features


def check_problem(reply, status: int) -> dict:
    document = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert re.fullmatch(r"/problems/[a-z-]+", document["type"])
    assert document["title"]
    assert document["status"] == status
    return document


def check_v2_error(reply) -> dict:
    document = reply.json()
    assert reply.headers["content-type"] == "application/json"
    assert isinstance(document["error"], str) and document["error"]
    return document


def pointers(document: dict) -> list[str]:
    return [each["pointer"] for each in document.get("errors", [])] \
        or [document[name] for name in ("pointer",) if name in document]


@pytest.mark.parametrize("refusal", ALL, ids=lambda each: each.name)
def test_it_is_refused_with_status_and_document(galen, refusal):
    reply = send_raw(galen.port, refusal.request)
    assert reply.status == refusal.status, reply.body
    document = check_v2_error(reply) if refusal.speaks_v2 else check_problem(reply, refusal.status)
    if refusal.pointer is not None:
        assert pointers(document) == [refusal.pointer]
    assert galen.infer(by_features()).status == 200


@pytest.mark.parametrize("refusal", ALL, ids=lambda each: each.name)
def test_a_refusal_repeats_nothing_of_the_request(galen, refusal):
    everything = send_raw(galen.port, refusal.request).everything().decode(errors="replace")
    assert [each for each in CANARIES if each in everything] == []


@pytest.mark.parametrize("refusal", SYNTAX[1:5], ids=lambda each: each.name)
def test_a_syntax_error_is_placed(galen, refusal):
    assert re.search(r"\d", send_raw(galen.port, refusal.request).json()["detail"])


@pytest.mark.parametrize("refusal", DOCUMENT + FEATURES, ids=lambda each: each.name)
def test_a_problem_carries_the_request_id(galen, refusal):
    reply = send_raw(galen.port, refusal.request)
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize("refusal", [each for each in MESSAGES if each.status == 405],
                         ids=lambda each: each.name)
def test_another_method_is_told_which_is_allowed(galen, refusal):
    allowed = send_raw(galen.port, refusal.request).headers["allow"]
    assert allowed == ("POST" if b"/infer" in refusal.request else "GET")


def test_a_body_that_grows_too_large_is_refused_on_the_way(galen):
    head = encode("POST", "/infer", b"", {"Content-Length": None, "Transfer-Encoding": "chunked"})
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with connect(galen.port) as connection:
        connection.sendall(head)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(BODY_MAX // 0x100000 + 1):
                connection.sendall(chunk)
        assert read_reply(connection).status == 413
    assert galen.infer(by_features()).status == 200


def test_a_body_that_would_be_refused_is_not_asked_for(galen):
    for length, expected in ((100_000_000, 413), (10, 404)):
        path = "/infer" if expected == 413 else "/nope"
        head = encode("POST", path, b"", {"Content-Length": str(length), "Expect": "100-continue"})
        with connect(galen.port) as connection:
            connection.sendall(head)
            assert connection.recv(13) == b"HTTP/1.1 %d " % expected


def test_a_body_that_is_wanted_is_asked_for(galen):
    request = encode("POST", "/infer", by_features(), {"Expect": "100-continue"})
    head, body = request.split(b"\r\n\r\n", 1)
    with connect(galen.port) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_reply(connection).status == 200


def test_large_garbage_is_refused(galen):
    for path in ("/infer", V2_INFER):
        assert galen.request("POST", path, b"[1," * 1_000_000).status == 400
        assert galen.request("POST", path, b"\0" * (16 << 20)).status in (400, 413)


def test_requests_on_one_connection_are_answered_in_order(galen):
    bodies = [by_features("malignant"), {"model": "nope", "input": {}}, by_features("benign")]
    with connect(galen.port) as connection:
        connection.sendall(b"".join(encode("POST", "/infer", body) for body in bodies))
        stream = Stream(connection)
        first, second, third = (read_reply(stream) for _ in bodies)
    assert first.json()["predictions"][0]["label"] == "malignant"
    assert second.status == 404
    assert third.json()["predictions"][0]["label"] == "benign"


def stall(port: int, sent: bytes) -> bytes:
    """What the server says until it hangs up."""
    with connect(port) as connection:
        connection.sendall(sent)
        said = b""
        while part := connection.recv(1 << 16):
            said += part
    return said


@pytest.mark.parametrize("part", ["nothing", "half a head", "half a body"])
def test_a_client_that_stalls_is_let_go(launch, part):
    galen = launch("one", limits__header_timeout_ms=200, limits__body_timeout_ms=200,
                   limits__idle_timeout_ms=200)
    request = encode("POST", "/infer", by_features())
    sent = {"nothing": b"", "half a head": request[:20], "half a body": request[:-10]}[part]
    files = galen.file_counts()
    said = [stall(galen.port, sent) for _ in range(3)]
    assert said == [b""] * 3 if part == "nothing" \
        else all(each.startswith(b"HTTP/1.1 408 ") for each in said)
    assert galen.infer(by_features()).status == 200
    until(lambda: galen.file_counts() <= files, f"as few files are open as before ({files})")


def test_no_canary_is_in_a_log(galen, capsys):
    """Runs behind the others here: what they sent has passed through."""
    replies = [send_raw(galen.port, refusal.request) for refusal in ALL]
    log = galen.log()
    assert len(replies) == len(ALL)
    assert [each for each in CANARIES if each in log] == []
    counted.check(capsys, "refusals", requests=len(replies), canaries=len(CANARIES))


def test_an_answer_repeats_nothing_of_a_good_request(galen):
    body = json.dumps(by_features()).replace("17.", "17.00000000").encode()
    assert b"17.0000" not in galen.request("POST", "/infer", body).everything()
