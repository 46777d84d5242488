# SPDX-License-Identifier: Apache-2.0
"""A value meets a schema where `jsonschema` says so, or where it does not, `jsonschema-rs`."""
import os
import sys

import jsonschema
import jsonschema_rs
import pytest
import schemas
from seed import SEED

SCHEMA_COUNT = int(os.environ.get("GALEN_COUNT", "500"))
VALUE_COUNT = 6
BROKEN_COUNT = 400


@pytest.fixture(name="driver", scope="module")
def fixture_driver():
    driver = schemas.Driver()
    yield driver
    driver.end()


def by_rust(schema, value) -> bool:
    return jsonschema_rs.validator_for(schema).is_valid(value)


def test_values_meet_the_same_schemas(driver):
    maker = schemas.Maker(SEED)
    counts = {True: 0, False: 0}
    differ = 0
    for _ in range(SCHEMA_COUNT):
        schema = maker.whole()
        answer = driver.ask("schema", schema)
        assert answer == "ok", f"seed {SEED}: {schema}: {answer}"
        theirs = jsonschema.Draft202012Validator(schema)
        for _ in range(VALUE_COUNT):
            value = maker.value()
            answer = driver.ask("value", value)
            counts[answer == "ok"] += 1
            if (answer == "ok") != theirs.is_valid(value):
                differ += 1
                where = f"seed {SEED}: {schema}: {value}: {answer}"
                assert (answer == "ok") == by_rust(schema, value), where
    assert min(counts.values()) > SCHEMA_COUNT, f"seed {SEED}: {counts}"
    print(f"seed {SEED}: {counts}, {differ} of them not as jsonschema has them", file=sys.stderr)


def broken(maker, schema):
    """One value within it is another's."""
    rng = maker.rng
    at = schema
    while isinstance(at, dict | list) and at:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if not isinstance(at[key], dict | list) or not at[key] or rng.random() < 0.3:
            at[key] = maker.value(1)
            break
        at = at[key]
    return schema


def is_schema(schema) -> bool:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError:
        return False
    return True


def is_stricter(answer: str) -> bool:
    """What schema.h says that we refuse and the metaschema does not."""
    return answer.endswith(("refers to no schema", "is not above zero, or has more than 18 digits",
                            "nothing is fetched", "is not a keyword that is supported",
                            "refers to itself without looking into the value"))


def test_what_is_no_schema_is_refused(driver):
    maker = schemas.Maker(SEED + 1)
    refused = 0
    for _ in range(BROKEN_COUNT):
        schema = broken(maker, maker.whole())
        answer = driver.ask("schema", schema)
        if answer != "ok" and is_stricter(answer):
            continue
        refused += answer != "ok"
        assert (answer == "ok") == is_schema(schema), f"seed {SEED}: {schema}: {answer}"
    assert refused > BROKEN_COUNT * 0.1, f"seed {SEED}: {refused}"
