# SPDX-License-Identifier: Apache-2.0
"""config.pbtxt and its JSON are read and printed as protobuf's own libraries do."""
import json
import random

import configs
import pytest
from google.protobuf import descriptor_pb2, json_format
from seed import SEED

VALID_COUNT = 1500
BROKEN_COUNT = 3000
JSON_COUNT = 800


@pytest.fixture(name="driver", scope="module")
def fixture_driver():
    driver = configs.Driver()
    yield driver
    driver.end()


def expected_of(text: bytes, is_taken: bool):
    """C++ has the last word, and is only asked where Python and we do not agree."""
    message = configs.by_python(text)
    return message if (message is not None) == is_taken else configs.by_cpp(text)


def expect_same(driver, text: bytes) -> bool:
    is_taken, answer = driver.ask("pbtxt", text)
    expected = expected_of(text, is_taken)
    if is_taken and expected is not None and json.loads(answer) != configs.numbers(expected):
        expected = configs.by_cpp(text)
    if not is_taken and expected is not None:
        assert is_stricter(answer), f"seed {SEED}: {text!r}: {answer}"
        return False
    assert (expected is not None) == is_taken, f"seed {SEED}: {text!r}: {answer}"
    assert not is_taken or json.loads(answer) == configs.numbers(expected), f"seed {SEED}: {text!r}"
    return is_taken


def is_stricter(answer: str) -> bool:
    """What pbtxt.h says that we refuse and protobuf may not."""
    return answer.endswith(("is given twice", "holds a NUL", "there is no such escape sequence"))


def test_messages_fields_and_numbers_are_those_of_triton():
    theirs = descriptor_pb2.FileDescriptorProto()
    configs.model_config_pb2.DESCRIPTOR.CopyToProto(theirs)
    ours = configs.our_descriptors()
    for file in (ours, theirs):
        file.ClearField("options")
        for message in file.message_type:
            forget_json_names(message)
    assert {m.name: m for m in ours.message_type} == {m.name: m for m in theirs.message_type}
    assert list(ours.enum_type) == list(theirs.enum_type)


def forget_json_names(message):
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        forget_json_names(nested)


def test_valid_texts_are_read_to_the_same_values(driver):
    writer = configs.Writer(random.Random(SEED))
    descriptor = configs.empty().DESCRIPTOR
    taken = sum(expect_same(driver, writer.message(descriptor).encode()) for _ in range(VALID_COUNT))
    assert taken > VALID_COUNT * 0.8, f"seed {SEED}: only {taken} were read"


def test_broken_texts_are_refused_where_protobuf_refuses_them(driver):
    rng = random.Random(SEED + 1)
    writer = configs.Writer(rng)
    descriptor = configs.empty().DESCRIPTOR
    taken = sum(expect_same(driver, configs.broken(rng, writer.message(descriptor)).encode())
                for _ in range(BROKEN_COUNT))
    assert BROKEN_COUNT * 0.1 < taken < BROKEN_COUNT * 0.9, f"seed {SEED}: {taken} were read"


