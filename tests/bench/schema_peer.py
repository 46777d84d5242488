# SPDX-License-Identifier: Apache-2.0
"""The quicker of jsonschema-rs and fastjsonschema at the same body, parsed by orjson; and the
body, a vector of 30 features, with a schema that knows each of them."""
import json
import pathlib
import resource

import fastjsonschema
import jsonschema_rs
import orjson

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNS = 20000


def make_body() -> bytes:
    vector = json.loads((ROOT / "examples/breast-cancer-malignant.json").read_bytes())["input"]
    return json.dumps({"model": "breast-cancer", "input": vector}).encode()


def make_schema() -> dict:
    names = list(json.loads(make_body())["input"])
    number = {"type": "number", "minimum": 0, "maximum": 10000}
    vector = {"type": "object", "required": names, "additionalProperties": False,
              "properties": dict.fromkeys(names, number)}
    return {"type": "object", "required": ["input"], "additionalProperties": False,
            "properties": {"input": vector, "model": {"type": "string", "maxLength": 64},
                           "version": {"type": "string", "pattern": "^[0-9]+$"}}}


def cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1e6 * (used.ru_utime + used.ru_stime)


def cpu_us_per_run(check, value) -> float:
    check(value)
    before = cpu_us()
    for _ in range(RUNS):
        check(value)
    return (cpu_us() - before) / RUNS


def validate_us() -> dict[str, float]:
    """By name, each."""
    schema, value = make_schema(), orjson.loads(make_body())
    return {"jsonschema-rs": cpu_us_per_run(jsonschema_rs.validator_for(schema).is_valid, value),
            "fastjsonschema": cpu_us_per_run(fastjsonschema.compile(schema), value)}
