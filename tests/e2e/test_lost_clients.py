# SPDX-License-Identifier: Apache-2.0
"""Clients that go away, at any byte: nothing stays behind."""
import socket
import struct

import pytest
from message import connect, encode
from process import SANITIZED, until
from refusals import V2_INFER
from samples import MODEL, as_binary, as_tensor, by_features

ROUNDS_MAX = 24
PACE = 32
GROWTH_BYTES_MAX = 64 << 10  # of the least growing round: what leaks does so in each
RESET = struct.pack("ii", 1, 0)


def chunked(body: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                      for part in (body[at:at + 64] for at in range(0, len(body), 64)))
    return encode("POST", V2_INFER, chunks + b"0\r\n\r\n",
                  {"Content-Length": None, "Transfer-Encoding": "chunked"})


def requests() -> dict[str, bytes]:
    body, headers = as_binary()
    return {"features": encode("POST", "/infer", by_features()),
            "raw to /infer": encode("POST", f"/infer?model={MODEL}", body, headers),
            "raw to /v2": encode("POST", V2_INFER, body, headers),
            "chunked": chunked(encode("POST", "/", as_tensor()).split(b"\r\n\r\n", 1)[1])}


def leave_at(port: int, request: bytes, size: int, reset: bool) -> None:
    with connect(port) as connection:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.sendall(request[:size])


def leave_everywhere(galen, request: bytes, reset: bool) -> None:
    """Nobody waits for a client that left: now and then one stays, or they run ahead, and memory
    grows with how many are on their way at once."""
    for size in range(len(request) + 1):
        leave_at(galen.port, request, size, reset)
        if size % PACE == 0:
            assert galen.infer(by_features()).status == 200


def settle(galen, files: list[int]) -> None:
    """Pooled connections between the roles may have closed: fewer is as good."""
    until(lambda: all(now <= then for now, then in zip(galen.file_counts(), files, strict=True)),
          f"as few files are open as before ({files})")


def memory_comes_to_rest(galen, one_round) -> bool:
    """Pages may be touched for the first time at any moment, by any thread, and the more requests
    wait for the disk at once, the more memory they have; but not for ever."""
    growths = []
    for _ in range(ROUNDS_MAX):
        before = galen.resident_bytes()
        one_round()
        growths.append(galen.resident_bytes() - before)
        if SANITIZED or growths[-1] < GROWTH_BYTES_MAX:
            return True
    print(f"grew by {growths} bytes")
    return False


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("kind", requests())
def test_a_client_that_leaves_at_any_byte_leaves_nothing_behind(galen, kind, reset):
    request = requests()[kind]
    leave_everywhere(galen, request, reset)
    assert galen.infer(by_features()).status == 200
    files = galen.file_counts()
    assert memory_comes_to_rest(galen, lambda: leave_everywhere(galen, request, reset))
    settle(galen, files)
    assert galen.infer(by_features()).status == 200


def test_a_client_that_never_reads_its_answer_leaves_nothing_behind(galen):
    assert galen.infer(by_features()).status == 200
    files = galen.file_counts()
    request = encode("POST", "/infer", by_features())
    for _ in range(50):
        leave_at(galen.port, request * 20, len(request) * 20, reset=True)
    assert galen.infer(by_features()).status == 200
    settle(galen, files)


def test_memory_stays_flat_over_many_requests(galen):
    body, headers = as_binary()
    requests = [by_features(), by_features() | {"model": "nope"}]

    def round_of_requests():
        for _ in range(200):
            for each in requests:
                galen.infer(each)
            galen.request("POST", V2_INFER, body, headers)
    assert memory_comes_to_rest(galen, round_of_requests)
