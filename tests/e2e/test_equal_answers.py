# SPDX-License-Identifier: Apache-2.0
"""One process or three: a client cannot tell which."""
import json

import pytest
from message import encode, send_raw
from refusals import ALL, V2_INFER
from samples import LABELS, MODEL, as_binary, as_tensor, by_features, held_out, stable

HEADERS = ("content-type", "galen-model", "allow", "retry-after", "inference-header-content-length")


def answers() -> list[tuple[str, bytes]]:
    found = []
    for label in LABELS:
        body, headers = as_binary(label)
        found += [
            (f"{label} features", encode("POST", "/infer", by_features(label))),
            (f"{label} features, version 1", encode("POST", "/infer", by_features(label, version="1"))),
            (f"{label} tensor", encode("POST", "/infer", as_tensor(label, model=MODEL))),
            (f"{label} raw", encode("POST", f"/infer?model={MODEL}", body, headers)),
            (f"{label} v2 tensor", encode("POST", V2_INFER, as_tensor(label))),
            (f"{label} v2 raw", encode("POST", V2_INFER, body, headers))]
    for path in ("/healthz", "/readyz", "/v2", "/v2/health/live", "/v2/health/ready",
                 f"/v2/models/{MODEL}", f"/v2/models/{MODEL}/ready", "/v2/models/nope",
                 "/v2/models/nope/ready", f"/v2/models/{MODEL}/versions/9/ready"):
        found.append((path, encode("GET", path)))
    return found + [(each.name, each.request) for each in ALL]


def observe(galen, request: bytes) -> dict:
    reply = send_raw(galen.port, request)
    is_json = "json" in reply.headers.get("content-type", "")
    return {"status": reply.status, "headers": [reply.headers.get(name) for name in HEADERS],
            "body": stable(reply.json()) if is_json else reply.body}


@pytest.mark.parametrize(("name", "request_bytes"), answers(), ids=lambda each: each
                         if isinstance(each, str) else "")
def test_both_deployments_answer_alike(deployments, name, request_bytes):
    one, three = (observe(deployments[each], request_bytes) for each in ("one", "three"))
    assert one == three, name


def test_both_deployments_agree_on_every_held_out_row(deployments):
    for row in held_out():
        request = encode("POST", "/infer", json.dumps(
            {"model": MODEL, "input": row["input"]}).encode())
        assert observe(deployments["one"], request) == observe(deployments["three"], request)
