# SPDX-License-Identifier: Apache-2.0
"""`galen explain`: one request on one screen, whatever became of it, from the trails that the
processes wrote."""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess

import deployment
import keys
import pytest
from audit_sample import Sample
from message import send_raw
from process import BINARY, DEADLINE_S, ROOT, Process, until
from refusals import ALL, CANARIES
from samples import MODEL, by_features

COLUMN_COUNT, LINE_COUNT = 80, 40
NO_PROBES = {"upstream.probe_interval_ms": 0}


def words(*trails) -> list[str]:
    directories = [word for trail in trails for word in ("--directory", str(trail))]
    return directories + [word for each in keys.verifiers(BINARY) for word in ("--key", each)]


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "explain", *arguments], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)


def explain(request_id: str, *trails, code: int = 0) -> str:
    """The screen, which is one."""
    done = run(request_id, *words(*trails))
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= LINE_COUNT
    assert max(map(len, lines), default=0) <= COLUMN_COUNT
    return done.stdout


def explain_json(request_id: str, *trails, code: int = 0) -> dict:
    done = run(request_id, "--json", *words(*trails))
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def with_id(request_id: str) -> dict[str, str]:
    return {"X-Request-Id": request_id}


class Past:
    """What a deployment answered, and the trail that it left."""

    def __init__(self, folder: pathlib.Path):
        galen = deployment.start("three", folder)
        self.trail = folder / "audit"
        self.ok = galen.request("POST", "/infer", by_features(), with_id("went-well"))
        self.refused = galen.request("POST", "/infer", by_features() | {"model": "nope"},
                                     with_id("went-not"))
        self.again = [galen.request("POST", "/infer", body, with_id("again"))
                      for body in (by_features(), b"{")]
        self.running = until(self.all_recorded, "engine and preprocess have their records too")
        galen.stop()


    def all_recorded(self) -> subprocess.CompletedProcess | None:
        """Answers wait for the gateway's record alone."""
        done = run("went-well", *words(self.trail))
        return done if done.stdout.count(" infer, ok 200, ") == 3 else None


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    return Past(tmp_path_factory.mktemp("past"))


def test_a_request_is_shown_with_the_records_of_all_processes_that_it_crossed(past):
    screen = explain("went-well", past.trail)
    assert screen.startswith("request   went-well\n          ok 200, ")
    assert f"model     {MODEL}, version 2, network " in screen
    assert f"{len(past.ok.body)} bytes out" in screen
    assert re.search(r"upstream  engine 127\.0\.0\.1:\d+, attempts 1\n", screen)
    for part in ("before", "preprocess", "infer", "after"):
        assert re.search(rf"^.{{10}}{part} +\d+\.\d{{3}} ms$", screen, re.MULTILINE)
    services = re.findall(r"^.{10}(\w+) infer, ok 200, ", screen, re.MULTILINE)
    assert services == ["gateway", "preprocess", "engine"]
    assert screen.count("chain verifies, in the checkpoint of ") == 3


def test_the_parts_of_its_time_fill_it(past):
    first = explain_json("went-well", past.trail)["records"][0]
    assert [part["name"] for part in first["parts"]] == ["before", "preprocess", "infer", "after"]
    assert sum(part["took_us"] for part in first["parts"]) == first["record"]["dur_us"]


def test_of_a_running_process_the_newest_records_are_not_yet_covered(past):
    assert past.running.returncode == 0
    assert past.running.stdout.count("chain verifies, not yet covered by a checkpoint") == 3


def test_a_refusal_has_its_reason(past):
    screen = explain("went-not", past.trail)
    assert "refused 404 not-found" in screen
    assert screen.count("chain verifies") == 1


def test_of_requests_with_one_id_the_last_is_shown_unless_another_is_chosen(past):
    assert [each.status for each in past.again] == [200, 400]
    assert "refused 400" in explain("again", past.trail)
    assert "1 earlier with this id: --until chooses one" in explain("again", past.trail)
    last = explain_json("again", past.trail)["records"][0]["record"]["ts"]
    done = run("again", "--until", last, *words(past.trail))
    assert "ok 200" in done.stdout
    assert "earlier" not in done.stdout


def test_trails_may_lie_in_several_folders(past, tmp_path):
    for chain in past.trail.iterdir():
        shutil.copytree(chain, tmp_path / chain.name.split("-")[0] / chain.name)
    folders = [tmp_path / service for service in ("engine", "gateway", "preprocess")]
    records = explain_json("went-well", *folders)["records"]
    assert [each["record"]["service"] for each in records] == ["gateway", "preprocess", "engine"]
    assert {each["trail"] for each in records} == {str(folder) for folder in folders}
    assert [each["record"]["service"] for each in explain_json("went-well", folders[0])["records"]] == [
        "engine"]


