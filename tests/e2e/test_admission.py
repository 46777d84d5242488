# SPDX-License-Identifier: Apache-2.0
"""What is taken on and what is not: rates, classes, load; docs/limits.md."""
import concurrent.futures
import json
import socket
import threading
import time

import pytest
from http2 import Client, Request
from message import encode, read_reply, send_raw
from process import SANITIZED
from samples import by_features

NOTE = b"Patient takes metformin."
TEXT = {"Content-Type": "text/plain"}
# Every address of 127.0.0.0/8 is this machine's, so that one machine is many callers.
CALLERS = 100_000


def configuration(folder, *, limits=(), routes=()):
    """A file with these limits of all and these routes: (content, model, limits)."""
    file = folder / "limits.yaml"
    rows = [{"match": {"content": content}, "model": model, "limits": of_route}
            for content, model, of_route in routes]
    content = {"routes": rows} | ({"limits": dict(limits)} if limits else {})
    file.write_text(json.dumps(content))
    return file


@pytest.fixture
def limited(launch, tmp_path):
    def start(limits=(), routes=(), **settings):
        file = configuration(tmp_path, limits=limits, routes=routes)
        return launch("one", config=file, **settings)
    return start


def address_of(caller: int) -> str:
    return f"127.{1 + (caller >> 16)}.{caller >> 8 & 255}.{caller & 255}"


def ask(galen, request: bytes, caller: int = 0):
    with socket.create_connection(("127.0.0.1", galen.port), 20, (address_of(caller), 0)) as one:
        one.sendall(request)
        return read_reply(one)


def text_request(note: bytes = NOTE) -> bytes:
    return encode("POST", "/infer", note, TEXT)


def vector_request() -> bytes:
    return encode("POST", "/infer", by_features())


def shed(galen, route: str, reason: str) -> float:
    return galen.processes[-1].metrics()[f'galen_shed_total{{route="{route}",reason="{reason}"}}']


def test_a_caller_gets_its_burst_and_then_its_rate(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 5, "burst": 10})])
    start_s = time.monotonic()
    statuses = []
    while time.monotonic() < start_s + 3:
        statuses.append(ask(galen, text_request()).status)
    took_s = time.monotonic() - start_s
    taken = statuses.count(200)
    assert set(statuses) == {200, 429}
    assert statuses[:10] == [200] * 10
    assert 10 + 5 * 3 - 1 <= taken <= 10 + 5 * took_s
    assert shed(galen, "text/*", "rate") == statuses.count(429)


def test_a_refusal_says_when_and_then_it_is_so(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.4, "burst": 1})])
    assert ask(galen, text_request()).status == 200
    refused = ask(galen, text_request())
    assert refused.status == 429
    assert refused.json()["type"] == "/problems/rate-limited"
    wait_s = int(refused.headers["retry-after"])
    assert 1 <= wait_s <= 3
    threading.Event().wait(wait_s)  # as a client does that believes what it is told
    assert ask(galen, text_request()).status == 200


def test_v2_is_told_in_its_own_shape(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.01, "burst": 1})])
    request = encode("POST", "/v2/models/clinical-ner/infer", {"inputs": []})
    assert ask(galen, request).status == 400
    refused = ask(galen, request)
    assert refused.status == 429
    assert refused.json()["code"] == "rate-limited"
    assert refused.headers["retry-after"] == "100"


def test_http_2_is_under_the_limits_of_http_1(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.01, "burst": 1})])
    with Client(galen.port) as client:
        replies = [client.exchange(Request.parse(text_request())) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    assert replies[1].headers["retry-after"] == "100"
    assert send_raw(galen.port, text_request()).status == 429
    assert ask(galen, text_request(), 1).status == 200


def test_each_way_to_a_model_is_under_the_limit_of_its_route(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.01, "burst": 1})])
    assert ask(galen, text_request()).status == 200
    ways = [text_request(), encode("POST", "/infer?model=clinical-ner", NOTE, TEXT),
            encode("POST", "/infer", {"input": NOTE.decode()}),
            encode("POST", "/infer", {"input": NOTE.decode(), "model": "clinical-ner"}),
            encode("POST", "/v2/models/clinical-ner/infer", {"inputs": []}),
            encode("POST", "/v2/models/%63linical-ner/versions/1/infer", {"inputs": []})]
    assert [ask(galen, way).status for way in ways] == [429] * len(ways)


