# SPDX-License-Identifier: Apache-2.0
"""By default nothing listens but on loopback; a public address is refused before it is bound, with
what to set; and what was said is enough."""
import os
import re
import subprocess

import counted
import pytest
from certificates import Authority
from message import exchange
from process import BINARY, DEADLINE_S, ROOT, Process, until

ROLES = ["serve", "gateway", "engine", "preprocess"]
ADDRESSES = ["0.0.0.0", "[::]", "192.0.2.1", "10.0.0.1", "[2001:db8::1]", "[::ffff:192.0.2.1]",
             "128.0.0.1", "126.255.255.255"]
AT_THE_EDGE = {"serve", "gateway"}  # where tokens are asked for
TELLS = {"listen.http": ["listen.tls.client_certificate to require", "listen on 127.0.0.1"],
         "listen.admin": ["listen on 127.0.0.1"]}
HARMLESS = {"listen.metrics"}  # it has numbers for Prometheus, which is seldom on this machine
LISTENER = re.compile(r"^\| `(listen\.\w+)` \| `([^`]*:\d+)` \|", re.MULTILINE)
ISSUER = {"auth.issuer": "https://idp.example"}


def refuse(settings: dict[str, object], role: str = "serve", **environment: str) -> str:
    """What is said to who started it; nothing has listened."""
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run([BINARY, role, *words], capture_output=True, text=True, cwd=ROOT, check=False,
                          timeout=DEADLINE_S, env=os.environ | environment)
    assert done.returncode == 2, done.stderr
    assert '"event":"listening"' not in done.stderr
    [said] = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    return said


def test_every_listener_is_on_loopback_by_default():
    page = subprocess.run([BINARY, "serve", "--settings"], capture_output=True, text=True, check=True)
    listeners = dict(LISTENER.findall(page.stdout))
    assert set(listeners) == set(TELLS) | HARMLESS
    assert {address.rpartition(":")[0] for address in listeners.values()} == {"127.0.0.1"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("listener", TELLS)
def test_a_public_address_is_refused_with_what_to_set(role, listener, capsys):
    for address in ADDRESSES:
        said = refuse({listener: f"{address}:0"}, role)
        assert f"{listener}: is not a loopback address" in said
        assert [word for word in TELLS[listener] if word not in said] == []
        assert ("auth.issuer" in said) == (role in AT_THE_EDGE and listener == "listen.http")
    counted.check(capsys, "public-addresses", roles=len(ROLES), listeners=len(TELLS),
                  addresses=len(ADDRESSES))


def test_neither_file_nor_environment_is_a_way_around(tmp_path):
    (tmp_path / "galen.yaml").write_text("listen: {http: '0.0.0.0:0'}\n")
    done = subprocess.run([BINARY, "serve", "--config", tmp_path / "galen.yaml"], capture_output=True,
                          text=True, check=False, timeout=DEADLINE_S)
    assert done.returncode == 2
    assert "set auth.issuer" in done.stderr
    assert "set auth.issuer" in refuse({}, GALEN_LISTEN_HTTP="0.0.0.0:0")
    assert "listen.admin" in refuse({}, GALEN_LISTEN_ADMIN="0.0.0.0:0")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("public"))


def public(more: dict[str, object]) -> dict[str, object]:
    return {"listen.http": "0.0.0.0:0", "repository": ROOT / "models"} | more


def test_half_of_what_was_said_is_not_enough(authority):
    certificate = authority.certify("half", "localhost").settings("listen")
    asking = {"listen.tls.client_certificate": "ask", "listen.tls.client_ca": authority.path}
    assert "set listen.tls.certificate" in refuse(public(ISSUER))
    assert "set auth.issuer" in refuse(public(certificate))
    assert "set auth.issuer" in refuse(public(certificate | asking))  # who shows none is unknown
    assert "set auth.issuer" in refuse(public({"listen.tls.elsewhere": "true"}))
    assert "listen.admin" in refuse(public(ISSUER | certificate | {"listen.admin": "0.0.0.0:0"}))


@pytest.mark.parametrize("role", ["engine", "preprocess"])
def test_tokens_do_not_help_where_nobody_asks_for_them(authority, role):
    certificate = authority.certify("behind", "localhost").settings("listen")
    said = refuse(public(ISSUER | certificate), role)
    assert "asks nobody for tokens" in said


@pytest.mark.parametrize("what", ["tokens and TLS", "tokens and TLS elsewhere", "certificates", "demo"])
def test_what_was_said_is_enough(tmp_path, authority, what):
    certificate = authority.certify("whole", "localhost").settings("listen")
    enough = {
        "tokens and TLS": ISSUER | certificate,
        "tokens and TLS elsewhere": ISSUER | {"listen.tls.elsewhere": "true"},
        "certificates": certificate | {"listen.tls.client_certificate": "require",
                                       "listen.tls.client_ca": authority.path},
        "demo": {"mode": "demo"},
    }
    process = Process("serve", tmp_path, public(enough[what]))
    until(lambda: '"event":"listening"' in process.log(), "it listens")
    process.check_end()


def test_where_metrics_are_public_there_is_nothing_else(tmp_path):
    process = Process("serve", tmp_path, {"repository": ROOT / "models", "listen.metrics": "0.0.0.0:0"})
    process.wait_for("/readyz")
    port = process.metrics_port
    assert exchange(port, "GET", "/metrics").status == 200
    for path in ("/", "/infer", "/healthz", "/v2", "/v2/repository/index", "/v2/logging"):
        for method in ("GET", "POST"):
            assert exchange(port, method, path).status in (404, 405), path
    process.check_end()
