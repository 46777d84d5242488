# SPDX-License-Identifier: Apache-2.0
"""What must be refused: exact or not at all. `triton` is what Triton 2.51 says instead."""
import json
import struct

import pytest
from kit import HEADER_LENGTH, ROW, changed, one_input, raw_request, raw_tensor, sum_request, tensor


def check(server, answer, strict: int = 400, triton=None) -> None:
    assert server.allows(answer, strict, triton), (answer.status, answer.body)
    if answer.status < 400:
        return
    assert answer.error
    assert server.profile == "triton" or answer.headers.get_content_type() == "application/json"


WHOLE = json.dumps(sum_request())


@pytest.mark.parametrize("body", ["", "{", WHOLE[:-1], WHOLE + "x", WHOLE + WHOLE, "nonsense",
                                  "[" * 1000, '{"inputs": "\xff"}'])
def test_what_is_not_json_is_400(server, body):
    answer = server.request("POST", f"/v2/models/{server.model}/infer", body.encode("latin-1"))
    check(server, answer, triton=(500,))


@pytest.mark.parametrize("document", [
    {}, {"inputs": {}}, {"inputs": "x"}, {"inputs": [1]}, {"inputs": [{}]}, [], 1,
    sum_request(id=7), sum_request(parameters={"priority": "high"}), sum_request(outputs={}),
    sum_request(outputs=[{}]), sum_request(parameters={"x": {"y": 1}}), sum_request(parameters=[])])
def test_a_document_of_another_form_is_400(server, document):
    check(server, server.infer(json.dumps(document)), triton=(200, 500))


@pytest.mark.parametrize("document", [
    changed(data=[1] * (ROW - 1)), changed(data=[1] * (ROW + 1)), changed(data=[]),
    changed(data=1), changed(data="x"), changed(data=[[1] * 8, [1] * 7])])
def test_elements_that_are_not_as_many_as_the_shape_says_are_400(server, document):
    check(server, server.infer(document), triton=500)


@pytest.mark.parametrize("written", ["-1", "1.5", '"1"', "true", "null", "1.0", "1e2", "256", "300",
                                     "18446744073709551616", "[]", "{}"])
def test_what_is_no_uint8_is_400(server, identity, written):
    model = identity("UINT8")
    body = json.dumps(one_input("UINT8", [1, "@", 3])).replace('"@"', written)
    check(server, server.infer(body, model=model), triton=(200, 500))


def test_an_element_that_does_not_fit_is_named(server, identity):
    model = identity("UINT8")
    answer = server.infer(one_input("UINT8", [1, 2, 300]), model=model)
    check(server, answer, triton=200)
    assert server.profile == "triton" or "2" in answer.error + answer.json().get("pointer", "")


@pytest.mark.parametrize("written", ["1e39", "1e400", "-1e39", "3.5e38", "NaN", "Infinity",
                                     "-Infinity", "true", '"1"', "null"])
def test_what_is_no_fp32_is_400(server, identity, written):
    model = identity("FP32")
    body = json.dumps(one_input("FP32", [1, "@", 3])).replace('"@"', written)
    check(server, server.infer(body, model=model), triton=(200, 500))


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_half_precision_in_json_is_400(server, identity, datatype):
    check(server, server.infer(one_input(datatype, [1, 2]), model=identity(datatype)), triton=500)


def test_another_datatype_is_400_and_both_are_named(server):
    answer = server.infer(changed(datatype="FP32"))
    check(server, answer)
    assert f"inference input 'INPUT0' data-type is 'FP32', but model '{server.model}'" \
           " expects 'INT32'" in answer.error


@pytest.mark.parametrize("datatype", ["FP33", "", "int32", 7, None])
def test_a_datatype_that_is_none_is_400(server, datatype):
    check(server, server.infer(changed(datatype=datatype)), triton=500)


def test_another_shape_is_400_and_both_are_named(server):
    document = {"inputs": [tensor(name, [1] * 8, shape=[1, 8]) for name in ("INPUT0", "INPUT1")]}
    answer = server.infer(document)
    check(server, answer)
    assert "unexpected shape for input 'INPUT" in answer.error
    assert f"for model '{server.model}'. Expected [-1,{ROW}], got [1,8]. NOTE: Setting a non-zero" \
           " max_batch_size" in answer.error


