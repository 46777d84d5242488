# SPDX-License-Identifier: Apache-2.0
"""Hundreds of clients that hold their connections, of four kinds, and three more in the handshake of
TLS, and quick ones beside them."""
import asyncio
import re
import shutil
import ssl
import subprocess
import time

import counted
import pytest
from certificates import Authority
from message import encode
from process import ROOT, SANITIZED, Process
from samples import by_features
from slow_clients import Crowd, CrowdElsewhere, IdleHoarder, SlowBody, SlowHead, Target, kinds

TIMEOUTS = ("limits.header_timeout_ms", "limits.body_timeout_ms", "limits.write_timeout_ms",
            "limits.idle_timeout_ms", "limits.handshake_timeout_ms")
CUT_S = 3
LONG_S = 60
COUNT_OF_EACH = 50
RATE_PER_S = 100
SECONDS = 3
ROUNDS_MAX = 6
SLACK_S = 2 if not SANITIZED else 10


async def ask_once(target: Target, context: ssl.SSLContext | None, due_s: float) -> float:
    """From when it was due, so that a server that stands still is not excused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port, ssl=context)
    writer.write(encode("POST", "/infer", by_features()))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
    took_s = time.monotonic() - due_s
    writer.close()
    return took_s


async def ask_open_loop(target: Target) -> list[float]:
    context = target.context()
    start_s = time.monotonic()
    tasks = []
    for index in range(RATE_PER_S * SECONDS):
        due_s = start_s + index / RATE_PER_S
        await asyncio.sleep(max(0, due_s - time.monotonic()))
        tasks.append(asyncio.create_task(ask_once(target, context, due_s)))
    return await asyncio.gather(*tasks)


def quick_p99_s(target: Target) -> float:
    """Fails where one of them is not answered with 200."""
    times = sorted(asyncio.run(ask_open_loop(target)))
    assert len(times) == RATE_PER_S * SECONDS
    return times[len(times) * 99 // 100]


@pytest.fixture(params=["plaintext", "tls"])
def start(request, tmp_path):
    """Starts a server with these timeouts; what clients need to know of it."""
    started = []

    def run(timeout_s: int) -> Target:
        settings = {"repository": ROOT / "models", "threads": 1} | {
            name: timeout_s * 1000 for name in TIMEOUTS}
        authority = Authority(tmp_path) if request.param == "tls" else None
        if authority:
            settings |= authority.certify("server", "127.0.0.1").settings("listen")
        target = Target(0, authority.path if authority else None)
        started.append(Process("serve", tmp_path, settings, target.context()).wait_for("/readyz"))
        target.port = started[-1].port
        return target
    run.name = request.param
    yield run
    for process in started:
        process.check_end()


def is_as_quick(quiet_s: list[float], held_s: list[float]) -> bool:
    """The machine may be busy with something else: the best of each counts."""
    return bool(held_s) and min(held_s) <= max(2 * min(quiet_s), min(quiet_s) + 0.005)


@pytest.mark.alone
@pytest.mark.skipif(SANITIZED, reason="a sanitizer's times say nothing")
def test_quick_clients_are_as_quick_beside_hundreds_of_slow_ones(start, capsys):
    target = start(LONG_S)  # late enough that all are held while the quick ones ask
    count = COUNT_OF_EACH * len(kinds(target))
    quiet_s, held_s = [], []
    while len(held_s) < ROUNDS_MAX and not is_as_quick(quiet_s, held_s):
        quiet_s.append(quick_p99_s(target))
        crowd = CrowdElsewhere(target, COUNT_OF_EACH)
        held_s.append(quick_p99_s(target))
        assert crowd.end() == count
    with capsys.disabled():
        print(f"\n{start.name}: p99 {min(quiet_s) * 1000:.1f} ms quiet, {min(held_s) * 1000:.1f} ms "
              f"beside {count} slow clients; none lost")
    assert is_as_quick(quiet_s, held_s)
    counted.check(capsys, f"slow-clients-{start.name}", kinds=len(kinds(target)), slow=count,
                  quick=RATE_PER_S * SECONDS)


def test_each_slow_client_is_cut_off_by_its_timeout(start):
    target = start(CUT_S)
    crowd = Crowd(target, COUNT_OF_EACH)
    crowd.run(30 + SLACK_S)
    assert [type(client).__name__ for client in crowd.held] == []
    for kind in kinds(target):
        held = [client.held_s for client in crowd.clients if isinstance(client, kind)]
        assert min(held) >= CUT_S * 0.9, kind
        assert max(held) <= 2 * CUT_S + SLACK_S, kind  # a reader is looked at every 3 s
    assert quick_p99_s(target) < LONG_S
    crowd.close()


def test_slow_senders_are_told_408(start):
    crowd = Crowd(start(CUT_S), 5)
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
    galen = launch("one", **{name.replace(".", "__"): CUT_S * 1000 for name in TIMEOUTS})
    words = [SLOWHTTPTEST, *ATTACKS[attack], "-c", "400", "-r", "200", "-l", "10", "-i", "1", "-p", "2",
             "-x", "8", "-u", f"{galen.url}/openapi.json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert "service available:" in text.lower(), text[-2000:]
    assert re.search(r"(?i)service available:\s+NO", text) is None, text[-2000:]
    assert galen.infer(by_features()).status == 200
