# SPDX-License-Identifier: Apache-2.0
"""What sslyze and testssl.sh say of our TLS, with a certificate of each kind of key."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import warnings

import counted
import pytest
from certificates import Authority
from process import ROOT, Process

SSLYZE = ROOT / ".deps/security/bin/sslyze"
TESTSSL = shutil.which("testssl")
TESTSSL_SECONDS = 1500

# Of the certificate of a test, of what a private network has none of, and of HTTP's headers.
NOT_OURS = {"engine_problem", "cert_expirationStatus", "cert_notAfter", "cert_revocation", "cert_trust",
            "cert_chain_of_trust", "DNS_CAArecord", "HSTS", "security_headers",
            "sessionresumption_ticket", "overall_grade", "scanTime"}


@pytest.fixture(scope="module", params=["ec", "rsa"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    authority = Authority(folder)
    certificate = authority.certify("server", "127.0.0.1", "localhost", kind=request.param, days=25)
    process = Process("serve", folder, {"repository": ROOT / "models", "threads": 1}
                      | certificate.settings("listen"),
                      ssl.create_default_context(cafile=authority.path))
    process.authority = authority
    process.kind = request.param
    process.wait_for("/readyz")
    yield process
    process.check_end()


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(server, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(("127.0.0.1", server.port)) as connection, \
            pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(connection)


@pytest.mark.skipif(not SSLYZE.exists(), reason="sslyze is not installed: tools/bootstrap --security")
def test_sslyze_finds_what_mozilla_recommends_and_no_weakness(server, tmp_path, capsys):
    found = tmp_path / "sslyze.json"
    done = subprocess.run(
        [SSLYZE, "--certinfo_ca_file", server.authority.path, "--mozilla_config", "intermediate",
         "--json_out", found, f"127.0.0.1:{server.port}"],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "OK - Compliant." in done.stdout
    scans = json.loads(found.read_text())["server_scan_results"][0]["scan_result"]
    results = {name: scan["result"] for name, scan in scans.items() if scan["status"] == "COMPLETED"}
    accepted = {name: {each["cipher_suite"]["name"] for each in results[name]["accepted_cipher_suites"]}
                for name in results if name.endswith("_cipher_suites")}
    old = [suite for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
           for suite in accepted[f"{version}_cipher_suites"]]
    assert not old
    suites = accepted["tls_1_2_cipher_suites"] | accepted["tls_1_3_cipher_suites"]
    assert len(suites) == 6
    assert all("GCM" in suite or "POLY1305" in suite for suite in suites)
    assert not results["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert not results["tls_compression"]["supports_compression"]
    assert not any(scan["status"] == "ERROR" for scan in scans.values())
    assert results["tls_extended_master_secret"]["supports_ems_extension"]
    counted.check(capsys, f"sslyze-{server.kind}", scans=len(results), suites=len(suites), old=0)


@pytest.mark.skipif(not TESTSSL, reason="testssl.sh is not installed: tools/bootstrap --security")
@pytest.mark.skipif(not os.environ.get("GALEN_SLOW"), reason="testssl.sh takes minutes: GALEN_SLOW=1")
def test_testssl_finds_nothing_against_us(server, tmp_path, capsys):
    found = tmp_path / "testssl.json"
    subprocess.run([TESTSSL, "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", found,
                    "--add-ca", server.authority.path, f"127.0.0.1:{server.port}"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=TESTSSL_SECONDS,
                   check=False)
    findings = json.loads(found.read_text())
    against = [finding for finding in findings
               if finding["severity"] not in ("OK", "INFO") and finding["id"] not in NOT_OURS]
    assert against == []
    good = {finding["id"] for finding in findings if finding["severity"] == "OK"}
    assert good & {"FS", "PFS"}  # its name depends on the version
    assert good >= {"SSLv2", "SSLv3", "TLS1_2", "TLS1_3", "heartbleed", "CCS", "ROBOT",
                    "CRIME_TLS", "secure_client_renego", "SWEET32", "FREAK", "LOGJAM", "RC4"}
    counted.check(capsys, f"testssl-{server.kind}", findings=len(findings), against=0,
                  ok=sum(finding["severity"] == "OK" for finding in findings), seen=counted.today())
