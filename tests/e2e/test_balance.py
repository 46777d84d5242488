# SPDX-License-Identifier: Apache-2.0
"""Several engines and preprocessors behind one gateway: whatever becomes of one of them, no
request is lost while another is well."""
import pathlib
import shutil
import signal
import time

import pytest
import trail
from message import exchange
from process import ROOT, Process, until
from samples import MODEL, by_features
from steady import SteadyLoad

RATE = 60
SETTLE_S = 1.0


class Row:
    """A gateway with so many engines and preprocessors behind it."""

    def __init__(self, folder: pathlib.Path, engine_count: int = 3, preprocess_count: int = 1,
                 **settings):
        self.folder = folder
        self.base = {"repository": ROOT / "models", "threads": 1, "drain_delay_ms": 0}
        self.engines = [Process("engine", folder, self.base) for _ in range(engine_count)]
        self.preprocessors = [Process("preprocess", folder, self.base)
                              for _ in range(preprocess_count)]
        for process in self.engines + self.preprocessors:
            process.wait_for("/v2/health/ready")
        urls = {"engines.default": ",".join(each.url for each in self.engines),
                "preprocess": ",".join(each.url for each in self.preprocessors)}
        chosen = {key.replace("__", "."): value for key, value in settings.items()}
        self.gateway = Process("gateway", folder, self.base | urls | chosen).wait_for("/readyz")

    def again(self, process: Process) -> Process:
        """The same role on the same port."""
        port = process.port
        fresh = Process(process.role, self.folder,
                        self.base | {"listen.http": f"127.0.0.1:{port}"})
        fresh.port = port
        return fresh.wait_for("/v2/health/ready")

    def load(self) -> SteadyLoad:
        return SteadyLoad(self.gateway.port, "/infer", by_features(), rate=RATE)

    def metric(self, name: str, service: str, process: Process, **labels) -> float:
        more = "".join(f',{key}="{value}"' for key, value in labels.items())
        label = f'{{service="{service}",endpoint="127.0.0.1:{process.port}"{more}}}'
        return self.gateway.metrics().get(name + label, 0)

    def in_rotation(self, service: str, process: Process) -> bool:
        return self.metric("galen_upstream_in_rotation", service, process) > 0

    def answered(self, service: str, process: Process) -> float:
        return self.metric("galen_upstream_attempts_total", service, process, outcome="ok")

    def end(self) -> None:
        for process in [self.gateway, *self.preprocessors, *self.engines]:
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGCONT)
                process.check_end()


@pytest.fixture
def row(tmp_path):
    rows = []

    def begin(**settings) -> Row:
        rows.append(Row(tmp_path, **settings))
        return rows[-1]
    yield begin
    for each in rows:
        each.end()


def run_for(load: SteadyLoad, seconds: float) -> None:
    count = len(load.outcomes) + int(seconds * RATE)
    until(lambda: len(load.outcomes) >= count, "the load goes on")


def check_nothing_lost(load: SteadyLoad) -> None:
    assert len(load.outcomes) > RATE
    assert not load.lost, (len(load.lost), [(each.status, each.body) for each in load.lost[:3]])


def kill(process: Process) -> None:
    process.popen.kill()
    process.popen.wait()


@pytest.mark.parametrize("service", ["engine", "preprocess"])
def test_killed_process_loses_nothing_and_comes_back(row, service):
    it = row(engine_count=3 if service == "engine" else 1,
             preprocess_count=1 if service == "engine" else 3)
    processes = it.engines if service == "engine" else it.preprocessors
    with it.load() as load:
        run_for(load, SETTLE_S)
        kill(processes[0])
        run_for(load, SETTLE_S)
        kill(processes[1])
        run_for(load, SETTLE_S)
        assert not it.in_rotation(service, processes[0])
        processes[0] = it.again(processes[0])
        until(lambda: it.in_rotation(service, processes[0]), "it is in rotation again")
        kill(processes[2])
        run_for(load, SETTLE_S)
    check_nothing_lost(load)


def test_stopped_engine_loses_nothing(row):
    it = row()
    with it.load() as load:
        run_for(load, SETTLE_S)
        until(lambda: all(it.answered("engine", each) for each in it.engines), "all are asked")
        it.engines[0].popen.send_signal(signal.SIGSTOP)
        until(lambda: not it.in_rotation("engine", it.engines[0]), "its silence is noticed")
        until(lambda: it.metric("galen_upstream_attempts_total", "engine", it.engines[0],
                                outcome="late") > 0, "what was under way there goes elsewhere")
        run_for(load, SETTLE_S)
        it.engines[0].popen.send_signal(signal.SIGCONT)
        until(lambda: it.in_rotation("engine", it.engines[0]), "it is in rotation again")
    check_nothing_lost(load)