def test_records_in_json_are_the_exact_lines(past):
    answer = run("went-well", "--json", *words(past.trail)).stdout
    found = explain_json("went-well", past.trail)
    assert (found["request_id"], found["found"], found["ok"]) == ("went-well", True, True)
    for each in found["records"]:
        path = past.trail / each["chain"] / "000001.ndjson"
        line = path.read_text().splitlines()[each["seq"]]
        assert f'"record":{line}' in answer
        assert each["proof"] == "proved"
        assert each["checkpoint"]["size"] > each["seq"]


def test_an_id_that_no_record_has_is_not_found(past):
    done = run("nobody", *words(past.trail))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "galen: explain: nobody: no record has this id\n"
    assert explain_json("nobody", past.trail, code=1)["records"] == []


@pytest.mark.parametrize("arguments", [
    [], ["a", "b"], ["two words"], ["--directory", "nowhere", "a"], ["--key", "none", "a"],
    ["--until", "noon", "a"]])
def test_wrong_usage_is_told_apart(past, arguments):
    done = run(*arguments, *words(past.trail))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_who_names_no_trail_and_no_keys_has_those_of_the_environment(past):
    environment = os.environ | {"GALEN_AUDIT_DIRECTORY": str(past.trail),
                                "GALEN_KEYS_DIRECTORY": str(keys.folder(BINARY))}
    done = subprocess.run([BINARY, "explain", "went-well"], env=environment, capture_output=True,
                          text=True, check=False)
    assert done.stdout == explain("went-well", past.trail)


def on_terminal(*arguments, **environment) -> str:
    """What a terminal gets."""
    leader, follower = pty.openpty()
    chosen = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    subprocess.run([BINARY, "explain", *arguments], stdout=follower, check=False,
                   env=chosen | {"TERM": "xterm"} | environment)
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 65536):
            text += piece
    except OSError:  # Linux: the other end is closed
        pass
    os.close(leader)
    return text.decode().replace("\r\n", "\n")


def test_a_terminal_gets_bars_and_colours(past):
    plain = explain("went-well", past.trail)
    colourful = on_terminal("went-well", *words(past.trail))
    bare = re.sub(r"\x1b\[\d+m", "", colourful)
    assert colourful != bare
    assert re.search(r"infer +\d+\.\d{3} ms +#+\n", bare)
    assert re.sub(r" +#*\n", "\n", bare) == re.sub(r" +\n", "\n", plain)
    assert max(map(len, bare.splitlines())) <= COLUMN_COUNT


def test_a_terminal_that_wants_no_colours_gets_bars_alone(past):
    text = on_terminal("went-well", *words(past.trail), NO_COLOR="1")
    assert "\x1b" not in text
    assert "#" in text


def change(trail: pathlib.Path, service: str, before: bytes, after: bytes) -> None:
    [chain] = trail.glob(f"{service}-*")
    path = chain / "000001.ndjson"
    text = path.read_bytes()
    assert before in text
    path.write_bytes(text.replace(before, after))


@pytest.fixture
def tampered(past, tmp_path):
    return pathlib.Path(shutil.copytree(past.trail, tmp_path / "audit"))


def test_a_record_that_was_changed_does_not_verify(past, tampered):
    change(tampered, "gateway", b'"route":"infer"', b'"route":"other"')
    screen = explain("went-well", tampered, code=1)
    assert "DOES NOT VERIFY at seq 1 in 000001.ndjson\n" in screen
    assert "the record's hash is not that of its bytes" in screen
    assert screen.count("chain verifies") == 2
    found = explain_json("went-well", tampered, code=1)
    assert not found["ok"]
    assert [each["chain_ok"] for each in found["records"]] == [False, True, True]
    assert found["records"][0]["fault"]["kind"] == "hash"


def test_a_record_that_was_taken_away_is_missed(past, tampered):
    change(tampered, "engine", b'"request_id":"went-well"', b'"request_id":"went-away"')
    screen = explain("went-well", tampered, code=1)
    assert "OTHER CHAINS DO NOT VERIFY: 1; see galen audit verify" in screen
    done = run("nobody", *words(tampered))
    assert done.returncode == 1
    assert "1 chains do not verify; see galen audit verify" in done.stderr


