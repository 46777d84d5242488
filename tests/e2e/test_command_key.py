# SPDX-License-Identifier: Apache-2.0
"""`galen key`: keys are made, listed and rotated; a secret is never printed."""
import base64
import hashlib
import json
import os
import re
import stat
import subprocess

import pytest
from process import BINARY, DEADLINE_S

VERIFIER = re.compile(r"(checkpoint-\d{6})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")
ED25519 = b"\x01"
PURPOSES = ("checkpoint", "audit-hmac", "subject", "redact")


def run(*words, folder=None, **environment) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name != "GALEN_KEYS_DIRECTORY"}
    return subprocess.run([BINARY, "key", *words], capture_output=True, text=True, cwd=folder,
                          env=kept | environment, timeout=DEADLINE_S, check=False)


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "keys"


def rotate(keys, *words) -> list[str]:
    done = run("rotate", *words, "--keys", keys)
    assert done.returncode == 0, done.stderr
    assert "at their next start" in done.stderr
    return done.stdout.split()


def listed(keys) -> list[dict]:
    done = run("list", "--keys", keys, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)["keys"]


def states(keys) -> dict[str, str]:
    return {key["id"]: key["state"] for key in listed(keys)}


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secrets(keys) -> list[str]:
    """What must not be printed: the lines of each secret, without PEM's frame."""
    return [line for path in keys.glob("*.key") for line in path.read_text().splitlines()
            if not line.startswith("-----")]


def test_all_makes_a_key_of_each_purpose(keys):
    assert rotate(keys, "--all") == [f"{purpose}-000001" for purpose in PURPOSES]
    assert states(keys) == {f"{purpose}-000001": "in_use" for purpose in PURPOSES}
    assert {path.name for path in keys.iterdir()} == {
        *(f"{purpose}-000001.key" for purpose in PURPOSES), "checkpoint-000001.pub"}


def test_secrets_are_for_their_owner_only(keys):
    rotate(keys, "--all")
    assert mode(keys) == 0o700
    assert {mode(path) for path in keys.glob("*.key")} == {0o600}


def test_the_newest_of_a_purpose_is_in_use(keys):
    rotate(keys, "--all")
    assert rotate(keys, "checkpoint") == ["checkpoint-000002"]
    assert states(keys) == {f"{purpose}-000001": "in_use" for purpose in PURPOSES} | {
        "checkpoint-000001": "verifies", "checkpoint-000002": "in_use"}


def test_a_verifier_key_is_as_signed_note_says(keys):
    rotate(keys, "checkpoint")
    [key] = listed(keys)
    name, key_id, text = VERIFIER.fullmatch(key["verifier"]).groups()
    typed_key = base64.b64decode(text, validate=True)
    assert name == key["id"] == "checkpoint-000001"
    assert typed_key[:1] == ED25519
    assert hashlib.sha256(name.encode() + b"\n" + typed_key).hexdigest()[:8] == key_id
    assert (keys / "checkpoint-000001.pub").read_text() == key["verifier"] + "\n"


def test_the_public_half_alone_is_listed(keys):
    rotate(keys, "checkpoint")
    (keys / "checkpoint-000001.key").unlink()
    assert states(keys) == {"checkpoint-000001": "public_only"}
    assert rotate(keys, "checkpoint") == ["checkpoint-000002"]


def test_the_list_is_for_people_too(keys):
    rotate(keys, "--all")
    rotate(keys, "audit-hmac")
    lines = run("list", "--keys", keys).stdout.splitlines()
    rows = [re.split(r" {2,}", line) for line in lines]
    verifier = (keys / "checkpoint-000001.pub").read_text().strip()
    assert rows == [["PURPOSE", "ID", "STATE", "VERIFIER KEY"],
                    ["checkpoint", "checkpoint-000001", "in use", verifier],
                    ["audit-hmac", "audit-hmac-000001", "verifies", "-"],
                    ["audit-hmac", "audit-hmac-000002", "in use", "-"],
                    *([purpose, f"{purpose}-000001", "in use", "-"] for purpose in PURPOSES[2:])]


