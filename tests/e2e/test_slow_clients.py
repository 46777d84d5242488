# SPDX-License-Identifier: Apache-2.0
"""Two hundred clients that hold their connections, of four kinds, and quick ones beside them."""
import asyncio
import re
import shutil
import subprocess
import time

import pytest
from message import encode
from process import SANITIZED
from samples import by_features
from slow_clients import Crowd, CrowdElsewhere, IdleHoarder, SlowBody, SlowHead, SlowReader

TIMEOUTS_MS = {"limits__header_timeout_ms": 3000, "limits__body_timeout_ms": 3000,
               "limits__write_timeout_ms": 3000, "limits__idle_timeout_ms": 3000}
CUT_S = {SlowHead: 3, SlowBody: 3, SlowReader: 3, IdleHoarder: 3}
COUNT_OF_EACH = 50
RATE_PER_S = 100
SECONDS = 3
SLACK_S = 2 if not SANITIZED else 10


async def ask_once(port: int, request: bytes, due_s: float) -> float:
    """From when it was due, so that a server that stands still is not excused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
    took_s = time.monotonic() - due_s
    writer.close()
    return took_s


async def ask_open_loop(port: int) -> list[float]:
    request = encode("POST", "/infer", by_features())
    start_s = time.monotonic()
    tasks = []
    for index in range(RATE_PER_S * SECONDS):
        due_s = start_s + index / RATE_PER_S
        await asyncio.sleep(max(0, due_s - time.monotonic()))
        tasks.append(asyncio.create_task(ask_once(port, request, due_s)))
    return await asyncio.gather(*tasks)


def quick_p99_s(port: int) -> float:
    """Fails where one of them is not answered with 200."""
    times = sorted(asyncio.run(ask_open_loop(port)))
    assert len(times) == RATE_PER_S * SECONDS
    return times[len(times) * 99 // 100]


@pytest.fixture
def patient(launch):
    """Its timeouts come late enough that all are held while the quick ones ask."""
    return launch("one", **{name: 60_000 for name in TIMEOUTS_MS})


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's times say nothing")
def test_quick_clients_are_as_quick_beside_two_hundred_slow_ones(patient, capsys):
    quiet_s, held_s = [], []
    for _ in range(3):  # the machine may be busy with something else: the best of each counts
        quiet_s.append(quick_p99_s(patient.port))
        crowd = CrowdElsewhere(patient.port, COUNT_OF_EACH)
        held_s.append(quick_p99_s(patient.port))
        assert crowd.end() == 4 * COUNT_OF_EACH
    with capsys.disabled():
        print(f"\np99 {min(quiet_s) * 1000:.1f} ms quiet, {min(held_s) * 1000:.1f} ms beside "
              f"{4 * COUNT_OF_EACH} slow clients; none lost")
    assert min(held_s) <= max(2 * min(quiet_s), min(quiet_s) + 0.005)


def test_each_slow_client_is_cut_off_by_its_timeout(launch):
    galen = launch("one", **TIMEOUTS_MS)
    crowd = Crowd(galen.port, COUNT_OF_EACH)
    crowd.run(30 + SLACK_S)
    assert [type(client).__name__ for client in crowd.held] == []
    for kind, cut_s in CUT_S.items():
        held = [client.held_s for client in crowd.clients if isinstance(client, kind)]
        assert min(held) >= cut_s * 0.9, kind
        assert max(held) <= 2 * cut_s + SLACK_S, kind  # a reader is looked at every 3 s
    assert galen.infer(by_features()).status == 200
    crowd.close()


def test_slow_senders_are_told_408(launch):
    galen = launch("one", **TIMEOUTS_MS)
    crowd = Crowd(galen.port, 5)
    crowd.run(30 + SLACK_S)
    told = {type(client): client.answer.split(b"\r\n")[0] for client in crowd.clients}
    crowd.close()
    assert told[SlowHead] == told[SlowBody] == b"HTTP/1.1 408 Request Timeout"
    assert told[IdleHoarder] == b"HTTP/1.1 200 OK"


SLOWHTTPTEST = shutil.which("slowhttptest")
ATTACKS = {"slow heads": ["-H"], "slow bodies": ["-B", "-s", "8192"],
           "slow readers": ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3"]}


@pytest.mark.skipif(SLOWHTTPTEST is None, reason="slowhttptest is not installed")
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_service_stays_available_under_slowhttptest(launch, attack):
    galen = launch("one", **TIMEOUTS_MS)
    words = [SLOWHTTPTEST, *ATTACKS[attack], "-c", "400", "-r", "200", "-l", "10", "-i", "1", "-p", "2",
             "-x", "8", "-u", f"{galen.url}/openapi.json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert "service available:" in text.lower(), text[-2000:]
    assert re.search(r"(?i)service available:\s+NO", text) is None, text[-2000:]
    assert galen.infer(by_features()).status == 200
