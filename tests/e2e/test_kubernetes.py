# SPDX-License-Identifier: Apache-2.0
"""The files of Kubernetes, without a cluster: one text in both places, settings that galen has, and no
insecure switch. tests/cluster applies them."""
import os
import pathlib
import subprocess

import pytest
import yaml
from process import BINARY, DEADLINE_S, ROOT

FILES = ("k8s.yaml", "preprocessor.yaml", "hpa.yaml")
BASE = ROOT / "deploy/kustomize/base"
OBJECTS = [each for name in FILES for each in yaml.safe_load_all((ROOT / name).read_text())]
DEMO = [each for path in sorted((ROOT / "deploy/kustomize/demo").glob("*config.yaml"))
        for each in yaml.safe_load_all(path.read_text())]


def configurations(objects) -> list:
    """Role, text: of files named after the role that reads them."""
    return [pytest.param(name.removesuffix(".yaml"), text, id=f"{each['metadata']['name']}-{name}")
            for each in objects if each["kind"] == "ConfigMap" for name, text in each["data"].items()
            if name.removesuffix(".yaml") in ("gateway", "engine", "preprocess")]


def pod_specs() -> list[dict]:
    workloads = [each for each in OBJECTS if each["kind"] in ("StatefulSet", "Deployment")]
    return [each["spec"]["template"]["spec"] for each in workloads]


def containers() -> list[dict]:
    return [each for spec in pod_specs()
            for each in spec.get("initContainers", []) + spec["containers"]]


def galen(*words: str, text: str, folder: pathlib.Path, **more: str) -> subprocess.CompletedProcess:
    path = folder / "galen.yaml"
    path.write_text(text)
    return subprocess.run([BINARY, *words, "--config", path], capture_output=True, text=True,
                          check=False, timeout=DEADLINE_S, env=os.environ | more)


@pytest.mark.parametrize("name", FILES)
def test_base_of_kustomize_is_what_stands_at_the_root(name):
    assert (BASE / name).read_text() == (ROOT / name).read_text(), "make manifests copies it"


@pytest.mark.parametrize(("role", "text"), configurations(OBJECTS) + configurations(DEMO))
def test_settings_of_the_configuration_are_galens(role, text, tmp_path):
    issuer = {"GALEN_AUTH_ISSUER": "https://idp.example"} if role == "gateway" else {}
    done = galen("config", "show", role, text=text, folder=tmp_path, **issuer)
    assert done.returncode == 0, done.stderr


KUSTOMIZE = ROOT / ".deps/kustomize/bin/kustomize"
OVERLAYS = sorted(path.parent.name for path in (ROOT / "deploy/kustomize").glob("*/kustomization.yaml"))


@pytest.mark.skipif(not KUSTOMIZE.exists(), reason="kustomize is missing: tools/bootstrap --manifests")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_an_overlay_makes_of_them_are_galens_too(overlay, tmp_path):
    """Words of the command line and of the environment besides."""
    done = subprocess.run([KUSTOMIZE, "build", ROOT / "deploy/kustomize" / overlay], check=True,
                          capture_output=True, text=True, timeout=DEADLINE_S)
    objects = list(yaml.safe_load_all(done.stdout))
    texts = dict(each.values for each in configurations(OBJECTS) + configurations(objects))
    found = [container for each in objects if each["kind"] in ("StatefulSet", "Deployment")
             for container in each["spec"]["template"]["spec"]["containers"]
             if container["image"].startswith("galen:")]
    for container in found:
        role, _config, _path, *words = container["args"]
        settings = {each["name"]: each.get("value", "https://idp.example")
                    for each in container.get("env", []) if each["name"].startswith("GALEN_")}
        said = galen("config", "show", role, *words, text=texts[role], folder=tmp_path, **settings)
        assert said.returncode == 0, said.stderr
    assert found


@pytest.mark.parametrize(("role", "text"), configurations(OBJECTS))
def test_without_what_the_site_brings_it_does_not_start_and_says_what_is_missing(role, text, tmp_path):
    done = galen(role, text=text.replace("/models", str(ROOT / "models")), folder=tmp_path)
    assert done.returncode == 2
    assert ("auth.issuer" if role == "gateway" else "/etc/galen/internal/tls.crt") in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_in_the_base_is_an_insecure_switch():
    for _, text in (each.values for each in configurations(OBJECTS)):
        settings = yaml.safe_load(text)
        assert "mode" not in settings
        assert settings["listen"]["tls"]["certificate"]
        assert "elsewhere" not in settings["listen"]["tls"]
        assert "http://" not in text


def test_what_the_site_brings_is_not_optional_and_not_made_up():
    brought = {"galen-tls", "galen-keys", "galen-internal-gateway", "galen-internal-engine",
               "galen-internal-preprocess"}
    volumes = [volume for spec in pod_specs() for volume in spec["volumes"]]
    secrets = [volume["secret"] for volume in volumes if "secret" in volume]
    assert {secret["secretName"] for secret in secrets} == brought
    assert not any(secret.get("optional") for secret in secrets)
    assert not any(each["kind"] == "Secret" for each in OBJECTS)


def test_each_container_is_restricted_and_each_pod_without_a_token():
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]}}
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    for spec in pod_specs():
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True


def test_a_pod_has_the_time_to_drain():
    longest_ms = max(settings["drain_delay_ms"] + settings["drain_timeout_ms"] for settings in
                     (yaml.safe_load(each.values[1]) for each in configurations(OBJECTS)))
    assert all(spec["terminationGracePeriodSeconds"] * 1000 > longest_ms for spec in pod_specs())