def test_no_secret_is_printed(keys):
    said = [run("rotate", "--all", "--keys", keys), run("list", "--keys", keys),
            run("list", "--keys", keys, "--json")]
    assert len(secrets(keys)) == len(PURPOSES)
    for secret in secrets(keys):
        assert all(secret not in done.stdout + done.stderr for done in said)


def test_an_empty_folder_says_what_to_do(keys):
    keys.mkdir(mode=0o700)
    done = run("list", "--keys", keys)
    assert done.returncode == 0
    assert "galen key rotate --all" in done.stdout
    assert listed(keys) == []


def test_the_folder_comes_from_the_environment_or_is_keys(tmp_path):
    assert run("rotate", "audit-hmac", folder=tmp_path).returncode == 0
    assert (tmp_path / "keys/audit-hmac-000001.key").exists()
    elsewhere = tmp_path / "elsewhere"
    run("rotate", "audit-hmac", folder=tmp_path, GALEN_KEYS_DIRECTORY=str(elsewhere))
    assert (elsewhere / "audit-hmac-000001.key").exists()
    run("rotate", "audit-hmac", "--keys=third", folder=tmp_path, GALEN_KEYS_DIRECTORY=str(elsewhere))
    assert (tmp_path / "third/audit-hmac-000001.key").exists()


def with_mode(name, bits):
    return lambda keys: (keys / name).chmod(bits)


def with_file(name, text):
    def write(keys):
        (keys / name).write_text(text)
        (keys / name).chmod(0o600)
    return write


def exchange_public(keys):
    rotate(keys, "checkpoint")
    other = (keys / "checkpoint-000002.pub").read_text().replace("-000002", "-000001")
    (keys / "checkpoint-000001.pub").write_text(other)


REFUSED = {
    "a secret that others read": (with_mode("audit-hmac-000001.key", 0o644),
                                  "audit-hmac-000001.key: others"),
    "a folder that others write": (with_mode(".", 0o777), "keys: others"),
    "no pem": (with_file("checkpoint-000001.key", "secret"),
               "checkpoint-000001.key: is no private key"),
    "no digits": (with_file("audit-hmac-000001.key", "secret"), "audit-hmac-000001.key: is not 64"),
    "another name": (with_file("mine.key", "secret"), "mine.key: is not named"),
    "another public half": (exchange_public, "checkpoint-000001.pub: is no verifier key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_is_not_usable_is_2_and_named(keys, name):
    rotate(keys, "--all")
    spoil, why = REFUSED[name]
    spoil(keys)
    done = run("list", "--keys", keys)
    assert done.returncode == 2
    assert done.stdout == ""
    assert why in done.stderr
    assert "secret" not in done.stderr


def test_a_folder_that_is_not_there_is_2_to_list(keys):
    done = run("list", "--keys", keys)
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr


def test_a_folder_that_cannot_be_made_is_1(tmp_path):
    done = run("rotate", "--all", "--keys", tmp_path / "nowhere/keys")
    assert done.returncode == 1
    assert "nowhere/keys" in done.stderr
    assert done.stdout == ""


WRONG = {
    "nothing": [],
    "another word": ["remove"],
    "no purpose": ["rotate"],
    "an unknown purpose": ["rotate", "tls"],
    "two purposes": ["rotate", "checkpoint", "audit-hmac"],
    "a purpose and all": ["rotate", "checkpoint", "--all"],
    "json of rotate": ["rotate", "--all", "--json"],
    "a purpose to list": ["list", "checkpoint"],
    "all to list": ["list", "--all"],
    "no folder": ["list", "--keys"],
    "an unknown option": ["list", "--secrets"],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_2_and_makes_nothing(tmp_path, name):
    done = run(*WRONG[name], folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("galen: ")
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_purposes():
    done = run("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("list", "rotate", "checkpoint: ", "audit-hmac: "))
