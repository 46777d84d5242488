# SPDX-License-Identifier: Apache-2.0
"""The manifests in a cluster, in the order of a site's life. Each step builds on those before it."""
import base64
import json
import os
import re
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import kube
import manifests
import pytest
from client import address, ask
from kube import ROOT, get, kubectl, name_of, pods, until
from load import NOTE
from readme import APPLY, FORWARD, INFER, SECRETS, TOKEN, WAIT, model, shell

PODS = "/api/v1/namespaces/galen/pods"
UNTIL_OPEN = "until (exec 3<>/dev/tcp/localhost/8443) 2> /dev/null; do :; done"
PNG = (ROOT / "examples/phantom-nodule.png").read_bytes()
IMAGE = {"input": base64.b64encode(PNG).decode(), "content_type": "image/png"}
FEATURES = json.loads((ROOT / "examples/breast-cancer-benign.json").read_text())
ROLLED = kube.WORKLOADS[1:] + kube.WORKLOADS[:1]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    if not kube.RESUMES:
        manifests.remove_all()
        manifests.prepare_storage()
    yield
    if not os.environ.get("GALEN_CLUSTER_KEEP"):
        manifests.remove_all()


# Without what the site brings

def test_nothing_serves_without_the_sites_own_and_each_pod_names_what_it_lacks():
    shell(APPLY)
    expected = {"gateway": {"galen-tls", "galen-internal-gateway", "galen-keys", "galen-site"},
                "engine": {"galen-internal-engine"}, "preprocess-text": {"galen-internal-preprocess"}}
    for component, names in expected.items():
        until(lambda component=component: pods(component), f"there is a pod of {component}")
        pod = pods(component)[0]
        until(lambda pod=pod, names=names: names & missing(pod), f"{name_of(pod)} names one of {names}")
        assert not kube.is_ready(pod)


def missing(pod: dict) -> set[str]:
    """Of what its events say is not found, the names."""
    chosen = f"involvedObject.name={name_of(pod)}"
    events = json.loads(kubectl("get", "events", "--field-selector", chosen, "-o", "json"))
    said = " ".join(event["message"] for event in events["items"] if "not found" in event["message"])
    return set(re.findall(r'"([\w-]+)" not found', said))


def test_without_an_issuer_the_gateway_stays_unready_and_names_the_key(trial):
    assert not trial.exists()
    shell(SECRETS)
    gone = [{"op": "remove", "path": "/data/issuer"}]
    kubectl("patch", "configmap", "galen-site", "--type=json", "-p", json.dumps(gone))
    kubectl("delete", "pods", "--all", "--wait=false")
    until(lambda: complains("gateway", "issuer"), "a gateway names the issuer")
    assert not any(kube.is_ready(pod) for pod in pods("gateway"))


def complains(component: str, of: str) -> list[str]:
    """Lines of its pods that name it."""
    lines = [line for pod in pods(component) for line in kube.complaint(pod).splitlines()]
    return [line for line in lines if of in line]


