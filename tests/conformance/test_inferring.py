# SPDX-License-Identifier: Apache-2.0
"""Inference in JSON and raw bytes (inference_rest.md; the binary tensor data extension)."""
import gzip
import json
import struct
import zlib

import pytest
from kit import ROW, one_input, raw_request, raw_tensor, sum_request, tensor

SUMS = [each + 1 for each in range(ROW)]
DIFFERENCES = [each - 1 for each in range(ROW)]


def outputs(document: dict) -> dict[str, dict]:
    return {each["name"]: each for each in document["outputs"]}


def test_json_in_is_json_out(server):
    answer = server.infer(sum_request())
    found = outputs(answer.json())
    assert answer.status == 200
    assert answer.headers.get_content_type() == "application/json"
    assert found["OUTPUT0"] == {"name": "OUTPUT0", "datatype": "INT32", "shape": [1, ROW], "data": SUMS}
    assert found["OUTPUT1"]["data"] == DIFFERENCES


def test_the_answer_names_model_and_version_and_no_id_unasked(server):
    document = server.infer(sum_request()).json()
    assert document["model_name"] == server.model
    assert document["model_version"] == "1"
    assert "id" not in document


def test_an_id_comes_back(server):
    assert server.infer(sum_request(id="a \"quoted\" id")).json()["id"] == 'a "quoted" id'


def test_members_that_are_unknown_are_ignored(server):
    assert server.infer(sum_request(model_name="other", zebra=[1, {"a": None}])).status == 200


def test_nested_data_is_flat_data(server):
    document = sum_request()
    document["inputs"][0]["data"] = [document["inputs"][0]["data"]]
    assert server.infer(document).json() == server.infer(sum_request()).json()


def test_inputs_may_come_in_any_order(server):
    document = sum_request()
    document["inputs"].reverse()
    assert outputs(server.infer(document).json()) == outputs(server.infer(sum_request()).json())


@pytest.mark.parametrize("wanted", [["OUTPUT0"], ["OUTPUT1"], ["OUTPUT1", "OUTPUT0"]])
def test_only_the_outputs_asked_for_come_back(server, wanted):
    document = server.infer(sum_request(outputs=[{"name": name} for name in wanted])).json()
    assert sorted(each["name"] for each in document["outputs"]) == sorted(wanted)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_rows_are_computed_one_by_one(server, rows):
    document = {"inputs": [tensor("INPUT0", list(range(rows * ROW)), shape=[rows, ROW]),
                           tensor("INPUT1", [1] * rows * ROW, shape=[rows, ROW])]}
    found = outputs(server.infer(document).json())
    assert found["OUTPUT0"]["shape"] == [rows, ROW]
    assert found["OUTPUT0"]["data"] == [each + 1 for each in range(rows * ROW)]


def test_raw_bytes_in_are_json_out_when_nothing_is_said(server):
    document, raw = raw_request()
    answer = server.infer(document, raw)
    assert answer.status == 200
    assert outputs(answer.json())["OUTPUT0"]["data"] == SUMS


def test_raw_bytes_out_follow_the_json_in_its_order(server):
    document, raw = raw_request(parameters={"binary_data_output": True})
    answer = server.infer(document, raw)
    header, values = answer.split()
    assert answer.headers.get_content_type() == "application/octet-stream"
    expected = b""
    for each in header["outputs"]:
        numbers = SUMS if each["name"] == "OUTPUT0" else DIFFERENCES
        expected += struct.pack(f"<{ROW}i", *numbers)
        assert each["parameters"] == {"binary_data_size": 4 * ROW}
        assert "data" not in each
    assert values == expected


def test_one_output_may_be_raw_and_the_other_json(server):
    asked = [{"name": "OUTPUT0", "parameters": {"binary_data": True}}, {"name": "OUTPUT1"}]
    header, values = server.infer(sum_request(outputs=asked)).split()
    assert outputs(header)["OUTPUT1"]["data"] == DIFFERENCES
    assert values == struct.pack(f"<{ROW}i", *SUMS)


