# SPDX-License-Identifier: Apache-2.0
"""`galen audit verify` on trails that an independent program wrote, whole and tampered with."""
import json
import random
import shutil
import subprocess

import pytest
from audit_sample import Sample, run
from audit_trail import Chain, Fault, Key, check_trail, infer_fields


def verify(sample, *words) -> subprocess.CompletedProcess:
    return run("verify", "--key", sample.key.verifier, *words, sample.path)


def reports(done) -> dict[str, dict]:
    return {report["chain"]: report for report in map(json.loads, done.stdout.splitlines())}


def fault(sample, chain, *words) -> tuple[str, int]:
    """What is found in a chain that was tampered with."""
    done = verify(sample, "--json", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    found = reports(done)[chain.name]["fault"]
    return found["kind"], found["seq"]


@pytest.fixture
def sample(tmp_path):
    return Sample(tmp_path)


def test_a_whole_trail_is_right(sample):
    check_trail(sample.path, [sample.key.verifier])
    done = verify(sample, "--witness", sample.witness)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{sample.first.name}: ok, 12 records, 11 of them signed, 2 checkpoints, 2 witnessed, open",
        f"{sample.second.name}: ok, 6 records, 6 of them signed, 2 checkpoints, 2 witnessed, stopped",
        f"{sample.third.name}: ok, 2 records, 2 of them signed, 1 checkpoints, 1 witnessed, open"]


def test_reports_are_json_where_that_is_asked_for(sample):
    done = verify(sample, "--json")
    report = reports(done)[sample.first.name]
    assert done.returncode == 0
    assert report == {"trail": str(sample.path), "chain": sample.first.name, "ok": True,
                      "state": "open", "records": 12, "signed": 11, "checkpoints": 2, "witnessed": 0,
                      "torn_bytes": len(sample.first.torn)}


def test_reading_changes_nothing(sample):
    before = {path: path.read_bytes() for path in sample.path.rglob("*") if path.is_file()}
    verify(sample, "--witness", sample.witness)
    assert before == {path: path.read_bytes() for path in sample.path.rglob("*") if path.is_file()}


def test_changed_bytes_of_every_file_are_found(sample):
    """A sample of places; the unit test of trail_check tries all of them."""
    chance = random.Random(7)
    for path in sorted(path for path in sample.path.rglob("*") if path.is_file()):
        right = path.read_bytes()
        for at in {0, len(right) - 1, *(chance.randrange(len(right)) for _ in range(12))}:
            wrong = bytearray(right)
            wrong[at] ^= 1 << chance.randrange(8)
            path.write_bytes(wrong)
            assert verify(sample).returncode == 1, f"{path.name}, byte {at}"
        path.write_bytes(right)
    assert verify(sample).returncode == 0


def change_lines(chain, change) -> None:
    path = chain.folder / "000001.ndjson"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


LINES = {
    "deleted": (lambda lines: lines[:2] + lines[3:], 2),
    "first deleted": (lambda lines: lines[1:], 0),
    "two in another order": (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], 2),
    "said again": (lambda lines: [*lines[:4], lines[3], *lines[4:]], 4),
    "said again at the end": (lambda lines: [*lines, lines[3]], 6),
    "inserted": (lambda lines: [*lines[:3], b"{}\n", *lines[3:]], 3),
    "cut in two": (lambda lines: [*lines[:3], lines[3][:40] + b"\n" + lines[3][40:], *lines[4:]], 3),
    "an empty one": (lambda lines: [*lines[:3], b"\n", *lines[3:]], 3),
    "without its end": (lambda lines: [*lines[:-1], lines[-1][:-1]], 5),
    "all of them": (lambda lines: [], 0),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_that_moved_are_found_at_the_first_of_them(sample, name):
    change, seq = LINES[name]
    change_lines(sample.first, change)
    assert fault(sample, sample.first)[1] == seq


def test_a_line_of_another_chain_does_not_count(sample):
    other = (sample.second.folder / "000001.ndjson").read_bytes().splitlines(keepends=True)
    change_lines(sample.first, lambda lines: [*lines[:2], other[2], *lines[3:]])
    assert fault(sample, sample.first) == ("chain", 2)


def test_a_chain_that_was_written_anew_is_found(sample):
    """Every hash is right again; only who has the key could sign it."""
    forged = Chain(sample.path.parent / "forged", key=Key(seed=2))
    for number in range(11):
        forged.append("infer", **infer_fields(number, outcome="failed"))
    lines = (forged.folder / "000001.ndjson").read_bytes().splitlines(keepends=True)
    (sample.first.folder / "000001.ndjson").write_bytes(b"".join(lines[:6]))
    (sample.first.folder / "000002.ndjson").write_bytes(b"".join(lines[6:]) + sample.first.torn)
    assert fault(sample, sample.first) == ("checkpoint-root", 0)
    forged.checkpoint()
    shutil.copy(forged.folder / "checkpoints", sample.first.folder / "checkpoints")
    assert fault(sample, sample.first) == ("checkpoint-key", 0)


