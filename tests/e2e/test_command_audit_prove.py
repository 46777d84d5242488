# SPDX-License-Identifier: Apache-2.0
"""`galen audit prove`, and `verify --proof` where there is no trail."""
import json

import pytest
from audit_sample import Sample, run
from audit_trail import Key, path_root, record_hash


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return Sample(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def prove(sample, tmp_path):
    """A proof of the first chain, as a file; what the command printed."""
    def write(*words):
        done = run("prove", "--chain", sample.first.name, *words, sample.path)
        (tmp_path / "proof.json").write_text(done.stdout)
        return done
    return write


def check(sample, tmp_path, key: Key | None = None):
    return run("verify", "--key", (key or sample.key).verifier, "--proof", tmp_path / "proof.json")


@pytest.mark.parametrize("seq", range(11))
def test_a_record_is_proved_without_the_trail(sample, prove, tmp_path, seq):
    assert prove("--seq", str(seq)).returncode == 0
    done = check(sample, tmp_path)
    size = 6 if seq < 6 else 11
    assert done.returncode == 0
    assert done.stdout == (f"{tmp_path}/proof.json: ok, record {seq} of {sample.first.name} is one of "
                           f"the {size} that its checkpoint was signed over\n")


def test_a_proof_is_what_the_standard_says(sample, prove):
    """RFC 9162 section 2.1.3, computed a second time."""
    proof = json.loads(prove("--seq", "3", "--size", "11").stdout)
    sealed = proof["record"].encode().split(b',"hash":"')[0] + b"}"
    leaf = record_hash(bytes.fromhex(json.loads(proof["record"])["prev"]), sealed)
    path = [bytes.fromhex(node) for node in proof["path"]]
    root = path_root(leaf, 3, 11, path)
    assert proof["checkpoint"].encode() == sample.key.note(sample.first.name, 11, root)


@pytest.mark.parametrize(("start", "end"), [(6, 11), (11, 11)])
def test_a_checkpoint_is_proved_to_continue_another(sample, prove, tmp_path, start, end):
    assert prove("--from", str(start), "--to", str(end)).returncode == 0
    done = check(sample, tmp_path)
    assert done.returncode == 0
    assert f"over {end} records of {sample.first.name} continues the one over {start}" in done.stdout


def test_another_key_does_not_count(sample, prove, tmp_path):
    prove("--seq", "3")
    done = check(sample, tmp_path, Key(seed=2))
    assert done.returncode == 1
    assert "no key of that name and id" in done.stdout


def test_a_changed_proof_proves_nothing(sample, prove, tmp_path):
    text = prove("--seq", "3").stdout
    (tmp_path / "proof.json").write_text(text.replace('\\"status\\":200', '\\"status\\":500'))
    done = check(sample, tmp_path)
    assert done.returncode == 1
    assert "FAULT: its record's hash is not that of its bytes" in done.stdout


def test_a_trail_that_was_changed_gives_no_proof_that_holds(tmp_path):
    changed = Sample(tmp_path)
    path = changed.first.folder / "000001.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]))
    done = run("prove", "--chain", changed.first.name, "--seq", "5", changed.path)
    (tmp_path / "proof.json").write_text(done.stdout)
    done = check(changed, tmp_path)
    assert done.returncode == 1
    assert "its path does not lead from the record to the checkpoint" in done.stdout


def test_missing_records_give_no_proof(tmp_path):
    changed = Sample(tmp_path)
    (changed.first.folder / "000002.ndjson").unlink()
    done = run("prove", "--chain", changed.first.name, "--seq", "8", changed.path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "records that are missing" in done.stderr


WRONG = {
    "nothing": ([], "needs --chain CHAIN"),
    "no record": (["--chain", "C", "T"], "needs --chain CHAIN"),
    "a record and sizes": (["--chain", "C", "--seq", "1", "--from", "1", "T"], "needs --chain CHAIN"),
    "sizes the wrong way": (["--chain", "C", "--from", "3", "--to", "2", "T"], "--from is at least 1"),
    "a number that is none": (["--chain", "C", "--seq", "x", "T"], "x: is no number"),
    "two trails": (["--chain", "C", "--seq", "1", "T", "T"], "is one word too many"),
    "no such chain": (["--chain", "none", "--seq", "1", "T"], "none: No such file"),
    "a record that is not signed yet": (["--chain", "C", "--seq", "11", "T"], "no checkpoint"),
    "no checkpoint of the size": (["--chain", "C", "--seq", "1", "--size", "7", "T"], "no checkpoint"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_says_what_is_wrong(sample, name):
    words, why = WRONG[name]
    known = {"C": sample.first.name, "T": sample.path}
    done = run("prove", *[known.get(word, word) for word in words])
    assert done.returncode == 2
    assert why in done.stderr


def test_a_file_that_is_no_proof_is_told(sample, tmp_path):
    (tmp_path / "proof.json").write_text("{}")
    done = check(sample, tmp_path)
    assert done.returncode == 1
    assert "neither inclusion nor consistency" in done.stdout
    done = run("verify", "--key", sample.key.verifier, "--proof", tmp_path / "none")
    assert done.returncode == 2
