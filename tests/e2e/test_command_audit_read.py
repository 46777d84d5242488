# SPDX-License-Identifier: Apache-2.0
"""`galen audit search` and `report`: what is chosen, and how it is told."""
import csv
import io
import json
import subprocess

import pytest
from audit_sample import Sample, run, written
from audit_trail import Chain, infer_fields
from process import BINARY, DEADLINE_S


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return Sample(tmp_path_factory.mktemp("audit"))


def search(sample, *words) -> list[dict]:
    done = run("search", *words, sample.path)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_search_prints_the_exact_lines(sample):
    done = run("search", "--json", sample.path)
    assert done.stdout.encode().splitlines() == written(sample)


CHOSEN = {
    "a request": (["--request", "request-3"], lambda r: r.get("request_id") == "request-3", 1),
    "a model": (["--model", "notes"], lambda r: r.get("model", {}).get("name") == "notes", 3),
    "a version": (["--version", "2"], lambda r: r.get("model", {}).get("version") == "2", 3),
    "an outcome": (["--outcome", "refused"], lambda r: r.get("outcome") == "refused", 1),
    "an event": (["--event", "start"], lambda r: r["event"] == "start", 3),
    "a service": (["--service", "serve"], lambda r: r["service"] == "serve", 2),
    "since a second": (["--since", "2026-11-25T21:00:00Z"], lambda r: r["ts"] >= "2026-11-25T21", 8),
    "until a microsecond": (["--until", "2026-11-25T20:00:00.000003Z"], lambda r: r["seq"] < 3, 3),
    "a day": (["--since", "2026-11-25", "--until", "2026-11-26"], lambda r: True, 20),
    "another day": (["--since", "2026-11-26"], lambda r: False, 0),
    "both of two": (["--model", "notes", "--outcome", "failed"], lambda r: False, 0),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_search_chooses(sample, name):
    words, is_chosen, count = CHOSEN[name]
    found = search(sample, *words)
    assert len(found) == count
    assert all(is_chosen(record) for record in found)


def test_a_table_has_a_row_a_record(sample):
    rows = run("search", "--table", "--outcome", "refused", sample.path).stdout.splitlines()
    assert rows[0].split()[:4] == ["TIME", "SERVICE", "EVENT", "OUTCOME"]
    assert rows[1].split() == ["2026-11-25T20:00:00.000011Z", "gateway", "validate", "refused",
                               "schema", "422", "lung-nodule", "1", "unidentified", "request-10", "11"]
    assert len(rows) == 2


def test_a_table_does_nothing_to_the_terminal(tmp_path):
    chain = Chain(tmp_path)
    chain.append("infer", **infer_fields(1, request_id="a\x1b[2J\x9b2J\nb"))
    done = run("search", "--table", "--event", "infer", tmp_path)
    assert "a?[2J?2J?b" in done.stdout


def test_what_is_no_record_is_passed_over_and_told(tmp_path):
    damaged = Sample(tmp_path)
    path = damaged.first.folder / "000001.ndjson"
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    done = run("search", "--json", damaged.path)
    assert done.returncode == 1
    assert "000001.ndjson: something that is no record is passed over" in done.stderr
    assert len(done.stdout.splitlines()) == 20


@pytest.mark.parametrize(("right", "wrong"), [
    (b"2026-11-25T20:00:00.000003Z", b"2026-11-31T20:00:00.000003Z"),
    (b'"outcome":"ok"', b'"outcome":"o""')])
def test_a_record_that_says_nothing_sensible_is_passed_over(tmp_path, right, wrong):
    damaged = Sample(tmp_path)
    path = damaged.first.folder / "000001.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[3].replace(right, wrong), *lines[4:]]))
    for words in (["search"], ["export", "--format", "loki"]):
        done = run(*words, damaged.path)
        assert done.returncode == 1
        assert "something that is no record is passed over" in done.stderr
        said = done.stdout.replace("\\", "")
        assert '"request-1"' in said
        assert '"request-2"' not in said


def test_a_report_sums_by_fields(sample):
    done = run("report", "--by", "model,outcome", "--json", sample.path)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"model": "lung-nodule", "outcome": "failed", "requests": 1, "ok": 0, "refused": 0,
         "failed": 1, "cancelled": 0, "in_bytes": 1014, "out_bytes": 99, "compute_us": 4000},
        {"model": "lung-nodule", "outcome": "ok", "requests": 11, "ok": 11, "refused": 0,
         "failed": 0, "cancelled": 0, "in_bytes": 11065, "out_bytes": 3300, "compute_us": 44000},
        {"model": "lung-nodule", "outcome": "refused", "requests": 1, "ok": 0, "refused": 1,
         "failed": 0, "cancelled": 0, "in_bytes": 1010, "out_bytes": 150, "compute_us": 4000},
        {"model": "notes", "outcome": "ok", "requests": 3, "ok": 3, "refused": 0,
         "failed": 0, "cancelled": 0, "in_bytes": 3036, "out_bytes": 900, "compute_us": 12000}]


