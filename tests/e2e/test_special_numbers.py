# SPDX-License-Identifier: Apache-2.0
"""NaN and infinity in /v2's JSON: refused, unless engine.json_special_numbers allows them."""
import math
import struct

import deployment
import pytest
from message import exchange
from process import ROOT, Process
from samples import binary_body

PATH = "/v2/models/identity_fp32/infer"
VALUES = "[1.5, NaN, Infinity, -Infinity]"
JSON = {"Content-Type": "application/json"}


def as_json(values: str) -> bytes:
    return (f'{{"inputs":[{{"name":"INPUT0","datatype":"FP32","shape":[1,4],"data":{values}}}]}}'
            ).encode()


def as_raw(*values: float) -> tuple[bytes, dict[str, str]]:
    tensor = {"name": "INPUT0", "datatype": "FP32", "shape": [1, 4],
              "parameters": {"binary_data_size": 16}}
    return binary_body({"inputs": [tensor]}, struct.pack("<4f", *values))


@pytest.fixture(params=deployment.NAMES)
def port_of(request, tmp_path):
    """Starts the models of every datatype behind a front; its port."""
    started = []

    def start(**settings) -> int:
        chosen = {"repository": ROOT / "tests/data/models"} | deployment.QUICK_END | settings
        if request.param == "three":
            engine = Process("engine", tmp_path, chosen).wait_for("/v2/health/ready")
            started.append(engine)
            started.append(Process("gateway", tmp_path, chosen | {"engines.default": engine.url,
                                                                   "preprocess": engine.url}))
        else:
            started.append(Process("serve", tmp_path, chosen))
        return started[-1].wait_for("/v2/health/ready").port
    yield start
    for each in reversed(started):
        each.check_end()


def test_without_the_setting_they_are_refused_both_ways(port_of):
    port = port_of()
    refused = exchange(port, "POST", PATH, as_json(VALUES), JSON)
    assert (refused.status, refused.json()["pointer"]) == (400, "/inputs/0/data/1")
    reply = exchange(port, "POST", PATH, *as_raw(1, math.nan, 2, 3))
    assert reply.status == 400
    assert "ask for binary data" in reply.json()["error"]


def test_with_the_setting_they_come_and_go_as_triton_writes_them(port_of):
    port = port_of(**{"engine.json_special_numbers": "true"})
    reply = exchange(port, "POST", PATH, as_json(VALUES), JSON)
    first, *special = reply.json()["outputs"][0]["data"]  # Python reads them, though JSON has none
    assert b"[1.5,NaN,Infinity,-Infinity]" in reply.body
    assert first == 1.5
    assert math.isnan(special[0])
    assert special[1:] == [math.inf, -math.inf]


def test_with_the_setting_other_words_are_still_refused(port_of):
    port = port_of(**{"engine.json_special_numbers": "true"})
    for word in ("nan", "Inf", "-NaN", "1e39", '"NaN"'):
        reply = exchange(port, "POST", PATH, as_json(f"[1, 2, 3, {word}]"), JSON)
        assert (reply.status, reply.json()["pointer"]) == (400, "/inputs/0/data/3")
