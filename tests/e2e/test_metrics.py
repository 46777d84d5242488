# SPDX-License-Identifier: Apache-2.0
"""What engine and gateway count, as Prometheus reads it."""
import collections
import re
import subprocess
import threading
import time
import urllib.request

import pytest
from message import connect, encode, exchange, read_reply, send_raw
from process import BINARY, DEADLINE_S, ROOT, Process, until
from refusals import MODEL, V2_INFER
from samples import as_tensor, by_features

PROMTOOL = ROOT / ".deps/prometheus/bin/promtool"
CLIENTS, REQUESTS, ROWS = 4, 50, 3
VERSION = (ROOT / "models" / MODEL / "current").resolve().name
LABELS = f'{{model="{MODEL}",version="{VERSION}"}}'
# Triton's own names are not what promtool would have called them.
COMPLAINT = re.compile(r"nv_\w+ (counter metrics should have \"_total\" suffix|"
                       r"metric names should not contain abbreviated units|"
                       r"non-histogram and non-summary metrics should not have \"_count\" suffix|"
                       r"metric name should not include type 'histogram')")
DURATIONS = ("request", "queue", "compute_input", "compute_infer", "compute_output")


@pytest.fixture
def engine(tmp_path):
    """It waits for company, and runs nothing on its loop."""
    process = Process("engine", tmp_path, {"repository": ROOT / "models", "threads": 1,
                                           "engine.wait_us": 1000, "engine.inline_us": 0})
    process.wait_for("/v2/health/ready")
    yield process
    process.check_end()


def page(process: Process) -> str:
    url = f"http://127.0.0.1:{process.metrics_port}/metrics"
    with urllib.request.urlopen(url) as reply:
        assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return reply.read().decode()


def rows_of(body: dict, count: int) -> dict:
    tensor = body["inputs"][0]
    data = tensor["data"] * count
    return body | {"inputs": [tensor | {"shape": [count, tensor["shape"][1]], "data": data}]}


def load(process: Process) -> None:
    """Several clients at once; every answer is right."""
    body = rows_of(as_tensor(), ROWS)
    statuses = collections.Counter()

    def client():
        for _ in range(REQUESTS):
            statuses[exchange(process.port, "POST", V2_INFER, body, {}).status] += 1
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {200: CLIENTS * REQUESTS}


def check_histogram(samples: dict[str, float], name: str, count: int) -> float:
    """Its sum, after its buckets were found to grow to its count."""
    buckets = [value for key, value in samples.items()
               if key.startswith(f"{name}_bucket{LABELS[:-1]},le=")]
    assert buckets and buckets == sorted(buckets)
    assert f'{name}_bucket{LABELS[:-1]},le="+Inf"}}' in samples
    assert buckets[-1] == samples[f"{name}_count{LABELS}"] == count
    return samples[f"{name}_sum{LABELS}"]


def test_every_request_and_row_is_counted_once(engine):
    load(engine)
    samples = engine.metrics()
    requests = CLIENTS * REQUESTS
    executions = samples[f"nv_inference_exec_count{LABELS}"]
    assert samples[f"nv_inference_request_success{LABELS}"] == requests
    assert samples[f"nv_inference_count{LABELS}"] == requests * ROWS
    assert samples[f"nv_inference_pending_request_count{LABELS}"] == 0
    assert requests / CLIENTS <= executions <= requests
    reasons = [value for key, value in samples.items()
               if key.startswith(f"nv_inference_batch_closed_total{LABELS[:-1]}")]
    assert len(reasons) == 5 and sum(reasons) == executions
    rows = check_histogram(samples, "nv_inference_batch_size_histogram", executions)
    assert rows == requests * ROWS


