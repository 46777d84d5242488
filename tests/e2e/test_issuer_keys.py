# SPDX-License-Identifier: Apache-2.0
"""Keys of real issuers, fetched by discovery as the gateway fetches them, and their tokens."""
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import threading

import provider
import pytest
from certificates import Authority
from issuer import Issuer, decode, run
from message import connect, encode, read_reply
from process import BINARY, DEADLINE_S, Process, free_port, until

DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", BINARY.parent)) / "tests/providers/keys_driver"


class Keeper:
    """The keeper, alone: tests/providers/keys_driver.c."""

    def __init__(self, issuer: str, *authority: pathlib.Path):
        self.popen = subprocess.Popen([DRIVER, issuer, *authority], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self) -> str:
        return self.popen.stdout.readline().strip()

    def keys(self) -> dict[str, str]:
        word, *keys = self.line().split()
        assert word == "keys"
        return dict(key.split("=") for key in keys)

    def want(self, kid: str) -> None:
        self.popen.stdin.write(kid + "\n")
        self.popen.stdin.flush()

    def stop(self) -> str:
        """What it has logged."""
        _, log = self.popen.communicate(timeout=DEADLINE_S)
        assert self.popen.returncode == 0, log
        return log


class Secure(http.server.ThreadingHTTPServer):
    """The pages of an issuer, over TLS, and what clients have shown: certificates of `asked` may be."""

    def __init__(self, certificate, pages: dict[str, dict], asked: Authority):
        super().__init__(("127.0.0.1", 0), Page)
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        self.pages = {"/.well-known/openid-configuration":
                      {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}} | pages
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.key_path)
        context.load_verify_locations(asked.path)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.shown = set()
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that do not trust us are what is tested."""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.shown.add(self.connection.getpeercert(binary_form=True))
        body = json.dumps(self.server.pages[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Nothing."""


@pytest.fixture
def secure(tmp_path, issuer):
    """Starts an issuer over TLS, whose certificate has these names."""
    authority = Authority(tmp_path)
    started = []

    def start(*names):
        started.append(Secure(authority.certify("issuer", *names), {"/jwks": issuer.jwks()}, authority))
        return started[-1].url, authority.path
    yield start
    for each in started:
        each.shutdown()
        each.server_close()


@pytest.fixture
def keeper():
    started = []

    def start(issuer, *authority):
        started.append(Keeper(issuer, *authority))
        return started[-1]
    yield start
    for each in started:
        if each.popen.poll() is None:
            each.stop()


@pytest.fixture
def issuer(tmp_path):
    running = Issuer(tmp_path)
    yield running
    running.stop()


@pytest.fixture(params=["ES256", "RS256", "PS256"])
def real(request, tmp_path):
    reason = provider.why_not()
    if reason is not None:
        pytest.skip(reason)
    running = provider.Provider(tmp_path, request.param)
    yield running
    running.stop()


def show(token, jwks, tmp_path) -> subprocess.CompletedProcess:
    (tmp_path / "fetched.json").write_text(json.dumps(jwks))
    return run("show", "-", "--json", "--jwks", tmp_path / "fetched.json", input=token)


def test_the_development_issuers_keys_are_found(issuer, keeper):
    assert keeper(issuer.url).keys() == {issuer.kids[0]: "ES256"}


def test_a_rotated_key_is_fetched_when_it_is_wanted(issuer, keeper):
    kept = keeper(issuer.url)
    first = kept.keys()
    kid = issuer.rotate("--algorithm", "PS384")
    kept.want(kid)
    assert kept.keys() == {kid: "PS384"} | first
    assert kept.line() == "again"


def test_a_key_that_nobody_has_is_looked_for_in_vain(issuer, keeper):
    kept = keeper(issuer.url)
    first = kept.keys()
    kept.want("nobody")
    assert kept.keys() == first
    assert kept.line() == "again"


def test_an_issuer_that_is_not_there_is_said(keeper):
    kept = keeper(f"http://127.0.0.1:{free_port()}")
    assert kept.line() == "failed"
    assert '"result":"unreachable"' in kept.stop()


def test_an_issuer_that_calls_itself_otherwise_is_refused(tmp_path, keeper):
    running = Issuer(tmp_path, issuer="http://localhost:1")
    kept = keeper(running.address)
    assert kept.line() == "failed"
    assert "about another issuer" in kept.stop()
    running.stop()


def test_keys_come_over_tls(secure, issuer, keeper):
    assert keeper(*secure("127.0.0.1")).keys() == {issuer.kids[0]: "ES256"}


