# SPDX-License-Identifier: Apache-2.0
"""`galen token`: what it issues, others verify; what it shows, it says whether that is true."""
import base64
import hashlib
import json
import stat
import subprocess
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from issuer import CLIENTS, Issuer, ask_for_token, decode, done, encode, get, run, wrong_tokens
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ISSUER = "http://127.0.0.1:9000"


@pytest.fixture
def keys(tmp_path):
    done("keygen", tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(**options):
        started.append(Issuer(tmp_path, **options))
        return started[-1]
    yield start
    for each in started:
        each.stop()


def issue(keys, *words) -> str:
    return done("issue", "--key", keys, "--issuer", ISSUER, "--audience", "galen", "--subject", "dr",
                *words)


def key_set(keys) -> dict:
    return json.loads((keys / "jwks.json").read_text())


def parts(token) -> tuple[dict, dict]:
    header, payload, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(payload))


def verify_by_pyjwt(token, jwks) -> dict:
    header = jwt.get_unverified_header(token)
    [key] = [key for key in jwt.PyJWKSet.from_dict(jwks).keys if key.key_id == header["kid"]]
    return jwt.decode(token, key, algorithms=[header["alg"]], audience="galen", issuer=ISSUER)


def verify_by_joserfc(token, jwks) -> dict:
    algorithm = parts(token)[0]["alg"]
    return joserfc_jwt.decode(token, KeySet.import_key_set(jwks), algorithms=[algorithm]).claims


def verify_by_jwcrypto(token, jwks) -> dict:
    read = JWT(jwt=token, key=JWKSet.from_json(json.dumps(jwks)), algs=[parts(token)[0]["alg"]])
    return json.loads(read.claims)


# -- keys

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_others_verify_what_is_issued(tmp_path, algorithm):
    done("keygen", tmp_path / "keys", "--algorithm", algorithm)
    token = issue(tmp_path / "keys")
    assert parts(token)[0]["alg"] == algorithm
    for verify in (verify_by_pyjwt, verify_by_joserfc, verify_by_jwcrypto):
        assert verify(token, key_set(tmp_path / "keys")) == parts(token)[1]


def test_a_key_is_for_its_owner_only(keys):
    [pem] = keys.glob("*.pem")
    assert pem.name == "000001-ES256.pem"
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert pem.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    serialization.load_pem_private_key(pem.read_bytes(), None)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_its_id_is_the_thumbprint(tmp_path, algorithm):
    kid = done("keygen", tmp_path / "keys", "--algorithm", algorithm)
    [key] = key_set(tmp_path / "keys")["keys"]
    assert key["kid"] == kid == JWK(**key).thumbprint()


def test_nothing_private_is_in_the_set(tmp_path):
    for algorithm in ("RS256", "ES256", "EdDSA"):
        done("keygen", tmp_path / "keys", "--rotate", "--algorithm", algorithm)
    members = [set(key) for key in key_set(tmp_path / "keys")["keys"]]
    common = {"kid", "use", "alg", "kty"}
    assert members == [common | {"crv", "x"}, common | {"crv", "x", "y"}, common | {"n", "e"}]


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies(keys):
    before = issue(keys)
    kid = done("keygen", keys, "--rotate")
    after = issue(keys)
    assert parts(after)[0]["kid"] == kid != parts(before)[0]["kid"]
    assert parts(after)[0]["alg"] == "ES256"
    for token in (before, after):
        verify_by_pyjwt(token, key_set(keys))


def test_a_folder_with_keys_is_not_taken_for_a_new_one(keys):
    before = key_set(keys)
    refused = run("keygen", keys)
    assert refused.returncode == 2
    assert "--rotate" in refused.stderr
    assert key_set(keys) == before


def with_mode(keys):
    (keys / "000001-ES256.pem").chmod(0o640)


def with_another_key(keys):
    (keys / "000001-ES256.pem").rename(keys / "000001-RS256.pem")


def with_rubbish(keys):
    (keys / "000001-ES256.pem").write_text("x")


def without_keys(keys):
    (keys / "000001-ES256.pem").unlink()


def with_link(keys):
    (keys / "000001-ES256.pem").rename(keys.parent / "key.pem")
    (keys / "000001-ES256.pem").symlink_to(keys.parent / "key.pem")