def test_times_are_parts_of_a_whole(engine):
    load(engine)
    samples = engine.metrics()
    sums = {}
    for part in DURATIONS:
        total = samples[f"nv_inference_{part}_duration_us{LABELS}"]
        sums[part] = check_histogram(samples, f"nv_inference_{part}_duration_histogram_us",
                                     CLIENTS * REQUESTS)
        assert total == int(sums[part])
    first = check_histogram(samples, "nv_inference_first_response_histogram_ms", CLIENTS * REQUESTS)
    assert first == pytest.approx(sums["request"] / 1000)
    assert sums["request"] == pytest.approx(sum(sums[part] for part in DURATIONS[1:]))
    assert sums["compute_infer"] > 0


def test_what_was_refused_is_counted_by_its_reason(engine):
    body = as_tensor() | {"parameters": {"timeout": 1}}  # µs, which are over before it is read
    assert exchange(engine.port, "POST", V2_INFER, body, {}).status == 504
    samples = engine.metrics()
    failures = {reason: samples[f'nv_inference_request_failure{LABELS[:-1]},reason="{reason}"}}']
                for reason in ("REJECTED", "CANCELED", "BACKEND", "OTHER")}
    assert failures == {"REJECTED": 1, "CANCELED": 0, "BACKEND": 0, "OTHER": 0}
    assert samples[f"nv_inference_request_success{LABELS}"] == 0


def test_the_machine_is_told_of(engine):
    samples = engine.metrics()
    assert 0 <= samples["nv_cpu_utilization"] <= 1
    assert 0 < samples["nv_cpu_memory_used_bytes"] < samples["nv_cpu_memory_total_bytes"]


def test_a_process_tells_what_it_is_and_takes(engine):
    before = engine.metrics()
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
    assert before[f'galen_build_info{{role="engine",version="{version.split()[1]}"}}'] == 1
    assert time.time() - DEADLINE_S < before["process_start_time_seconds"] <= time.time()
    resident, limit = before["process_resident_memory_bytes"], before["galen_memory_limit_bytes"]
    assert engine.resident_bytes() / 2 < resident < limit <= before["nv_cpu_memory_total_bytes"]
    load(engine)
    after = engine.metrics()
    assert after["process_start_time_seconds"] == before["process_start_time_seconds"]
    assert 0 < before["process_cpu_seconds_total"] < after["process_cpu_seconds_total"]


def test_samples_of_a_metric_stand_together_and_none_twice(engine):
    load(engine)
    names, samples, types = [], [], {}
    for line in page(engine).splitlines():
        if line.startswith("# TYPE "):
            name, types[name] = line.split(" ")[2:4][0], line.split(" ")[3]
            names.append(name)
        elif not line.startswith("#"):
            samples.append(line.rsplit(" ", 1)[0])
            own = re.match(r"\w+", line)[0]
            assert own == names[-1] or types[names[-1]] == "histogram" and \
                re.fullmatch(names[-1] + "_(bucket|sum|count)", own)
    assert len(names) == len(set(names))
    assert len(samples) == len(set(samples))


def test_promtool_finds_nothing_but_the_names_that_triton_gave(launch, engine):
    load(engine)
    for process in (engine, launch("one").processes[0]):
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=page(process), text=True,
                                 capture_output=True, check=False)
        complaints = (checked.stdout + checked.stderr).splitlines()
        assert [line for line in complaints if not COMPLAINT.fullmatch(line)] == []


