# SPDX-License-Identifier: Apache-2.0
"""Preprocessors for images apart from those for all else: what decodes strangers' files shares
no process with what reads notes."""
import subprocess

import pytest
from message import exchange
from process import BINARY, DEADLINE_S, ROOT, Process, until
from samples import by_features

SETTINGS = {"repository": ROOT / "models", "threads": 1, "upstream.probe_interval_ms": 50}
PNG = (ROOT / "examples/phantom-nodule.png").read_bytes()
NOTE = b"Takes metformin 500 mg twice daily."
KINDS = ("text", "image")


class Row:
    def __init__(self, folder):
        self.engine = Process("engine", folder, SETTINGS)
        self.preprocessors = {kind: Process("preprocess", folder, SETTINGS) for kind in KINDS}
        urls = {f"preprocess.{kind}": each.url for kind, each in self.preprocessors.items()}
        for each in (self.engine, *self.preprocessors.values()):
            each.wait_for("/v2/health/ready")
        self.gateway = Process("gateway", folder, SETTINGS | urls | {
            "engines.default": self.engine.url})
        self.gateway.wait_for("/readyz")

    def ask(self, kind):
        body, media = (PNG, "image/png") if kind == "image" else (NOTE, "text/plain")
        return exchange(self.gateway.port, "POST", "/infer", body, {"Content-Type": media})

    def attempts(self, service) -> float:
        return sum(value for name, value in self.gateway.metrics().items()
                   if name.startswith("galen_upstream_attempts_total")
                   and f'service="{service}"' in name)

    def end(self):
        for each in (self.gateway, *self.preprocessors.values(), self.engine):
            each.check_end()


@pytest.fixture
def row(tmp_path):
    it = Row(tmp_path)
    yield it
    it.end()


def test_images_and_all_else_go_to_their_own(row):
    assert [row.ask(kind).status for kind in ("image", "text", "image")] == [200] * 3
    assert exchange(row.gateway.port, "POST", "/infer", by_features()).status == 200
    assert row.attempts("preprocess-image") == 2
    assert row.attempts("preprocess") == 2


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_gone_takes_only_its_own_along(row, kind, tmp_path):
    gone = row.preprocessors[kind]
    gone.check_end()
    until(lambda: row.gateway.get_status("/readyz") == 503, "the gateway is unready")
    [other] = set(KINDS) - {kind}
    assert row.ask(other).status == 200
    for reply in (row.ask(kind), exchange(row.gateway.port, "GET", "/readyz")):
        assert reply.status == 503
        assert f"127.0.0.1:{gone.port}" in reply.json()["detail"]
    row.preprocessors[kind] = Process("preprocess", tmp_path, SETTINGS, port=gone.port)
    row.gateway.wait_for("/readyz")
    assert row.ask(kind).status == 200


@pytest.mark.parametrize(("kind", "named"), [("image", "text"), ("text", "image")])
def test_one_of_the_two_alone_is_refused_by_name(kind, named):
    done = subprocess.run([BINARY, "config", "check", "gateway", "--set", f"preprocess.{kind}=http://a",
                           "--set", "engines.default=http://b"], capture_output=True, text=True,
                          cwd=ROOT, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert f"preprocess.{named}: is local" in done.stderr
