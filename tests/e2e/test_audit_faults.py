# SPDX-License-Identifier: Apache-2.0
"""Where a record cannot be kept, nothing is answered; where it can again, all is as before."""
import contextlib
import errno
import subprocess

import pytest
import trail
from process import until
from refusals import V2_INFER
from samples import as_tensor, by_features
from strace import failing

NAMES = ("one", "three")
RETRY_MS = 50
PAGE_SIZE = 4096


class Disk:
    """A small file system of its own."""

    def __init__(self, folder):
        self.folder, self.filler = folder, folder / "filler"
        folder.mkdir()
        self.mount("-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs")

    def mount(self, *words: str) -> None:
        done = subprocess.run(["mount", *words, self.folder], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")

    def fill(self) -> None:
        with self.filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(PAGE_SIZE))
            except OSError as full:
                assert full.errno == errno.ENOSPC

    def remount(self, how: str) -> None:
        """Read-only: only once no file is open for writing."""
        until(lambda: subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=False,
                                     capture_output=True).returncode == 0, f"it is mounted {how}")

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


def ask(galen, request_id: str) -> int:
    return galen.request("POST", "/infer", by_features(), {"X-Request-Id": request_id}).status


class Asked:
    """Requests one after another, by their status."""

    def __init__(self, galen):
        self.galen, self.statuses = galen, {}

    def once(self) -> int:
        request_id = f"fault-{len(self.statuses)}"
        self.statuses[request_id] = ask(self.galen, request_id)
        return self.statuses[request_id]

    def until(self, status: int) -> None:
        until(lambda: self.once() == status, f"an answer is {status}")
        assert set(self.statuses.values()) <= {200, 503}

    def answered(self) -> set[str]:
        return {request_id for request_id, status in self.statuses.items() if status == 200}


def wait_for_tries(audit) -> None:
    """A chain that cannot begin comes and goes."""
    times = set()
    until(lambda: times.add(audit.stat().st_mtime_ns) or len(times) > 4, "it was tried again")


@contextlib.contextmanager
def full(asked, disk):
    disk.fill()
    asked.until(503)
    wait_for_tries(disk.folder / "audit")
    yield
    disk.filler.unlink()


@contextlib.contextmanager
def read_only(asked, disk):
    with full(asked, disk):
        disk.remount("ro")
        yield
        disk.remount("rw")


def refusing(error: str):
    @contextlib.contextmanager
    def fault(asked, folder):
        with failing(asked.galen.processes[-1], folder / "trace", "fdatasync", error):
            asked.until(503)
            wait_for_tries(folder / "audit")
            yield
    return fault


def check_refusal(galen) -> None:
    reply = galen.infer(by_features())
    assert reply.status == 503
    assert reply.headers["retry-after"]
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "/problems/audit-unavailable"
    assert "predictions" not in reply.json()
    reply = galen.request("POST", V2_INFER, as_tensor())
    assert reply.status == 503
    assert reply.headers["retry-after"]
    assert reply.json()["code"] == "audit-unavailable"
    assert "outputs" not in reply.json()


def audit_metrics(galen) -> dict[str, float]:
    """By name, and by the last part of the folder where there is one."""
    found = {}
    for name, value in galen.processes[-1].metrics().items():
        base, _, label = name.partition("{")
        if base.startswith("galen_audit_"):
            found[(base + " " + label.rstrip('"}').rpartition("/")[2]).strip()] = value
    return found


def check_alarm(galen) -> None:
    metrics = audit_metrics(galen)
    assert metrics["galen_audit_available"] == 0
    assert metrics["galen_audit_sink_up audit"] == 0
    assert metrics["galen_audit_refused_total"] > 0
    log = galen.processes[-1].log()
    assert '"event":"audit.unavailable"' in log
    assert '"event":"audit.sink_failed"' in log


def check_mended(galen) -> None:
    metrics = audit_metrics(galen)
    assert metrics["galen_audit_available"] == 1
    assert metrics["galen_audit_sink_up audit"] == 1
    log = galen.processes[-1].log()
    assert '"event":"audit.available"' in log
    assert '"event":"audit.sink_works"' in log


def end(galen) -> None:
    galen.stop()
    galen.processes.clear()