@pytest.mark.parametrize("spoil", [with_mode, with_another_key, with_rubbish, without_keys, with_link])
def test_a_folder_that_is_not_usable_is_refused(keys, spoil):
    spoil(keys)
    refused = run("issue", "--key", keys, "--issuer", ISSUER, "--audience", "a", "--subject", "s")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert str(keys) in refused.stderr


# -- tokens

def test_a_token_is_as_rfc_9068_has_it(keys):
    before = int(time.time())
    header, payload = parts(issue(keys, "--client", "app", "--scope", "infer:text infer:image"))
    [key] = key_set(keys)["keys"]
    assert header == {"typ": "at+jwt", "alg": "ES256", "kid": key["kid"]}
    assert before <= payload.pop("iat") <= time.time()
    assert before + 900 <= payload.pop("exp") <= time.time() + 900
    assert len(payload.pop("jti")) == 36
    assert payload == {"iss": ISSUER, "aud": "galen", "sub": "dr", "client_id": "app",
                       "scope": "infer:text infer:image"}


def test_no_two_tokens_have_one_id(keys):
    assert len({parts(issue(keys))[1]["jti"] for _ in range(5)}) == 5


@pytest.mark.parametrize("text, seconds", [("90", 90), ("90s", 90), ("2m", 120), ("24h", 86400)])
def test_a_lifetime_is_what_is_asked_for(keys, text, seconds):
    _, payload = parts(issue(keys, "--lifetime", text))
    assert payload["exp"] - payload["iat"] == seconds


def test_further_claims_are_text_or_json(keys):
    _, payload = parts(issue(keys, "--claim", "patient=1=\"2\"", "--claim", "groups:=[1,{\"a\":null}]",
                             "--claim", "empty=", "--claim", "ort=Zürich"))
    assert payload["patient"] == '1="2"'
    assert payload["groups"] == [1, {"a": None}]
    assert payload["empty"] == ""
    assert payload["ort"] == "Zürich"


