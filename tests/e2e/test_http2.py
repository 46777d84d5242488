# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 with prior knowledge: the answers are those of HTTP/1.1, whichever client asks."""
import asyncio
import json
import shutil
import subprocess

import httpx
import pytest
from http2 import Client, Request
from message import encode, send_raw
from refusals import ALL, CANARIES, V2_INFER
from samples import MODEL, as_binary, as_tensor, by_features, held_out, stable

HEADERS = ("content-type", "galen-model", "allow", "retry-after", "inference-header-content-length",
           "content-length")

# What only HTTP/1.1 can say, its framing and its lines, and what HTTP/2 resets without a word.
OF_HTTP_1 = ("both lengths", "two lengths", "a length of letters", "a length below zero",
             "a length beyond 64 bits", "a chunk size of letters", "no such protocol", "not HTTP",
             "a header without a colon", "a header folded", "no Host")


def requests() -> list[tuple[str, bytes]]:
    body, headers = as_binary()
    found = [("features", encode("POST", "/infer", by_features())),
             ("version 1", encode("POST", "/infer", by_features(version="1"))),
             ("tensor", encode("POST", "/infer", as_tensor(model=MODEL))),
             ("raw", encode("POST", f"/infer?model={MODEL}", body, headers)),
             ("v2 tensor", encode("POST", V2_INFER, as_tensor())),
             ("v2 raw", encode("POST", V2_INFER, body, headers)),
             ("gzip", encode("POST", "/infer", by_features(), {"Accept-Encoding": "gzip"}))]
    for path in ("/", "/healthz", "/readyz", "/openapi.json", "/v2", "/v2/health/live",
                 f"/v2/models/{MODEL}", f"/v2/models/{MODEL}/ready", "/v2/models/nope"):
        found += [(path, encode("GET", path)), (f"HEAD {path}", encode("HEAD", path))]
    return found + [(each.name, each.request) for each in ALL if each.name not in OF_HTTP_1]


def essence(reply) -> dict:
    is_json = "json" in reply.headers.get("content-type", "") \
        and "content-encoding" not in reply.headers and reply.body
    headers = [reply.headers.get(name) for name in HEADERS]
    return {"status": reply.status, "body": stable(reply.json()) if is_json else reply.body,
            "headers": headers if not is_json else headers[:-1]}  # times have digits


@pytest.mark.parametrize(("name", "request_bytes"), requests(), ids=lambda each: each
                         if isinstance(each, str) else "")
def test_both_versions_answer_alike(galen, name, request_bytes):
    method = request_bytes.split(b" ")[0].decode()
    first = send_raw(galen.port, request_bytes, method)
    with Client(galen.port) as client:
        second = client.exchange(Request.parse(request_bytes))
        if name == "gzip" or method == "HEAD":
            assert (second.status, second.headers.get("content-encoding")) \
                == (first.status, first.headers.get("content-encoding"))
        else:
            assert essence(second) == essence(first), name
        assert not any(canary.encode() in second.everything() for canary in CANARIES)
        assert client.exchange(Request("GET", "/healthz", [("Host", "galen")], b"")).status == 200


def test_many_requests_share_a_connection(galen):
    rows = held_out()[:60]
    asked = [encode("POST", "/infer", json.dumps({"model": MODEL, "input": row["input"]}).encode())
             for row in rows]
    with Client(galen.port) as client:
        streams = [client.send(Request.parse(each)) for each in asked]
        replies = [client.wait_for(stream) for stream in streams]
    assert [essence(each) for each in replies] == [essence(send_raw(galen.port, each))
                                                   for each in asked]


async def ask_with_httpx(url: str) -> tuple[list[httpx.Response], httpx.Response]:
    async with httpx.AsyncClient(http1=False, http2=True, base_url=url, timeout=60) as client:
        replies = await asyncio.gather(*(client.post("/infer", json=by_features())
                                         for _ in range(200)))
        return replies, await client.post("/infer", content=b"x" * 3_000_000,
                                          headers={"Content-Type": "application/json"})


def test_httpx_is_answered(galen):
    replies, large = asyncio.run(ask_with_httpx(galen.url))
    assert {(each.status_code, each.http_version) for each in replies} == {(200, "HTTP/2")}
    assert len({json.dumps(stable(each.json())["predictions"]) for each in replies}) == 1
    assert large.status_code == 400


def curl(*words: str) -> str:
    return subprocess.run(["curl", "-s", "--max-time", "60", *words], check=True, text=True,
                          capture_output=True).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("version", ["--http1.1", "--http2", "--http2-prior-knowledge"])
def test_curl_is_answered(galen, version):
    body = json.dumps(by_features())
    spoken = "2" if version == "--http2-prior-knowledge" else "1.1"  # Upgrade is ignored
    answer = curl(version, "-d", body, "-H", "Content-Type: application/json",
                  "-w", "\n%{http_version}", f"{galen.url}/infer")
    document, told = answer.rsplit("\n", 1)
    assert told == spoken
    assert json.loads(document)["predictions"][0]["label"] == "malignant"


def test_a_body_of_megabytes_arrives(galen):
    request = encode("POST", "/infer?model=nope", bytes(8_000_000), {"Content-Type": "image/png"})
    with Client(galen.port) as client:
        second = client.exchange(Request.parse(request))
    assert essence(second) == essence(send_raw(galen.port, request))


def test_it_can_be_switched_off(launch):
    galen = launch("one", listen__http2="false")
    reply = send_raw(galen.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert reply.status == 505
