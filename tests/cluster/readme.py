# SPDX-License-Identifier: Apache-2.0
"""What README.md says to type, and how it is typed here."""
import os
import re
import shlex
import subprocess

import kube
from kube import ROOT
from process import BINARY

README = re.search(r"## Kubernetes\n.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
APPLY, SECRETS, WAIT, FORWARD, TOKEN, INFER = README.strip().splitlines()


def shell(command: str) -> str:
    """In the folder of the README, with the program and the client of this test."""
    command = command.replace("build/galen", str(BINARY)).replace("kubectl", kube.KUBECTL)
    chosen = os.environ | {"GALEN": str(BINARY), "KUBECTL": kube.KUBECTL}
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=chosen, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def model(*words: str) -> str:
    return shell(shlex.join(["deploy/model.sh", *words, "--reason", "cluster-test"]))
