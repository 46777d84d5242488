# SPDX-License-Identifier: Apache-2.0
"""What schemathesis checks beside its own."""
import schemathesis

JSON_TYPE = "application/json"
LENGTH = "Inference-Header-Content-Length"
HEADERS = {LENGTH.lower(), "galen-subject", "galen-purpose"}
OPERATIONS = ("infer", "v2_infer", "v2_infer_version")
# Bytes, texts and tensors of a right form may be refused for what they hold; never otherwise.
MAY_BE_REFUSED = (200, 400, 403, 404, 409, 413, 415, 422, 501)


def is_vector(body) -> bool:
    return isinstance(body, dict) and isinstance(body.get("input"), dict)


def says_one_thing(case) -> bool:
    """The query says of model and version what the body says, or nothing; no header says what a
    body may say too, or has a length that a JSON body has not; no option asks for more than a
    model without a range for it allows."""
    agrees = all(case.query.get(name) in (None, case.body.get(name)) for name in ("model", "version"))
    headers = {name.lower() for name in case.headers or {}}
    return agrees and not headers & HEADERS and not case.body.get("options")


@schemathesis.check
def a_request_of_the_schema_is_taken(ctx, response, case):
    """A vector in its ranges gets its answer: there is nothing that could be wrong with it."""
    operation = case.operation.definition.raw.get("operationId")
    if operation not in OPERATIONS or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.media_type == JSON_TYPE and is_vector(case.body) and says_one_thing(case):
        assert response.status_code == 200, f"a vector got {response.status_code}"
    assert response.status_code in MAY_BE_REFUSED, f"a right request got {response.status_code}"


@schemathesis.check
def every_answer_names_its_request(ctx, response, case):
    assert response.headers.get("x-request-id"), "no X-Request-Id"
