# SPDX-License-Identifier: Apache-2.0
"""Clients known by their TLS certificates: without a token, and with one that is bound to it."""
import json
import ssl

import issuer
import pytest
from certificates import Authority
from process import ROOT, Process
from samples import by_features

ISSUER = "https://issuer.example"
CONFIG = """
clients:
  - {certificate: {dns: ct.ward.example}, client_id: ct, scopes: [infer:breast-cancer]}
  - {certificate: {uri: 'spiffe://ward/mr'}, client_id: mr, scopes: [infer:chest]}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(certificates by name, folder of the issuer's keys, galen)"""
    folder = tmp_path_factory.mktemp("clients")
    authority = Authority(folder)
    certificates = {"server": authority.certify("server", "127.0.0.1"),
                    "ct": authority.certify("ct", "CT.ward.example"),
                    "mr": authority.certify("mr", "spiffe://ward/mr"),
                    "other": authority.certify("other", "other.ward.example")}
    issuer.done("keygen", folder / "keys")
    (folder / "galen.yaml").write_text(CONFIG)
    settings = certificates["server"].settings("listen") | {
        "config": folder / "galen.yaml", "repository": ROOT / "models", "threads": 1,
        "drain_delay_ms": 0, "listen.tls.client_certificate": "ask",
        "listen.tls.client_ca": authority.path, "auth.issuer": ISSUER,
        "auth.jwks": folder / "keys" / "jwks.json"}
    running = Process("serve", folder, settings, context(authority))
    running.wait_for("/readyz")
    yield certificates, folder / "keys", running, authority
    running.check_end()


def context(authority, certificate=None):
    trust = ssl.create_default_context(cafile=authority.path)
    if certificate is not None:
        trust.load_cert_chain(certificate.path, certificate.key_path)
    return trust


def ask(served, name=None, token=None):
    """Status and challenge, over a connection that shows this certificate."""
    certificates, _, running, authority = served
    running.trust = context(authority, certificates.get(name))
    connection = running.connect()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection.request("POST", "/infer", json.dumps(by_features()), headers)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status, reply.headers["WWW-Authenticate"]


def issue(served, *words):
    return issuer.done("issue", "--key", served[1], "--issuer", ISSUER, "--audience", "galen",
                       "--subject", "alice", "--client", "ward-7", "--scope", "infer:breast-cancer",
                       *words)


def test_a_certificate_is_enough_for_who_is_listed(served):
    assert ask(served, "ct") == (200, None)


def test_a_listed_client_may_what_its_scopes_say(served):
    status, challenge = ask(served, "mr")
    assert status == 403
    assert challenge.startswith('Bearer realm="galen", error="insufficient_scope", scope="infer:')


@pytest.mark.parametrize("name", [None, "other"])
def test_nobody_else_gets_in_without_a_token(served, name):
    assert ask(served, name) == (401, 'Bearer realm="galen"')


def test_a_token_that_is_bound_is_good_over_its_certificate_only(served):
    token = issue(served, "--certificate", served[0]["other"].path)
    refused = (401, 'Bearer realm="galen", error="invalid_token", error_description="the token is '
                    'bound to another certificate than the connection\'s"')
    assert ask(served, "other", token) == (200, None)
    assert ask(served, "ct", token) == refused
    assert ask(served, None, token) == refused
    assert ask(served, "other", token) == (200, None)


def test_a_token_that_is_bound_to_nothing_is_good_over_any(served):
    assert ask(served, None, issue(served)) == (200, None)
    assert ask(served, "other", issue(served)) == (200, None)


def test_a_bad_token_is_not_made_good_by_a_certificate(served):
    status, challenge = ask(served, "ct", issue(served)[:-4] + "AAAA")
    assert status == 401
    assert 'error="invalid_token"' in challenge
