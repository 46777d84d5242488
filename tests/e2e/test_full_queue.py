# SPDX-License-Identifier: Apache-2.0
"""A queue that is full says so at once, and when to come again."""
import pytest
from message import connect, encode, read_reply
from refusals import V2_INFER
from samples import as_tensor, by_features

# One request may wait, and waits for company that the full queue keeps away.
NARROW = {"engine__queue_size": 1, "engine__wait_us": 1_000_000}


@pytest.mark.parametrize("name", ["one", "three"])
@pytest.mark.parametrize(("path", "body"), [("/infer", by_features()), (V2_INFER, as_tensor())])
def test_beyond_the_queue_is_503_with_retry_after(launch, name, path, body):
    galen = launch(name, **NARROW)
    connections = [connect(galen.port) for _ in range(3)]
    for connection in connections:
        connection.sendall(encode("POST", path, body))
    replies = sorted((read_reply(each) for each in connections), key=lambda each: each.status)
    for connection in connections:
        connection.close()
    assert [reply.status for reply in replies] == [200, 503, 503]
    assert replies[1].headers["retry-after"] == "1"
    assert "error" in replies[1].json() if path == V2_INFER \
        else replies[1].json()["type"] == "/problems/busy"


def test_beyond_the_connections_the_idle_make_room(launch):
    galen = launch("one", limits__connections=4)
    held = [connect(galen.port) for _ in range(12)]
    assert galen.infer(by_features()).status == 200
    for connection in held:
        connection.close()


def test_beyond_the_connections_that_are_busy_a_new_one_waits(launch):
    galen = launch("one", limits__connections=1)
    request = encode("POST", "/infer", by_features(), {"Expect": "100-continue", "Connection": "close"})
    head, body = request.split(b"\r\n\r\n", 1)
    with connect(galen.port) as busy:
        busy.sendall(head + b"\r\n\r\n")
        assert busy.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        with connect(galen.port) as waiting:
            waiting.sendall(encode("POST", "/infer", by_features()))
            busy.sendall(body)
            assert [read_reply(each).status for each in (busy, waiting)] == [200, 200]