def test_a_report_as_csv_is_read_by_others(sample):
    done = run("report", "--by", "client,day", "--csv", sample.path)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["client"], row["day"], row["requests"]) for row in rows] == [
        ("unidentified", "2026-11-25", "15"), ("ward é\"7\"", "2026-11-25", "1")]


def test_a_value_is_no_formula_in_a_spreadsheet(tmp_path):
    chain = Chain(tmp_path)
    chain.append("infer", **infer_fields(1, actor={"client_id": "=1+1"}))
    done = run("report", "--by", "client", "--csv", tmp_path)
    assert done.stdout.splitlines()[1].startswith("\"'=1+1\",1,")


def test_a_report_as_a_table_has_its_columns(sample):
    lines = run("report", "--by", "service", sample.path).stdout.splitlines()
    assert lines[0].split() == ["service", "requests", "ok", "refused", "failed", "cancelled",
                                "in_bytes", "out_bytes", "compute_us"]
    assert lines[1].split()[:5] == ["gateway", "15", "13", "1", "1"]


def test_a_request_counts_once(tmp_path):
    """Its records in preprocess and engine are further ones of it."""
    for second, service in enumerate(("gateway", "preprocess", "engine")):
        Chain(tmp_path, service=service, second=second).append("infer", **infer_fields(1))
    done = run("report", "--by", "service", "--json", tmp_path)
    assert [json.loads(line)["service"] for line in done.stdout.splitlines()] == ["gateway"]
    done = run("report", "--by", "service", "--service", "engine", "--json", tmp_path)
    assert [json.loads(line)["requests"] for line in done.stdout.splitlines()] == [1]


@pytest.mark.parametrize("words", [["search"], ["report", "--by", "model"],
                                   ["export", "--format", "loki"], ["export", "--format", "fhir"]])
def test_an_output_that_cannot_be_written_is_told(sample, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "audit", *words, sample.path], stdout=full, text=True,
                              stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "standard output: cannot be written" in done.stderr


WRONG = {
    "search without a trail": (["search"], "needs a trail"),
    "a time that is none": (["search", "--since", "yesterday", "T"], "yesterday: is no time"),
    "a day that is none": (["search", "--since", "2026-02-30", "T"], "is no time"),
    "an outcome that is none": (["search", "--outcome", "good", "T"], "good: is no outcome"),
    "an event that is none": (["search", "--event", "boom", "T"], "boom: is no event"),
    "a report by nothing": (["report", "T"], "needs --by FIELD"),
    "a report by a field that is none": (["report", "--by", "model,colour", "T"], "--by takes client"),
    "no such trail": (["search", "/nonexistent"], "/nonexistent: No such file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_says_what_is_wrong(name):
    words, why = WRONG[name]
    done = run(*words)
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize("name", ["search", "report", "schema"])
def test_each_command_has_its_help(name):
    assert run(name, "--help").stdout.startswith(f"Usage: galen audit {name}")