def of_gateway(samples: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """What the gateway counted between the two, without what stayed as it was."""
    return {key: value - before.get(key, 0) for key, value in samples.items()
            if re.match(r"galen_(request|phase|connections)", key)
            and value != before.get(key, 0)}


def test_known_traffic_is_counted_exactly(launch):
    """By operation and status; each request once, whoever answered it."""
    gateway = launch("one").processes[0]
    before = gateway.metrics()
    for _ in range(3):
        assert exchange(gateway.port, "POST", "/infer", by_features(), {}).status == 200
    assert exchange(gateway.port, "POST", V2_INFER, as_tensor(), {}).status == 200
    assert exchange(gateway.port, "POST", "/infer", b"{", {}).status == 400
    assert exchange(gateway.port, "GET", "/infer").status == 405
    assert exchange(gateway.port, "GET", "/no/such/path?secret=1").status == 404
    assert exchange(gateway.port, "GET", "/v2/health/live").status == 200
    assert send_raw(gateway.port, b"GET  / HTTP/1.1\r\n\r\n", "GET").status == 400
    large = {"Content-Length": str(1 << 40)}
    assert exchange(gateway.port, "POST", "/infer", b"{", large).status == 413
    until(lambda: gateway.metrics()["galen_requests_in_flight"] == 0, "the last has its record")
    told = of_gateway(gateway.metrics(), before)
    assert {key: value for key, value in told.items() if key.startswith("galen_requests")} == {
        'galen_requests_total{route="infer",status="200"}': 3,
        'galen_requests_total{route="v2_infer",status="200"}': 1,
        'galen_requests_total{route="infer",status="400"}': 1,
        'galen_requests_total{route="infer",status="405"}': 1,
        'galen_requests_total{route="infer",status="413"}': 1,
        'galen_requests_total{route="none",status="404"}': 1,
        'galen_requests_total{route="none",status="400"}': 1,
        'galen_requests_total{route="v2_live",status="200"}': 1,
    }
    assert {key: value for key, value in told.items() if "_seconds_count" in key} == {
        'galen_request_duration_seconds_count{route="infer"}': 6,
        'galen_request_duration_seconds_count{route="v2_infer"}': 1,
        'galen_request_duration_seconds_count{route="v2_live"}': 1,
        'galen_request_duration_seconds_count{route="none"}': 1,
        'galen_phase_duration_seconds_count{phase="preprocess"}': 3,
        'galen_phase_duration_seconds_count{phase="infer"}': 4,
        'galen_phase_duration_seconds_count{phase="audit"}': 8,
    }
    assert told["galen_connections_accepted_total"] == 10
    until(lambda: gateway.metrics()["galen_connections_open"] == 0, "all have left")


def test_failures_are_counted_from_0(launch):
    """Else a rate misses the first ones: it needs a number before them."""
    samples = launch("one").processes[0].metrics()
    for status in (200, 500, 502, 503, 504):
        assert samples[f'galen_requests_total{{route="infer",status="{status}"}}'] == 0


def test_all_loops_are_counted_together(launch):
    gateway = launch("one", threads=3).processes[0]
    before = gateway.metrics()
    for _ in range(30):  # each on a connection of its own, so on any loop
        assert exchange(gateway.port, "GET", "/healthz").status == 200
    told = of_gateway(gateway.metrics(), before)
    assert told['galen_requests_total{route="live",status="200"}'] == 30
    assert told['galen_request_duration_seconds_bucket{route="live",le="+Inf"}'] == 30
    assert told['galen_connections_accepted_total'] == 30


def test_a_request_under_way_is_in_flight(launch):
    gateway = launch("one").processes[0]
    with connect(gateway.port) as connection:
        connection.sendall(encode("POST", "/infer", by_features())[:-1])
        until(lambda: gateway.metrics()["galen_requests_in_flight"] == 1, "its head has come")
        assert gateway.metrics()["galen_connections_open"] == 1
        connection.sendall(b"}")
        assert read_reply(connection).status == 200
    until(lambda: gateway.metrics()["galen_requests_in_flight"] == 0, "it has left")


def test_no_word_of_a_client_is_in_the_metrics(launch):
    gateway = launch("one").processes[0]
    canary = "Canary7Smith"
    for path in (f"/{canary}", f"/v2/models/{canary}", f"/v2/models/{canary}/infer",
                 f"/infer?model={canary}", f"/web/{canary}"):
        exchange(gateway.port, "GET", path, None, {"X-Request-Id": canary, canary: canary})
        exchange(gateway.port, "POST", path, {"input": canary, "model": canary}, {})
    exchange(gateway.port, canary.upper(), "/infer")
    assert canary.lower() not in page(gateway).lower()


def test_other_roles_count_their_connections(engine):
    before = engine.metrics()
    assert exchange(engine.port, "GET", "/v2/health/live").status == 200
    told = of_gateway(engine.metrics(), before)
    assert told == {"galen_connections_accepted_total": 1}