def test_an_output_may_differ_from_the_requests_default(server):
    if server.profile == "triton":
        pytest.skip("Triton 2.51 forgets the request's default once outputs are listed")
    asked = [{"name": "OUTPUT0"}, {"name": "OUTPUT1", "parameters": {"binary_data": False}}]
    header, values = server.infer(
        sum_request(outputs=asked, parameters={"binary_data_output": True})).split()
    assert outputs(header)["OUTPUT1"]["data"] == DIFFERENCES
    assert values == struct.pack(f"<{ROW}i", *SUMS)


def test_one_input_may_be_raw_and_the_other_json(server):
    document = {"inputs": [tensor("INPUT0"), raw_tensor("INPUT1")]}
    found = outputs(server.infer(document, struct.pack(f"<{ROW}i", *[1] * ROW)).json())
    assert found["OUTPUT0"]["data"] == SUMS


def test_a_header_length_of_the_whole_body_is_plain_json(server):
    body = json.dumps(sum_request()).encode()
    answer = server.request("POST", f"/v2/models/{server.model}/infer", body,
                            {"Inference-Header-Content-Length": str(len(body))})
    assert outputs(answer.json())["OUTPUT0"]["data"] == SUMS


CODERS = {"gzip": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("coding", CODERS)
def test_a_compressed_body_is_what_it_was_before(server, coding):
    document, raw = raw_request()
    header = json.dumps(document).encode()
    answer = server.request("POST", f"/v2/models/{server.model}/infer", CODERS[coding](header + raw),
                            {"Inference-Header-Content-Length": str(len(header)),
                             "Content-Encoding": coding})
    assert outputs(answer.json())["OUTPUT0"]["data"] == SUMS


@pytest.mark.parametrize(("accepted", "coding"), [
    ("gzip", "gzip"), ("deflate", "deflate"), ("gzip;q=.5, deflate;q=.8", "deflate"), ("*", None)])
def test_a_large_answer_is_compressed_as_the_client_likes_best(server, accepted, coding):
    document = {"inputs": [tensor(name, [1_000_000] * 8 * ROW, shape=[8, ROW])
                           for name in ("INPUT0", "INPUT1")]}
    answer = server.request("POST", f"/v2/models/{server.model}/infer",
                            json.dumps(document).encode(), {"Accept-Encoding": accepted})
    assert answer.headers["Content-Encoding"] == coding
    decoders = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}
    found = outputs(json.loads(decoders[coding](answer.body)))
    assert found["OUTPUT0"]["data"] == [2_000_000] * 8 * ROW


def raw_input(server, model: str, body: bytes):
    return server.request("POST", f"/v2/models/{model}/infer", body,
                          {"Inference-Header-Content-Length": "0"})


def test_a_raw_request_is_the_bytes_of_the_only_input(server, identity):
    answer = raw_input(server, identity("INT32"), struct.pack("<3i", 1, -2, 3))
    header, values = answer.split()
    assert header["outputs"][0]["shape"] == [1, 3]
    assert values == struct.pack("<3i", 1, -2, 3)


@pytest.mark.parametrize(("count", "texts"), [(1, ["3:2"]), (2, ["3:2", "1:0"]),
                                             (9, ["3:2", "1:0", "-2:1"])])
def test_classes_are_the_largest_elements_of_a_row(server, identity, count, texts):
    document = one_input("INT32", [1, -2, 3]) | {
        "outputs": [{"name": "OUTPUT0", "parameters": {"classification": count}}]}
    assert server.infer(document, model=identity("INT32")).json()["outputs"] == [
        {"name": "OUTPUT0", "datatype": "BYTES", "shape": [1, len(texts)], "data": texts}]