def test_with_it_the_readme_leads_to_an_answer():
    shell(SECRETS)
    shell(WAIT)
    said = shell("\n".join([FORWARD, TOKEN, "trap 'kill %1' EXIT", UNTIL_OPEN, INFER]))
    answer = next(json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert answer["model"]["name"] == "clinical-ner"
    assert answer["entities"]


def test_all_are_there_as_often_as_the_hpa_asks():
    manifests.apply(manifests.adapted(manifests.rendered("base")))
    for name in ("galen-gateway", "galen-engine", "galen-preprocess-text", "galen-preprocess-image"):
        until(lambda name=name: wanted_by_hpa(name) == 2, f"the HPA asks for two {name}")
    kube.wait_for_all()


def wanted_by_hpa(name: str) -> int:
    return get("hpa", name)["status"].get("desiredReplicas", 0)


# Serving

def test_note_image_and_vector_are_answered_through_the_service(trial):
    status, answer = ask(trial, body=NOTE)
    assert (status, answer["model"]["name"]) == (200, "clinical-ner")
    status, answer = ask(trial, body=PNG)
    assert (status, answer["predictions"][0]["label"]) == (200, "nodule")
    status, answer = ask(trial, body=FEATURES)
    assert (status, answer["predictions"][0]["label"]) == (200, "benign")


def test_nobody_is_answered_without_a_token(trial):
    assert ask(trial, body=NOTE, authorization="Bearer x")[0] == 401


def test_pods_have_no_token_of_the_cluster_and_a_root_that_is_read_only():
    for component in ("gateway", "engine", "preprocess-text", "preprocess-image"):
        for pod in pods(component):
            for container in pod["spec"]["containers"]:
                mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
                assert not any("serviceaccount" in mount for mount in mounts)
                assert container["securityContext"]["readOnlyRootFilesystem"]


def test_sidecar_forwards_the_engines_metrics():
    url = os.environ.get("GALEN_CLUSTER_PROMETHEUS_URL")
    if not url:
        pytest.skip("GALEN_CLUSTER_PROMETHEUS_URL names no Prometheus that takes what sidecars send")
    wanted = 'sum by (pod) (nv_inference_request_success{namespace="galen"})'
    query = urllib.parse.urlencode({"query": wanted})

    def seen():
        with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as reply:
            return {row["metric"].get("pod") for row in json.load(reply)["data"]["result"]}
    engines = {name_of(pod) for pod in pods("engine")}
    until(lambda: engines <= seen(), f"Prometheus knows {engines}")


# Killed

@pytest.mark.parametrize("component", ["engine", "preprocess-text"])
def test_killed_pod_loses_nothing(under_load, component):
    with under_load(f"{component} killed"):
        victim = name_of(pods(component)[0])
        kubectl("delete", "pod", victim, "--grace-period=0", "--force")
        until(lambda: victim not in map(name_of, pods(component)), "it is gone")
        kube.wait_for_all()


def test_killed_gateway_comes_back(under_load):
    with under_load("gateway killed (what it was answering is lost)", lost=None) as running:
        kubectl("delete", "pod", "galen-gateway-0", "--grace-period=0", "--force")
        time.sleep(1)  # StatefulSets keep the name: until it is another pod there is nothing to look at
        kube.wait_for_all()
        before = len(running.lost)
        until(lambda: len(running.outcomes) > before + 100, "it goes on")


# Rolled

@pytest.mark.parametrize("workload", ROLLED)
def test_roll_loses_nothing(under_load, workload):
    with under_load(f"{workload} rolled"):
        kubectl("rollout", "restart", workload)
        until(lambda: kube.roll_is_over(workload), f"{workload} is rolled out", 900)


def test_wrong_image_stops_the_roll_and_the_old_pods_serve(under_load):
    with under_load("an image that is not there"):
        kubectl("set", "image", "deployment/galen-engine", "engine=galen:no-such-tag")
        until(lambda: complains("engine", "no-such-tag"), "a pod names the image")
        kubectl("rollout", "undo", "deployment/galen-engine")
        until(lambda: kube.roll_is_over("deployment/galen-engine"), "it is back")


def test_wrong_configuration_stops_the_roll_and_says_so_in_one_line(under_load):
    with under_load("a configuration that is wrong"):
        set_config("engine.yaml", lambda text: text.replace("threads: 2", "threads: many"))
        kubectl("rollout", "restart", "deployment/galen-engine")
        said = until(lambda: complains("engine", "threads"), "a pod says what is wrong")
        assert said[0].startswith("galen: ")
        set_config("engine.yaml", lambda text: text.replace("threads: many", "threads: 2"))
        kubectl("rollout", "undo", "deployment/galen-engine")
        until(lambda: kube.roll_is_over("deployment/galen-engine"), "it is back", 600)


def set_config(file: str, change) -> None:
    config = get("configmap", "galen-config")
    text = change(config["data"][file])
    assert text != config["data"][file]
    kubectl("patch", "configmap", "galen-config", "-p", json.dumps({"data": {file: text}}))


# Renewed

def test_renewed_certificate_is_shown_without_a_restart(under_load):
    def shown() -> str:
        host, port = address()
        return ssl.get_server_certificate((host, port))
    before = shown()
    with under_load("certificates renewed"):
        shell(SECRETS)
        until(lambda: shown() != before, "the new one is shown", 300)


# Blue and green

def serving_engines(trial) -> set[str]:
    """Addresses that answer now, by the gateways' metrics of attempts."""
    answered = attempts()
    for _ in range(40):
        assert ask(trial, body=NOTE)[0] == 200
    return {endpoint for endpoint, count in attempts().items() if count > answered.get(endpoint, 0)}


ANSWERED = re.compile(r'galen_upstream_attempts_total\{service="engine.*outcome="ok"')


def attempts() -> dict[str, float]:
    found = {}
    for pod in pods("gateway"):
        page = kube.run("get", "--raw", f"{PODS}/{name_of(pod)}:8002/proxy/metrics")
        for line in page.splitlines():
            if ANSWERED.match(line):
                endpoint = line.split('endpoint="')[1].split('"')[0]
                found[endpoint] = found.get(endpoint, 0) + float(line.split()[-1])
    return found


def addresses(chosen: str) -> set[str]:
    items = get("pods", **{"galen.engine/set": chosen})["items"]
    staying = [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]
    return {f"{pod['status']['podIP']}:8000" for pod in staying}


def are_served_by(chosen: str, trial) -> bool:
    return serving_engines(trial) <= addresses(chosen)


def switch(chosen: str) -> None:
    change = {"spec": {"selector": {"galen.engine/set": chosen}}}
    kubectl("patch", "service", "galen-engine", "-p", json.dumps(change))


def test_blue_green_switch_and_back_lose_nothing(trial, under_load):
    manifests.apply(manifests.adapted(manifests.rendered("blue-green")))
    until(lambda: kube.roll_is_over("deployment/galen-engine-green"), "green is ready")
    for chosen in ("green", "default"):
        with under_load(f"switched to {chosen}"):
            switch(chosen)
            until(lambda chosen=chosen: are_served_by(chosen, trial), f"only {chosen} serves")
    manifests.apply(manifests.adapted(manifests.rendered("base")))
    kubectl("delete", "deployment/galen-engine-green", "hpa/galen-engine-green")


# Canaries

def test_canary_by_version_takes_its_part_and_goes(trial, under_load):
    with under_load("canary by version, begun and stopped"):
        model("canary", "breast-cancer", "--version", "1", "--percent", "50")
        until(lambda: asked_versions(trial) == {"1", "2"}, "both versions answer", 120)
        model("rollback", "breast-cancer")
        until(lambda: asked_versions(trial) == {"2"}, "the stable one answers", 120)


def asked_versions(trial) -> set[str]:
    versions = set()
    for number in range(30):
        status, answer = ask(trial, body=FEATURES | {"subject": f"cluster-{number}"})
        assert status == 200
        versions.add(answer["model"]["version"])
    return versions


def test_canary_by_a_second_deployment(trial, under_load):
    manifests.apply(manifests.adapted(manifests.rendered("canary")))
    until(lambda: kube.roll_is_over("deployment/galen-engine-green"), "green is ready")
    kube.wait_for_all()
    with under_load("canary by a second Deployment, begun and stopped"):
        model("canary", "clinical-ner", "--engine", "green", "--percent", "50")
        until(lambda: serving_engines(trial) & addresses("green"), "green answers", 120)
        model("rollback", "clinical-ner")
        until(lambda: not serving_engines(trial) & addresses("green"), "green does not", 120)


# Clients with certificates

def test_clients_asked_for_certificates_lose_nothing_and_others_are_not_served(trial, under_load):
    with under_load("clients are asked for certificates", client="client"):
        manifests.apply(manifests.adapted(manifests.rendered("mtls")))
        kube.wait_for_all()
        assert ask(trial, body=NOTE, client="client")[0] == 200
        with pytest.raises(ssl.SSLError, match="certificate required"):
            ask(trial, body=NOTE)
        manifests.apply(manifests.adapted(manifests.rendered("base")))
        kube.wait_for_all()
    assert ask(trial, body=NOTE)[0] == 200


# Scaled

def has_api(group: str) -> bool:
    return any(line.split("/")[0] == group for line in kube.run("api-versions").split())


def replicas(workload: str) -> int:
    kind, name = workload.split("/")
    return get(kind, name)["status"].get("readyReplicas", 0)


def test_hpa_follows_the_processor(under_load):
    if not has_api("metrics.k8s.io"):
        pytest.skip("no metrics-server (metrics.k8s.io)")
    workload = "deployment/galen-preprocess-image"
    assert replicas(workload) == 2
    kubectl("patch", "hpa", "galen-preprocess-image", "-p", '{"spec": {"maxReplicas": 3}}')
    with under_load("image preprocessors scaled up by their CPU (to be refused is allowed)", lost=None,
                    body=IMAGE, rate=100):
        until(lambda: replicas(workload) > 2, "there are more", 300)
    until(lambda: replicas(workload) == 2, "there are two again", 600)


def test_hpa_follows_a_metric_of_galens_own(under_load):
    if not has_api("custom.metrics.k8s.io"):
        pytest.skip("no adapter of custom metrics (custom.metrics.k8s.io)")
    low = {"spec": {"maxReplicas": 3, "metrics": [{"type": "Pods", "pods": {
        "metric": {"name": "galen_queue_time_ms"},
        "target": {"type": "AverageValue", "averageValue": "1m"}}}]}}
    assert replicas("deployment/galen-engine") == 2
    with under_load("engines scaled up by their queue (to be refused is allowed)", lost=None, rate=60):
        kubectl("patch", "hpa", "galen-engine", "--type=merge", "-p", json.dumps(low))
        until(lambda: replicas("deployment/galen-engine") > 2, "there are more", 300)
    until(lambda: replicas("deployment/galen-engine") == 2, "there are two again", 600)


# Drained

def test_pods_of_a_node_are_evicted_and_nothing_is_lost(under_load, tell):
    nodes = json.loads(kube.run("get", "nodes", "-o", "json"))["items"]
    if len(nodes) > 1:
        with under_load("a node drained"):
            kube.run("drain", name_of(nodes[0]), "--ignore-daemonsets", "--delete-emptydir-data",
                     "--timeout=600s", "--pod-selector=app.kubernetes.io/name=galen")
            kube.wait_for_all()
        kube.run("uncordon", name_of(nodes[0]))
        return
    tell("(one node: its pods are evicted as a drain does it, without the cordon)")
    with under_load("pods evicted one by one, within their budgets"):
        for component in ("engine", "preprocess-text", "preprocess-image", "gateway"):
            for pod in pods(component):
                until(lambda pod=pod: evict(pod), f"{name_of(pod)} may go")
                kube.wait_for_all()


def evict(pod: dict) -> bool:
    """False: its PodDisruptionBudget says not now."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name_of(pod), "namespace": "galen"}}
    path = f"{PODS}/{name_of(pod)}/eviction"
    done = subprocess.run([kube.KUBECTL, "create", "--raw", path, "-f", "-"], input=json.dumps(body),
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0 or "disruption budget" in done.stderr, done.stderr
    return done.returncode == 0


def test_budget_holds_the_second_eviction_back():
    first, second = pods("engine")[:2]
    assert evict(first)
    assert not evict(second)
    kube.wait_for_all()


# Scaled down, and proven

def test_gateways_go_from_five_to_one_and_all_their_trails_verify(under_load, tell):
    kubectl("delete", "hpa", "galen-gateway")
    kubectl("scale", "statefulset/galen-gateway", f"--replicas={manifests.GATEWAYS_MAX}")
    kube.wait_for_all()
    with under_load("gateways scaled from five to one"):
        kubectl("scale", "statefulset/galen-gateway", "--replicas=1")
        until(lambda: len(all_pods("gateway")) == 1, "one is left")
    for number in range(manifests.GATEWAYS_MAX):
        tell(f"trail {number}: {verify(f'audit-galen-gateway-{number}')}")


def all_pods(component: str) -> list[dict]:
    """Those that end too."""
    return get("pods", **{"app.kubernetes.io/component": component})["items"]


def verify(claim: str) -> str:
    """By the program itself, in a pod with the volume."""
    image = get("statefulset", "galen-gateway")["spec"]["template"]["spec"]["containers"][0]["image"]
    name = f"verify-{claim}"
    manifests.apply([manifests.verifier(name, image, claim)])
    until(lambda: get("pod", name)["status"]["phase"] in ("Succeeded", "Failed"), f"{name} is over")
    said = kubectl("logs", name).strip().splitlines()
    phase = get("pod", name)["status"]["phase"]
    kubectl("delete", "pod", name)
    assert phase == "Succeeded", said
    assert all(": ok, " in line for line in said), said
    return f"{len(said)} chains, the last {said[-1]}"