def test_a_token_may_be_bound_to_a_certificate(keys, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=client",
                    "-keyout", tmp_path / "key.pem", "-out", tmp_path / "client.pem"], check=True,
                   capture_output=True)
    der = subprocess.run(["openssl", "x509", "-in", tmp_path / "client.pem", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    _, payload = parts(issue(keys, "--certificate", tmp_path / "client.pem"))
    assert payload["cnf"] == {"x5t#S256": encode(hashlib.sha256(der).digest())}


NEEDED = ("--key", "{keys}", "--issuer", ISSUER, "--audience", "galen", "--subject", "dr")
WRONG_USAGE = [
    ("issue", *NEEDED[2:]), ("issue", *NEEDED[:-2]), ("issue", *NEEDED, "--lifetime", "0"),
    ("issue", *NEEDED, "--lifetime", "25h"), ("issue", *NEEDED, "--lifetime", "1d"),
    ("issue", *NEEDED, "--lifetime", "-1"), ("issue", *NEEDED, "--claim", "iss=other"),
    ("issue", *NEEDED, "--claim", "patient"), ("issue", *NEEDED, "--claim", "=x"),
    ("issue", *NEEDED, "--claim", "a:=x"), ("issue", *NEEDED, "--claim", "a=1", "--claim", "a=2"),
    ("issue", *NEEDED, "--certificate", "/nowhere"),
    ("issue", *NEEDED, "--certificate", "{keys}/jwks.json"),
    ("issue", *NEEDED, "more"), ("issue", *NEEDED, "--json"),
    ("issue", *NEEDED, "--scope", "x" * 20000),
    ("keygen",), ("keygen", "{keys}", "more"), ("keygen", "{keys}", "--algorithm", "HS256"),
    ("keygen", "{keys}", "--algorithm", "none"), ("keygen", "{keys}", "--algorithm", "es256"),
    ("show",), ("show", "a.b"), ("show", "x.y.z"), ("show", "e30.e30.e30", "more"),
    ("show", "e30.e30.e30="), ("show", "W10.e30.AA"), ("show", "e30.e30.AA", "--jwks", "/nowhere"),
    ("show", "e30.e30.AA", "--jwks", "{keys}/000001-ES256.pem"),
    ("serve",), ("serve", "--key", "{keys}", "--listen", "0.0.0.0:9000"),
    ("serve", "--key", "{keys}", "--listen", "localhost:9000"),
    ("serve", "--key", "{keys}", "--listen", "192.0.2.1:9000"),
    ("serve", "--key", "{keys}", "--listen", "x"),
    ("serve", "--key", "{keys}", "--listen", "127.0.0.1:99999"),
    ("serve", "--key", "{keys}", "--issuer", "http://idp.example"),
    ("serve", "--key", "{keys}", "--clients", "/nowhere"), ("serve", "--key", "/nowhere"),
    ("serve", "--key", "{keys}", "--clients", "{keys}/jwks.json"), ("nothing",), (),
]


@pytest.mark.parametrize("words", WRONG_USAGE, ids=lambda words: " ".join(words)[:60] or "none")
def test_wrong_usage_is_2_and_prints_nothing(keys, words):
    refused = run(*(word.format(keys=keys) if "{keys}" in word else word for word in words))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("galen: ")


def test_help_is_there_for_each_command():
    listed = done("--help")
    for command in ("keygen", "issue", "show", "serve"):
        assert command in listed
        assert f"galen token {command}" in done(command, "--help")
        assert "Exit codes: 0 " in done(command, "--help")


def test_no_secret_is_printed(keys):
    [pem] = keys.glob("*.pem")
    lines = [line for line in pem.read_text().splitlines() if not line.startswith("-----")]
    said = [run("issue", "--key", keys, "--issuer", ISSUER, "--audience", "a", "--subject", "s"),
            run("show", "e30.e30.AA", "--jwks", pem), run("keygen", keys)]
    assert lines
    assert all(line not in each.stdout + each.stderr for line in lines for each in said)


# -- show

def test_what_is_shown_is_said_to_be_unverified(keys):
    token = issue(keys)
    shown = run("show", token)
    assert shown.returncode == 0
    assert "NOT VERIFIED" in shown.stderr
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines())
    assert (json.loads(lines["header"]), json.loads(lines["payload"])) == parts(token)
    assert lines["expires"].endswith("Z")


def test_with_the_key_set_a_signature_is_right_or_wrong(keys):
    token = issue(keys)
    header, payload, signature = token.split(".")
    words = ("show", "-", "--json", "--jwks", keys / "jwks.json")
    right = run(*words, input=token + "\n")
    assert (right.returncode, json.loads(right.stdout)["signature_verified"]) == (0, True)
    assert "NOT looked at" in right.stderr
    claims = json.loads(decode(payload)) | {"scope": "admin"}
    wrong = run(*words, input=f"{header}.{encode(claims)}.{signature}")
    assert (wrong.returncode, json.loads(wrong.stdout)["signature_verified"]) == (1, False)
    assert "WRONG SIGNATURE" in wrong.stderr


def test_that_a_token_has_expired_is_said():
    now = int(time.time())
    old = f"{encode({'alg': 'none'})}.{encode({'iat': now - 2, 'exp': now - 1})}."
    assert "(has expired)" in run("show", old).stdout


# -- serve

def test_the_issuer_describes_itself(serve):
    issuer = serve(algorithm="PS256")
    expected = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/jwks",
                "token_endpoint": f"{issuer.url}/token",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "response_types_supported": [], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["PS256"]}
    for page in ("openid-configuration", "oauth-authorization-server"):
        status, _, document = get(f"{issuer.url}/.well-known/{page}")
        assert (status, document) == (200, expected)


def test_an_issuer_with_a_path_has_its_documents_there(serve):
    issuer = serve(issuer="http://localhost:1/realms/a")
    for path in ("/realms/a/.well-known/openid-configuration",
                 "/.well-known/oauth-authorization-server/realms/a"):
        assert get(issuer.address + path)[2]["issuer"] == "http://localhost:1/realms/a"
    assert get(f"{issuer.address}/.well-known/openid-configuration")[0] == 404


def test_the_key_set_may_be_kept_for_as_long_as_is_asked_for(serve):
    issuer = serve(max_age="7s")
    status, headers, jwks = get(f"{issuer.url}/jwks")
    assert (status, headers["Cache-Control"], jwks) == (200, "public, max-age=7", key_set(issuer.keys))


