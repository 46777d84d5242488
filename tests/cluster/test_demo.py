# SPDX-License-Identifier: Apache-2.0
"""The overlay `demo`: nothing brought by the site, nobody asked who they are."""
import json
import urllib.request

import kube
import manifests
import pytest
from client import address
from kube import ROOT, get
from load import NOTE


@pytest.fixture(scope="module", autouse=True)
def demo():
    manifests.remove_all()
    manifests.apply(manifests.adapted(manifests.rendered("demo")))
    yield
    manifests.remove_all()


def infer(body: bytes, media: str) -> dict:
    host, port = address()
    request = urllib.request.Request(f"http://{host}:{port}/infer", body, {"Content-Type": media})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def test_demo_answers_with_nothing_brought_and_says_that_it_is_a_demonstration():
    kube.wait_for_all()
    note = infer(json.dumps(NOTE).encode(), "application/json")
    assert [entity["label"] for entity in note["entities"]]
    image = infer((ROOT / "examples/phantom-nodule.png").read_bytes(), "image/png")
    assert image["predictions"][0]["label"] == "nodule"
    for answer in (note, image):
        assert {"demo_model", "demo_mode"} <= {warning["code"] for warning in answer["warnings"]}


def test_demo_has_no_secrets_and_no_claims():
    for kind in ("secrets", "persistentvolumeclaims"):
        assert get(kind)["items"] == []
