# SPDX-License-Identifier: Apache-2.0
"""docker-compose.yaml, brought up by a real Docker: what is answered and published, who reaches
whom, what becomes of requests when a service goes, and what records stay."""
import base64
import contextlib
import http.server
import json
import pathlib
import re
import threading

import project
import pytest
from message import exchange
from process import ROOT, until
from steady import SteadyLoad

SIZE_BYTES_MAX = 120_000_000
NOTE = b"Takes metformin 500 mg twice daily."
PNG = (ROOT / "examples/phantom-nodule.png").read_bytes()
BEHIND = ("engine", "preprocess-text", "preprocess-image")


def infer(body: bytes, media: str):
    return exchange(project.PORT, "POST", "/infer", body, {"Content-Type": media})


def note():
    return infer(NOTE, "text/plain")


def picture():
    return infer(PNG, "image/png")


def test_what_the_readme_says_is_answered(galen):
    assert len(project.commands()) >= 5
    for command in project.commands()[1:-1]:
        done = project.run("bash", "-o", "pipefail", "-c", command)
        assert done.stdout, command
        if command.startswith("curl"):
            answer = json.loads(done.stdout)
            assert {warning["code"] for warning in answer["warnings"]} == {"demo_model", "demo_mode"}


def test_a_note_and_an_image_are_answered(galen):
    assert [entity["label"] for entity in note().json()["entities"]][0] == "MEDICATION"
    assert picture().json()["predictions"][0]["label"] == "nodule"


def test_the_image_is_small_and_says_what_it_is(galen):
    [about] = json.loads(project.docker("image", "inspect", project.image()).stdout)
    assert about["Size"] <= SIZE_BYTES_MAX
    labels = about["Config"]["Labels"]
    version = project.docker("run", "--rm", project.image(), "--version").stdout
    assert version == f"galen {labels['org.opencontainers.image.version']}\n"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert about["Config"]["User"] == "65532:65532"


def files_of_the_image(folder: pathlib.Path, *paths: str) -> None:
    """Each of them in this folder, by its own name: there is no shell in the image to ask."""
    container = project.docker("create", project.image()).stdout.strip()
    try:
        for path in paths:
            project.docker("cp", f"{container}:{path}", folder)
    finally:
        project.docker("rm", container)


def test_the_image_has_a_bill_of_its_libraries(galen, tmp_path):
    files_of_the_image(tmp_path, "/usr/share/galen/sbom.cdx.json", "/usr/lib/x86_64-linux-gnu",
                       "/lib64")
    bill = json.loads((tmp_path / "sbom.cdx.json").read_text())
    named = {said["value"] for each in bill["components"] for said in each.get("properties", [])}
    loaded = {path.name for folder in ("x86_64-linux-gnu", "lib64")
              for path in (tmp_path / folder).iterdir()}
    assert {name for name in named if not name.endswith(".a")} == loaded
    assert bill["metadata"]["component"]["name"] == "galen"


def test_nothing_but_the_gateway_is_published_and_that_on_loopback(galen):
    published = {(each["Name"], port, binding["HostIp"], binding["HostPort"])
                 for each in project.containers()
                 for port, bindings in each["NetworkSettings"]["Ports"].items()
                 for binding in bindings or []}
    assert published == {("/galen-gateway-1", "8000/tcp", "127.0.0.1", "8000")}


# Who reaches whom