def test_a_checkpoint_of_somebody_else_proves_nothing(tmp_path):
    sample = Sample(tmp_path)
    known = run("request-3", "--directory", sample.path, "--key", sample.key.verifier)
    assert "in the checkpoint of 6 records" in known.stdout
    foreign = explain("request-3", sample.path, code=1)
    assert "DOES NOT VERIFY" in foreign
    assert "NOT PROVED by the checkpoint that covers it" in foreign


def start_row(folder: pathlib.Path, engine_count: int, **settings):
    """Engines, a preprocessor and a gateway that probes nobody; the gateway is the last."""
    base = {"repository": ROOT / "models", "threads": 1, "drain_delay_ms": 0}
    behind = [Process(role, folder, base) for role in ["engine"] * engine_count + ["preprocess"]]
    for process in behind:
        process.wait_for("/v2/health/ready")
    urls = {"engines.default": ",".join(each.url for each in behind[:engine_count]),
            "preprocess": behind[-1].url}
    gateway = Process("gateway", folder, base | urls | NO_PROBES | settings).wait_for("/readyz")
    return [*behind, gateway]


def test_a_request_that_was_made_again_names_who_was_asked_in_vain(tmp_path):
    *behind, gateway = processes = start_row(tmp_path, engine_count=2)
    galen = deployment.Deployment(processes)
    behind[0].popen.kill()
    behind[0].popen.wait()
    dead = f"127.0.0.1:{behind[0].port}"
    count = ('galen_upstream_attempts_total{service="engine",'
             f'endpoint="{dead}",outcome="unreached"}}')
    for number in range(100):
        name = f"made-again-{number}"
        assert galen.request("POST", "/infer", by_features(), with_id(name)).status == 200
        if gateway.metrics().get(count, 0) > 0:
            break
    for process in processes[:0:-1]:
        process.check_end()
    screen = explain(name, tmp_path / "audit")
    assert (f"upstream  engine 127.0.0.1:{behind[1].port}, attempts 2,"
            in screen)
    assert f"engine {dead} unreached" in " ".join(screen.split())
    assert "ok 200" in screen


def test_a_request_that_nobody_took_names_all_who_were_asked(tmp_path):
    *behind, gateway = start_row(tmp_path, engine_count=1)
    for process in behind:
        process.popen.kill()
        process.popen.wait()
    galen = deployment.Deployment([gateway])
    assert galen.request("POST", "/infer", by_features(), with_id("in-vain")).status == 503
    gateway.check_end()
    screen = explain("in-vain", tmp_path / "audit")
    assert "failed 503 unavailable" in screen
    assert f"preprocess 127.0.0.1:{behind[-1].port} unreached" in screen


@pytest.fixture
def canary(tmp_path, launch):
    """The sample models, of which one has a third version that is being tried by these words."""
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models, symlinks=True)
    shutil.copytree(models / MODEL / "2", models / MODEL / "3")

    def begin(*options):
        galen = launch("one", repository=models, models__poll_ms=20)
        subprocess.run([BINARY, "model", "canary", "--repository", models, MODEL, "--version", "3",
                        *options], check=True, capture_output=True)
        until(lambda: "rollout.serves" in galen.log(), "the canary serves")
        return galen
    return begin


def test_a_canary_says_what_its_arm_follows_from(canary, tmp_path):
    galen = canary("--percent", "99.99")
    assert galen.request("POST", "/infer", by_features(), with_id("tried")).status == 200
    screen = explain("tried", tmp_path / "audit")
    assert f"model     {MODEL}, version 3, canary by chance, network " in screen


def test_a_shadow_is_compared(canary, tmp_path):
    galen = canary("--percent", "0", "--shadow", "100")
    assert galen.request("POST", "/infer", by_features(), with_id("shadowed")).status == 200
    trail = tmp_path / "audit"
    until(lambda: "serve shadow" in explain("shadowed", trail), "the shadow is recorded")
    screen = explain("shadowed", trail)
    assert "shadow    version 3, 0 of 1 outputs differ\n" in screen
    assert f"model     {MODEL}, version 2, stable by chance" in screen
    assert "          serve shadow, ok, " in screen


def test_no_screen_has_anything_of_a_payload(tmp_path):
    galen = deployment.start("three", tmp_path)
    for refusal in ALL:
        send_raw(galen.port, refusal.request)
    galen.stop()
    ids = set(re.findall(r'"request_id":"([^"]+)"', "".join(
        path.read_text() for path in (tmp_path / "audit").rglob("*.ndjson"))))
    assert len(ids) > 20
    for request_id in sorted(ids)[:20]:
        for text in (explain(request_id, tmp_path / "audit"),
                     json.dumps(explain_json(request_id, tmp_path / "audit"))):
            assert not [word for word in CANARIES if word in text]