MISSING = {
    "a segment in the middle": (lambda s: s.first.folder / "000001.ndjson", "segment-missing", 0),
    "the last segment": (lambda s: s.first.folder / "000002.ndjson", "records-short", 6),
    "its checkpoints": (lambda s: s.first.folder / "checkpoints", "checkpoints-short", 12),
    "the chain": (lambda s: s.first.folder, "chain-missing", 0),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_found(sample, name):
    find, kind, seq = MISSING[name]
    path = find(sample)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert fault(sample, sample.first) == (kind, seq)


def test_a_stopped_chain_without_checkpoints_is_found(sample):
    (sample.second.folder / "checkpoints").unlink()
    assert fault(sample, sample.second) == ("stop-unsigned", 0)


def test_a_cut_end_shows_by_the_witness(sample):
    """The last record and its checkpoint are gone: only somebody else can know."""
    change_lines(sample.third, lambda lines: lines[:1])
    (sample.third.folder / "checkpoints").unlink()
    assert verify(sample).returncode == 0
    assert fault(sample, sample.third, "--witness", sample.witness) == ("witness-beyond", 1)
    shutil.rmtree(sample.third.folder)
    assert verify(sample).returncode == 0
    assert fault(sample, sample.third, "--witness", sample.witness) == ("chain-missing", 0)


def test_another_copy_than_the_chain_has_is_found(sample):
    name = f"{sample.third.name}.{2:020}.checkpoint"
    note = sample.key.note(sample.third.name, 2, bytes(32))
    (sample.witness / name).write_bytes(note)
    assert fault(sample, sample.third, "--witness", sample.witness) == ("witness-root", 0)
    (sample.witness / name).write_bytes(note + b"\n")
    assert fault(sample, sample.third, "--witness", sample.witness) == ("witness-form", 0)


def test_a_strange_file_is_a_fault_in_a_chain_and_a_remark_beside_it(sample):
    (sample.path / "README").write_text("mine")
    done = verify(sample)
    assert done.returncode == 0
    assert "README: does not belong here" in done.stderr
    (sample.first.folder / "000001.ndjson~").write_text("mine")
    assert fault(sample, sample.first)[0] == "name"


def test_several_trails_are_told_apart(sample, tmp_path):
    other = Sample(tmp_path / "other")
    done = verify(sample, other.path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 6
    assert f"{other.path}/{other.first.name}: ok" in done.stdout


def test_the_fault_stands_in_its_chain_s_line(sample):
    change_lines(sample.first, lambda lines: lines[:2] + lines[3:])
    lines = verify(sample).stdout.splitlines()
    assert lines[0] == (f"{sample.first.name}: FAULT at seq 2: the record has another seq "
                        "(000001.ndjson)")
    assert lines[1].startswith(f"{sample.second.name}: ok")


def test_verifier_keys_of_a_folder_count(sample, tmp_path):
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "checkpoint-000001.pub").write_text(sample.key.verifier + "\n")
    assert run("verify", "--keys", keys, sample.path).returncode == 0


WRONG = {
    "no command": ([], "a command is needed"),
    "another command": (["check"], "check: there is no such command"),
    "no trail": (["verify", "--key", "K"], "verify: needs a trail, or --proof FILE"),
    "a key that is none": (["verify", "--key", "name+00+AA", "T"], "is no verifier key"),
    "an option that is none": (["verify", "--keyring", "T"], "there is no such option"),
    "no folder of keys": (["verify", "--keys", "/nonexistent", "T"], "/nonexistent"),
    "no such trail": (["verify", "--key", "K", "/nonexistent"], "/nonexistent: No such file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_says_what_is_wrong(name):
    words, why = WRONG[name]
    key = Key().verifier
    done = run(*[key if word == "K" else word for word in words])
    assert done.returncode == 2
    assert why in done.stderr


def test_a_folder_without_chains_is_no_whole_trail(sample, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run("verify", "--key", sample.key.verifier, empty)
    assert done.returncode == 2
    assert "holds no chain" in done.stderr


def test_help_is_that_of_the_command():
    assert run("--help").stdout.startswith("Usage: galen audit COMMAND")
    assert run("verify", "--help").stdout.startswith("Usage: galen audit verify")


@pytest.mark.parametrize("is_unsure", [True, False])
def test_what_is_behind_the_records_of_a_disk_that_failed_is_no_fault(tmp_path, is_unsure):
    key = Key()
    first = Chain(tmp_path, key=key)
    first.append("infer", **infer_fields(1))
    first.checkpoint()
    first.is_unsure = is_unsure
    Chain(tmp_path, key=key, second=1, previous=first).stop()
    first.append("infer", **infer_fields(2))
    first.tear(b'{"v":1,"seq":3', b"galen.audit/gate")
    done = run("verify", "--key", key.verifier, tmp_path)
    assert done.returncode == (0 if is_unsure else 1), done.stdout
    if is_unsure:
        check_trail(tmp_path, [key.verifier])
    else:
        assert "FAULT" in done.stdout
        with pytest.raises(Fault):
            check_trail(tmp_path, [key.verifier])


@pytest.mark.parametrize("content", [b"", b'{"v":1,"seq":0,"ts":', bytes(100)])
def test_a_process_that_was_killed_before_it_began_left_no_chain(tmp_path, content):
    key = Key()
    Chain(tmp_path, key=key).stop()
    folder = tmp_path / "gateway-20261125T200001Z-0123456789abcdef"
    folder.mkdir()
    (folder / "000001.ndjson").write_bytes(content)
    done = run("verify", "--key", key.verifier, tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{folder.name}: ok, 0 records, 0 of them signed, 0 checkpoints, empty" in done.stdout
    check_trail(tmp_path, [key.verifier])


def test_a_first_record_that_was_changed_is_no_process_that_was_killed(tmp_path):
    key = Key()
    chain = Chain(tmp_path, key=key)
    chain.append("infer", **infer_fields(1))
    path = chain.folder / "000001.ndjson"
    path.write_bytes(b"[" + path.read_bytes()[1:])
    assert run("verify", "--key", key.verifier, tmp_path).returncode == 1
    with pytest.raises(Fault):
        check_trail(tmp_path, [key.verifier])
