# SPDX-License-Identifier: Apache-2.0
"""galen with the models of the kit, as the tests start it."""
import pathlib

from process import Process

from conformance.peers import MODELS

MANAGED = {"models.control": "explicit", "models.load": "*"}


def start(role: str, folder: pathlib.Path) -> Process:
    settings = {"repository": MODELS} | (MANAGED if role == "engine" else {})
    return Process(role, folder, settings).wait_for("/v2/health/ready")


def admin_url(process: Process) -> str:
    return f"http://127.0.0.1:{process.admin_port}"
