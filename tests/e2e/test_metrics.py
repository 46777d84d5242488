# SPDX-License-Identifier: Apache-2.0
"""What the engine counts, as Prometheus reads it."""
import collections
import re
import subprocess
import threading
import urllib.request

import pytest
from message import exchange
from process import ROOT, Process
from refusals import MODEL, V2_INFER
from samples import as_tensor

PROMTOOL = ROOT / ".deps/promtool/bin/promtool"
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
