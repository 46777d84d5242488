# SPDX-License-Identifier: Apache-2.0
"""The gateway as a hop: what it takes beside proxies that pass the same requests on to the same
upstream; tokens that are known and tokens that are not."""
import contextlib
import dataclasses
import json
import pathlib
import struct
import subprocess
import tempfile
from collections.abc import Iterator

import proxy
from compare import alternate, measurement, median, ratio
from load import Message
from row import Effort, Row, latency
from server import GALEN, PROGRAMS, ROOT, Server, running, start_galen

MODEL = "breast-cancer"
ISSUER = "https://issuer.bench.test"
SCOPES = f"infer:{MODEL} infer:tensor:{MODEL}"
BODY_SIZE = 1024
CACHED_TOKENS = 64
TOKENS = 4 * CACHED_TOKENS  # each in its turn: none is remembered when it comes again


def issue(folder: pathlib.Path, count: int, algorithm: str = "ES256") -> list[str]:
    """Headers with tokens of an issuer whose keys are in the folder."""
    if not (folder / "jwks.json").exists():
        subprocess.run([GALEN, "token", "keygen", folder, "--algorithm", algorithm], check=True,
                       stdout=subprocess.DEVNULL)
    words = [GALEN, "token", "issue", "--key", folder, "--issuer", ISSUER, "--audience", "galen",
             "--subject", "ward", "--scope", SCOPES, "--lifetime", "1h"]
    return ["Bearer " + subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
            for _ in range(count)]


def authorization(tokens: list[str]) -> dict[str, list[str]]:
    return {"Authorization": tokens} if tokens else {}


def by_features(tokens: list[str]) -> Message:
    import schema_peer  # noqa: PLC0415  only this row needs the validators
    body = schema_peer.make_body()
    return Message("/infer", body[:-1] + b" " * (BODY_SIZE - len(body)) + b"}",
                   {"Content-Type": "application/json"} | authorization(tokens))


def as_tensor(tokens: list[str]) -> Message:
    """Raw bytes of a tensor behind the JSON that describes it."""
    def head(size: int) -> bytes:
        tensor = {"name": "features", "shape": [1, size // 4], "datatype": "FP32",
                  "parameters": {"binary_data_size": size}}
        return json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    count = (BODY_SIZE - len(head(BODY_SIZE - 200))) // 4
    described = head(4 * count)
    return Message(f"/v2/models/{MODEL}/infer", described + struct.pack(f"<{count}f", *range(count)), {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(described))} | authorization(tokens))


def write_config(folder: pathlib.Path) -> pathlib.Path:
    import schema_peer  # noqa: PLC0415
    (folder / "vector.json").write_text(json.dumps(schema_peer.make_schema()))
    path = folder / "galen.yaml"
    path.write_text("routes:\n  - {match: {content: application/json}, model: " + MODEL
                    + ", schema: vector.json}\n")
    return path


def start_gateway(folder: pathlib.Path, upstream: Server, **more) -> Server:
    """Which asks the upstream for answers, and leaves a record of each request."""
    return start_galen(ROOT / "models", trail=folder / "audit", config=write_config(folder),
                       engines__default=f"http://127.0.0.1:{upstream.port}",
                       auth__issuer=ISSUER, **more)


