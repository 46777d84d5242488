# SPDX-License-Identifier: Apache-2.0
"""`galen audit export`: each format, read by what others use for it."""
import datetime
import json

import pytest
from audit_sample import Sample, run, written
from audit_trail import Chain, infer_fields, record_hash
from fhir.resources.R4B.auditevent import AuditEvent


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return Sample(tmp_path_factory.mktemp("audit"))


def export(sample, form, *words) -> list[dict]:
    done = run("export", "--format", form, *words, sample.path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_elasticsearch_gets_each_record_under_an_id_of_its_own(sample):
    lines = export(sample, "elasticsearch")
    actions, documents = lines[::2], lines[1::2]
    records = [json.loads(line) for line in written(sample)]
    assert [action["index"]["_id"] for action in actions] == [
        f"{record['chain']}/{record['seq']}" for record in records]
    assert {action["index"]["_index"] for action in actions} == {"galen-audit"}
    assert documents == [{"@timestamp": record["ts"]} | record for record in records]
    assert export(sample, "elasticsearch", "--index", "x")[0]["index"]["_index"] == "x"


def test_loki_gets_each_record_in_its_stream(sample):
    records = [json.loads(line) for line in written(sample)]
    found = []
    for body in export(sample, "loki"):
        for stream in body["streams"]:
            assert set(stream["stream"]) <= {"job", "service", "event", "outcome"}
            assert stream["stream"]["job"] == "galen-audit"
            for nanoseconds, line in stream["values"]:
                record = json.loads(line)
                found.append(record)
                moment = datetime.datetime.fromisoformat(record["ts"])
                assert int(nanoseconds) == round(moment.timestamp() * 1_000_000) * 1000
                assert stream["stream"]["service"] == record["service"]
                assert stream["stream"]["event"] == record["event"]
    def place(record):
        return record["chain"], record["seq"]
    assert sorted(found, key=place) == sorted(records, key=place)


def test_loki_s_bodies_hold_some_hundred_records(tmp_path):
    chain = Chain(tmp_path)
    for number in range(1100):
        chain.append("infer", **infer_fields(number))
    done = run("export", "--format", "loki", tmp_path)
    sizes = [sum(len(stream["values"]) for stream in json.loads(body)["streams"])
             for body in done.stdout.splitlines()]
    assert sizes == [512, 512, 77]


def test_fhir_resources_are_what_the_standard_says(sample):
    """By the classes of fhir.resources, which are made of HL7's definitions."""
    done = run("export", "--format", "fhir", sample.path)
    events = [AuditEvent.model_validate_json(line) for line in done.stdout.splitlines()]
    assert len(events) == len(written(sample))
    assert len({event.id for event in events}) == len(events)


def test_fhir_tells_who_asked_what_and_what_came_of_it(sample):
    event, = export(sample, "fhir", "--request", "request-10")
    record, = [json.loads(line) for line in written(sample) if b'"request-10"' in line]
    assert (event["type"]["code"], event["subtype"][0]["code"]) == ("rest", "operation")
    assert event["subtype"][1]["code"] == "validate"
    assert (event["action"], event["outcome"], event["outcomeDesc"]) == ("E", "4", "schema")
    assert event["recorded"] == record["ts"]
    asker, server = event["agent"]
    assert (asker["requestor"], asker["who"]["identifier"]["value"]) == (True, "unidentified")
    assert (server["requestor"], server["who"]["identifier"]["value"]) == (False, "gateway")
    assert event["source"]["observer"]["identifier"]["value"] == record["chain"]
    request, model, itself = event["entity"]
    assert request["what"]["identifier"]["value"] == "request-10"
    assert request["type"]["code"] == "XrequestId"
    assert model["what"]["identifier"]["value"] == "lung-nodule/1"
    details = {detail["type"]: detail["valueString"] for detail in itself["detail"]}
    assert details["in.hmac"] == record["in"]["hmac"]
    assert details["hash"] == record["hash"]


FHIR_EVENTS = {"start": ("110100", "110120", "0"), "stop": ("110100", "110121", "0"),
               "infer": ("rest", "operation", "0")}


@pytest.mark.parametrize("name", FHIR_EVENTS)
def test_fhir_names_events_as_others_do(sample, name):
    event = export(sample, "fhir", "--event", name)[0]
    assert (event["type"]["code"], event["subtype"][0]["code"], event["outcome"]) == FHIR_EVENTS[name]


def test_fhir_tells_who_released_what(tmp_path):
    """A release changes software that is configured: no request of a client."""
    chain = Chain(tmp_path, service="model")
    chain.append("model.promote", actor={"operator": "alice@here"}, outcome="ok",
                 model={"name": "tagger", "version": 2, "version_before": 1, "tag": "current"},
                 release={"number": 7, "sha256": "0" * 64})
    done = run("export", "--format", "fhir", "--event", "model.promote", tmp_path)
    event = json.loads(done.stdout)
    AuditEvent.model_validate(event)
    assert (event["type"]["code"], event["subtype"][0]["code"]) == ("110113", "110131")
    asker, program = event["agent"]
    assert (asker["requestor"], asker["who"]["identifier"]["value"]) == (True, "alice@here")
    assert (program["requestor"], program["who"]["identifier"]["value"]) == (False, "model")


def test_fhir_has_what_a_client_had_loaded_as_its_operation(tmp_path):
    chain = Chain(tmp_path, service="serve")
    chain.append("model.load", **infer_fields(1))
    event = json.loads(run("export", "--format", "fhir", "--event", "model.load", tmp_path).stdout)
    assert (event["type"]["code"], event["subtype"][0]["code"]) == ("rest", "operation")


def test_fhir_tells_our_failures_from_the_callers(sample):
    event, = export(sample, "fhir", "--outcome", "failed")
    assert event["outcome"] == "8"


def test_an_exported_record_still_has_its_hash(sample):
    """What was put in front is taken away: the rest is the line, byte for byte."""
    text = run("export", "--format", "elasticsearch", "--request", "request-3", sample.path).stdout
    line = b"{" + text.splitlines()[1].encode().split(b",", 1)[1]
    sealed, digest = line.split(b',"hash":"')
    prev = bytes.fromhex(json.loads(line)["prev"])
    assert record_hash(prev, sealed + b"}").hex() == digest.decode()[:64]


WRONG = {
    "no form": (["export", "T"], "needs --format FORMAT"),
    "a form that is none": (["export", "--format", "xml", "T"], "xml: is no format"),
    "no trail": (["export", "--format", "fhir"], "needs --format FORMAT and a trail"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_says_what_is_wrong(name):
    words, why = WRONG[name]
    done = run(*words)
    assert done.returncode == 2
    assert why in done.stderr
