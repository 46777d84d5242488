# SPDX-License-Identifier: Apache-2.0
"""Runs in .deps/kserve: what the kserve client makes of a server. Prints it as JSON.

usage: kserve_client.py URL MODEL INPUT OUTPUT      the rows, as JSON, on standard input
"""
import asyncio
import json
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferOutput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput


def ask(model: str, name: str, rows: np.ndarray, output: str, binary_in: bool,
        binary_out: bool) -> InferRequest:
    tensor = InferInput(name, list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary_in)
    return InferRequest(model, [tensor], request_id="r1", request_outputs=[
        RequestedOutput(output, {"binary_data": binary_out})])


def told(output: InferOutput) -> dict:
    array = output.as_numpy()
    return {"name": output.name, "shape": list(array.shape), "data": array.flatten().tolist()}


async def infer(client, url: str, model: str, request: InferRequest) -> dict:
    answer = await client.infer(url, request, model_name=model)
    return {"id": answer.id, "model": answer.model_name, "version": answer.model_version,
            "outputs": [told(output) for output in answer.outputs]}


async def refusal(awaited) -> str:
    try:
        await awaited
    except httpx.HTTPStatusError as refused:
        return str(refused)
    return ""


async def main(url: str, model: str, name: str, output: str) -> None:
    rows = np.array(json.load(sys.stdin), np.float32)
    narrow = ask(model, name, rows[:, 1:].copy(), output, True, True)
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        answers = {
            "live": await client.is_server_live(url), "ready": await client.is_server_ready(url),
            "model": await client.is_model_ready(url, model),
            "nope": await client.is_model_ready(url, "nope"),
            "modes": [await infer(client, url, model, ask(model, name, rows, output, *mode))
                      for mode in ((False, False), (False, True), (True, False), (True, True))],
            "narrow": await refusal(client.infer(url, narrow, model_name=model)),
            "unknown": await refusal(client.infer(url, narrow, model_name="nope")),
        }
    print(json.dumps(answers))


asyncio.run(main(*sys.argv[1:]))
