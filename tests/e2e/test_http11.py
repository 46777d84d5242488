# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as two readers could understand it differently: every case of tests/data/http11 over
sockets. Behind each stands a canary, a request that is answered where and only where the
connection goes on: so an answer too many, or a byte too few taken, shows."""
import contextlib

import counted
import http11
import pytest
from message import Stream, connect, encode, read_reply

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # whoever begins with it gets what he asked for

CASES = [case for case in http11.read_cases() if case.request != PREFACE]
GROUPS = sorted({case.rule for case in CASES})


def canary_is_due(case: http11.Case, answers: list[http11.Answer]) -> bool:
    before = answers[:len(case.statuses)]
    return not case.is_refused and not any(answer.closes for answer in before)


def faults_of(case: http11.Case, port: int) -> list[str]:
    answers, is_closed = http11.ask(port, case.request + http11.CANARY)
    expected = list(case.statuses) + ([200] if canary_is_due(case, answers) else [])
    found = [answer.status for answer in answers]
    faults = [] if found == expected else [f"answered {found}, not {expected}"]
    if not is_closed:
        faults.append("stayed open")
    if case.is_refused and (not answers or not answers[-1].closes):
        faults.append("did not say that it closes")
    return [f"{case.name} ({case.rule}): {fault}" for fault in faults]


@pytest.mark.parametrize("rule", GROUPS)
def test_each_request_is_answered_or_refused_as_its_rule_says(galen, rule):
    cases = [case for case in CASES if case.rule == rule]
    assert [fault for case in cases for fault in faults_of(case, galen.port)] == []


def test_preface_of_http_2_is_refused_where_that_is_not_spoken(launch):
    port = launch("one", **{"listen.http2": "false"}).port
    cases = [case for case in http11.read_cases() if case.request == PREFACE]
    assert len(cases) == 1
    assert faults_of(cases[0], port) == []


def test_there_are_several_hundred_cases_and_each_has_a_rule(capsys):
    assert len(CASES) >= 800
    assert len({case.name for case in CASES}) == len(CASES)
    counted.check(capsys, "http11", requests=len(CASES), rules=len(GROUPS),
                  refused=sum(case.is_refused for case in CASES))


@pytest.mark.parametrize("piece_size", [1, 7])
def test_pieces_change_nothing(galen, piece_size):
    cases = [case for case in CASES if len(case.request) < 120][::9]
    for case in cases:
        with connect(galen.port, 10) as connection:
            whole = case.request + http11.CANARY
            with contextlib.suppress(ConnectionError):
                for start in range(0, len(whole), piece_size):
                    connection.sendall(whole[start:start + piece_size])
            data, _ = http11.drain(connection)
        is_head = case.request.startswith(b"HEAD ")
        found = [answer.status for answer in http11.split_answers(data, is_head)]
        assert found[:len(case.statuses)] == list(case.statuses), case.name


def expecting(path: str, body_size: int) -> bytes:
    return encode("POST", path, None, {"Content-Type": "text/plain", "Expect": "100-continue",
                                       "Content-Length": str(body_size)})


def interim_line(connection) -> bytes:
    return connection.recv(4096)


def test_a_body_that_is_wanted_is_asked_for(galen):
    with connect(galen.port) as connection:
        connection.sendall(expecting("/infer", 5))
        assert interim_line(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert read_reply(connection).status == 200


@pytest.mark.parametrize(("path", "size", "status"),
                         [("/nothing", 5, 404), ("/healthz", 5, 405), ("/infer", 1 << 30, 413)])
def test_a_body_that_is_not_wanted_is_not_asked_for(galen, path, size, status):
    with connect(galen.port) as connection:
        connection.sendall(expecting(path, size))
        reply = read_reply(connection)
        assert (reply.status, reply.headers["connection"]) == (status, "close")
        assert connection.recv(1) == b""


def test_nothing_behind_a_refused_body_is_answered(galen):
    """What was not read might be a body or a request: the connection does not go on to tell."""
    with connect(galen.port) as connection:
        connection.sendall(expecting("/nothing", 35) + http11.CANARY * 3)
        stream = Stream(connection)
        assert read_reply(stream).status == 404
        assert stream.file.read() == b""


def test_replies_to_pipelined_requests_keep_their_order(galen):
    paths = ["/healthz", "/nothing", "/readyz", "/openapi.json"] * 25
    ids = [f"id-{index}" for index in range(len(paths))]
    requests = [encode("GET", path, None, {"X-Request-Id": each})
                for path, each in zip(paths, ids, strict=True)]
    with connect(galen.port) as connection:
        connection.sendall(b"".join(requests))
        stream = Stream(connection)
        assert [read_reply(stream).headers["x-request-id"] for _ in paths] == ids
