# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a container is one line of its log, and in its state."""
import subprocess

import project
import pytest

BASE = {"GALEN_MODE": "demo", "GALEN_LISTEN_HTTP": "0.0.0.0:8000"}


def start(role="engine", volumes=(), **environment) -> subprocess.CompletedProcess:
    """To its end, which comes at once: nothing here can be started with."""
    settings = [f"{name}={value}" for name, value in (BASE | environment).items()]
    words = [word for setting in settings for word in ("--env", setting)]
    words += [word for volume in volumes for word in ("--volume", volume)]
    return project.docker("run", "--rm", "--read-only", *words, project.image(), role, check=False)


def complaint(done) -> str:
    """The one line that is no event."""
    assert done.returncode == 2, done.stdout + done.stderr
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    return line


@pytest.mark.parametrize(("environment", "line"), [
    ({"GALEN_LISTEN_HTTP": "everywhere"}, "galen: GALEN_LISTEN_HTTP: is not a numeric address"),
    ({"GALEN_REPOSITORY": "/nowhere"}, "galen: /nowhere: "),
    ({"GALEN_MODE": "standard"}, "galen: listen.http: is not a loopback address"),
    ({"GALEN_MODE": "standard", "GALEN_LISTEN_HTTP": "127.0.0.1:8000"},
     "galen: keys.directory: there is no key for checkpoint in keys"),
    ({"GALEN_LISTEN_TLS_CERTIFICATE": "/run/secrets/tls.crt",
      "GALEN_LISTEN_TLS_KEY": "/run/secrets/tls.key"}, "galen: listen.tls: /run/secrets/tls.crt: "),
])
def test_what_cannot_be_started_with_is_one_line(galen, environment, line):
    assert complaint(start(volumes=("/audit", "/keys"), **environment)).startswith(line)


@pytest.mark.parametrize("folder", ["audit", "keys"])
def test_a_volume_of_somebody_else_is_named(galen, tmp_path, folder):
    theirs = tmp_path / folder
    theirs.mkdir(mode=0o700)
    line = complaint(start(volumes=[f"{theirs}:/{folder}", *({"/audit", "/keys"} - {f"/{folder}"})]))
    assert folder in line
    assert "denied" in line.lower()


def test_what_has_no_volume_is_told_that_the_root_is_read_only(galen):
    assert "read-only" in complaint(start()).lower()


def test_an_image_that_is_not_there_is_named(galen):
    done = project.compose("run", "--rm", "--no-deps", "--pull", "never", "engine", check=False,
                           GALEN_IMAGE="galen:no-such")
    assert done.returncode != 0
    assert "galen:no-such" in done.stderr


def test_one_that_cannot_start_is_no_success_of_up(galen):
    """In a project of its own, so that what serves goes on."""
    project.compose("--project-name", "galen-wrong", "run", "--detach", "--no-deps", "--name",
                    "galen-wrong", "--env", "GALEN_REPOSITORY=/nowhere", "engine")
    try:
        assert project.docker("wait", "galen-wrong").stdout.strip() == "2"
        assert "/nowhere" in project.docker("logs", "galen-wrong").stderr
    finally:
        project.docker("rm", "--force", "galen-wrong", check=False)
        project.compose("--project-name", "galen-wrong", "down", "--volumes", check=False)
