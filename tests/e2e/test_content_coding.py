# SPDX-License-Identifier: Apache-2.0
"""Bodies that come, and answers that leave, as gzip or deflate: at the gateway and at the engine."""
import asyncio
import gzip
import json
import zlib

import numpy as np
import pytest
import tritonclient.http
import tritonclient.http.aio
from message import exchange
from samples import FEATURE_COUNT, MODEL, as_binary, as_tensor, by_features

CODERS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}
DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}
PATH = f"/v2/models/{MODEL}/infer"
ROW_COUNT = 60  # their answer is more than a kilobyte of JSON


@pytest.fixture(params=["one", "three", "engine"])
def port(request, deployments):
    running = deployments["three" if request.param == "engine" else request.param]
    return running.processes[0].port if request.param == "engine" else running.port


def rows() -> dict:
    document = as_tensor()
    document["inputs"][0] |= {"shape": [ROW_COUNT, FEATURE_COUNT],
                              "data": document["inputs"][0]["data"] * ROW_COUNT}
    return document


def encoded(document: dict | bytes, coding: str) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(document).encode() if isinstance(document, dict) else document
    return CODERS[coding](body), {"Content-Encoding": coding}


@pytest.mark.parametrize("coding", CODERS)
def test_a_body_may_be_compressed(port, coding):
    plain = exchange(port, "POST", PATH, as_tensor())
    reply = exchange(port, "POST", PATH, *encoded(as_tensor(), coding))
    assert (reply.status, reply.json()) == (200, plain.json())


@pytest.mark.parametrize("coding", CODERS)
def test_the_header_length_counts_what_was_compressed(port, coding):
    body, headers = as_binary()
    plain = exchange(port, "POST", PATH, body, headers)
    coded, coding_header = encoded(body, coding)
    reply = exchange(port, "POST", PATH, coded, headers | coding_header)
    assert (reply.status, reply.json()) == (200, plain.json())


def test_a_header_length_beyond_what_was_compressed_is_400(port):
    body, headers = as_binary()
    coded, coding_header = encoded(body, "gzip")
    length = {"Inference-Header-Content-Length": str(len(body) + 1)}
    reply = exchange(port, "POST", PATH, coded, headers | coding_header | length)
    assert reply.status == 400
    assert f"should be in range (0, {len(body)}), got: {len(body) + 1}" in reply.json()["error"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [b"", b"{}", b"\x1f\x8bnot gzip", gzip.compress(b"{}")[:-1],
                                  zlib.compress(b"{}") + b"x", zlib.compress(b"{}")[2:-4]])
def test_what_is_not_the_coding_is_400_and_the_coding_named(port, coding, body):
    reply = exchange(port, "POST", PATH, body, {"Content-Encoding": coding})
    assert reply.status == 400
    assert f"not {coding}" in reply.json()["error"]


@pytest.mark.parametrize("path", [PATH, "/infer"])
@pytest.mark.parametrize("coding", ["br", "compress", "gzip, gzip", ""])
def test_another_coding_is_501_and_ours_are_named(galen, path, coding):
    reply = galen.request("POST", path, b"{}", {"Content-Encoding": coding})
    assert (reply.status, reply.headers["accept-encoding"]) == (501, "gzip, deflate")


def test_another_coding_is_501_at_the_engine(port):
    reply = exchange(port, "POST", PATH, b"{}", {"Content-Encoding": "br"})
    assert (reply.status, reply.headers["accept-encoding"]) == (501, "gzip, deflate")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_413(port, coding):
    body, headers = encoded(b" " * (65 << 20), coding)
    assert len(body) < 1 << 20
    assert exchange(port, "POST", PATH, body, headers).status == 413


@pytest.mark.parametrize(("accepted", "coding"), [
    ("gzip", "gzip"), ("deflate", "deflate"), ("gzip;q=.5, deflate;q=.8", "deflate"),
    ("br, gzip;q=0.1", "gzip"), ("*", None), ("br", None), ("gzip;q=0", None), (None, None)])
def test_an_answer_is_coded_as_the_client_likes_best(port, accepted, coding):
    plain = exchange(port, "POST", PATH, rows())
    reply = exchange(port, "POST", PATH, rows(), {"Accept-Encoding": accepted})
    assert reply.headers.get("content-encoding") == coding
    assert reply.headers.get("vary") == (None if coding is None else "Accept-Encoding")
    assert DECODERS.get(coding, bytes)(reply.body) == plain.body


def test_an_answer_of_raw_tensors_is_coded_as_a_whole(port):
    document = rows() | {"parameters": {"binary_data_output": True}}
    plain = exchange(port, "POST", PATH, document)
    reply = exchange(port, "POST", PATH, document, {"Accept-Encoding": "gzip"})
    assert len(plain.body) < 1024 or gzip.decompress(reply.body) == plain.body
    assert reply.headers["inference-header-content-length"] \
        == plain.headers["inference-header-content-length"]


def test_a_small_answer_leaves_as_it_is(port):
    reply = exchange(port, "POST", PATH, as_tensor(), {"Accept-Encoding": "gzip"})
    assert len(reply.body) < 1024
    assert "content-encoding" not in reply.headers


def test_infer_takes_compressed_bodies_too(galen):
    plain = galen.infer(by_features()).json()["predictions"]
    reply = galen.request("POST", "/infer", *encoded(by_features(), "gzip"))
    assert (reply.status, reply.json()["predictions"]) == (200, plain)
    assert galen.request("POST", "/infer", b"{}", {"Content-Encoding": "gzip"}).status == 400


def inputs(module) -> list:
    values = np.array(rows()["inputs"][0]["data"], np.float32).reshape(ROW_COUNT, FEATURE_COUNT)
    tensor = module.InferInput("features", list(values.shape), "FP32")
    tensor.set_data_from_numpy(values, binary_data=False)
    return [tensor]


@pytest.mark.parametrize("request_coding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_coding", [None, "gzip", "deflate"])
def test_tritons_client_compresses_both_ways(port, request_coding, response_coding):
    module = tritonclient.http
    with module.InferenceServerClient(f"127.0.0.1:{port}") as client:
        result = client.infer(
            MODEL, inputs(module), request_compression_algorithm=request_coding,
            response_compression_algorithm=response_coding,
            outputs=[module.InferRequestedOutput("probabilities", binary_data=False)])
    assert result.as_numpy("probabilities").shape == (ROW_COUNT, 2)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_tritons_asynchronous_client_compresses_both_ways(port, coding):
    async def infer():
        module = tritonclient.http.aio
        async with module.InferenceServerClient(f"127.0.0.1:{port}") as client:
            return await client.infer(MODEL, inputs(module), request_compression_algorithm=coding,
                                      response_compression_algorithm=coding)
    assert asyncio.run(infer()).as_numpy("probabilities").shape == (ROW_COUNT, 2)