def test_a_gateway_fetches_them_over_tls_from_whom_its_authority_certifies(secure, issuer, tmp_path):
    url, authority = secure("127.0.0.1")
    gateway = Process("serve", tmp_path, {"auth.issuer": url, "auth.issuer_ca": authority})
    gateway.wait_for("/readyz")
    forge = issuer.forge()
    forge.issuer = url
    with connect(gateway.port) as connection:
        connection.sendall(encode("POST", "/infer", {"input": "Denies chest pain."},
                                  {"Authorization": f"Bearer {forge.token(scope='infer:*')}"}))
        assert read_reply(connection).status == 200
    gateway.check_end()


@pytest.mark.parametrize("trust", ["auth.issuer_ca", "upstream.tls.ca", None])
def test_a_gateway_believes_no_issuer_whom_another_authority_certifies(secure, tmp_path, trust):
    """The peers' authority certifies it, a stranger, or no private one is known."""
    url, authority = secure("127.0.0.1")
    trusted = {"auth.issuer_ca": Authority(tmp_path, "Stranger CA").path, "upstream.tls.ca": authority}
    known = {trust: trusted[trust]} if trust else {}
    gateway = Process("serve", tmp_path, {"auth.issuer": url} | known)
    gateway.wait_for("/healthz")
    until(lambda: "tls.peer_refused" in gateway.log(), "it is refused")
    assert gateway.get_status("/readyz") == 503
    assert gateway.metrics()['galen_tls_refused_total{side="issuer"}'] > 0
    gateway.check_end()


def test_the_issuer_is_not_shown_the_certificate_for_peers(tmp_path, issuer):
    authority = Authority(tmp_path)
    asking = Secure(authority.certify("issuer", "127.0.0.1"), {"/jwks": issuer.jwks()}, authority)
    gateway = Process("serve", tmp_path, {"auth.issuer": asking.url, "auth.issuer_ca": authority.path}
                      | authority.certify("gateway", "gateway.example").settings("upstream"))
    gateway.wait_for("/readyz")
    assert asking.shown == {None}
    gateway.check_end()
    asking.shutdown()
    asking.server_close()


def test_authorities_of_an_issuer_that_cannot_be_read_end_the_start(tmp_path):
    missing = tmp_path / "missing.pem"
    words = [f"--set=auth.issuer_ca={missing}", "--set=auth.issuer=https://idp.example"]
    done = subprocess.run([BINARY, "serve", *words], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert f"auth.issuer_ca: {missing}" in done.stderr


def test_without_an_authority_https_is_not_fetched(secure, keeper):
    url, _ = secure("127.0.0.1")
    kept = keeper(url)
    assert kept.line() == "failed"
    assert "https cannot be fetched" in kept.stop()


def test_an_issuer_that_another_authority_certifies_is_refused(secure, keeper, tmp_path):
    url, _ = secure("127.0.0.1")
    kept = keeper(url, Authority(tmp_path, "Stranger CA").path)
    assert kept.line() == "failed"
    assert '"result":"unreachable"' in kept.stop()


def test_an_issuer_that_is_certified_by_another_name_is_refused(secure, keeper):
    kept = keeper(*secure("idp.example", "127.0.0.2"))
    assert kept.line() == "failed"
    assert '"result":"unreachable"' in kept.stop()


def test_a_real_providers_keys_are_found(real, keeper):
    assert keeper(real.url).keys() == {"first": real.algorithm}


def test_a_real_providers_rotation_is_seen(real, keeper):
    kept = keeper(real.url)
    kept.keys()
    real.rotate("second")
    kept.want("second")
    assert kept.keys() == {"second": real.algorithm}
    assert kept.line() == "again"


def test_a_real_providers_token_is_by_its_keys(real, tmp_path):
    token = real.token(scope="infer:text")
    shown = show(token, real.jwks(), tmp_path)
    assert (shown.returncode, json.loads(shown.stdout)["signature_verified"]) == (0, True)
    payload = json.loads(shown.stdout)["payload"]
    assert {"iss", "sub", "aud", "client_id", "exp", "iat", "jti"} <= set(payload)
    assert (payload["iss"], payload["aud"], payload["scope"]) == (real.url, "galen", "infer:text")
    assert json.loads(decode(token.split(".")[0]))["typ"] == "at+jwt"


def test_a_real_providers_token_is_not_by_other_keys(real, issuer, tmp_path):
    assert show(real.token(), issuer.jwks(), tmp_path).returncode == 1
