# SPDX-License-Identifier: Apache-2.0
"""No byte of an answer leaves before its record is on the disk: by the system calls, in their order."""
import concurrent.futures

import deployment
import pytest
from message import connect, encode, read_reply
from refusals import V2_INFER
from samples import as_tensor, by_features
from strace import Call, Strace

CALLS = "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,fdatasync,fsync"
REQUESTS = {"infer": ("/infer", by_features(), 200), "v2": (V2_INFER, as_tensor(), 200),
            "refused": ("/infer", {"model": "nope", "input": {}}, 404)}
CLIENT_COUNT = 6


def ask_all(port: int, client: int) -> list[str]:
    """All on one connection; the ids."""
    ids = [f"order-{client}-{name}" for name in REQUESTS]
    with connect(port) as connection:
        for request_id, (path, body, status) in zip(ids, REQUESTS.values(), strict=True):
            connection.sendall(encode("POST", path, body, {"X-Request-Id": request_id}))
            reply = read_reply(connection)
            assert (reply.status, reply.headers["x-request-id"]) == (status, request_id)
    return ids


def only(calls: list[Call]) -> Call:
    assert len(calls) == 1, calls
    return calls[0]


def check_order(calls: list[Call], trails: list, request_id: str) -> None:
    sent = [call for call in calls if call.target.startswith(("socket:", "TCP:"))
            and f"X-Request-Id: {request_id}\\r\\n" in call.text]
    assert sent, f"no answer to {request_id}"
    for folder in trails:
        written = only([call for call in calls if call.target.startswith(f"{folder}/")
                        and f'\\"request_id\\":\\"{request_id}\\"' in call.text])
        assert written.target.endswith(".ndjson") and not written.failed
        assert any(call.name in ("fdatasync", "fsync") and call.target == written.target
                   and call.begin > written.end and call.end < sent[0].begin and not call.failed
                   for call in calls if call.end is not None), f"{request_id} was not kept first"


@pytest.mark.parametrize("name", deployment.NAMES)
def test_no_answer_leaves_before_its_record_is_kept(launch, tmp_path, name):
    trails = [tmp_path / "audit", tmp_path / "second"]
    galen = launch(name, audit__second_directory=trails[1], audit__require="all", threads=2)
    with Strace(galen.processes[-1], tmp_path / "trace", "-e", CALLS) as strace, \
            concurrent.futures.ThreadPoolExecutor(CLIENT_COUNT) as pool:
        asked = list(pool.map(lambda client: ask_all(galen.port, client), range(CLIENT_COUNT)))
    calls = strace.calls()
    for request_id in sum(asked, []):
        check_order(calls, trails, request_id)