def check_trail(folder, asked, stuck: int) -> None:
    """Two chains of the edge, the second of which tells of the first and of what it lacks."""
    chains = trail.check(folder)
    before, after = trail.of_service(chains, *trail.EDGES)
    empty = [name for name, each in chains.items() if not each.lines]
    assert len(empty) <= stuck, "each failed try left a folder"
    assert not before.is_stopped and after.is_stopped
    assert after.start["missed"] >= 1
    assert after.start["previous"]["chain"] == before.name
    assert after.start["previous"]["unsure"] == "disk-failed"
    assert after.start["boot_id"] == before.start["boot_id"]
    kept = trail.ids({each.name: each for each in (before, after)})
    assert asked.answered() <= set(kept)
    assert len(kept) == len(set(kept))


def check_fault(galen, fault, where, audit, stuck=0) -> None:
    asked = Asked(galen)
    assert asked.once() == 200
    with fault(asked, where):
        for _ in range(2):
            check_refusal(galen)
            check_alarm(galen)
        assert galen.request("GET", "/healthz").status == 200
        assert galen.request("GET", "/readyz").status == 503
    asked.until(200)
    check_mended(galen)
    end(galen)
    check_trail(audit, asked, stuck)


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_answered_while_the_disk_keeps_nothing(launch, tmp_path, name, error):
    galen = launch(name, audit__retry_ms=RETRY_MS)
    check_fault(galen, refusing(error), tmp_path, tmp_path / "audit")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_answered_while_the_disk_is_full(launch, disk, name):
    galen = launch(name, audit__directory=disk.folder / "audit", audit__retry_ms=RETRY_MS)
    check_fault(galen, full, disk, disk.folder / "audit")


def test_nothing_is_answered_while_the_disk_is_read_only(launch, disk):
    galen = launch("one", audit__directory=disk.folder / "audit", audit__retry_ms=RETRY_MS)
    # The try that a remount meets half-way cannot take back the folder that it has made.
    check_fault(galen, read_only, disk, disk.folder / "audit", stuck=1)


def segments(folder) -> list:
    return [path for service in trail.EDGES for path in folder.glob(f"{service}-*/*.ndjson")]


def start_with_two(launch, name: str, tmp_path, require: str):
    return launch(name, audit__second_directory=tmp_path / "second", audit__require=require,
                  audit__retry_ms=60_000)


@pytest.mark.parametrize("name", NAMES)
def test_where_any_of_two_folders_is_enough_one_that_fails_stops_nobody(launch, tmp_path, name):
    galen = start_with_two(launch, name, tmp_path, "any")
    asked = Asked(galen)
    with failing(galen.processes[-1], tmp_path / "trace", "fdatasync", "EIO",
                 *segments(tmp_path / "audit")):
        assert {asked.once() for _ in range(20)} == {200}
        metrics = audit_metrics(galen)
    assert metrics["galen_audit_available"] == metrics["galen_audit_sink_up second"] == 1
    assert metrics["galen_audit_sink_up audit"] == 0
    assert '"event":"audit.sink_failed"' in galen.log()
    assert '"event":"audit.unavailable"' not in galen.log()
    end(galen)
    assert set(trail.ids(trail.check(tmp_path / "second"))) == asked.answered()
    [failed] = trail.of_service(trail.check(tmp_path / "audit"), *trail.EDGES)
    assert not failed.is_stopped


@pytest.mark.parametrize("name", NAMES)
def test_where_both_folders_are_required_one_that_fails_stops_all(launch, tmp_path, name):
    galen = start_with_two(launch, name, tmp_path, "all")
    asked = Asked(galen)
    assert asked.once() == 200
    with failing(galen.processes[-1], tmp_path / "trace", "fdatasync", "EIO",
                 *segments(tmp_path / "second")):
        assert {asked.once() for _ in range(5)} == {503}
        check_refusal(galen)
        metrics = audit_metrics(galen)
    assert metrics["galen_audit_available"] == metrics["galen_audit_sink_up second"] == 0
    assert metrics["galen_audit_sink_up audit"] == 1
    end(galen)
    for folder in ("audit", "second"):
        assert asked.answered() <= set(trail.ids(trail.check(tmp_path / folder)))


def test_an_engine_whose_disk_fails_runs_nothing_more(launch, tmp_path):
    galen = launch("three", audit__retry_ms=RETRY_MS)
    engine = galen.processes[0]
    asked = Asked(galen)
    with failing(engine, tmp_path / "trace", "fdatasync", "EIO"):
        asked.until(503)
        assert '"event":"audit.unavailable"' in engine.log()
        assert galen.infer(by_features()).status == 503
    asked.until(200)
    end(galen)
    chains = trail.check(tmp_path / "audit")
    assert set(asked.statuses) <= set(trail.ids(chains))
    [_, after] = trail.of_service(chains, "engine")
    assert after.start["missed"] >= 1
