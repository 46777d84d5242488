# SPDX-License-Identifier: Apache-2.0
"""Logs, records and checkpoints in a real Loki, by the collector that we ship (bootstrap --real)."""
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import deployment
import panels_of
import pytest
from process import BINARY, ROOT, free_port, until
from samples import by_features

LOKI = ROOT / ".deps/loki/bin/loki"
COLLECTOR = ROOT / ".deps/otelcol/bin/otelcol"
for program in (LOKI, COLLECTOR):
    if not program.exists():
        pytest.skip(f"{program.name} is missing: tools/bootstrap --real", allow_module_level=True)

DEADLINE_S = 120  # Loki takes its time to begin
ATTRIBUTES = {"com.docker.compose.project": "galen", "com.docker.compose.service": "gateway"}


class Loki:
    def __init__(self, folder: pathlib.Path):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings = {"LOKI_DATA": folder / "data", "LOKI_PORT": port, "LOKI_ADDRESS": "127.0.0.1",
                    "LOKI_GRPC_PORT": free_port()}
        with (folder / "loki.log").open("wb") as log:
            self.popen = subprocess.Popen(
                [LOKI, f"-config.file={ROOT / 'deploy/loki/loki.yml'}", "-config.expand-env=true"],
                stdout=log, stderr=log, env=os.environ | {k: str(v) for k, v in settings.items()})

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/ready"):
                return True
        except OSError:
            return False

    def query(self, expression: str) -> list[dict]:
        """Its streams or series of the last two hours."""
        words = {"query": expression, "limit": "5000", "start": str(time.time() - 3600),
                 "end": str(time.time() + 3600), "step": "60"}
        url = f"{self.url}/loki/api/v1/query_range?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(url) as reply:
            return json.load(reply)["data"]["result"]

    def lines(self, expression: str) -> list[str]:
        return [line for stream in self.query(expression) for _, line, *_ in stream["values"]]

    def push(self, body: bytes) -> None:
        request = urllib.request.Request(self.url + "/loki/api/v1/push", body,
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request).close()

    def stop(self) -> None:
        self.popen.kill()
        self.popen.wait()


@pytest.fixture(scope="module")
def loki(tmp_path_factory):
    loki = Loki(tmp_path_factory.mktemp("loki"))
    try:
        until(loki.is_ready, "Loki is ready", DEADLINE_S)
        yield loki
    finally:
        loki.stop()


class Collected:
    """What galen wrote: to its trail, and to its log as Docker keeps it."""

    def __init__(self, folder: pathlib.Path, loki: Loki):
        self.trail = folder / "audit"
        galen = deployment.start("one", folder, audit__checkpoint_seconds=1)
        assert galen.infer(by_features()).status == 200
        assert galen.infer({"model": "breast-cancer", "input": {"mean radius": -1}}).status == 422
        galen.stop()
        self.log = [line for line in galen.log().splitlines() if line.startswith("{")]
        self._as_docker(folder / "containers/abc", ATTRIBUTES, self.log + ["galen serve answers"])
        self._as_docker(folder / "containers/def", ATTRIBUTES | {
            "com.docker.compose.project": "other"}, self.log)
        (folder / "state").mkdir()
        settings = {"CONTAINER_LOGS": folder / "containers", "GALEN_AUDIT": self.trail,
                    "COLLECTOR_STATE": folder / "state", "LOKI_URL": loki.url,
                    "HEALTH_ADDRESS": f"127.0.0.1:{free_port()}"}
        self.environment = os.environ | {key: str(value) for key, value in settings.items()}
        self.folder = folder
        self.start()

    def _as_docker(self, folder: pathlib.Path, attributes: dict, lines: list[str]) -> None:
        folder.mkdir(parents=True)
        (folder / "x-json.log").write_text("".join(json.dumps(
            {"log": line + "\n", "stream": "stderr", "attrs": attributes,
             "time": "2026-11-26T12:00:00.123456789Z"}) + "\n" for line in lines))

    def start(self) -> None:
        with (self.folder / "collector.log").open("ab") as log:
            self.popen = subprocess.Popen(
                [COLLECTOR, "--config", ROOT / "deploy/loki/collector.yaml"], stdout=log, stderr=log,
                env=self.environment)

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait()

    def records(self) -> list[str]:
        return [line for path in sorted(self.trail.glob("*/*.ndjson"))
                for line in path.read_text().splitlines()]

    def notes(self) -> int:
        return sum(path.read_text().count("galen.audit/") for path in self.trail.glob("*/checkpoints"))


@pytest.fixture(scope="module")
def collected(loki, tmp_path_factory):
    collected = Collected(tmp_path_factory.mktemp("collected"), loki)
    try:
        yield collected
    finally:
        collected.stop()


def test_records_arrive_as_they_were_written(loki, collected):
    until(lambda: len(loki.lines('{job="galen-audit"}')) >= len(collected.records()), "all are there",
          DEADLINE_S)
    assert sorted(loki.lines('{job="galen-audit"}')) == sorted(collected.records())
    asked, = loki.lines('{job="galen-audit", service="serve", event="infer", outcome="ok"}')
    assert json.loads(asked)["model"]["name"] == "breast-cancer"


def test_logs_of_our_containers_arrive_and_of_no_others(loki, collected):
    until(lambda: len(loki.lines('{job="galen-logs"}')) >= len(collected.log), "all are there",
          DEADLINE_S)
    assert sorted(loki.lines('{job="galen-logs", service="gateway"}')) == sorted(collected.log)
    assert any('"drain.end"' in line for line in loki.lines('{job="galen-logs", level="info"}'))


def test_checkpoints_arrive_whole(loki, collected):
    until(lambda: len(loki.lines('{job="galen-checkpoints"}')) >= collected.notes(), "all are there",
          DEADLINE_S)
    notes = loki.lines('{job="galen-checkpoints", service="serve"}')
    assert len(notes) == collected.notes()
    assert all(note.startswith("galen.audit/serve-") and "\n— checkpoint-" in note for note in notes)


def test_a_collector_that_is_restarted_sends_nothing_twice(loki, collected):
    until(lambda: len(loki.lines('{job="galen-audit"}')) >= len(collected.records()), "all are there",
          DEADLINE_S)
    collected.stop()
    with next(collected.trail.glob("*/000001.ndjson")).open("a") as segment:
        last = collected.records()[-1].replace('"event":"stop"', '"event":"marker"')
        segment.write(last + "\n")
    collected.start()
    until(lambda: loki.lines('{job="galen-audit", event="marker"}'), "what came since", DEADLINE_S)
    assert sorted(loki.lines('{job="galen-audit"}')) == sorted(collected.records())


def test_what_galen_exports_is_taken(loki, collected):
    """By the same labels, and as old as it is."""
    done = subprocess.run([BINARY, "audit", "export", "--format", "loki", collected.trail],
                          capture_output=True, check=True)
    before = set(loki.lines('{job="galen-audit"}'))
    for body in done.stdout.splitlines():
        loki.push(body)
    assert set(loki.lines('{job="galen-audit"}')) >= before


@pytest.mark.parametrize("panel", panels_of.queries("loki"))
def test_loki_takes_what_a_panel_asks(loki, collected, panel):
    try:
        loki.query(panels_of.queries("loki")[panel])
    except urllib.error.HTTPError as refusal:
        pytest.fail(refusal.read().decode())
