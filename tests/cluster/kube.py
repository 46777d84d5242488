# SPDX-License-Identifier: Apache-2.0
"""kubectl, and what is waited for with it."""
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBECTL = os.environ.get("KUBECTL", "kubectl")
NAMESPACE = "galen"
PATIENCE_S = int(os.environ.get("GALEN_CLUSTER_PATIENCE_S", "300"))
RESUMES = bool(os.environ.get("GALEN_CLUSTER_RESUME"))  # what a run that was kept has left
LOOK_S = 0.5


def run(*words: str, given: str | None = None, check: bool = True) -> str:
    """What it prints."""
    done = subprocess.run([KUBECTL, *words], input=given, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
    return done.stdout


def kubectl(*words: str, **options) -> str:
    return run("-n", NAMESPACE, *words, **options)


def get(kind: str, name: str = "", **selector: str) -> dict:
    """One object, or a list's: labels by their last word."""
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    words = [name] if name else ["-l", labels]
    return json.loads(kubectl("get", kind, *words, "-o", "json"))


def until(holds, what: str, seconds: float = PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain until {what}\n{overview()}"
        time.sleep(LOOK_S)
    return answer


def overview() -> str:
    events = kubectl("get", "events", "--sort-by=.lastTimestamp", check=False).splitlines()[-15:]
    return "\n".join([kubectl("get", "pods", "-o", "wide", check=False), *events])


def pods(component: str) -> list[dict]:
    """Those that are not on their way out."""
    items = get("pods", **{"app.kubernetes.io/component": component})["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def name_of(thing: dict) -> str:
    return thing["metadata"]["name"]


def is_ready(pod: dict) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def roll_is_over(workload: str) -> bool:
    """As `rollout status` has it, of Deployments and StatefulSets."""
    kind, name = workload.split("/")
    it = get(kind, name)
    status, wanted = it["status"], it["spec"]["replicas"]
    return (status.get("observedGeneration") == it["metadata"]["generation"]
            and status.get("replicas") == status.get("updatedReplicas") == wanted
            and status.get("availableReplicas", 0) == wanted)


WORKLOADS = ("statefulset/galen-gateway", "deployment/galen-engine", "deployment/galen-preprocess-text",
             "deployment/galen-preprocess-image")


def wait_for_all(workloads=WORKLOADS) -> None:
    for workload in workloads:
        until(lambda workload=workload: roll_is_over(workload), f"{workload} is rolled out")


def complaint(pod: dict) -> str:
    """The line that a container which ended has left, or why it waits."""
    lines = []
    for status in pod["status"].get("containerStatuses", []):
        for state in (status.get("state", {}), status.get("lastState", {})):
            waiting, ended = state.get("waiting", {}), state.get("terminated", {})
            lines += [waiting.get("reason", ""), waiting.get("message", ""), ended.get("message", "")]
    return "\n".join(line for line in lines if line)
