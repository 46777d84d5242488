# SPDX-License-Identifier: Apache-2.0
"""What a site brings to the manifests: image, storage, and here also small requests and a quick HPA."""
import os
import pathlib
import shutil

import kube
import yaml
from kube import NAMESPACE, ROOT

HOST_PATH = os.environ.get("GALEN_CLUSTER_HOST_PATH", "")
TRITON_IMAGE = os.environ.get("GALEN_CLUSTER_TRITON_IMAGE", "")
IMAGES = {  # by how the manifests' names begin
    "galen:": os.environ.get("GALEN_CLUSTER_IMAGE", ""),
    "prom/": os.environ.get("GALEN_CLUSTER_PROMETHEUS_IMAGE", ""),
    "nginxinc/": os.environ.get("GALEN_CLUSTER_PROXY_IMAGE", ""),
    "nvcr.io/": TRITON_IMAGE,
}
GATEWAYS_MAX = 5
USER = 65532
CLAIMS = ["galen-models", "galen-witness", "galen-operator-audit",
          *(f"audit-galen-gateway-{number}" for number in range(GATEWAYS_MAX))]


def rendered(overlay: str) -> list[dict]:
    return list(yaml.safe_load_all(kube.run("kustomize", str(ROOT / "deploy/kustomize" / overlay))))


def containers(thing: dict) -> list[dict]:
    spec = thing["spec"]["template"]["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def adapt_workload(thing: dict) -> None:
    for container in containers(thing):
        for begin, image in IMAGES.items():
            if image and container["image"].startswith(begin):
                container["image"] = image
        for amounts in container["resources"].values():
            if TRITON_IMAGE:
                amounts.pop("nvidia.com/gpu", None)
        small = "10m" if container["name"] == "prometheus" else "100m"
        container["resources"]["requests"] |= {"cpu": small, "memory": "32Mi"}


def adapt_scaling(thing: dict) -> None:
    """Two of each, until a test lets there be more."""
    thing["spec"]["maxReplicas"] = 2
    thing["spec"]["behavior"]["scaleDown"] = {"stabilizationWindowSeconds": 10}


ADAPTERS = {"StatefulSet": adapt_workload, "Deployment": adapt_workload,
            "HorizontalPodAutoscaler": adapt_scaling}


def adapted(things: list[dict]) -> list[dict]:
    for thing in things:
        ADAPTERS.get(thing["kind"], lambda _: None)(thing)
    return things


def apply(things: list[dict]) -> None:
    kube.run("apply", "-f", "-", given=yaml.safe_dump_all(things))


def volume(claim: str) -> dict:
    mode = "ReadWriteOnce" if "audit" in claim else "ReadWriteMany"
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"galen-test-{claim}"},
            "spec": {"capacity": {"storage": "20Gi"}, "accessModes": [mode], "storageClassName": "",
                     "persistentVolumeReclaimPolicy": "Retain",
                     "hostPath": {"path": f"{HOST_PATH}/{claim}"},
                     "claimRef": {"namespace": NAMESPACE, "name": claim}}}


def copy_models(folder: pathlib.Path) -> None:
    shutil.copytree(ROOT / "models", folder, symlinks=True, dirs_exist_ok=True)


def prepare_storage(fill=copy_models) -> None:
    """Folders of this machine, where its nodes are: models filled in, the rest empty."""
    if not HOST_PATH:
        return
    for claim in CLAIMS:
        folder = pathlib.Path(HOST_PATH, claim)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    fill(pathlib.Path(HOST_PATH, "galen-models"))
    for claim in CLAIMS:
        for path in [pathlib.Path(HOST_PATH, claim), *pathlib.Path(HOST_PATH, claim).rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)
    pathlib.Path(HOST_PATH, "galen-witness").chmod(0o2777)  # what fsGroup does to other volumes
    apply([volume(claim) for claim in CLAIMS])


def remove_all() -> None:
    kube.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true")
    if HOST_PATH:
        kube.run("delete", "pv", "--ignore-not-found", *(f"galen-test-{claim}" for claim in CLAIMS))


def verifier(name: str, image: str, claim: str) -> dict:
    """A pod that verifies the trail on a claim."""
    mounts = [{"name": "trail", "mountPath": "/trail", "readOnly": True},
              {"name": "keys", "mountPath": "/keys", "readOnly": True},
              {"name": "witness", "mountPath": "/witness", "readOnly": True,
               "subPath": claim.removeprefix("audit-")}]
    container = {"name": "galen", "image": image, "volumeMounts": mounts,
                 "args": ["audit", "verify", "--keys", "/keys", "--witness", "/witness", "/trail"],
                 "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                     "capabilities": {"drop": ["ALL"]}}}
    volumes = [{"name": "trail", "persistentVolumeClaim": {"claimName": claim}},
               {"name": "witness", "persistentVolumeClaim": {"claimName": "galen-witness"}},
               {"name": "keys", "secret": {"secretName": "galen-keys", "defaultMode": 0o440}}]
    security = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"restartPolicy": "Never", "serviceAccountName": "galen", "containers": [container],
                     "automountServiceAccountToken": False, "volumes": volumes,
                     "securityContext": security}}