def asks(service: str, url: str) -> str:
    """What a service of ours is told when it asks for this."""
    done = project.compose("exec", "-T", service, "galen", "health", "--timeout", "2", url, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def on_this_machine(galen):
    """A server outside of all containers, and the address by which containers find it."""
    handler = type("Mute", (http.server.BaseHTTPRequestHandler,), {
        "do_GET": lambda it: it.send_error(404), "log_message": lambda *_: None})
    [gateway] = project.containers("gateway")
    address = gateway["NetworkSettings"]["Networks"]["galen_edge"]["Gateway"]
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{address}:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("service", BEHIND)
def test_who_is_behind_the_gateway_reaches_nobody_else(galen, on_this_machine, service):
    others = [f"http://{other}:8000" for other in BEHIND if other != service]
    [container] = project.containers(service)
    [network] = container["NetworkSettings"]["Networks"].values()
    port = on_this_machine.rpartition(":")[2]
    bridges = [f"http://{address}:{port}" for address in (network["Gateway"], "172.17.0.1") if address]
    for url in (*others, *bridges, on_this_machine, "https://example.com"):
        said = asks(service, url)
        assert not any(word in said for word in ("is ready", "is not ready", "has nothing")), \
            f"{url}: {said}"


def test_the_same_questions_are_answered_where_they_may_be(galen, on_this_machine):
    """Else those that fail would show nothing."""
    for service in BEHIND:
        assert "is ready" in asks("gateway", f"http://{service}:8000")
    assert "has nothing that says" in asks("gateway", on_this_machine)


# Confinement

def test_every_root_is_read_only_and_no_powers_are_left(galen):
    for each in project.containers():
        host = each["HostConfig"]
        assert host["ReadonlyRootfs"], each["Name"]
        assert host["CapDrop"] == ["ALL"], each["Name"]
        assert "no-new-privileges:true" in host["SecurityOpt"], each["Name"]
        assert host["Memory"] and host["NanoCpus"] and host["PidsLimit"], each["Name"]


def test_the_root_cannot_be_written(galen):
    done = project.compose("exec", "-T", "gateway", "galen", "key", "rotate", "--all", "--keys",
                           "/models/keys", check=False)
    assert done.returncode == 1
    assert "read-only" in done.stderr.lower()


def test_processes_have_what_the_file_says(galen):
    for role in project.ROLES:
        [container] = project.containers(role)
        status = pathlib.Path(f"/proc/{container['State']['Pid']}/status")
        if not status.exists():
            pytest.skip("Docker runs on another machine")
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        assert fields["Uid"].split() == ["65532"] * 4
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp"] == "2"


# What goes wrong

def test_without_an_engine_requests_are_told_so_and_the_gateway_is_unhealthy(galen):
    with project.stopped("engine"):
        reply = until(lambda: note() if note().status != 200 else None, "the engine is missed", 60)
        assert reply.status == 503
        assert reply.json()["type"] == "/problems/unavailable"
        assert int(reply.headers["retry-after"]) >= 1
        project.wait_until("gateway", "unhealthy")
    assert note().status == 200


@pytest.mark.parametrize(("gone", "lost", "kept"), [
    ("preprocess-image", picture, note), ("preprocess-text", note, picture)])
def test_one_preprocessor_that_is_gone_takes_only_its_own_along(galen, gone, lost, kept):
    with project.stopped(gone):
        assert lost().status == 503
        assert kept().status == 200
    assert lost().status == 200


# Many

@contextlib.contextmanager
def two_of_each(galen):
    scale = [word for service in BEHIND for word in ("--scale", f"{service}=2")]
    words = ("up", "--detach", "--wait", "--no-build", "--no-recreate")
    project.compose(*words, *scale, *galen)
    try:
        yield
    finally:
        project.compose(*words, *galen)


def restart_one_by_one(service: str) -> None:
    for container in project.containers(service):
        project.docker("restart", "--time", "45", container["Id"])
        until(lambda it=container: project.health(it) == "healthy", f"{service} is back", 60)


@pytest.mark.parametrize("service", BEHIND)
def test_a_rolling_restart_of_two_loses_no_request(galen, service):
    body = {"input": NOTE.decode()} if service != "preprocess-image" else {
        "input": base64.b64encode(PNG).decode(), "content_type": "image/png"}
    with two_of_each(galen):
        until(lambda: len(project.containers(service)) == 2, "there are two")
        with SteadyLoad(project.PORT, "/infer", body, rate=25) as load:
            restart_one_by_one(service)
    print(f"{service}: {load.counts}, at most {load.quantile_s(1) * 1000:.0f} ms")
    assert len(load.outcomes) > 100
    assert not load.lost, load.counts


# Watching

def test_prometheus_scrapes_every_role(galen):
    if "prometheus" not in galen:
        pytest.skip("Prometheus is left out")

    def up() -> set[str]:
        series = project.query('up{job=~"galen.*"} == 1')
        return set(re.findall(r'job="([^"]+)"', " ".join(series)))
    until(lambda: up() >= {"galen-gateway", "galen-engine", "galen-preprocess"}, "all are scraped", 120)


def test_logs_records_and_checkpoints_reach_loki(galen):
    if not {"loki", "collector"} <= set(galen):
        pytest.skip("Loki or the collector is left out")
    asked = note().headers["x-request-id"]
    until(lambda: any(asked in line for line in
                      project.loki_lines('{job="galen-audit", service="gateway", event="infer"}')),
          "the gateway's record is there", 120)
    for role in project.ROLES:
        until(lambda role=role: project.loki_lines(f'{{job="galen-logs", service="{role}"}}'),
              f"what {role} logs is there", 60)
    assert project.loki_lines('{job="galen-checkpoints"}')


# What stays

@pytest.mark.parametrize("role", project.ROLES)
def test_the_audit_trail_of_each_role_verifies_from_the_image(galen, role):
    volumes = [word for what in ("audit", "keys")
               for word in ("--volume", f"{project.PROJECT}_{what}-{role}:/{what}:ro")]
    done = project.docker("run", "--rm", "--read-only", "--network", "none", *volumes,
                          project.image(), "audit", "verify", "/audit")
    chains = done.stdout.splitlines()
    assert chains
    assert all(": ok, " in chain for chain in chains)