def test_a_client_gets_a_token_that_others_verify(serve):
    issuer = serve(lifetime="2m")
    status, headers, answer = issuer.grant("ward", scope="infer:text")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    key = jwt.PyJWKClient(f"{issuer.url}/jwks").get_signing_key_from_jwt(answer["access_token"])
    claims = jwt.decode(answer["access_token"], key, algorithms=["ES256"], audience="galen",
                        issuer=issuer.url)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("ward", "ward", "infer:text")
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 120
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "infer:text")


def test_secrets_may_come_in_the_body(serve):
    issuer = serve()
    status, _, answer = ask_for_token(f"{issuer.url}/token", None, grant_type="client_credentials",
                                      client_id="lab", client_secret="other")
    assert (status, answer["scope"]) == (200, CLIENTS["lab"][1])


@pytest.mark.parametrize("client, form, status, error", [
    ("ward", {"secret": "wrong"}, 401, "invalid_client"),
    ("nobody", {"secret": "s3cret"}, 401, "invalid_client"),
    ("ward", {"scope": "admin"}, 400, "invalid_scope"),
    ("ward", {"grant_type": "password"}, 400, "unsupported_grant_type"),
    ("ward", {"grant_type": ""}, 400, "invalid_request"),
])
def test_who_may_not_gets_none(serve, client, form, status, error):
    issuer = serve()
    refused, headers, answer = issuer.grant(client, **form)
    assert (refused, answer) == (status, {"error": error})
    assert ("WWW-Authenticate" in headers) == (status == 401)


def test_without_clients_nobody_gets_a_token(serve):
    assert serve(clients={}).grant("ward")[0] == 401


def test_other_pages_are_not_there(serve):
    issuer = serve()
    assert get(f"{issuer.url}/")[0] == 404
    assert get(f"{issuer.url}/token")[0] == 405
    assert ask_for_token(f"{issuer.url}/jwks", None)[0] == 405


def test_a_rotation_is_served_after_a_signal(serve):
    issuer = serve()
    before = issuer.token()
    kid = issuer.rotate("--algorithm", "RS256")
    after = issuer.token()
    assert parts(after)[0]["kid"] == kid
    assert [key["kid"] for key in issuer.jwks()["keys"]] == [kid, parts(before)[0]["kid"]]


def test_what_cannot_be_read_changes_nothing(serve):
    issuer = serve()
    issuer.clients.write_text("ward\n")
    issuer.reload()
    assert "line 1: there is no secret" in issuer.log_file.read_text()
    assert issuer.grant("ward")[0] == 200
    issuer.write_clients({"ward": ("changed", "infer:text")})
    issuer.reload()
    assert issuer.grant("ward")[0] == 401
    assert issuer.grant("ward", "changed")[0] == 200


def test_a_port_that_is_taken_is_1(serve):
    issuer = serve()
    refused = run("serve", "--key", issuer.keys, "--listen", issuer.url.removeprefix("http://"))
    assert (refused.returncode, refused.stdout) == (1, "")


def test_secrets_are_not_in_its_log(serve):
    issuer = serve()
    issuer.grant("ward")
    issuer.grant("ward", "guessed-secret")
    issuer.reload()
    log = issuer.log_file.read_text()
    assert "s3cret" not in log
    assert "guessed-secret" not in log
    assert base64.b64encode(b"ward:s3cret").decode() not in log


# -- the helpers that other tests make wrong tokens with

@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_forged_tokens_are_right_but_where_they_are_not(serve, algorithm):
    issuer = serve(algorithm=algorithm)
    forge = issuer.forge()
    [key] = jwt.PyJWKSet.from_dict(issuer.jwks()).keys
    options = {"algorithms": [algorithm], "audience": "galen", "issuer": issuer.url,
               "options": {"require": ["exp", "iat", "jti", "sub", "client_id", "iss", "aud"]}}
    assert jwt.decode(forge.token(), key, **options)["sub"] == "ward"
    pyjwt_looks_at = {"another key", "HS256 by the public key", "another issuer", "another audience",
                      "expired", "not yet", "tampered", "without jti", "alg none", "no signature"}
    wrong = wrong_tokens(forge)
    assert pyjwt_looks_at <= set(wrong)
    for name in pyjwt_looks_at:
        with pytest.raises(jwt.PyJWTError):
            jwt.decode(wrong[name], key, **options)
    assert len(set(wrong.values())) == len(wrong)