def test_rolling_restart_loses_nothing(row):
    it = row()
    with it.load() as load:
        for number, engine in enumerate(it.engines):
            run_for(load, SETTLE_S)
            engine.check_end()
            fresh = it.engines[number] = it.again(engine)
            until(lambda fresh=fresh: it.in_rotation("engine", fresh), "it is in rotation")
    check_nothing_lost(load)


def test_without_any_engine_callers_are_told_at_once_and_served_as_soon_as_one_is_back(row):
    it = row(engine_count=2)
    for engine in it.engines:
        kill(engine)
    began = time.monotonic()
    reply = exchange(it.gateway.port, "POST", "/infer", by_features())
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) >= 1
    assert any(f"127.0.0.1:{each.port}" in reply.json()["detail"] for each in it.engines)
    assert time.monotonic() - began < 2
    assert it.gateway.get_status("/readyz") == 503
    it.engines[0] = it.again(it.engines[0])
    assert exchange(it.gateway.port, "POST", "/infer", by_features()).status == 200


def test_name_is_looked_up_and_its_address_is_the_endpoint(row, tmp_path):
    it = row(engine_count=1, preprocess_count=1)
    port = it.engines[0].port
    named = Process("gateway", tmp_path, it.base | {
        "engines.default": f"http://localhost:{port}",
        "preprocess": it.preprocessors[0].url,
        "upstream.resolve_interval_ms": 50}).wait_for("/readyz")
    label = f'galen_upstream_in_rotation{{service="engine",endpoint="127.0.0.1:{port}"}}'
    until(lambda: named.metrics().get(label, 0) > 0, "the address is in rotation")
    assert exchange(named.port, "POST", "/infer", by_features()).status == 200
    named.check_end()


def test_record_says_who_was_asked_and_how_often(row):
    it = row(engine_count=2, upstream__probe_interval_ms=0)
    dead, alive = it.engines
    kill(dead)
    for _ in range(20):
        assert exchange(it.gateway.port, "POST", "/infer", by_features()).status == 200
    it.gateway.check_end()
    records = trail.requests(trail.check(it.gateway.trail), "gateway")
    upstreams = [record["upstream"] for record in records if "upstream" in record]
    assert {each["addr"] for each in upstreams} == {f"127.0.0.1:{alive.port}"}
    assert {each["attempts"] for each in upstreams} == {1, 2}


def test_tag_moves_when_every_engine_in_rotation_is_ready(tmp_path):
    folders = []
    for name in ("gateway", "first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(ROOT / "models" / MODEL, folder / MODEL, symlinks=True)
        folders.append(folder)

    def promote(folder: pathlib.Path) -> None:
        """Version 1, while 2 stays loaded."""
        for tag, number in (("previous", "2"), ("current", "1")):
            link = folder / MODEL / ".fresh"
            link.symlink_to(number)
            link.rename(folder / MODEL / tag)

    def settings(folder: pathlib.Path) -> dict:
        return {"repository": folder, "threads": 1, "drain_delay_ms": 0}

    for folder in folders:
        (folder / MODEL / "previous").unlink(missing_ok=True)
    engines = [Process("engine", tmp_path, settings(folder)) for folder in folders[1:]]
    preprocess = Process("preprocess", tmp_path, settings(folders[0]))
    for process in [*engines, preprocess]:
        process.wait_for("/v2/health/ready")
    gateway = Process("gateway", tmp_path, settings(folders[0]) | {
        "engines.default": ",".join(each.url for each in engines),
        "preprocess": preprocess.url}).wait_for("/readyz")

    def version() -> str:
        return exchange(gateway.port, "POST", "/infer", by_features()).json()["model"]["version"]

    assert version() == "2"
    promote(folders[0])
    promote(folders[1])
    until(lambda: "version 1 is not found" in gateway.log(), "the gateway has asked for it")
    assert {version() for _ in range(20)} == {"2"}
    promote(folders[2])
    until(lambda: version() == "1", "version 1 serves")
    for process in [gateway, preprocess, *engines]:
        process.check_end()
