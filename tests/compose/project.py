# SPDX-License-Identifier: Apache-2.0
"""Docker and Docker Compose, as people type them."""
import contextlib
import json
import os
import re
import subprocess
import urllib.parse
import urllib.request

from process import ROOT, until

PROJECT = "galen"
ROLES = ("gateway", "preprocess-text", "preprocess-image", "engine")
PORT = 8000
BUILD_DEADLINE_S = 3600
DEADLINE_S = 180


def run(*words, check=True, timeout_s=DEADLINE_S, **environment) -> subprocess.CompletedProcess:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=timeout_s, env=os.environ | environment)
    assert not check or done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"
    return done


def docker(*words, **more) -> subprocess.CompletedProcess:
    return run("docker", *words, **more)


def compose(*words, **more) -> subprocess.CompletedProcess:
    return run("docker", "compose", *words, **more)


def configuration() -> dict:
    return json.loads(compose("config", "--format", "json").stdout)


def image() -> str:
    return configuration()["services"]["gateway"]["image"]


def commands() -> list[str]:
    """What README.md says to type, in the order in which it says it."""
    [section] = re.findall(r"^## Docker Compose\n(.*?)^## ", (ROOT / "README.md").read_text(),
                           re.DOTALL | re.MULTILINE)
    return [line for block in re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
            for line in block.splitlines()]


def containers(service: str = "") -> list[dict]:
    """As docker inspect tells of those that run, oldest first."""
    words = ["--filter", f"label=com.docker.compose.project={PROJECT}"]
    words += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
    ids = docker("ps", "--quiet", *words).stdout.split()
    found = json.loads(docker("inspect", *ids).stdout) if ids else []
    return sorted(found, key=lambda each: each["Created"])


def address(container: dict, network: str) -> str:
    return container["NetworkSettings"]["Networks"][f"{PROJECT}_{network}"]["IPAddress"]


def query(expression: str) -> dict[str, float]:
    """What Prometheus answers: values by their series' labels."""
    done = compose("exec", "-T", "prometheus", "promtool", "query", "instant",
                   "http://127.0.0.1:9090", expression, check=False)
    return {labels: float(value) for labels, value in re.findall(r"^(.*) => (\S+) @", done.stdout,
                                                                  re.MULTILINE)}


def loki_lines(expression: str) -> list[str]:
    """Of the last hour, asked by Loki's address, which the machine that Docker runs on reaches."""
    [loki] = containers("loki")
    words = urllib.parse.urlencode({"query": expression, "limit": "1000", "since": "1h"})
    url = f"http://{address(loki, 'watch')}:3100/loki/api/v1/query_range?{words}"
    with urllib.request.urlopen(url, timeout=DEADLINE_S) as reply:
        streams = json.load(reply)["data"]["result"]
    return [line for stream in streams for _, line, *_ in stream["values"]]


def health(container: dict) -> str:
    [now] = json.loads(docker("inspect", container["Id"]).stdout)
    return now["State"]["Health"]["Status"]


def wait_until(service: str, status: str) -> None:
    until(lambda: containers(service) and {health(each) for each in containers(service)} == {status},
          f"{service} is {status}", DEADLINE_S)


@contextlib.contextmanager
def stopped(service: str):
    compose("stop", service)
    try:
        yield
    finally:
        compose("start", service)
        wait_until(service, "healthy")
        wait_until("gateway", "healthy")
