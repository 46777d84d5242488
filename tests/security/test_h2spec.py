# SPDX-License-Identifier: Apache-2.0
"""h2spec, the conformance suite of HTTP/2, against a running galen."""
import os
import pathlib
import shutil
import ssl
import subprocess
import xml.etree.ElementTree

import counted
import deployment
import keys
import process
import pytest
from certificates import Authority
from message import send_raw

CASE_COUNT_MIN = 140
PATHS = ["/", "/v2", "/nope"]
BUILT = process.ROOT / ".deps/h2spec/bin/h2spec"
H2SPEC = os.environ.get("H2SPEC") or (str(BUILT) if BUILT.exists() else shutil.which("h2spec"))

# Without TLS the port speaks HTTP/1.1 too: what is no preface is refused as such, and closed.
OF_ONE_PROTOCOL = {"Sends invalid connection preface"}

pytestmark = pytest.mark.skipif(
    H2SPEC is None, reason="h2spec is not built: tools/bootstrap --security does it")


@pytest.fixture(scope="module")
def galen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("h2spec")
    os.environ |= keys.environment(process.BINARY, folder / "audit")
    running = deployment.start("one", folder, mode="demo")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("h2spec-tls")
    authority = Authority(folder)
    certificate = authority.certify("server", "127.0.0.1", "localhost")
    running = process.Process("serve", folder, {"repository": process.ROOT / "models", "mode": "demo"}
                              | certificate.settings("listen"),
                              ssl.create_default_context(cafile=authority.path))
    running.wait_for("/readyz")
    yield running
    running.check_end()


def failures(port: int, path: str, folder: pathlib.Path, *options: str) -> tuple[int, set[str]]:
    """How many cases h2spec has, and which have failed; all of it has run."""
    report = folder / "report.xml"
    subprocess.run([H2SPEC, "--host", "127.0.0.1", "--port", str(port), "--path", path, "--timeout",
                    "5", "--junit-report", str(report), *options], check=False, timeout=600,
                   stdout=subprocess.DEVNULL)
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    failed = {case.get("classname") for case in cases
              if case.find("failure") is not None or case.find("error") is not None}
    skipped = [case for case in cases if case.find("skipped") is not None]
    assert len(cases) >= CASE_COUNT_MIN
    assert not skipped
    return len(cases), failed


@pytest.mark.parametrize("path", PATHS)
def test_every_case_of_h2spec_passes(galen, tmp_path, capsys, path):
    count, failed = failures(galen.port, path, tmp_path)
    assert failed == OF_ONE_PROTOCOL
    counted.check(capsys, "h2spec-plain", paths=len(PATHS), cases=count, failed=len(failed), skipped=0)


def test_every_case_of_h2spec_passes_over_tls(secured, tmp_path, capsys):
    count, failed = failures(secured.port, "/", tmp_path, "--tls", "--insecure")
    assert failed == set()
    counted.check(capsys, "h2spec-tls", cases=count, failed=0, skipped=0)


def test_what_is_no_preface_is_refused_as_http_1_and_closed(galen):
    reply = send_raw(galen.port, b"INVALID CONNECTION PREFACE\r\n\r\n")
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
