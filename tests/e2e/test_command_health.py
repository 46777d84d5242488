# SPDX-License-Identifier: Apache-2.0
"""`galen health`: a line and an exit status for who restarts containers."""
import http.server
import os
import signal
import subprocess
import threading

import pytest
from certificates import Authority
from process import BINARY, DEADLINE_S, ROOT, Process, free_port, until

SETTINGS = {"repository": ROOT / "models", "threads": 1}


def health(*words, **environment) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "health", *words], capture_output=True, text=True, cwd=ROOT,
                          env=os.environ | environment, timeout=DEADLINE_S, check=False)


def said(done) -> str:
    """The one line, wherever it went."""
    line = done.stdout + done.stderr
    assert line.count("\n") == 1 and line.endswith("\n")
    return line


@pytest.fixture
def run(tmp_path):
    """Starts processes of a test's own, which end with it."""
    started = []

    def start(role, settings, **more):
        started.append(Process(role, tmp_path, SETTINGS | settings, **more))
        return started[-1]
    yield start
    for process in reversed(started):
        process.check_end()


def test_a_gateway_that_is_ready_is_0(galen):
    done = health(galen.url)
    assert done.returncode == 0, done.stderr
    assert said(done).startswith(f"{galen.url}: is ready")


@pytest.mark.parametrize("role", ["engine", "preprocess"])
def test_other_roles_are_asked_the_same_way(run, role):
    process = run(role, {}).wait_for("/v2/health/ready")
    assert health(process.url).returncode == 0


def test_without_a_url_it_is_the_one_of_this_machine(run):
    process = run("engine", {}).wait_for("/v2/health/ready")
    done = health(GALEN_LISTEN_HTTP=f"0.0.0.0:{process.port}")
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{process.port}: is ready" in said(done)


def test_nobody_there_is_1():
    done = health(f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "connection refused" in said(done)


@pytest.mark.parametrize("missing", ["engines.default", "preprocess"])
def test_a_gateway_is_as_ready_as_those_that_it_asks(run, missing):
    there = {name: run(role, {}).wait_for("/v2/health/ready").url for name, role in
             (("engines.default", "engine"), ("preprocess", "preprocess")) if name != missing}
    address = f"127.0.0.1:{free_port()}"
    gateway = run("gateway", there | {missing: f"http://{address}"}).wait_for("/healthz")
    done = health(gateway.url)
    assert done.returncode == 1
    assert "is not ready" in said(done)
    assert address in said(done)


def test_who_is_not_ready_lives_all_the_same(run):
    nobody = f"http://127.0.0.1:{free_port()}"
    gateway = run("gateway", {"engines.default": nobody, "preprocess": nobody}).wait_for("/healthz")
    assert health(gateway.url).returncode == 1
    done = health("--live", gateway.url)
    assert done.returncode == 0, done.stderr
    assert "is live" in said(done)
    engine = run("engine", {}).wait_for("/v2/health/ready")
    assert "is live" in said(health("--live", engine.url))
    dead = health("--live", nobody)
    assert dead.returncode == 1
    assert "connection refused" in said(dead)


def test_a_server_that_says_nothing_of_it_is_1():
    handler = http.server.BaseHTTPRequestHandler
    with http.server.HTTPServer(("127.0.0.1", 0), type("Mute", (handler,), {
            "do_GET": lambda it: it.send_error(404), "log_message": lambda *_: None})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = health(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert done.returncode == 1
    assert "nothing that says whether" in said(done)


def test_one_that_says_nothing_is_1_when_the_time_is_over(run):
    process = run("engine", {}).wait_for("/v2/health/ready")
    process.popen.send_signal(signal.SIGSTOP)
    try:
        done = health("--timeout", "1", process.url)
    finally:
        process.popen.send_signal(signal.SIGCONT)
    assert done.returncode == 1
    assert process.url in said(done)


@pytest.fixture
def guarded(run, tmp_path):
    """An engine whose certificate is made for another name, and who asks for one."""
    authority = Authority(tmp_path)
    own = authority.certify("engine", "engine.galen.svc")
    settings = own.settings("listen") | {"listen.tls.client_certificate": "require",
                                         "listen.tls.client_ca": authority.path}
    port = free_port()
    process = run("engine", settings, port=port)
    until(lambda: '"listening"' in process.log(), "it listens")
    return process, authority, own, settings


def environment_of(settings) -> dict[str, str]:
    return {"GALEN_" + key.upper().replace(".", "_"): str(value) for key, value in settings.items()}


def test_our_own_certificate_is_shown_to_ourselves(guarded):
    process, _, _, settings = guarded
    listen = {"listen.http": f"127.0.0.1:{process.port}"}
    done = health(**environment_of(settings | listen))
    assert done.returncode == 0, done.stderr
    assert f"https://127.0.0.1:{process.port}: is ready" in said(done)


def test_at_a_url_names_and_authorities_count(guarded):
    process, authority, own, _ = guarded
    words = ("--certificate", own.path, "--key", own.key_path, f"https://127.0.0.1:{process.port}")
    done = health("--ca", authority.path, *words)
    assert done.returncode == 1
    assert "IP address mismatch" in said(done)
    assert health(*words).returncode == 1


def test_a_configuration_that_cannot_be_read_is_1_and_told(tmp_path):
    config = tmp_path / "galen.yaml"
    config.write_text("listen: {htp: '127.0.0.1:8000'}\n")
    done = health("--config", config)
    assert done.returncode == 1
    assert "galen.yaml:1:" in said(done)


@pytest.mark.parametrize("words", [["--no-such"], ["http://a", "http://b"], ["--timeout", "0"]])
def test_wrong_usage_is_2(words):
    done = health(*words)
    assert done.returncode == 2
    assert said(done)