@pytest.mark.parametrize("shape", [
    [-1, ROW], [1, -ROW], "x", [1.5, ROW], ["1", ROW], [True, ROW], None, [[1, ROW]],
    [1 << 63, ROW], [1 << 64, ROW]])
def test_a_shape_that_is_none_is_400(server, shape):
    check(server, server.infer(changed(shape=shape)), triton=(400, 500))


@pytest.mark.parametrize("shape", [[1 << 40, ROW], [1 << 62, 1 << 62], [1 << 31, 1 << 31]])
def test_a_huge_shape_is_refused_before_anything_is_allocated(server, shape):
    if server.profile == "triton":
        pytest.skip("Triton 2.51 may die of it")
    check(server, server.infer(changed(shape=shape)))
    document, raw = raw_request()
    document["inputs"][0]["shape"] = shape
    check(server, server.infer(document, raw))


@pytest.mark.parametrize(("shape", "why"), [
    ([1 << 62, 4], "causes total element count to exceed maximum size of"),
    ([1 << 61, 1], "byte size overflow for input")])
def test_a_shape_that_overflows_says_what_overflows(server, shape, why):
    answer = server.infer(changed(shape=shape))
    check(server, answer, triton=(400, 500))
    assert server.profile == "triton" or why in answer.error


def test_json_that_is_nested_too_deep_is_400(server):
    answer = server.infer(json.dumps(sum_request())[:-1] + ',"x":' + "[" * 200 + "]" * 200 + "}")
    check(server, answer, triton=(200, 400, 500))
    if server.profile == "strict":
        assert "JSON nesting depth exceeds maximum allowed limit" in answer.error


def test_more_rows_than_the_model_takes_are_400(server):
    rows = 5000
    raw = bytes(4 * ROW * rows)
    document = {"inputs": [raw_tensor(name, len(raw), shape=[rows, ROW])
                           for name in ("INPUT0", "INPUT1")]}
    answer = server.infer(document, raw * 2)
    check(server, answer)
    assert "inference request batch-size must be <= " in answer.error
    assert f"for '{server.model}'" in answer.error


def test_inputs_of_different_rows_are_400(server):
    document = {"inputs": [tensor("INPUT0"), tensor("INPUT1", [1] * 2 * ROW, shape=[2, ROW])]}
    check(server, server.infer(document))


def test_a_missing_input_is_400_and_named(server):
    answer = server.infer({"inputs": [tensor("INPUT0")]})
    check(server, answer)
    assert f"expected 2 inputs but got 1 inputs for model '{server.model}'. Got input(s)" \
           " ['INPUT0'], but missing required input(s) ['INPUT1']" in answer.error


def test_an_input_too_many_is_400(server):
    check(server, server.infer({"inputs": [*sum_request()["inputs"], tensor("INPUT2")]}))


def test_an_input_twice_is_400(server):
    inputs = sum_request()["inputs"]
    check(server, server.infer({"inputs": [*inputs, inputs[0]]}))


def test_an_output_twice_is_400(server):
    answer = server.infer(sum_request(outputs=[{"name": "OUTPUT0"}] * 2))
    check(server, answer, triton=200)
    assert answer.status == 200 or "already exists in request" in answer.error


def test_an_unknown_output_is_400_and_named(server):
    answer = server.infer(sum_request(outputs=[{"name": "ZZ"}]))
    check(server, answer)
    assert f"unexpected inference output 'ZZ' for model '{server.model}'" in answer.error


@pytest.mark.parametrize("difference", [-4, -1, 1, 4])
def test_raw_bytes_of_another_size_are_400(server, difference):
    document, raw = raw_request()
    raw = raw[:difference] if difference < 0 else raw + bytes(difference)
    answer = server.infer(document, raw)
    check(server, answer)
    if difference < 0:
        assert "unexpected size for input" in answer.error
        assert f"expecting {-difference} additional bytes" in answer.error
    else:
        assert "unexpected additional input data" in answer.error