# Where readers tend to differ: each is asked of the C++ library too.
CORNERS = [
    b"", b" ", b"# only", b'\xef\xbb\xbfname: "a"', b'name: "a" name: "b"', b'name: "\\q"',
    b'name: "\\X41"',
    b'name: "\\ud83d\\ude00"', b'name: "\\ud83d"', b'name: "\\U0001F600"', b'name: "\\377"',
    b'name: "\\x4"', b'name: "\\1a"', b'name: "\\8"', b'name: "\\', b'name: "\\"', b'name: "a\xff"',
    b'name: "a\nb"', b'name: "a\x01"', b"\x01", b'name: "a"\x00', b'n\xc3\xa4me: "a"',
    b'name:\xc2\xa0"a"',
    b"max_batch_size: 010", b"max_batch_size: 08", b"max_batch_size: 0b1", b"max_batch_size: 1_0",
    b"max_batch_size: +1", b"max_batch_size: - 1", b"max_batch_size:-\n1", b"max_batch_size: 1.0",
    b"max_batch_size: 2147483648", b"max_batch_size: -2147483648", b"max_batch_size: -2147483649",
    b"max_batch_size: 0xFFFFFFFF", b"max_batch_size: 1f", b"max_batch_size: 0x", b"max_batch_size: 00",
    b"max_batch_size: [1]", b"max_batch_size 1", b"max_batch_size: 1e1", b"max_batch_size: --1",
    b"input { optional: 0x1 }", b"input { optional: 01 }", b"input { optional: 2 }",
    b"input { optional: TRUE }", b"input { optional: F }", b"input { optional: -0 }",
    b"input { data_type: 99 }", b"input { data_type: -1 }", b"input { data_type: FP32 }",
    b'input { data_type: "TYPE_FP32" }', b"input { data_type: 0x3 }",
    b"input { data_type: 2147483648 }",
    b"input { data_type: type_fp32 }", b"input: { dims: [1,2,] }", b"input { dims [1,2] }",
    b"input { dims: [] }", b"input { dims: [1 2] }", b"input { dims: 1 dims: [2], dims: 3;}",
    b"input { dims: 1,,}", b"input { dims: 1,;}", b"input { dims: [[1]] }", b"input { dims: [,1] }",
    b"input { dims: -9223372036854775808 }", b"input { dims: 9223372036854775808 }",
    b'input [ {name:"a"} <name:"b"> ]', b'input [ {name:"a"}, <name:"b"> ]', b"input: []", b"input []",
    b'input {name:"a"', b'input {name:"a">', b'input < name: "a" }', b"}", b"{}",
    b'input: < name: "a" >;;',
    b"optimization: [ {} ]", b"optimization {} optimization {}",
    b"dynamic_batching {} sequence_batching {}",
    b"version_policy { all {} latest {} }", b"version_policy { all {} all {} }",
    b'parameters { key: "a" } parameters { key: "a" value { string_value: "b" } }',
    b'parameters { value { string_value: "b" } }', b'parameters { key: "a" key: "b" }',
    b'metric_tags { key: "a" value: "b" } metric_tags { key: "b" } metric_tags { key: "a" value: "c" }',
    b"dynamic_batching { priority_queue_policy { key: 1 } priority_queue_policy { key: 2 value {} } }",
    b"dynamic_batching { priority_levels: -1 }", b"dynamic_batching { priority_levels: -0 }",
    b"dynamic_batching { priority_levels: 18446744073709551615 }",
    b"dynamic_batching { priority_levels: 18446744073709551616 }",
    b"[a.b]: 1", b"[type.googleapis.com/a.b] {}", b'1: "a"', b'Name: "a"', b"name: a", b"a-b: 1",
    b"a.b: 1",
    b'name "a"', b"name:", b'name:"a"max_batch_size:1', b'max_batch_size:1name:"a"', b"name::'a'",
    b'/* c */ name: "a"', b'// c\nname: "a"', b"name: 'it\\'s' \"b\"\n  'c'",
    *(b"sequence_batching { direct { minimum_slot_utilization: " + real + b" } }" for real in (
        b"1e400", b"1e39", b".5f", b"1.f", b"1e", b"1e+", b"inf", b"-Infinity", b"- nan", b"nanf",
        b"INF",
        b"0x1", b"01", b"01.5", b"1.5.5", b"1..5", b"00", b"0", b"-0", b"1F", b"1ff", b"1e5f",
        b"1.5e3.5",
        b"99999999999999999999999999", b"infin", b"true", b'"1"', b"1e-400", b".", b"0.1")),
]


@pytest.mark.parametrize("text", CORNERS, ids=repr)
def test_a_corner_is_read_as_in_cpp(driver, text):
    is_taken, answer = driver.ask("pbtxt", text)
    expected = configs.by_cpp(text)
    assert (expected is not None) == is_taken, answer
    assert not is_taken or json.loads(answer) == configs.numbers(expected)


STRICTER = {
    b"max_batch_size: 0 max_batch_size: 1": "input:1:19: max_batch_size: is given twice",
    b'name: "a\\000b"': "input:1:1: name: holds a NUL",
    b'name: "\\477"': "input:1:12: name: there is no such escape sequence",
    b'name: "\\U00110000"': "input:1:18: name: there is no such escape sequence",
}


@pytest.mark.parametrize("text", STRICTER, ids=repr)
def test_protobuf_takes_it_and_we_do_not(driver, text):
    assert configs.by_cpp(text) is not None
    assert driver.ask("pbtxt", text) == (False, STRICTER[text])


PLACES = {
    b'\n  nam: "a"': "input:2:3: nam: there is no such field in ModelConfig",
    b"input {\n  dims: [ 1,\n    x ] }": "input:3:5: input[0].dims[1]: an integer is expected",
    'name: "é" é'.encode():
        "input:1:11: name: outside of texts and comments there is printable ASCII only",
    b"input {} input { data_type: FP32 }": "input:1:29: input[1].data_type: is none of DataType",
    b'parameters { key: "k" value { string_value: 1 } }':
        "input:1:45: parameters[0].value.string_value: a text in quotes is expected",
    b"dynamic_batching {}\nensemble_scheduling {}":
        "input:2:1: ensemble_scheduling: is given, and so is dynamic_batching: only one may",
    b"input {": "input:1:8: input[0]: the name of a field is expected",
    b"max_batch_size: 99999999999": "input:1:17: max_batch_size: the number is out of range",
}


