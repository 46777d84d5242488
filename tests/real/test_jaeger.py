# SPDX-License-Identifier: Apache-2.0
"""One trace over three processes, as a real Jaeger has it: tools/bootstrap --real."""
import json
import os
import subprocess
import urllib.parse
import urllib.request

import deployment
import pytest
from process import ROOT, free_port, until

JAEGER = ROOT / ".deps/jaeger/bin/jaeger-all-in-one"
if not JAEGER.exists():
    pytest.skip("Jaeger is missing: tools/bootstrap --real", allow_module_level=True)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
LISTENERS = ("admin.http", "collector.grpc-server", "collector.http-server", "collector.otlp.grpc",
             "collector.otlp.http", "query.grpc-server", "query.http-server")
TREE = ("galen-gateway", "POST /infer", [
    ("galen-gateway", "preprocess", [
        ("galen-preprocess", "POST /v2/models/{model}/infer", [
            ("galen-preprocess", "compute", [])])]),
    ("galen-gateway", "infer", [
        ("galen-engine", "POST /v2/models/{model}/infer", [
            ("galen-engine", "queue", []),
            ("galen-engine", "compute", [])])]),
    ("galen-gateway", "audit", [])])


class Jaeger:
    def __init__(self, log_file):
        ports = {name: free_port() for name in LISTENERS}
        words = [f"--{name}.host-port=127.0.0.1:{port}" for name, port in ports.items()]
        self.otlp = f"http://127.0.0.1:{ports['collector.otlp.http']}/v1/traces"
        self.api = f"http://127.0.0.1:{ports['query.http-server']}/api"
        with log_file.open("wb") as log:
            self.popen = subprocess.Popen([JAEGER, *words], stdout=log, stderr=log,
                                          env=os.environ | {"OTEL_TRACES_SAMPLER": "always_off"})

    def get(self, path: str):
        """Empty while nothing answers, or it is not there."""
        try:
            with urllib.request.urlopen(self.api + path) as reply:
                return json.load(reply)
        except OSError:
            return {}

    def stop(self):
        self.popen.terminate()
        self.popen.wait()


@pytest.fixture
def jaeger(tmp_path):
    jaeger = Jaeger(tmp_path / "jaeger.log")
    try:
        until(lambda: jaeger.get("/services"), "Jaeger answers")
        yield jaeger
    finally:
        jaeger.stop()


@pytest.fixture
def galen(jaeger, tmp_path):
    galen = deployment.start("three", tmp_path, trace__otlp=jaeger.otlp, trace__interval_ms=10,
                             engine__inline_us=0)
    yield galen
    galen.stop()


def parent_of(span: dict) -> str:
    return next((each["spanID"] for each in span["references"]
                 if each["refType"] == "CHILD_OF"), "")


def tree_of(trace: dict, span: dict) -> tuple:
    children = sorted((each for each in trace["spans"] if parent_of(each) == span["spanID"]),
                      key=lambda each: (each["startTime"], each["duration"]))
    service = trace["processes"][span["processID"]]["serviceName"]
    return service, span["operationName"], [tree_of(trace, each) for each in children]


def tags_of(span: dict) -> dict:
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def vector() -> dict:
    return json.loads((ROOT / "examples/breast-cancer-malignant.json").read_bytes())


def test_one_trace_over_three_processes(jaeger, galen):
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "congo=t61rcWkgMzE"}
    assert galen.request("POST", "/infer", vector(), headers).status == 200

    def whole():
        found = jaeger.get(f"/traces/{TRACE}").get("data")
        return found and len(found[0]["spans"]) == 9 and found[0]
    trace = until(whole, "Jaeger has nine spans of it")
    root, = (span for span in trace["spans"] if parent_of(span) in ("", PARENT))
    assert tree_of(trace, root) == TREE
    warnings = [warning for span in trace["spans"] for warning in span["warnings"] or ()]
    assert all(PARENT in warning for warning in warnings)  # which is the client's, not here
    tags = tags_of(root)
    assert (tags["span.kind"], tags["http.route"], tags["http.response.status_code"],
            tags["galen.model.name"]) == ("server", "/infer", 200, "breast-cancer")
    assert {"galen-gateway", "galen-preprocess", "galen-engine"} <= set(jaeger.get("/services")["data"])


def test_a_failure_is_found_by_its_error(jaeger, galen):
    late = vector() | {"model": "breast-cancer"}
    engine = galen.processes[0]
    engine.popen.kill()
    assert galen.request("POST", "/infer", late).status in (502, 503)

    def failed():
        query = urllib.parse.urlencode({"service": "galen-gateway", "tags": '{"error":"true"}'})
        return jaeger.get(f"/traces?{query}")["data"]
    trace, = until(failed, "Jaeger finds it")
    assert {span["operationName"] for span in trace["spans"]
            if tags_of(span).get("error")} == {"POST /infer", "infer"}
    galen.processes.remove(engine)
