# SPDX-License-Identifier: Apache-2.0
"""What is measured: each row is a function, and ROWS lists them."""
import contextlib
import dataclasses
import http.server
import json
import os
import pathlib
import statistics
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator

import connections
import hop
import load
import proxy
import scale
import triton
from compare import Measured, alternate, less, measurement, median, ratio, ratio_of, summed
from load import Message
from row import Effort, Row, latency
from server import PROGRAMS, ROOT, Server, make_networkless, running, start_echo, start_galen

MODEL = "breast-cancer"
NETWORK = ROOT / "models" / MODEL / "2/model.onnx"
STARTS = 9
NETWORK_RUNS = 5_000  # of nine rounds
ROUNDS_IN_PROCESS = 5
SECONDS = 5
AUDIT_CONNECTIONS = 64


def features() -> dict[str, float]:
    return json.loads((ROOT / "examples/breast-cancer-malignant.json").read_bytes())["input"]


def vector_message() -> Message:
    body = json.dumps({"model": MODEL, "input": features()}).encode()
    return Message("/infer", body, {"Content-Type": "application/json"})


def note_message() -> Message:
    return Message("/infer", b"Denies chest pain. Takes metformin 500 mg twice daily.",
                   {"Content-Type": "text/plain"})


def json_message() -> Message:
    tensor = {"name": "features", "shape": [1, 30], "datatype": "FP32",
              "data": list(features().values())}
    return Message(f"/v2/models/{MODEL}/infer", json.dumps({"inputs": [tensor]}).encode(),
                   {"Content-Type": "application/json"})


def binary_message() -> Message:
    raw = struct.pack("<30f", *features().values())
    tensor = {"name": "features", "shape": [1, 30], "datatype": "FP32",
              "parameters": {"binary_data_size": len(raw)}}
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return Message(f"/v2/models/{MODEL}/infer", header + raw, {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header))})


def tensor_messages(bar: float) -> list[tuple[str, Message, float | None]]:
    """The bar is for raw bytes: a JSON body costs its numbers."""
    return [("raw bytes", binary_message(), bar), ("JSON", json_message(), None)]


