# SPDX-License-Identifier: Apache-2.0
"""An open loop of requests to the gateway's Service: TLS, a token, and no second try."""
import asyncio
import os
import pathlib
import ssl
import subprocess
import urllib.parse

import kube
from message import encode
from process import BINARY
from steady import Connection, SteadyLoad

ISSUER = "https://trial.invalid"
SCOPES = "infer:clinical-ner infer:phantom-nodule infer:breast-cancer models:read"
NOTE = {"input": "Denies chest pain. Takes metformin 500 mg twice daily."}


def token(folder: pathlib.Path, scopes: str = SCOPES) -> str:
    words = ["--key", folder / "issuer", "--issuer", ISSUER, "--audience", "galen", "--subject", "load",
             "--scope", scopes, "--lifetime", "1h"]
    return subprocess.run([BINARY, "token", "issue", *words], capture_output=True, text=True,
                          check=True).stdout.strip()


def address() -> tuple[str, int]:
    """Of the Service: as GALEN_CLUSTER_URL says, else its ClusterIP, which nodes reach."""
    if url := os.environ.get("GALEN_CLUSTER_URL"):
        parts = urllib.parse.urlsplit(url)
        return parts.hostname, parts.port or 443
    return kube.get("service", "galen-gateway")["spec"]["clusterIP"], 8000


class ClusterLoad(SteadyLoad):
    def __init__(self, folder: pathlib.Path, body: dict | None = None, rate: float = 20,
                 client: str = ""):
        self.host, port = address()
        self.trust = trust(folder, client)
        super().__init__(port, "/infer", {}, rate)
        self.message = encode("POST", "/infer", body or NOTE,
                              {"Authorization": f"Bearer {token(folder)}"})

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return Connection(*await asyncio.open_connection(self.host, self.port, ssl=self.trust,
                                                         server_hostname="localhost"))

    def line(self, what: str) -> str:
        return (f"{what}: {len(self.lost)} of {len(self.outcomes)} lost, "
                f"p99 {self.quantile_s(0.99) * 1000:.0f} ms, {self.counts}")


def trust(folder: pathlib.Path, client: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    if client:
        context.load_cert_chain(folder / f"{client}.crt", folder / f"{client}.key")
    return context
