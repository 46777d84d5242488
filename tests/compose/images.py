# SPDX-License-Identifier: Apache-2.0
"""Images of others: pulled, else a local one of the same program under the same tag, else left out."""
import json
import pathlib
import shutil
import tempfile

import project
import triton_wheel
from process import ROOT

# What tools/bootstrap --tests --real puts there, by the service that it can stand in for.
STAND_INS = {
    "prometheus": ("prometheus", "prometheus/bin/prometheus", "prometheus/bin/promtool"),
    "loki": ("loki", "loki/bin/loki"),
    "collector": ("otelcol", "otelcol/bin/otelcol"),
}
DEFAULT_WORDS = {"collector": ["--config", "/etc/otelcol-contrib/config.yaml"]}
# A new volume takes after what the image has there: as theirs do.
DATA = {"prometheus": ("65534", "/prometheus"), "loki": ("10001", "/loki"),
        "collector": ("0", "/var/lib/otelcol")}
DOCKERFILE = """FROM debian:trixie-slim
COPY . /bin/
RUN install -d -o {owner} {data}
ENTRYPOINT {entry}
CMD {words}
LABEL galen.stand-in="yes"
"""

# The wheel's Triton, with the Python that its backend asks for.
TRITON_DOCKERFILE = """FROM debian:bookworm-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends curl libpython3.11 python3 \\
    && rm -rf /var/lib/apt/lists/*
COPY packages /usr/local/lib/python3.11/dist-packages
COPY tritonserver /usr/bin/
ENV LD_LIBRARY_PATH=/usr/local/lib/python3.11/dist-packages/nvidia_pytriton.libs
LABEL galen.stand-in="yes"
"""
TRITON = """#!/bin/sh
home=/usr/local/lib/python3.11/dist-packages/pytriton/tritonserver
exec $home/bin/tritonserver --backend-directory=$home/backends --allow-gpu-metrics=false "$@"
"""


def is_there(name: str) -> bool:
    return project.docker("image", "inspect", name, check=False).returncode == 0


def pull(name: str) -> bool:
    return project.docker("pull", "--quiet", name, check=False, timeout_s=600).returncode == 0


def build_stand_in(service: str, name: str) -> bool:
    program, *files = STAND_INS.get(service, ("",))
    paths = [ROOT / ".deps" / file for file in files]
    if not paths or not all(path.exists() for path in paths):
        return False
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            shutil.copy(path, folder)
        owner, data = DATA[service]
        (pathlib.Path(folder) / "Dockerfile").write_text(DOCKERFILE.format(
            owner=owner, data=data, entry=json.dumps([f"/bin/{program}"]),
            words=json.dumps(DEFAULT_WORDS.get(service, []))))
        project.docker("build", "--tag", name, folder, timeout_s=project.BUILD_DEADLINE_S)
    return True


def build_triton(name: str) -> None:
    """triton_wheel.why_not() is empty."""
    triton_wheel.install_stub()
    with tempfile.TemporaryDirectory() as folder:
        context = pathlib.Path(folder)
        shutil.copytree(triton_wheel.packages(), context / "packages",
                        ignore=shutil.ignore_patterns("pip*", "setuptools*", "__pycache__"))
        (context / "tritonserver").write_text(TRITON)
        (context / "tritonserver").chmod(0o755)
        (context / "Dockerfile").write_text(TRITON_DOCKERFILE)
        project.docker("build", "--tag", name, folder, timeout_s=project.BUILD_DEADLINE_S)


def is_stand_in(name: str) -> bool:
    done = project.docker("image", "inspect", "--format",
                          '{{index .Config.Labels "galen.stand-in"}}', name, check=False)
    return done.stdout.strip() == "yes"


def has_its_files(service: dict) -> bool:
    """What is mounted out of the tree."""
    sources = [pathlib.Path(volume["source"]) for volume in service.get("volumes", [])
               if volume["type"] == "bind"]
    return all(path.exists() for path in sources if path.is_relative_to(ROOT))


def prepare() -> dict[str, str]:
    """What is to be said of services whose images are not what the file says: why one is left out,
    or that something stands in for it."""
    said = {}
    for name, service in project.configuration()["services"].items():
        if name in project.ROLES:
            continue
        if not has_its_files(service):
            said[name] = "left out: its configuration is not in the tree"
        elif not (is_there(service["image"]) or pull(service["image"])
                  or build_stand_in(name, service["image"])):
            said[name] = f"left out: {service['image']} can be neither pulled nor stood in for"
        elif is_stand_in(service["image"]):
            said[name] = f"stood in for: the same program under the tag {service['image']}"
    return said