def test_classes_of_each_row_are_its_own(server, identity):
    document = one_input("FP32", [0.25, 0.5, 4, 1], [2, 2]) | {
        "outputs": [{"name": "OUTPUT0", "parameters": {"classification": 1}}]}
    output = server.infer(document, model=identity("FP32")).json()["outputs"][0]
    assert (output["shape"], output["data"]) == ([2, 1], ["0.500000:1", "4.000000:0"])


VALUES = {
    "BOOL": ([True, False, True], "<3?"),
    "UINT8": ([0, 1, 255], "<3B"), "UINT16": ([0, 1, 65535], "<3H"),
    "UINT32": ([0, 1, 2**32 - 1], "<3I"), "UINT64": ([0, 1, 2**64 - 1], "<3Q"),
    "INT8": ([-128, 0, 127], "<3b"), "INT16": ([-32768, 0, 32767], "<3h"),
    "INT32": ([-2**31, 0, 2**31 - 1], "<3i"), "INT64": ([-2**63, 0, 2**63 - 1], "<3q"),
    "FP32": ([-1.5, 0.25, 3.0], "<3f"), "FP64": ([-1.5, 0.1, 1e300], "<3d"),
}


@pytest.mark.parametrize("datatype", VALUES)
def test_a_datatype_passes_through_json_to_the_last_value(server, identity, datatype):
    values, _ = VALUES[datatype]
    found = outputs(server.infer(one_input(datatype, values), model=identity(datatype)).json())
    assert found["OUTPUT0"]["datatype"] == datatype
    assert found["OUTPUT0"]["data"] == values


@pytest.mark.parametrize("datatype", [*VALUES, "FP16", "BF16"])
def test_a_datatype_passes_through_raw_bytes_bit_by_bit(server, identity, datatype):
    values, form = VALUES.get(datatype, ([1, 2, 3], "<3H"))
    raw = struct.pack(form, *values)
    document = {"inputs": [{"name": "INPUT0", "datatype": datatype, "shape": [1, 3],
                            "parameters": {"binary_data_size": len(raw)}}],
                "parameters": {"binary_data_output": True}}
    assert server.infer(document, raw, model=identity(datatype)).split()[1] == raw


def elements(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def test_text_passes_through_json_and_raw_bytes(server, identity):
    model = identity("BYTES")
    texts = ["", "abc", "µ → \U0001f600", "a\"b\\c\n"]
    raw = elements(*[text.encode() for text in texts])
    document = {"inputs": [{"name": "INPUT0", "datatype": "BYTES", "shape": [1, 4],
                            "parameters": {"binary_data_size": len(raw)}}],
                "parameters": {"binary_data_output": True}}
    assert outputs(server.infer(one_input("BYTES", texts), model=model).json()
                   )["OUTPUT0"]["data"] == texts
    assert server.infer(document, raw, model=model).split()[1] == raw


def test_bytes_that_are_no_text_pass_through_raw(server, identity):
    model = identity("BYTES")
    raw = elements(b"\xff\x00\xfe", b"\0")
    document = {"inputs": [{"name": "INPUT0", "datatype": "BYTES", "shape": [1, 2],
                            "parameters": {"binary_data_size": len(raw)}}],
                "parameters": {"binary_data_output": True}}
    assert server.infer(document, raw, model=model).split()[1] == raw


def test_fp32_is_the_nearest_of_the_decimal(server, identity):
    """Halfway cases, read in one rounding, and the smallest there is."""
    if server.profile == "triton":
        pytest.skip("Triton 2.51 rounds to FP64 first")
    written = "[16777217, 1.00000017881393432617187499, 1e-45, 3.4028234663852886e38]"
    expected = struct.pack("<4f", 16777216.0, 1.00000011920928955078125, 1.401298464324817e-45,
                           3.4028234663852886e38)
    document = json.dumps(one_input("FP32", ["@"], [1, 4]) | {
        "parameters": {"binary_data_output": True}}).replace('["@"]', written)
    assert server.infer(document, model=identity("FP32")).split()[1] == expected
