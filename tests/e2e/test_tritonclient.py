# SPDX-License-Identifier: Apache-2.0
"""Triton's own Python clients, which nobody here wrote, get right answers."""
import asyncio

import numpy as np
import pytest
import tritonclient.http
import tritonclient.http.aio
from samples import FEATURE_COUNT, MODEL, features
from tritonclient.utils import InferenceServerException

ROWS = np.array([list(features(label).values()) for label in ("malignant", "benign")], np.float32)


def inputs(module, rows: np.ndarray, binary: bool) -> list:
    tensor = module.InferInput("features", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return [tensor]


def outputs(module, binary: bool) -> list:
    return [module.InferRequestedOutput("probabilities", binary_data=binary)]


@pytest.fixture
def client(galen):
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{galen.port}") as each:
        yield each


def test_it_finds_the_server_and_the_model(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.is_model_ready(MODEL, "1")
    assert not client.is_model_ready("nope")
    assert client.get_server_metadata()["name"] == "galen"
    assert client.get_model_metadata(MODEL)["inputs"][0]["shape"] == [-1, FEATURE_COUNT]


@pytest.mark.parametrize("binary_in", [False, True])
@pytest.mark.parametrize("binary_out", [False, True])
def test_it_infers_in_every_mode(client, binary_in, binary_out):
    result = client.infer(MODEL, inputs(tritonclient.http, ROWS, binary_in),
                          outputs=outputs(tritonclient.http, binary_out), request_id="r1")
    probabilities = result.as_numpy("probabilities")
    assert result.get_response()["id"] == "r1"
    assert probabilities.shape == (2, 2)
    assert list(probabilities.argmax(axis=1)) == [0, 1]
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_it_infers_without_naming_outputs_and_with_a_version(client):
    result = client.infer(MODEL, inputs(tritonclient.http, ROWS, True), model_version="1")
    assert result.get_response()["model_version"] == "1"
    assert result.as_numpy("probabilities").shape == (2, 2)


@pytest.mark.parametrize("binary_out", [False, True])
@pytest.mark.parametrize("count", [1, 2, 100])
def test_it_gets_classes_of_each_row(client, binary_out, count):
    wanted = tritonclient.http.InferRequestedOutput("probabilities", binary_data=binary_out,
                                                    class_count=count)
    scores = client.infer(MODEL, inputs(tritonclient.http, ROWS, True)).as_numpy("probabilities")
    classes = client.infer(MODEL, inputs(tritonclient.http, ROWS, True),
                           outputs=[wanted]).as_numpy("probabilities")
    ranked = [sorted(enumerate(row), key=lambda each: -each[1])[:count] for row in scores]
    texts = [[each if isinstance(each, str) else each.decode() for each in row] for row in classes]
    assert [[each.split(":")[:2] for each in row] for row in texts] \
        == [[[f"{value:f}", str(index)] for index, value in row] for row in ranked]


def test_it_may_say_how_urgent_a_request_is(client):
    result = client.infer(MODEL, inputs(tritonclient.http, ROWS, True), priority=1,
                          timeout=10_000_000, parameters={"trace": "x", "weight": 1.5, "again": True})
    assert result.as_numpy("probabilities").shape == (2, 2)


@pytest.mark.parametrize("words", [{"sequence_id": 7}, {"sequence_id": "s"}, {"sequence_start": True}])
def test_it_is_told_that_there_are_no_sequences(client, words):
    with pytest.raises(InferenceServerException) as refused:
        client.infer(MODEL, inputs(tritonclient.http, ROWS, True), **{"sequence_id": 1} | words)
    assert refused.value.status() == "501"


def test_every_mode_gives_the_same_bits(client):
    answers = {client.infer(MODEL, inputs(tritonclient.http, ROWS, binary_in),
                            outputs=outputs(tritonclient.http, binary_out)
                            ).as_numpy("probabilities").tobytes()
               for binary_in in (False, True) for binary_out in (False, True)}
    assert len(answers) == 1


def test_it_sees_the_errors(client):
    with pytest.raises(InferenceServerException) as unknown:
        client.infer("nope", inputs(tritonclient.http, ROWS, True))
    with pytest.raises(InferenceServerException) as narrow:
        client.infer(MODEL, inputs(tritonclient.http, ROWS[:, :7].copy(), True))
    assert unknown.value.status() == "404"
    assert narrow.value.status() == "400"
    assert "Expected [-1,30], got [2,7]" in narrow.value.message()


def test_it_infers_many_at_once(galen):
    with tritonclient.http.InferenceServerClient(
            f"127.0.0.1:{galen.port}", concurrency=8) as client:
        pending = [client.async_infer(MODEL, inputs(tritonclient.http, ROWS[:1], True))
                   for _ in range(200)]
        answers = {each.get_result().as_numpy("probabilities").tobytes() for each in pending}
    assert len(answers) == 1


async def infer_concurrently(port: int, binary: bool) -> list[np.ndarray]:
    module = tritonclient.http.aio
    async with module.InferenceServerClient(f"127.0.0.1:{port}") as client:
        assert await client.is_server_ready()
        assert await client.is_model_ready(MODEL)
        results = await asyncio.gather(*[
            client.infer(MODEL, inputs(module, ROWS, binary), outputs=outputs(module, binary))
            for _ in range(50)])
    return [result.as_numpy("probabilities") for result in results]


@pytest.mark.parametrize("binary", [False, True])
def test_the_asynchronous_client_infers_too(galen, binary):
    answers = asyncio.run(infer_concurrently(galen.port, binary))
    assert len(answers) == 50
    assert all(list(answer.argmax(axis=1)) == [0, 1] for answer in answers)