@pytest.mark.parametrize("text", PLACES, ids=repr)
def test_an_error_names_its_place_and_path(driver, text):
    assert driver.ask("pbtxt", text) == (False, PLACES[text])


def test_json_of_any_form_is_read_to_the_same_values(driver):
    rng = random.Random(SEED + 2)
    writer = configs.Writer(rng)
    for _ in range(JSON_COUNT):
        message = configs.by_python(writer.message(configs.empty().DESCRIPTOR).encode())
        if message is None:
            continue
        text = configs.as_json(rng, message)
        is_taken, answer = driver.ask("json", text.encode())
        assert is_taken, f"seed {SEED}: {text}: {answer}"
        assert json.loads(answer) == configs.numbers(message), f"seed {SEED}: {text}"


JSON_TAKEN = [
    '{}', '{"max_batch_size": "8"}', '{"maxBatchSize": 8}', '{"max_batch_size": null}',
    '{"input": null}',
    '{"input": [{"dims": ["1", -1]}]}', '{"input": [{"dataType": 3}]}',
    '{"input": [{"data_type": 99}]}',
    '{"versionPolicy": {"latest": {}}}', '{"parameters": {"a": {"stringValue": "b"}, "c": {}}}',
    '{"dynamicBatching": {"priorityQueuePolicy": {"2": {"timeoutAction": "DELAY"}}}}',
    '{"modelMetrics": {"metricControl": [{"histogramOptions": {"buckets": [1, "2.5", "Infinity"]}}]}}',
    '{"sequence_batching": {"direct": {"minimum_slot_utilization": "NaN"}}}',
]


@pytest.mark.parametrize("text", JSON_TAKEN)
def test_json_that_protobuf_takes_is_taken(driver, text):
    is_taken, answer = driver.ask("json", text.encode())
    assert is_taken, answer
    assert json.loads(answer) == configs.numbers(json_format.Parse(text, configs.empty()))


JSON_REFUSED = {
    '{"nam": 1}': "config: nam: there is no such field in ModelConfig",
    '{"input": [{"Name": ""}]}': "config: input[0]: Name: there is no such field in ModelInput",
    '{"max_batch_size": 1.5}': "config: max_batch_size: is no integer",
    '{"max_batch_size": "x"}': "config: max_batch_size: is no integer",
    '{"max_batch_size": ""}': "config: max_batch_size: is no integer",
    '{"max_batch_size": 2147483648}': "config: max_batch_size: is out of range",
    '{"max_batch_size": true}': "config: max_batch_size: is boolean, a number is expected",
    '{"name": 1}': "config: name: is number, a string is expected",
    '{"input": {}}': "config: input[0]: is object, an array is expected",
    '{"input": [1]}': "config: input[0]: is number, an object is expected",
    '{"input": [null]}': "config: input[0]: is null, an object is expected",
    '{"input": [{}, {"optional": 1}]}':
        "config: input[1].optional: is number, true or false is expected",
    '{"input": [{"optional": "true"}]}':
        "config: input[0].optional: is string, true or false is expected",
    '{"input": [{"data_type": "FP32"}]}': "config: input[0].data_type: is none of DataType",
    '{"parameters": []}': "config: parameters[0]: is array, an object is expected",
    '{"dynamic_batching": {"priority_queue_policy": {"x": {}}}}':
        "config: dynamic_batching.priority_queue_policy[0].key: is no integer",
    '{"dynamic_batching": {}, "sequence_batching": {}}':
        "config: sequence_batching: is given, and so is dynamic_batching: only one may",
}


JSON_STRICTER = {
    "[]": "config: is no JSON object",
    '{"max_batch_size": 1, "maxBatchSize": 2}': "config: max_batch_size: is given twice",
    '{"name": "a\\u0000"}': "config: name: holds a NUL",
    '{"max_batch_size": 8.0}': "config: max_batch_size: is no integer",
}


@pytest.mark.parametrize("text", JSON_REFUSED)
def test_json_that_protobuf_refuses_is_refused_with_its_path(driver, text):
    with pytest.raises(json_format.ParseError):
        json_format.Parse(text, configs.empty())
    assert driver.ask("json", text.encode()) == (False, JSON_REFUSED[text])


@pytest.mark.parametrize("text", JSON_STRICTER)
def test_json_that_only_protobuf_takes_is_refused(driver, text):
    json_format.Parse(text, configs.empty())
    assert driver.ask("json", text.encode()) == (False, JSON_STRICTER[text])


def test_enums_of_json_have_any_case_as_in_triton(driver):
    is_taken, answer = driver.ask("json", b'{"instance_group": [{"kind": "kind_cpu"}]}')
    assert is_taken, answer
    assert json.loads(answer)["instance_group"][0]["kind"] == "KIND_CPU"
