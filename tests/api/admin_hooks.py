# SPDX-License-Identifier: Apache-2.0
"""What schemathesis checks beside its own on the admin listener."""
import re
import zlib

import schemathesis

# Models come and go, and the document names none: of the names that could be one, most become
# these, and the rest stay what nobody is called.
MODELS = ("breast-cancer", "lexicon", "simple")
VERSIONS = ("1", "2", "current")
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")

CHANGES = ("models_canary", "models_promote", "models_rollback", "models_disable", "models_enable")
TENSORS = ("v2_infer", "v2_infer_version")
# Whether the model, its version and its engines are there, and whether somebody was first, no
# schema says.
OF_A_CHANGE = (200, 404, 409)
MAY_BE_REFUSED = (200, 400, 404, 415, 422, 501)
REASON_SIZE_BYTES_MAX = 1024


def one_of(names: tuple[str, ...], made: str) -> str:
    return (*names, made)[zlib.crc32(made.encode()) % (len(names) + 1)]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    parts = dict(path_parameters or {})
    for name, known in (("model", MODELS), ("version", VERSIONS)):
        if isinstance(parts.get(name), str) and NAME.fullmatch(parts[name]):
            parts[name] = one_of(known, parts[name])
    return parts


def is_whole(value) -> bool:
    return not isinstance(value, float)


def is_in_hundredths(value) -> bool:
    return re.fullmatch(r"\d+(\.\d{1,2})?", repr(value)) is not None


SAID = {"version": is_whole, "expect": is_whole, "percent": is_in_hundredths,
        "shadow": is_in_hundredths,
        "reason": lambda text: len(text.encode()) <= REASON_SIZE_BYTES_MAX}


def is_read_as_said(body: object) -> bool:
    """Numbers are written as they are read: 3.0 and 5e0 are no versions and no shares here."""
    return isinstance(body, dict) and all(SAID.get(name, lambda _: True)(value)
                                          for name, value in body.items())


@schemathesis.check
def a_change_of_the_schema_is_understood(ctx, response, case):
    operation = case.operation.definition.raw.get("operationId")
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if operation in CHANGES and is_read_as_said(case.body):
        assert response.status_code in OF_A_CHANGE, f"a change got {response.status_code}"
    if operation in TENSORS:
        assert response.status_code in MAY_BE_REFUSED, f"tensors got {response.status_code}"
