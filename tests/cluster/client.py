# SPDX-License-Identifier: Apache-2.0
"""Who asks the gateway's Service: with TLS, a token, and a certificate where one is asked for."""
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import urllib.parse

import kube
from process import BINARY

ISSUER = "https://trial.invalid"
SCOPES = "infer:clinical-ner infer:phantom-nodule infer:breast-cancer models:read"
TIMEOUT_S = 30


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


def trust(folder: pathlib.Path, client: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    if client:
        context.load_cert_chain(folder / f"{client}.crt", folder / f"{client}.key")
    return context


def ask(folder: pathlib.Path, path="/infer", body=None, client="",
        authorization="") -> tuple[int, dict]:
    """By the Service's address, as the certificate's `localhost`."""
    headers = {"Authorization": authorization or f"Bearer {token(folder)}"}
    context = trust(folder, client)
    status, answer = send(address(), "localhost", context, path, body, headers)
    return status, json.loads(answer or b"{}")


def send(at: tuple[str, int], name: str, context: ssl.SSLContext, path: str, body: dict | bytes | None,
         headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """To who has a certificate of that name; bytes are an image."""
    headers = dict(headers or {})
    if isinstance(body, bytes):
        headers["Content-Type"] = "image/png"
    elif body is not None:
        body, headers["Content-Type"] = json.dumps(body), "application/json"
    connection = Named(at, name, context)
    connection.request("POST" if body is not None else "GET", path, body, headers)
    reply = connection.getresponse()
    answer = reply.read()
    connection.close()
    return reply.status, answer


class Named(http.client.HTTPConnection):
    """TLS with a server whose certificate has another name than its address."""

    def __init__(self, at: tuple[str, int], name: str, context: ssl.SSLContext):
        super().__init__(*at, timeout=TIMEOUT_S)
        self.name, self.context = name, context

    def connect(self) -> None:
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)