def test_the_limit_of_one_route_is_nothing_to_another(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.01, "burst": 1}),
                            ("image/*", "phantom-nodule", {"requests_per_s": 0.01, "burst": 1})])
    assert [ask(galen, text_request()).status for _ in range(3)] == [200, 429, 429]
    image = encode("POST", "/infer", b"no image", {"Content-Type": "image/png"})
    assert [ask(galen, image).status for _ in range(2)] == [415, 429]
    assert {ask(galen, vector_request()).status for _ in range(20)} == {200}
    assert {galen.request("GET", path).status for path in ("/healthz", "/readyz", "/openapi.json")} \
        == {200}


def test_routes_without_a_rate_have_that_of_all(limited):
    galen = limited(limits={"requests_per_s": 1, "burst": 2},
                    routes=[("text/*", "clinical-ner", {"concurrency": 5})])
    assert [ask(galen, text_request()).status for _ in range(3)] == [200, 200, 429]
    assert [ask(galen, vector_request()).status for _ in range(3)] == [200, 200, 429]
    assert shed(galen, "default", "rate") == 1


def test_each_caller_has_a_rate_of_its_own(limited):
    galen = limited(limits={"requests_per_s": 1, "burst": 1})
    for caller in range(5):
        statuses = [ask(galen, vector_request(), caller).status for _ in range(2)]
        assert statuses == [200, 429], caller


def hold_body(galen, content: str, size: int, caller: int = 0) -> socket.socket:
    """A request that is taken on and not over: of its body all but the last byte has come."""
    one = socket.create_connection(("127.0.0.1", galen.port), 20, (address_of(caller), 0))
    head = encode("POST", "/infer", None, {"Content-Type": content, "Content-Length": str(size)})
    one.sendall(head + b"x" * (size - 1))
    return one


