# SPDX-License-Identifier: Apache-2.0
"""What happens at the start with models that cannot be used, and at the end."""
import shutil
import signal
import subprocess
import threading

import keys
import pytest
from message import connect, encode, read_reply, send_raw
from process import BINARY, DEADLINE_S, ROOT, free_port, until
from samples import MODEL, by_features


@pytest.fixture
def repository(tmp_path):
    """A copy of one sample model, to break."""
    shutil.copytree(ROOT / "models" / MODEL, tmp_path / "models" / MODEL, symlinks=True)
    return tmp_path / "models"


def run_to_end(repository, role: str = "serve") -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, role, "--set", f"repository={repository}",
         "--set", f"listen.http=127.0.0.1:{free_port()}"],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def complaint(done: subprocess.CompletedProcess) -> str:
    """The line for people; the others are log records."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def break_network(folder) -> None:
    (folder / "model.onnx").write_bytes(b"not a network")


def break_contract(folder) -> None:
    path = folder / "model.yaml"
    path.write_text(path.read_text().replace("datatype: FP32", "datatype: FP33"))


def remove_network(folder) -> None:
    (folder / "model.onnx").unlink()


BREAKS = [break_network, break_contract, remove_network]


def test_no_repository_is_one_line_and_2(tmp_path):
    done = run_to_end(tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in complaint(done)


def test_no_model_is_one_line_and_2(tmp_path):
    (tmp_path / "models").mkdir()
    done = run_to_end(tmp_path / "models")
    assert done.returncode == 2
    assert "models" in complaint(done)


@pytest.mark.parametrize("break_it", BREAKS)
def test_a_broken_only_model_is_one_line_and_2(repository, break_it):
    for version in ("1", "2"):
        break_it(repository / MODEL / version)
    done = run_to_end(repository)
    assert done.returncode == 2
    assert "model." in complaint(done)


def test_a_fault_in_the_contract_is_placed(repository):
    for version in ("1", "2"):
        break_contract(repository / MODEL / version)
    line = (repository / MODEL / "1/model.yaml").read_text().splitlines().index(
        "input: {tensor: features, datatype: FP33}") + 1
    done = run_to_end(repository)
    assert f"/model.yaml:{line}:" in complaint(done)


@pytest.mark.parametrize("break_it", BREAKS)
@pytest.mark.parametrize("name", ["one", "three"])
def test_a_broken_model_beside_a_healthy_one_is_why_it_is_not_ready(launch, repository, name, break_it):
    shutil.copytree(repository / MODEL, repository / "broken", symlinks=True)
    break_it(repository / "broken/2")
    galen = launch(name, ready_status=503, repository=repository)
    reply = galen.request("GET", "/readyz")
    assert reply.status == 503
    assert "broken" in reply.json()["detail"]
    assert reply.headers["retry-after"]
    assert galen.request("GET", "/v2/health/ready").status == 503
    assert galen.infer(by_features()).status == 200
    assert galen.infer(by_features() | {"model": "broken"}).status == 503
    assert galen.request("GET", f"/v2/models/{MODEL}/ready").status == 200
    assert galen.request("GET", "/healthz").status == 200


def test_an_address_in_use_is_one_line_and_2(launch, repository):
    galen = launch("one")
    done = subprocess.run(
        [BINARY, "serve", "--set", f"repository={repository}",
         "--set", f"listen.http=127.0.0.1:{galen.port}"],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert str(galen.port) in complaint(done)


@pytest.mark.parametrize("setting", ["nope=1", "threads=many", "threads=-1", "listen.http=nowhere"])
def test_a_wrong_setting_is_one_line_and_2(setting):
    done = subprocess.run([BINARY, "serve", "--set", setting], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "setting" in complaint(done) or setting.split("=")[0] in complaint(done)


def test_an_address_beyond_loopback_is_refused():
    done = subprocess.run([BINARY, "serve", "--set", f"listen.http=0.0.0.0:{free_port()}"],
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "loopback" in complaint(done)


@pytest.mark.parametrize(("role", "is_refused"), [
    ("engine", True), ("preprocess", True), ("serve", False)])
def test_an_issuer_does_not_open_a_listener_that_takes_no_tokens(role, is_refused, tmp_path):
    words = ["listen.http=0.0.0.0:0", "auth.issuer=https://issuer.example", "listen.tls.elsewhere=true",
             f"audit.directory={tmp_path}", f"keys.directory={keys.folder(BINARY)}"]
    done = subprocess.run([BINARY, "config", "check", role, *(f"--set={word}" for word in words)],
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd=ROOT)
    assert (done.returncode == 2) == is_refused, done.stderr
    assert (f"galen {role} asks nobody for tokens there" in done.stderr) == is_refused


@pytest.mark.parametrize("name", ["one", "three"])
def test_drain_answers_what_it_has_accepted(launch, name):
    galen = launch(name)
    edge = galen.processes[-1]
    request = encode("POST", "/infer", by_features(), {"Expect": "100-continue"})
    head, body = request.split(b"\r\n\r\n", 1)
    with connect(galen.port) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        edge.popen.send_signal(signal.SIGTERM)
        until(lambda: "drain.begin" in edge.log(), "the drain has begun")
        connection.sendall(body)
        reply = read_reply(connection)
    assert reply.status == 200
    assert reply.headers["connection"] == "close"
    assert edge.wait() == 0


def test_it_is_not_ready_while_it_drains(launch):
    galen = launch("one", drain_delay_ms=60_000)
    edge = galen.processes[-1]
    assert "connection" not in galen.infer(by_features()).headers
    edge.popen.send_signal(signal.SIGTERM)
    until(lambda: edge.get_status("/readyz") == 503, "it is unready")
    reply = galen.infer(by_features())
    assert reply.status == 200
    assert reply.headers["connection"] == "close"  # the next one is for who stays
    edge.popen.kill()
    edge.popen.wait()
    galen.processes.clear()


def test_a_drain_under_load_loses_no_request(launch):
    galen = launch("one", drain_delay_ms=300)
    edge = galen.processes[-1]
    request = encode("POST", "/infer", by_features())
    statuses, ended = [], threading.Event()

    def load():
        while not ended.is_set():
            try:
                statuses.append(send_raw(galen.port, request).status)
            except ConnectionRefusedError:
                return
    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(statuses) > 100, "requests flow")
    code = edge.stop()
    ended.set()
    for thread in threads:
        thread.join()
    assert code == 0
    assert set(statuses) == {200}


def test_an_engine_that_is_gone_is_503_and_not_ready(launch):
    galen = launch("three")
    engine = galen.processes[0]
    engine.check_end()
    reply = galen.infer(by_features())
    assert reply.status in (502, 503)
    assert reply.json()["type"].startswith("/problems/")
    assert galen.request("GET", "/readyz").status == 503
    galen.processes.remove(engine)
