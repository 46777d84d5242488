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


def test_beyond_the_connections_is_503_and_the_others_go_on(launch):
    galen = launch("one", limits__connections=4)
    held = [connect(galen.port) for _ in range(4)]
    for connection in held:
        connection.sendall(encode("POST", "/infer", by_features()))
        assert read_reply(connection).status == 200
    with connect(galen.port) as connection:
        connection.sendall(encode("POST", "/infer", by_features()))
        assert read_reply(connection).status == 503
    held[0].sendall(encode("POST", "/infer", by_features()))
    assert read_reply(held[0]).status == 200
    for connection in held:
        connection.close()