def hold_chunks(galen, size: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", galen.port), 20)
    head = encode("POST", "/infer", None, TEXT | {"Transfer-Encoding": "chunked"})
    one.sendall(head + f"{size:x}\r\n".encode() + b"x" * size)
    return one


def in_flight(galen) -> float:
    return galen.processes[-1].metrics()["galen_requests_under_way"]


def until_in_flight(galen, count: int) -> None:
    deadline_s = time.monotonic() + 20
    while in_flight(galen) != count:
        assert time.monotonic() < deadline_s


def until_bodies(galen, size: int) -> None:
    deadline_s = time.monotonic() + 20
    while galen.processes[-1].metrics()["galen_bodies_under_way_bytes"] != size:
        assert time.monotonic() < deadline_s


CLASSES = [("text/*", "clinical-ner", {"class": "clinic"}),
           ("image/*", "phantom-nodule", {"class": "batch"})]


def test_batch_gets_what_clinic_leaves(limited):
    galen = limited(limits={"concurrency": 6, "clinic_reserve": 4}, routes=CLASSES)
    held = [hold_body(galen, "image/png", 1000) for _ in range(2)]
    until_in_flight(galen, 2)
    with hold_body(galen, "image/png", 1000) as refused:
        reply = read_reply(refused)
    assert (reply.status, reply.json()["type"]) == (503, "/problems/busy")
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["connection"] == "close"  # before its body was read
    held += [hold_body(galen, "text/plain", 1000) for _ in range(4)]
    until_in_flight(galen, 6)
    with hold_body(galen, "text/plain", 1000) as refused:
        assert read_reply(refused).status == 503
    for one in held:
        one.close()
    until_in_flight(galen, 0)
    assert shed(galen, "image/*", "capacity") == 1
    assert ask(galen, text_request()).status == 200


def test_a_flood_of_batch_loses_nothing_of_clinic(limited):
    galen = limited(limits={"concurrency": 8, "clinic_reserve": 6}, routes=CLASSES)
    stopping = threading.Event()

    def flood():
        image = encode("POST", "/infer", b"x" * 1000, {"Content-Type": "image/png"})
        statuses = set()
        while not stopping.is_set():
            statuses.add(ask(galen, image).status)
        return statuses
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        held = [hold_body(galen, "image/png", 1000) for _ in range(2)]  # all that batch may have
        until_in_flight(galen, 2)
        floods = [pool.submit(flood) for _ in range(8)]
        clinic = [ask(galen, text_request()).status for _ in range(100)]
        stopping.set()
        told = set().union(*(each.result() for each in floods))
    for one in held:
        one.close()
    assert clinic == [200] * 100
    assert told == {503}


def test_bodies_beyond_what_may_be_under_way_are_not_read(limited):
    galen = limited(limits={"bodies_size_bytes": 1_000_000}, routes=CLASSES)
    held = [hold_body(galen, "text/plain", 900_000)]
    until_bodies(galen, 899_999)
    with hold_body(galen, "text/plain", 200_000) as refused:
        assert read_reply(refused).status == 503
    with hold_body(galen, "image/png", 1000) as refused:  # batch has half
        assert read_reply(refused).status == 503
    assert ask(galen, text_request()).status == 200  # which is small
    held[0].close()
    until_bodies(galen, 0)
    assert (shed(galen, "text/*", "bodies"), shed(galen, "image/*", "bodies")) == (1, 1)


def test_bodies_that_grow_beyond_it_together_are_cut_off(limited):
    """Both were taken on when there was little of them."""
    galen = limited(limits={"bodies_size_bytes": 1_000_000}, routes=CLASSES)
    with hold_chunks(galen, 100_000) as first, hold_chunks(galen, 100_000) as second:
        until_bodies(galen, 200_000)
        first.sendall(b"\r\ndbba0\r\n" + b"x" * 900_000)
        reply = read_reply(first)
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        second.sendall(b"\r\n0\r\n\r\n")
        assert read_reply(second).status != 503
    until_bodies(galen, 0)


def test_a_route_takes_as_many_at_once_as_it_says(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"concurrency": 3})])
    held = [hold_body(galen, "text/plain", 1000) for _ in range(3)]
    until_in_flight(galen, 3)
    assert ask(galen, text_request()).status == 503
    assert ask(galen, vector_request()).status == 200
    for one in held:
        one.close()
    until_in_flight(galen, 0)
    assert ask(galen, text_request()).status == 200


def flood_from(port: int, callers: range, request: bytes) -> list[int]:
    counts = [0, 0]
    for caller in callers:
        with socket.socket() as one:
            one.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            one.bind((address_of(caller), 0))
            one.settimeout(20)
            one.connect(("127.0.0.1", port))
            one.sendall(request)
            counts[one.recv(65536)[9:12] == b"429"] += 1
    return counts


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory says nothing")
def test_memory_does_not_grow_with_the_callers(limited):
    """Each is a connection of its own: a twentieth of the hundred thousand that the table's own
    test takes, whose memory is there before the first."""
    galen = limited(limits={"requests_per_s": 1, "burst": 1})
    request = encode("GET", "/v2/models/nope")  # asks the engine and nothing else
    warm = flood_from(galen.port, range(500), request)
    before = galen.resident_bytes()
    counts = flood_from(galen.port, range(500, 500 + CALLERS // 20), request)
    assert warm[0] == 500
    assert counts == [CALLERS // 20, 0]
    assert galen.resident_bytes() - before < 2 << 20


def test_refusals_leave_records_with_their_reason(limited):
    galen = limited(routes=[("text/*", "clinical-ner", {"requests_per_s": 0.01, "burst": 1})])
    for _ in range(2):
        ask(galen, text_request())
    galen.stop()
    trail = b"".join(file.read_bytes() for file in
                     galen.processes[-1].trail.rglob("*") if file.is_file())
    assert trail.count(b'"reason":"rate-limited"') == 1
