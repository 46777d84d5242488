# SPDX-License-Identifier: Apache-2.0
"""h2spec, the conformance suite of HTTP/2, against a running galen."""
import os
import pathlib
import shutil
import ssl
import subprocess
import xml.etree.ElementTree

import deployment
import keys
import process
import pytest
from certificates import Authority
from message import send_raw

CASE_COUNT_MIN = 140
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


def failures(port: int, path: str, folder: pathlib.Path, capsys, *options: str) -> set[str]:
    """What h2spec says has failed; all of it has run."""
    report = folder / "report.xml"
    subprocess.run([H2SPEC, "--host", "127.0.0.1", "--port", str(port), "--path", path, "--timeout",
                    "5", "--junit-report", str(report), *options], check=False, timeout=600,
                   stdout=subprocess.DEVNULL)
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    failed = {case.get("classname") for case in cases
              if case.find("failure") is not None or case.find("error") is not None}
    skipped = [case for case in cases if case.find("skipped") is not None]
    with capsys.disabled():
        print(f"\nh2spec {path} {' '.join(options)}: {len(cases)} cases, {len(failed)} failed, "
              f"{len(skipped)} skipped")
    assert len(cases) >= CASE_COUNT_MIN
    assert not skipped
    return failed


@pytest.mark.parametrize("path", ["/", "/v2", "/nope"])
def test_every_case_of_h2spec_passes(galen, tmp_path, capsys, path):
    assert failures(galen.port, path, tmp_path, capsys) <= OF_ONE_PROTOCOL


def test_every_case_of_h2spec_passes_over_tls(secured, tmp_path, capsys):
    assert failures(secured.port, "/", tmp_path, capsys, "--tls", "--insecure") == set()


def test_what_is_no_preface_is_refused_as_http_1_and_closed(galen):
    reply = send_raw(galen.port, b"INVALID CONNECTION PREFACE\r\n\r\n")
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