@pytest.mark.parametrize("size", [0, 4, 60, 68, 128, -64, 64.5, "64", None, 1 << 63])
def test_a_raw_tensor_that_tells_another_size_is_400(server, size):
    document, raw = raw_request()
    document["inputs"][0]["parameters"]["binary_data_size"] = size
    check(server, server.infer(document, raw), triton=500)


def test_data_and_raw_bytes_for_one_input_are_400(server):
    document, raw = raw_request()
    document["inputs"][0]["data"] = [1] * ROW
    check(server, server.infer(document, raw), triton=200)


@pytest.mark.parametrize("value", ["-1", "100000", "abc", "", "0x10", "1e2", "99999999999999999999"])
def test_a_header_length_that_is_wrong_is_400(server, value):
    document, raw = raw_request()
    body = json.dumps(document).encode() + raw
    answer = server.request("POST", f"/v2/models/{server.model}/infer", body, {HEADER_LENGTH: value})
    check(server, answer, triton=(200, 400, 500))
    if server.profile == "strict" and value in ("-1", "100000"):
        assert f"inference header size should be in range (0, {len(body)}), got: {value}" \
            in answer.error


@pytest.mark.parametrize("raw", [b"\x05\0\0\0abc", b"\x01\0\0", b"\xff\xff\xff\xffabc",
                                 struct.pack("<I", 3) + b"abcd"])
def test_text_whose_lengths_do_not_add_up_is_400(server, identity, raw):
    model = identity("BYTES")
    document = {"inputs": [{"name": "INPUT0", "datatype": "BYTES", "shape": [1, 1],
                            "parameters": {"binary_data_size": len(raw)}}]}
    check(server, server.infer(document, raw, model=model))


def test_classes_of_text_are_400(server, identity):
    document = one_input("BYTES", ["a", "b"]) | {
        "outputs": [{"name": "OUTPUT0", "parameters": {"classification": 1}}]}
    answer = server.infer(document, model=identity("BYTES"))
    check(server, answer)
    assert "class result not available" in answer.error


@pytest.mark.parametrize("count", [-1, 1.5, "1", True])
def test_a_number_of_classes_that_is_none_is_400(server, count):
    check(server, server.infer(sum_request(
        outputs=[{"name": "OUTPUT0", "parameters": {"classification": count}}])), triton=(200, 500))


def test_a_raw_request_whose_tensor_cannot_be_told_is_400(server, identity):
    for model, body in ((server.model, bytes(4 * ROW)), (identity("INT32"), b"12345"),
                        (identity("BYTES"), b"text")):
        check(server, server.request("POST", f"/v2/models/{model}/infer", body, {HEADER_LENGTH: "0"}))


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_corrupt_coding_is_400_and_named(server, coding):
    answer = server.request("POST", f"/v2/models/{server.model}/infer", b"\x1f\x8bnot gzip",
                            {"Content-Encoding": coding})
    check(server, answer)
    assert server.profile == "triton" or coding in answer.error


@pytest.mark.parametrize("coding", ["br", "compress", "gzip, gzip"])
def test_an_unknown_coding_is_501_and_the_known_ones_are_named(server, coding):
    answer = server.request("POST", f"/v2/models/{server.model}/infer", b"{}",
                            {"Content-Encoding": coding})
    check(server, answer, strict=501, triton=(400, 415, 500))
    assert server.profile == "triton" or answer.headers["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize("parameters", [
    {"shared_memory_region": "x", "shared_memory_byte_size": 64}])
def test_an_extension_that_is_not_listed_is_refused_and_never_ignored(server, parameters):
    listed = server.request("GET", "/v2").json()["extensions"]
    if "system_shared_memory" in listed:
        pytest.skip("the server has this extension")
    assert server.infer(sum_request(
        outputs=[{"name": "OUTPUT0", "parameters": parameters}])).status in (400, 501)


def test_the_server_still_answers(server):
    assert server.infer(sum_request()).status == 200
