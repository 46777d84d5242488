# SPDX-License-Identifier: Apache-2.0
"""How the engine's cost grows: with requests at once, with models, with reloads."""
import contextlib
import dataclasses
import functools
import http.client
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import time

import load
import numpy as np
from compare import alternate, measurement, median, ratio, ratio_of
from load import Message
from row import Effort, Row, latency
from server import ROOT, Server, running, start_galen

NETWORK = ROOT / "models/clinical-ner/2/model.onnx"
SMALL_NETWORK = ROOT / "models/breast-cancer/2/model.onnx"
AT_ONCE = (1, 2, 4, 8, 16, 32, 64)
BATCH = 32
TOKENS = 32
TURN_S = 2
TURNS = 3

MODEL_COUNTS = (10, 100)
LOADED, LISTED = 100, 1000

FIRST, LAST = 50, 300  # reloads
WAIT_S = 60


def binary_body(name: str, tensors: dict[str, np.ndarray]) -> Message:
    kinds = {"int64": "INT64", "float32": "FP32"}
    inputs = [{"name": key, "shape": list(value.shape), "datatype": kinds[value.dtype.name],
               "parameters": {"binary_data_size": value.nbytes}} for key, value in tensors.items()]
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    body = header + b"".join(value.tobytes() for value in tensors.values())
    return Message(f"/v2/models/{name}/infer", body, {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header))})


def put_model(repository: pathlib.Path, name: str, network: pathlib.Path, config: str = "") -> None:
    version = repository / name / "1"
    version.mkdir(parents=True)
    shutil.copy(network, version / "model.onnx")
    if config:
        (repository / name / "config.pbtxt").write_text(config)


def tokens_message(name: str) -> Message:
    ids = np.arange(1, TOKENS + 1, dtype=np.int64).reshape(1, -1)
    return binary_body(name, {"input_ids": ids, "attention_mask": np.ones_like(ids)})


@dataclasses.dataclass
class Throughput:
    per_s: float
    cpu_us: float
    p50_us: float
    p99_us: float


def throughput(server: Server, message: Message, at_once: int) -> Throughput:
    before = server.cpu_us()
    done = load.run(server.port, message, TURN_S, at_once)
    cpu_us = (server.cpu_us() - before) / done.requests
    return Throughput(done.requests / TURN_S, cpu_us, done.p50_us, done.p99_us)


def middle(turns: list[Throughput]) -> Throughput:
    return Throughput(*(statistics.median(getattr(each, field.name) for each in turns)
                        for field in dataclasses.fields(Throughput)))


def batching_row(server: Server, at_once: int) -> Row:
    sides = [functools.partial(throughput, server, tokens_message(name), at_once)
             for name in ("batched", "alone")]
    batched, alone = alternate(sides, TURNS)
    found = ratio_of([one.per_s / other.per_s for one, other in zip(batched, alone, strict=True)])
    return Row(f"v2 infer, two layers, {TOKENS} tokens, {at_once} at once, batched",
               middle(batched).per_s, "requests a second", "one by one", middle(alone).per_s, found,
               latency=latency(middle(batched)),
               note=f"{middle(batched).cpu_us:.0f} µs CPU a request, one by one"
                    f" {middle(alone).cpu_us:.0f}; p50 / p99 then: {latency(middle(alone))} µs")


def batching(_effort: Effort) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        repository = pathlib.Path(folder)
        config = f"max_batch_size: {BATCH}\n"
        put_model(repository, "alone", NETWORK, config)
        put_model(repository, "batched", NETWORK, config + "dynamic_batching { }\n")
        with running(start_galen(repository, "engine"), "/v2/health/ready") as server:
            return [batching_row(server, at_once) for at_once in AT_ONCE]


def model_name(number: int) -> str:
    return f"m{number:03}"


def start_with(folder: pathlib.Path, count: int, **more) -> Server:
    for number in range(count):
        put_model(folder, model_name(number), SMALL_NETWORK)
    return start_galen(folder, "engine", **more)


def models(effort: Effort) -> list[Row]:
    """The same request to the last model, however many there are."""
    names = ",".join(map(model_name, range(LOADED)))
    cases = {f"{count} models": (count, {}) for count in MODEL_COUNTS}
    cases[f"{LOADED} models of {LISTED:,} listed"] = (LISTED, {"models__control": "explicit",
                                                              "models__load": names})
    return [models_row(name, count, more, effort) for name, (count, more) in cases.items()]


def models_row(name: str, count: int, more: dict, effort: Effort) -> Row:
    features = np.linspace(1, 30, 30, dtype=np.float32).reshape(1, -1)
    with tempfile.TemporaryDirectory() as many, tempfile.TemporaryDirectory() as one, \
            running(start_with(pathlib.Path(many), count, **more), "/v2/health/ready") as ours, \
            running(start_with(pathlib.Path(one), 1), "/v2/health/ready") as other:
        last = model_name(min(count, LOADED) - 1)
        messages = [binary_body(last, {"features": features}),
                    binary_body(model_name(0), {"features": features})]
        sides = [measurement(server, message, effort.requests)
                 for server, message in zip((ours, other), messages, strict=True)]
        many_rounds, one_rounds = alternate(sides, effort.rounds)
        found = ratio(many_rounds, one_rounds)
        return Row(f"v2 infer, 30 floats as raw bytes, {name}", median(many_rounds).cpu_us,
                   "µs CPU a request", "one model", median(one_rounds).cpu_us, found, "≤ 1.1 ×",
                   found.median <= 1.1, latency(median(many_rounds)),
                   note=f"{ours.resident_mb():.0f} MB resident, with one model"
                        f" {other.resident_mb():.0f}")


def status(server: Server, path: str) -> int:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", path)
        found = connection.getresponse().status
        connection.close()
        return found
    return 0


def point(model: pathlib.Path, number: int) -> None:
    fresh = model / ".fresh"
    fresh.symlink_to(str(number))
    os.replace(fresh, model / "current")


def wait_for_swap(server: Server, name: str, number: int) -> None:
    path = f"/v2/models/{name}/versions"
    until = time.monotonic() + WAIT_S
    while (status(server, f"{path}/{number}/ready"), status(server, f"{path}/{3 - number}/ready")) \
            != (200, 404):
        if time.monotonic() > until:
            raise SystemExit(f"{name} {number} is not loaded")
        time.sleep(0.002)


def reload_up_to(server: Server, model: pathlib.Path, first: int, last: int) -> float:
    """Megabytes when the last has settled."""
    for turn in range(first, last):
        point(model, 1 + turn % 2)
        wait_for_swap(server, model.name, 1 + turn % 2)
    sizes = []
    for _ in range(20):
        sizes.append(server.resident_mb())
        time.sleep(0.05)
    return min(sizes)


def reloads(_effort: Effort) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "clinical-ner"
        shutil.copytree(ROOT / "models/clinical-ner", model, symlinks=True)
        (model / "previous").unlink()
        point(model, 2)
        with running(start_galen(model.parent, "engine", models__linger_ms=0),
                     "/v2/health/ready") as server:
            before = reload_up_to(server, model, 0, FIRST)
            growth = reload_up_to(server, model, FIRST, LAST) - before
    return [Row(f"reloads of a model, {FIRST} to {LAST}", growth, "MB more resident", bar="< 1 MB",
                met=growth < 1, note=f"{before:.1f} MB resident after {FIRST}")]
