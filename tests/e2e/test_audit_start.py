# SPDX-License-Identifier: Apache-2.0
"""What the audit needs at the start, and what happens where it is not there."""
import subprocess

import pytest
import trail
from process import BINARY, DEADLINE_S, ROOT, free_port
from samples import by_features
from test_start_and_end import complaint


def refuse(**settings) -> str:
    """What a start that fails says."""
    chosen = {"repository": ROOT / "models", "listen.http": f"127.0.0.1:{free_port()}"}
    chosen |= {key.replace("__", "."): value for key, value in settings.items()}
    words = [word for key, value in chosen.items() for word in ("--set", f"{key}={value}")]
    done = subprocess.run([BINARY, "serve", *words], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    return complaint(done)


def make_keys(folder, *what) -> None:
    subprocess.run([BINARY, "key", "rotate", *what, "--keys", folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_without_keys_it_says_how_to_make_them(tmp_path):
    line = refuse(keys__directory=tmp_path / "none", audit__directory=tmp_path / "audit")
    assert f"galen key rotate --all --keys {tmp_path / 'none'}" in line
    assert not (tmp_path / "audit").exists()


def test_without_a_key_for_one_purpose_it_says_how_to_make_that(tmp_path):
    for purpose, missing in (("checkpoint", "audit-hmac"), ("audit-hmac", "subject")):
        make_keys(tmp_path / "keys", purpose)
        line = refuse(keys__directory=tmp_path / "keys", audit__directory=tmp_path / "audit")
        assert f"galen key rotate {missing} --keys {tmp_path / 'keys'}" in line


@pytest.mark.parametrize("inside", ["keys", "deeper/keys", "."])
@pytest.mark.parametrize("which", ["audit.directory", "audit.second_directory"])
def test_keys_inside_a_trail_are_refused(tmp_path, inside, which):
    folder = tmp_path / "trail"
    (folder / inside).parent.mkdir(parents=True, exist_ok=True)
    make_keys(folder / inside, "--all")
    line = refuse(**{"audit.directory": tmp_path / "audit", "keys.directory": folder / inside,
                     which: folder})
    assert "keys.directory" in line and str(folder) in line


def test_a_trail_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    line = refuse(audit__directory=tmp_path / "file/audit")
    assert f"{tmp_path}/file/audit" in line


def test_a_second_trail_that_cannot_be_made_is_named_where_both_are_required(tmp_path, launch):
    (tmp_path / "file").write_text("")
    both = {"audit__directory": tmp_path / "audit", "audit__second_directory": tmp_path / "file/audit"}
    assert f"{tmp_path}/file/audit" in refuse(**both, audit__require="all")
    galen = launch("one", **both, audit__require="any")
    assert galen.infer(by_features()).status == 200
    assert '"audit.sink_failed"' in galen.log()


@pytest.mark.parametrize("name", ["one", "three"])
def test_where_audit_is_off_nothing_is_left_and_no_key_needed(tmp_path, launch, name):
    galen = launch(name, audit__enabled="false", keys__directory=tmp_path / "none")
    assert galen.infer(by_features()).status == 200
    metrics = galen.processes[-1].metrics()
    assert [each for each in metrics if each.startswith("galen_audit")] == []
    galen.stop()
    galen.processes.clear()
    assert [path.suffix for path in tmp_path.iterdir() if path.suffix != ".log"] == []


def test_demo_mode_makes_its_own_keys_once(tmp_path, launch):
    demo = {"mode": "demo", "keys__directory": tmp_path / "audit/keys"}
    (tmp_path / "audit").mkdir()
    for _ in range(2):
        galen = launch("one", **demo)
        assert galen.infer(by_features()).status == 200
        galen.stop()
        galen.processes.clear()
    made = sorted(path.name for path in (tmp_path / "audit/keys").glob("*.key"))
    assert {"audit-hmac-000001.key", "checkpoint-000001.key", "subject-000001.key"} <= set(made)
    assert all(name.endswith("-000001.key") for name in made)
    verifiers = [(tmp_path / "audit/keys/checkpoint-000001.pub").read_text().strip()]
    assert len(trail.check(tmp_path / "audit", verifiers)) == 2


def test_a_witness_that_cannot_be_reached_is_counted_and_stops_nobody(tmp_path, launch):
    galen = launch("one", audit__witness=tmp_path / "nowhere", audit__checkpoint_records=1)
    assert galen.infer(by_features()).status == 200
    assert galen.processes[-1].metrics()["galen_audit_unwitnessed_checkpoints_total"] > 0
    galen.stop()
    galen.processes.clear()
    assert len(trail.check(tmp_path / "audit")) == 1
