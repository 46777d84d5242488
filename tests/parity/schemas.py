# SPDX-License-Identifier: Apache-2.0
"""Schemas and values at random, of few names and small values, so that they often meet."""
import json
import os
import pathlib
import random
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build"))

NAMES = ("a", "b", "c", "ab", "é")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
NUMBERS = (-2, -1, 0, 1, 2, 3, 4, 0.5, 1.0, 1.5, 2.25, 1e2, 12345678901234567890)
STRINGS = ("", "a", "b", "ab", "aé", "🐲", "abc")
PATTERNS = ("a", "^a", "b$", "^[ab]*$", "é", "^.$", "c|b", "(?:ab)+", "^$")
VALUE_DEPTH = 3
SCHEMA_DEPTH = 3


class Driver:
    def __init__(self):
        self.popen = subprocess.Popen([BUILD / "tests/parity/schema_driver"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def ask(self, kind: str, value) -> str:
        text = json.dumps(value, ensure_ascii=False).encode()
        self.popen.stdin.write(f"{kind} {len(text)}\n".encode() + text)
        self.popen.stdin.flush()
        return self.popen.stdout.readline().decode().rstrip("\n")

    def end(self):
        self.popen.stdin.close()
        assert self.popen.wait() == 0


class Maker:
    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def value(self, depth: int = VALUE_DEPTH):
        kinds = [lambda: None, lambda: self.rng.random() < 0.5, lambda: self.rng.choice(NUMBERS),
                 lambda: self.rng.choice(NUMBERS), lambda: self.rng.choice(STRINGS)]
        if depth > 0:
            kinds += [lambda: self.values(depth), lambda: self.members(depth)] * 3
        return self.rng.choice(kinds)()

    def values(self, depth: int) -> list:
        return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]

    def members(self, depth: int) -> dict:
        names = self.rng.sample(NAMES, self.rng.randrange(len(NAMES)))
        return {name: self.value(depth - 1) for name in names}

    def names(self) -> list[str]:
        return self.rng.sample(NAMES, self.rng.randrange(3))

    def schemas(self, depth: int) -> list:
        return [self.schema(depth - 1) for _ in range(self.rng.randint(1, 3))]

    def schema_map(self, names, depth: int) -> dict:
        chosen = self.rng.sample(names, self.rng.randint(0, 3))
        return {name: self.schema(depth - 1) for name in chosen}

    def shallow(self) -> dict:
        rng = self.rng
        return {
            "type": lambda: rng.choice(TYPES) if rng.random() < 0.7 else rng.sample(TYPES, 2),
            "enum": lambda: [self.value(1) for _ in range(rng.randint(1, 4))],
            "const": lambda: self.value(1),
            "minimum": lambda: rng.choice(NUMBERS), "maximum": lambda: rng.choice(NUMBERS),
            "exclusiveMinimum": lambda: rng.choice(NUMBERS),
            "exclusiveMaximum": lambda: rng.choice(NUMBERS),
            "multipleOf": lambda: rng.choice((1, 2, 0.5, 0.25, 1.5)),
            "minLength": lambda: rng.randrange(3), "maxLength": lambda: rng.randrange(4),
            "pattern": lambda: rng.choice(PATTERNS),
            "minItems": lambda: rng.randrange(3), "maxItems": lambda: rng.randrange(4),
            "uniqueItems": lambda: rng.random() < 0.7,
            "minProperties": lambda: rng.randrange(3), "maxProperties": lambda: rng.randrange(4),
            "required": self.names,
            "dependentRequired": lambda: {name: self.names() for name in self.names()},
            "minContains": lambda: rng.randrange(3), "maxContains": lambda: rng.randrange(3),
            "$ref": lambda: f"#/$defs/d{rng.randrange(3)}",
        }

    def deep(self, depth: int) -> dict:
        def one():
            return self.schema(depth - 1)
        return {
            "properties": lambda: self.schema_map(NAMES, depth),
            "patternProperties": lambda: self.schema_map(PATTERNS, depth),
            "additionalProperties": one, "propertyNames": one, "items": one, "contains": one,
            "prefixItems": lambda: self.schemas(depth), "allOf": lambda: self.schemas(depth),
            "anyOf": lambda: self.schemas(depth), "oneOf": lambda: self.schemas(depth), "not": one,
            "if": one, "then": one, "else": one,
            "dependentSchemas": lambda: self.schema_map(NAMES, depth),
            "unevaluatedItems": one, "unevaluatedProperties": one,
        }

    def schema(self, depth: int = SCHEMA_DEPTH):
        if self.rng.random() < 0.12:
            return self.rng.random() < 0.6
        makers = self.shallow()
        if depth > 0:
            deep = self.deep(depth)
            chosen = self.rng.sample(sorted(deep), self.rng.randint(1, 3))
            chosen += self.rng.sample(sorted(makers), self.rng.randrange(2))
            makers |= deep
        else:
            chosen = self.rng.sample(sorted(makers), self.rng.randint(1, 2))
        return {name: makers[name]() for name in chosen}

    def whole(self) -> dict:
        """References lead to schemas that refer to none but later ones: there is no circle."""
        schema = self.schema()
        schema = schema if isinstance(schema, dict) else {"allOf": [schema]}
        definitions = {f"d{i}": without_references(self.schema(1), i) for i in range(3)}
        return schema | {"$defs": definitions}


def without_references(schema, index: int):
    if isinstance(schema, list):
        return [without_references(each, index) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: without_references(value, index) for name, value in schema.items()
            if name != "$ref" or (isinstance(value, str) and int(value[-1]) > index)}