def run_program(name: str, *words) -> dict:
    done = subprocess.run([PROGRAMS / name, *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def echo(effort: Effort) -> list[Row]:
    with running(start_echo(), "/") as server:
        rounds = alternate([measurement(server, binary_message(), effort.requests)], effort.rounds)[0]
    found = median(rounds)
    return [Row("HTTP echo of the small request's body", found.cpu_us, "µs CPU a request",
                latency=latency(found))]


def run_in_process() -> Measured:
    return Measured(run_program("ort_floor_bench", NETWORK, str(NETWORK_RUNS))["cpu_us_per_run"])


def against_floor(effort: Effort) -> list[Row]:
    """The floor: the echo of the same bytes, and one run of the network in process."""
    rows = []
    with running(start_galen(ROOT / "models"), "/readyz") as galen, \
            running(start_echo(), "/") as floor:
        for name, message, bar in tensor_messages(2):
            message.send(galen.port)
            sides = [measurement(each, message, effort.requests) for each in (galen, floor)]
            ours, echoes, runs = alternate([*sides, run_in_process], effort.rounds)
            found = ratio(ours, summed(echoes, runs))
            rows.append(Row(
                f"v2 infer, 30 floats as {name}", median(ours).cpu_us, "µs CPU a request",
                "the floor: HTTP echo and ONNX Runtime in process",
                median(summed(echoes, runs)).cpu_us, found, f"≤ {bar:g} ×" if bar else "",
                found.median <= bar if bar else None, latency(median(ours)),
                f"ONNX Runtime's share of the floor: {median(runs).cpu_us:.1f} µs"))
    return rows


def same_answer(galen: Server, peer: Server) -> None:
    """Both must serve the same network before their cost is compared."""
    answers = [json.loads(json_message().send(each.port))["outputs"][0]["data"]
               for each in (galen, peer)]
    if any(abs(a - b) > 1e-6 for a, b in zip(*answers, strict=True)):
        raise SystemExit(f"galen and {peer.name} answer differently: {answers}")


def against_triton(effort: Effort) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder, \
            running(start_galen(ROOT / "models"), "/readyz") as galen, \
            running(triton.start(NETWORK, pathlib.Path(folder)), "/v2/health/ready") as peer:
        same_answer(galen, peer)
        for name, message, bar in tensor_messages(6):
            ours, theirs = alternate([measurement(each, message, effort.requests)
                                      for each in (galen, peer)], effort.rounds)
            found = ratio(ours, theirs)
            rows.append(Row(
                f"v2 infer, 30 floats as {name}", median(ours).cpu_us, "µs CPU a request",
                f"Triton {triton.VERSION}, Python backend, same network", median(theirs).cpu_us, found,
                f"≤ 1/{bar}" if bar else "", found.median <= 1 / bar if bar else None,
                latency(median(ours)), f"Triton's p50 / p99: {latency(median(theirs))} µs"))
    return rows


def vector(effort: Effort) -> list[Row]:
    with running(start_galen(ROOT / "models"), "/readyz") as galen:
        vector_message().send(galen.port)
        rounds = alternate([measurement(galen, vector_message(), effort.requests)], effort.rounds)[0]
    found = median(rounds)
    return [Row("POST /infer, 30 features by name, one process", found.cpu_us, "µs CPU a request",
                latency=latency(found))]


def json_tensor(effort: Effort) -> list[Row]:
    found = run_json_tensor(effort.rounds)
    ours, theirs = (statistics.median(each[at] for each in found) for at in (0, 1))
    each = ratio_of([a / b for a, b in found])
    return [Row("150,528 FP32 of 9 digits, JSON to tensor", ours / 1000, "ms CPU", "orjson + numpy",
                theirs / 1000, each, "≤ 1/3", each.median <= 1 / 3)]


def run_json_tensor(rounds: int) -> list[tuple[float, float]]:
    """Microseconds of ours and of theirs, in turn."""
    import json_peer  # noqa: PLC0415  only this row needs numpy
    with tempfile.NamedTemporaryFile(suffix=".json") as body:
        body.write(json_peer.make_body())
        body.flush()
        return [(run_program("json_tensor_bench", body.name)["cpu_us_per_run"],
                 json_peer.cpu_us_per_run(body.name)) for _ in range(rounds)]


def check_schema(effort: Effort) -> list[Row]:
    """A body of 1 KB that meets its schema, in process, beside what parsing it takes."""
    import schema_peer  # noqa: PLC0415  only this row needs the validators
    with tempfile.TemporaryDirectory() as folder:
        schema, body = pathlib.Path(folder) / "schema.json", pathlib.Path(folder) / "body.json"
        schema.write_text(json.dumps(schema_peer.make_schema()))
        body.write_bytes(schema_peer.make_body())
        found = [(run_program("schema_bench", schema, body), schema_peer.validate_us())
                 for _ in range(effort.rounds)]
    ours = statistics.median(mine["validate_us"] for mine, _ in found)
    parsing = statistics.median(mine["parse_us"] for mine, _ in found)
    quickest = min(found[0][1], key=found[0][1].get)
    each = ratio_of([mine["validate_us"] / theirs[quickest] for mine, theirs in found])
    theirs = statistics.median(theirs[quickest] for _, theirs in found)
    return [Row(f"JSON Schema of 30 properties, 1 KB; parsing takes {parsing:.1f} µs", ours, "µs CPU",
                quickest, theirs, each, "≤ 1", each.median <= 1)]


def tokenize(_effort: Effort) -> list[Row]:
    """One sentence, in process."""
    import tokenizer_peer  # noqa: PLC0415  only these rows need `tokenizers`
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder) / "text.txt"
        text.write_text(tokenizer_peer.SENTENCE)
        for kind in tokenizer_peer.KINDS:
            path = tokenizer_peer.write(kind, pathlib.Path(folder))
            rows.append(tokenize_row(kind, path, text))
    return rows


def tokenize_row(kind: str, path: pathlib.Path, text: pathlib.Path) -> Row:
    import tokenizer_peer  # noqa: PLC0415
    found = [(run_program("tokenizer_bench", path, text),
              tokenizer_peer.cpu_us_per_run(path, text.read_text())) for _ in range(ROUNDS_IN_PROCESS)]
    ours = statistics.median(mine["cpu_us_per_run"] for mine, _ in found)
    theirs = statistics.median(other for _, other in found)
    count = found[0][0]["tokens"]
    if count != tokenizer_peer.count(path, text.read_text()):
        raise SystemExit(f"{kind}: not as many tokens as `tokenizers` finds")
    each = ratio_of([mine["cpu_us_per_run"] / other for mine, other in found])
    return Row(f"{kind}, a sentence of {count} tokens", ours, "µs CPU", "PyPI `tokenizers`", theirs,
               each, "≤ 1/10", each.median <= 1 / 10)


PARTS_OF_IMAGES = {"pixels": 1 / 3, "file": 1}  # how much of the peer's time each may take
IMAGES = [("jpeg", "rgb", "pixels"), ("jpeg", "gray", "pixels"), ("jpeg", "rgb", "file"),
          ("jpeg", "gray", "file"), ("png", "rgb", "file"), ("png", "gray", "file")]


def image(_effort: Effort) -> list[Row]:
    """To a tensor of 224 x 224, in process."""
    with tempfile.TemporaryDirectory() as folder:
        return [image_row(pathlib.Path(folder), *each) for each in IMAGES]


def image_row(folder: pathlib.Path, kind: str, channels: str, part: str) -> Row:
    import image_peer  # noqa: PLC0415  only these rows need Pillow
    path = image_peer.write(kind, channels, folder)
    runs = str(image_peer.RUNS[part])
    found = [(run_program("image_bench", path, kind, channels, part, runs),
              image_peer.cpu_us_per_run(path, part)) for _ in range(ROUNDS_IN_PROCESS)]
    if abs(found[0][0]["sum"] - image_peer.sum_of(path)) > 1:
        raise SystemExit(f"{kind}, {channels}: not the tensor that Pillow and numpy make")
    ours = statistics.median(mine["cpu_us_per_run"] for mine, _ in found)
    theirs = statistics.median(other for _, other in found)
    each = ratio_of([mine["cpu_us_per_run"] / other for mine, other in found])
    done = "resized and normalised" if part == "pixels" else f"from {kind.upper()} to a tensor"
    return Row(f"{image_peer.SIDE} x {image_peer.SIDE} {channels}, {done}", ours / 1000, "ms CPU",
               "Pillow + numpy", theirs / 1000, each, "≤ 1/3" if part == "pixels" else "≤ 1",
               each.median <= PARTS_OF_IMAGES[part])


def infer_text(effort: Effort) -> list[Row]:
    import text  # noqa: PLC0415  only these rows need FastAPI and `tokenizers`
    rows = []
    few = dataclasses.replace(effort, requests=effort.requests // 5)  # a Python server takes its time
    with text.cheap() as pair:
        rows.append(overhead_row(pair, text.MESSAGE, few))
    with text.sample() as pair:
        rows.append(total_row(pair, text.MESSAGE, few))
    return rows


def overhead_row(pair, message: Message, effort: Effort) -> Row:
    """What serving costs beside the network: CPU time less the network's own in process."""
    def run_network() -> Measured:
        words = [pair.network, str(NETWORK_RUNS), str(pair.token_count)]
        return Measured(run_program("ort_floor_bench", *words)["cpu_us_per_run"])
    sides = [measurement(each, message, effort.requests) for each in (pair.galen, pair.peer)]
    ours, theirs, runs = alternate([*sides, run_network], effort.rounds)
    mine, other = (less(each, runs) for each in (ours, theirs))
    found = ratio(mine, other)
    return Row("POST /infer, a note: serving without the network", median(mine).cpu_us,
               "µs CPU a request", "FastAPI, uvicorn, `tokenizers`, ONNX Runtime", median(other).cpu_us,
               found, "≤ 1/20", found.median <= 1 / 20, latency(median(ours)),
               f"{pair.name}: {median(runs).cpu_us:.1f} µs in process are taken off both; "
               f"the peer's p50 / p99: {latency(median(theirs))} µs")


def total_row(pair, message: Message, effort: Effort) -> Row:
    sides = [measurement(each, message, effort.requests) for each in (pair.galen, pair.peer)]
    ours, theirs = alternate(sides, effort.rounds)
    found = ratio(ours, theirs)
    return Row("POST /infer, a note, " + pair.name, median(ours).cpu_us, "µs CPU a request",
               "FastAPI, uvicorn, `tokenizers`, ONNX Runtime", median(theirs).cpu_us, found, "≤ 1/3",
               found.median <= 1 / 3, latency(median(ours)),
               f"the peer's p50 / p99: {latency(median(theirs))} µs")


def throughput(server: Server, message: Message) -> float:
    return load.run(server.port, message, SECONDS, AUDIT_CONNECTIONS).requests / SECONDS


def audit_cost_row(what: str, message: Message, folder: pathlib.Path, effort: Effort) -> Row:
    """The same server with a trail and without, in turns."""
    with running(start_galen(ROOT / "models", trail=folder / "audit"), "/readyz") as with_trail, \
            running(start_galen(ROOT / "models"), "/readyz") as without:
        for server in (with_trail, without):
            message.send(server.port)
            throughput(server, message)
        rounds = [(throughput(with_trail, message), throughput(without, message))
                  for _ in range(effort.rounds)]
    found = ratio_of([ours / bare for ours, bare in rounds])
    return Row(f"{what}, with an audit trail", statistics.median(ours for ours, _ in rounds),
               "requests a second", "the same without", statistics.median(bare for _, bare in rounds),
               found, "≥ 0.85 ×", found.median >= 0.85,
               note=f"{AUDIT_CONNECTIONS} connections; server and its writer thread share one core")


def audit(effort: Effort) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        done = run_program("audit_bench", folder, str(SECONDS))
        rows = [Row("records to durable", done["records_per_s"], "a second", bar="≥ 20,000 a second",
                    met=done["records_per_s"] >= 20_000,
                    note=f"1024 under way, {done['records_per_sync']:.0f} a sync,"
                         f" {done['cpu_us']:.1f} µs CPU each; alone, a record and its sync take"
                         f" {done['sync_us']:.0f} µs on this disk")]
    for what, message in (("POST /infer, a note", note_message()),
                          ("POST /infer, 30 features by name", vector_message())):
        with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
            rows.append(audit_cost_row(what, message, pathlib.Path(folder), effort))
    return rows


class Receiver(http.server.BaseHTTPRequestHandler):
    """Of spans, which it forgets."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response_only(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words):
        pass


@contextlib.contextmanager
def receiving() -> Iterator[str]:
    """A URL for trace.otlp, answered on the load generator's core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces"
        server.shutdown()


def trace_row(url: str, share: str, effort: Effort) -> Row:
    with running(start_galen(ROOT / "models", trace__otlp=url, trace__sample_ratio=share),
                 "/readyz") as traced, running(start_galen(ROOT / "models"), "/readyz") as plain:
        sides = [measurement(each, vector_message(), effort.requests) for each in (traced, plain)]
        ours, bare = alternate(sides, effort.rounds)
    return Row(f"POST /infer, 30 features by name, {share} of it traced", median(ours).cpu_us,
               "µs CPU a request", "the same, not traced", median(bare).cpu_us, ratio(ours, bare),
               latency=latency(median(ours)), note="the exporter's work is in it, the receiver's not")


def trace(effort: Effort) -> list[Row]:
    cores = os.sched_getaffinity(0)
    try:
        with receiving() as url:
            os.sched_setaffinity(0, cores)  # of what is started from here
            return [trace_row(url, share, effort) for share in ("0", "0.01", "1")]
    finally:
        os.sched_setaffinity(0, cores)


def start_and_settle(repository: pathlib.Path) -> tuple[float, float]:
    """Milliseconds until ready, megabytes then."""
    server = start_galen(repository)
    try:
        ready_ms = server.wait_for("/readyz")
        return ready_ms, server.resident_mb()
    finally:
        server.stop()


def idle(_effort: Effort) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        repositories = {"without a network": make_networkless(pathlib.Path(folder)),
                        "with both versions of breast-cancer": ROOT / "models"}
        found = {name: [start_and_settle(repository) for _ in range(STARTS)]
                 for name, repository in repositories.items()}
    rows = []
    for name, starts in found.items():
        ready_ms, resident_mb = (statistics.median(column) for column in zip(*starts, strict=True))
        has_bar = name.startswith("without")
        rows.append(Row(f"idle, {name}", resident_mb, "MB resident", bar="≤ 20 MB" if has_bar else "",
                        met=resident_mb <= 20 if has_bar else None))
        rows.append(Row(f"start to ready, {name}", ready_ms, "ms", bar="≤ 50 ms" if has_bar else "",
                        met=ready_ms <= 50 if has_bar else None))
    return rows


ROWS = {"echo": echo, "floor": against_floor, "triton": against_triton, "vector": vector,
        "json": json_tensor, "schema": check_schema, "tokenizer": tokenize, "image": image,
        "text": infer_text, "hop": hop.hop, "tokens": hop.tokens, "routes": hop.routes,
        "audit": audit, "trace": trace, "idle": idle, "connections": connections.connections,
        "batching": scale.batching, "models": scale.models, "reloads": scale.reloads}


def why_not(name: str) -> str:
    """Empty where the row can be measured."""
    needed = {"echo": ["http_echo_bench"], "floor": ["http_echo_bench", "ort_floor_bench"],
              "json": ["json_tensor_bench"], "schema": ["schema_bench"],
              "tokenizer": ["tokenizer_bench"],
              "image": ["image_bench"], "audit": ["audit_bench"],
              "text": ["ort_floor_bench"], "hop": ["upstream_bench"], "tokens": ["upstream_bench"],
              "routes": ["upstream_bench"]}.get(name, [])
    missing = [each for each in needed if not (PROGRAMS / each).exists()]
    if missing:
        return f"{', '.join(missing)} is not built"
    return {"triton": triton.why_not, "hop": proxy.why_not}.get(name, str)()