@contextlib.contextmanager
def scratch() -> Iterator[pathlib.Path]:
    """On a disk: trails are there."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def hops() -> Iterator[tuple[list[Server], list[str]]]:
    """galen, the same without what a proxy has not, nginx, haproxy; and a token."""
    with scratch() as folder, contextlib.ExitStack() as stack:
        tokens = issue(folder / "issuer", 1)
        upstream = stack.enter_context(running(proxy.start_upstream(PROGRAMS / "upstream_bench"), "/"))
        whole = start_gateway(folder, upstream, auth__jwks=folder / "issuer/jwks.json")
        bare = start_galen(ROOT / "models", engines__default=f"http://127.0.0.1:{upstream.port}")
        servers = [stack.enter_context(running(server, "/readyz")) for server in (whole, bare)]
        servers += [stack.enter_context(running(start(folder, upstream.port), "/"))
                    for start in (proxy.start_nginx, proxy.start_haproxy)]
        yield servers, tokens


def hop_rows(what: str, on: str, message: Message, servers: list[Server], effort: Effort) -> list[Row]:
    for server in servers:
        message.send(server.port)
    sides = [measurement(server, message, effort.requests, proxy.CONNECTIONS) for server in servers]
    whole, bare, nginx, haproxy = alternate(sides, effort.rounds)
    found = ratio(whole, nginx)
    about = "µs CPU a request"
    return [
        Row(f"{what}, {on}", median(whole).cpu_us, about, "nginx, proxy_pass", median(nginx).cpu_us,
            found, "≤ 1", found.median <= 1, latency(median(whole)),
            f"{proxy.CONNECTIONS} connections on both sides, the hop's CPU only; nginx's p50 / p99:"
            f" {latency(median(nginx))} µs"),
        Row(f"{what}, {on}", median(whole).cpu_us, about, "haproxy", median(haproxy).cpu_us,
            ratio(whole, haproxy), latency=latency(median(whole))),
        Row(f"{what}, without these", median(bare).cpu_us, about, "nginx, proxy_pass",
            median(nginx).cpu_us, ratio(bare, nginx), latency=latency(median(bare)))]


def hop(effort: Effort) -> list[Row]:
    with hops() as (servers, tokens):
        rows = hop_rows("gateway hop, POST /infer, 1 KB of 30 features", "token, schema and audit on",
                        by_features(tokens), servers, effort)
        return rows + hop_rows("gateway hop, v2 infer, 1 KB of raw bytes", "token and audit on",
                               as_tensor(tokens), servers, effort)


def token_rows(algorithm: str, effort: Effort) -> list[Row]:
    with scratch() as folder, \
            running(proxy.start_upstream(PROGRAMS / "upstream_bench"), "/") as upstream:
        tokens = issue(folder / "issuer", TOKENS, algorithm)
        with running(start_gateway(folder, upstream, auth__jwks=folder / "issuer/jwks.json",
                                   auth__cache_size=CACHED_TOKENS), "/readyz") as gateway:
            sides = [measurement(gateway, as_tensor(some), effort.requests, proxy.CONNECTIONS)
                     for some in (tokens, tokens[:1])]
            cold, cached = alternate(sides, effort.rounds)
    return [Row(f"gateway hop, v2 infer, each time another {algorithm} token", median(cold).cpu_us,
                "µs CPU a request", "one token, remembered", median(cached).cpu_us,
                ratio(cold, cached), latency=latency(median(cold)))]


def tokens(effort: Effort) -> list[Row]:
    fewer = dataclasses.replace(effort, requests=effort.requests // 2)
    return [row for algorithm in ("ES256", "RS256") for row in token_rows(algorithm, fewer)]


ROUTE_COUNTS = (10, 100, 1000)


def write_routes(folder: pathlib.Path, count: int) -> pathlib.Path:
    """What is asked is in the last of them."""
    types = [f"application/x-{number}" for number in range(count - 1)] + ["application/json"]
    path = folder / f"{count}.yaml"
    path.write_text("routes:\n" + "".join(f"  - {{match: {{content: {each}}}, model: {MODEL}}}\n"
                                          for each in types))
    return path


def routes_row(count: int, folder: pathlib.Path, upstream: Server, effort: Effort) -> Row:
    def start(routes: int) -> Server:
        return start_galen(ROOT / "models", config=write_routes(folder, routes),
                           engines__default=f"http://127.0.0.1:{upstream.port}")
    message = by_features([])
    with running(start(count), "/readyz") as many, running(start(1), "/readyz") as one:
        sides = [measurement(each, message, effort.requests, proxy.CONNECTIONS) for each in (many, one)]
        many_rounds, one_rounds = alternate(sides, effort.rounds)
    found = ratio(many_rounds, one_rounds)
    return Row(f"gateway hop, POST /infer, {count:,} routes", median(many_rounds).cpu_us,
               "µs CPU a request", "one route", median(one_rounds).cpu_us, found, "≤ 1.1 ×",
               found.median <= 1.1, latency(median(many_rounds)))


def routes(effort: Effort) -> list[Row]:
    fewer = dataclasses.replace(effort, requests=effort.requests // 2)
    with scratch() as folder, \
            running(proxy.start_upstream(PROGRAMS / "upstream_bench"), "/") as upstream:
        return [routes_row(count, folder, upstream, fewer) for count in ROUTE_COUNTS]
