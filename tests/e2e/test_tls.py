# SPDX-License-Identifier: Apache-2.0
"""TLS between clients and processes, and between processes: who gets through, what is said to
those who do not, and certificates that are renewed beneath it all."""
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import threading

import pytest
from certificates import Authority, write_whole
from process import BINARY, DEADLINE_S, ROOT, Process, until
from samples import by_features

SETTINGS = {"repository": ROOT / "models", "threads": 1, "drain_delay_ms": 0}


class Pki:
    """Who is who in these tests."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.stranger = Authority(folder, "Stranger CA")
        self.server = self.authority.certify("server", "127.0.0.1", "localhost")
        self.elsewhere = self.authority.certify("elsewhere", "elsewhere.example")
        self.foreign = self.stranger.certify("foreign", "127.0.0.1", "spiffe://galen/gateway")
        self.gateway = self.authority.certify("gateway", "spiffe://galen/gateway")
        self.client = self.authority.certify("client", "ward-7.example")
        self.expired = self.authority.certify("expired", "127.0.0.1", days=-1)

    def trust(self, certificate=None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.path)
        if certificate:
            context.load_cert_chain(certificate.path, certificate.key_path)
        return context

    def listen(self, certificate=None, **more) -> dict:
        return (certificate or self.server).settings("listen") | {
            f"listen.tls.{key}": str(value) for key, value in more.items()}

    def demand(self, **more) -> dict:
        return self.listen(client_certificate="require", client_ca=self.authority.path, **more)

    def upstream(self, certificate=None, authority=None) -> dict:
        settings = certificate.settings("upstream") if certificate else {}
        return settings | {"upstream.tls.ca": str((authority or self.authority).path)}


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def run(tmp_path):
    """Starts processes of a test's own, which end with it."""
    started = []

    def start(role, settings, trust=None):
        started.append(Process(role, tmp_path, SETTINGS | settings, trust))
        return started[-1]
    yield start
    for process in reversed(started):
        process.check_end()


@pytest.fixture(scope="module")
def behind(pki, tmp_path_factory):
    """An engine and a preprocessor that talk to the gateway's certificate only."""
    folder = tmp_path_factory.mktemp("behind")
    settings = SETTINGS | pki.demand(client_names="spiffe://galen/gateway")
    running = [Process(role, folder, settings, pki.trust(pki.gateway))
               for role in ("engine", "preprocess")]
    for process in running:
        process.wait_for("/v2/health/live")
    yield running
    for process in running:
        process.check_end()


def peers(engine_url, preprocess_url) -> dict:
    return {"engines.default": engine_url, "preprocess": preprocess_url}


def ask(process, body=None) -> tuple[int, dict]:
    connection = process.connect()
    connection.request("POST", "/infer", json.dumps(body or by_features()),
                       {"Content-Type": "application/json"})
    reply = connection.getresponse()
    answer = json.loads(reply.read())
    connection.close()
    return reply.status, answer


def events(process, name) -> list[dict]:
    lines = [line for line in process.log().splitlines() if line.startswith("{")]
    return [event for event in map(json.loads, lines) if event["event"] == name]


# Every hop

def test_three_processes_know_one_another_by_certificates(pki, run, behind):
    urls = peers(*(each.url for each in behind))
    gateway = run("gateway", pki.listen() | pki.upstream(pki.gateway) | urls, pki.trust())
    gateway.wait_for("/readyz")
    status, answer = ask(gateway)
    assert status == 200
    assert answer["model"]["name"] == "breast-cancer"
    note = {"input": "Patient reports chest pain and takes aspirin 81 mg daily."}
    assert ask(gateway, note)[0] == 200
    assert f"answers on {gateway.url}" in gateway.log()


@pytest.mark.parametrize(("who", "authority", "reasons"), [
    ("gateway", "stranger", ["certificate verify failed"]),
    (None, "authority", ["certificate required"]),
    ("foreign", "authority", ["unknown ca"]),
    ("client", "authority", ["handshake failure"]),  # certified, and not among the names
])
def test_peer_or_gateway_that_is_not_believed_is_not_asked(pki, run, behind, who, authority, reasons):
    urls = peers(*(each.url for each in behind))
    upstream = pki.upstream(getattr(pki, who) if who else None, getattr(pki, authority))
    gateway = run("gateway", pki.listen() | upstream | urls, pki.trust())
    gateway.wait_for("/readyz", 503)
    status, answer = ask(gateway)
    assert status in (502, 503)
    assert any(f"127.0.0.1:{each.port}" in answer["detail"] for each in behind)
    refused = until(lambda: events(gateway, "tls.peer_refused"), "the gateway has said so")
    assert any(reason in refused[0]["why"] for reason in reasons), refused
    assert refused[0]["peer"] in [f"127.0.0.1:{each.port}" for each in behind]


@contextlib.contextmanager
def stand_in(certificate):
    """A server that shakes hands, where it is let, and answers nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with contextlib.suppress(OSError), connection, \
                            context.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(("certificate", "reason"), [
    ("expired", "certificate has expired"),
    ("elsewhere", "IP address mismatch"),
    ("foreign", "unable to get local issuer certificate"),
])
def test_peer_with_a_wrong_certificate_is_not_asked(pki, run, behind, certificate, reason):
    with stand_in(getattr(pki, certificate)) as url:
        gateway = run("gateway", pki.upstream(pki.gateway) | peers(url, behind[1].url))
        gateway.wait_for("/readyz", 503)
        status, answer = ask(gateway)
        assert status == 503
        assert url.removeprefix("https://") in answer["detail"]
        assert reason in answer["detail"]
        assert any(reason in event["why"] for event in events(gateway, "tls.peer_refused"))


@pytest.mark.parametrize(("who", "told", "why"), [
    (None, "CERTIFICATE_REQUIRED", "peer did not return a certificate"),
    ("foreign", "UNKNOWN_CA", "unable to get local issuer certificate"),
    ("expired", "CERTIFICATE_EXPIRED", "certificate has expired"),
    ("client", "HANDSHAKE_FAILURE", "none of the names that are allowed"),
])
def test_client_that_is_not_believed_hears_why(pki, behind, who, told, why):
    engine = behind[0]
    context = pki.trust(getattr(pki, who) if who else None)
    with socket.create_connection(("127.0.0.1", engine.port)) as connection, \
            pytest.raises(ssl.SSLError, match=told), \
            context.wrap_socket(connection, server_hostname="127.0.0.1") as secure:
        secure.sendall(b"GET /v2 HTTP/1.1\r\nHost: h\r\n\r\n")
        secure.recv(1)
    # The log has one line a second: asked again until it is this one's.

    def is_said():
        with socket.create_connection(("127.0.0.1", engine.port)) as again, \
                contextlib.suppress(ssl.SSLError), \
                context.wrap_socket(again, server_hostname="127.0.0.1") as secure:
            secure.recv(1)
        return any(why in event["why"] for event in events(engine, "tls.client_refused"))
    until(is_said, f"the engine has said {why}")
    assert engine.metrics()['galen_tls_refused_total{side="listen"}'] > 0


def test_revoked_client_is_refused(pki, run):
    revoked = pki.authority.certify("revoked", "ward-9.example")
    engine = run("engine", pki.demand(client_crl=pki.authority.revoke(revoked)), pki.trust(pki.client))
    engine.wait_for("/v2/health/live")
    engine.trust = pki.trust(revoked)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REVOKED"):
        engine.get_status("/v2/health/live")
    engine.trust = pki.trust(pki.client)


def test_models_are_managed_over_tls_too(pki, run):
    engine = run("engine", pki.demand(), pki.trust(pki.client)).wait_for("/v2/health/live")
    engine.port, port = engine.admin_port, engine.port
    assert engine.get_status("/v2/health/live") == 200
    engine.trust = pki.trust()
    with pytest.raises(ssl.SSLError):
        engine.get_status("/v2/health/live")
    engine.port = port


def test_listener_that_requires_certificates_may_be_anywhere(pki, run):
    engine = run("engine", pki.demand() | {"listen.http": "0.0.0.0:0"}, pki.trust(pki.client))
    until(lambda: '"event":"listening"' in engine.log(), "it listens")


def test_set_up_of_the_page_works(pki, tmp_path, run):
    page = (ROOT / "docs/tls.md").read_text().split("```")[1].strip().splitlines()
    make = "\n".join(line for line in page if line.startswith("openssl "))
    subprocess.run(["bash", "-ec", make], cwd=tmp_path, check=True, capture_output=True)
    settings = dict(word.split("=") for word in page[3].split() if "=" in word)
    settings = {key: str(tmp_path / value) for key, value in settings.items()}
    galen = run("serve", settings, ssl.create_default_context(cafile=tmp_path / "ca.pem"))
    galen.wait_for("/readyz")
    done = subprocess.run([BINARY, *page[4].replace("8000", str(galen.port)).split()[1:4], "--ca",
                           tmp_path / "ca.pem", page[4].split()[-1]], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr


# At the start

def refused_start(tmp_path, settings) -> str:
    process = Process("serve", tmp_path, SETTINGS | settings)
    assert process.wait() == 2
    return process.log()


def test_what_is_wrong_with_a_certificate_is_said_at_the_start(pki, tmp_path):
    expired = refused_start(tmp_path, pki.listen(pki.expired))
    assert f"listen.tls: {pki.expired.path}: the certificate has expired" in expired
    mixed = pki.listen() | {"listen.tls.key": str(pki.client.key_path)}
    assert f"{pki.client.key_path}: is not the key of the certificate in {pki.server.path}" in \
        refused_start(tmp_path, mixed)
    assert "belong together" in refused_start(tmp_path, {"listen.tls.key": "x"})


def test_key_that_everybody_may_read_is_refused(pki, tmp_path):
    open_to_all = pki.authority.certify("open", "127.0.0.1")
    open_to_all.key_path.chmod(0o644)
    log = refused_start(tmp_path, pki.listen(open_to_all))
    assert f"{open_to_all.key_path}: everybody on this machine may use this key" in log
    assert "PRIVATE KEY" not in log


# The client command

def infer(*words) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "infer", *map(str, words), "examples/breast-cancer-benign.json"],
                          capture_output=True, text=True, cwd=ROOT, timeout=DEADLINE_S, check=False)


def test_command_infer_speaks_tls(pki, run):
    galen = run("serve", pki.demand(), pki.trust(pki.client)).wait_for("/readyz")
    me = ("--certificate", pki.client.path, "--key", pki.client.key_path)
    done = infer("--url", galen.url, "--ca", pki.authority.path, *me)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"]["name"] == "breast-cancer"

    nobody = infer("--url", galen.url, "--ca", pki.authority.path)
    assert nobody.returncode == 1
    assert "certificate required" in nobody.stderr
    unbelieved = infer("--url", galen.url, *me)
    assert unbelieved.returncode == 1
    assert "certificate verify failed" in unbelieved.stderr
    assert infer("--url", galen.url, "--ca", "nowhere.pem").returncode == 2


# Certificates that are renewed

class Caller:
    """Asks all the time, half on one connection, half on new ones."""

    def __init__(self, process, keeps: bool):
        self.process = process
        self.keeps = keeps
        self.failures: list[str] = []
        self.count = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self) -> None:
        connection = self.process.connect()
        while not self.stopping.is_set():
            try:
                connection.request("GET", "/readyz")
                reply = connection.getresponse()
                reply.read()
                if reply.status != 200:
                    self.failures.append(f"status {reply.status}")
            except (OSError, ValueError) as failure:
                self.failures.append(repr(failure))
                connection.close()
            self.count += 1
            if not self.keeps:
                connection.close()
                connection = self.process.connect()
        connection.close()


def shown_serial(pki, process) -> int:
    import cryptography.x509
    with socket.create_connection(("127.0.0.1", process.port)) as connection, \
            pki.trust().wrap_socket(connection, server_hostname="127.0.0.1") as secure:
        der = secure.getpeercert(binary_form=True)
    return cryptography.x509.load_der_x509_certificate(der).serial_number


def renew(pki, certificate) -> int:
    """In place, key first, as renewals come."""
    label = certificate.path.stem
    return pki.authority.certify(label, "127.0.0.1", "localhost").x509.serial_number


def test_certificates_are_renewed_without_a_failed_request(pki, run):
    certificate = pki.authority.certify("renewed", "127.0.0.1")
    galen = run("serve", pki.listen(certificate), pki.trust()).wait_for("/readyz")
    with Caller(galen, keeps=True) as kept, Caller(galen, keeps=False) as fresh:
        for _ in range(20):
            serial = renew(pki, certificate)
            galen.popen.send_signal(signal.SIGHUP)
            until(lambda serial=serial: shown_serial(pki, galen) == serial, "the new one is shown")
    assert kept.failures == fresh.failures == []
    assert kept.count > 20
    assert fresh.count > 20
    assert len(events(galen, "tls.loaded")) >= 21


def test_changed_files_are_read_without_being_told(pki, run):
    certificate = pki.authority.certify("watched", "127.0.0.1")
    galen = run("serve", pki.listen(certificate), pki.trust()).wait_for("/readyz")
    serial = renew(pki, certificate)
    until(lambda: shown_serial(pki, galen) == serial, "the new one is shown")
    metrics = galen.metrics()
    assert metrics['galen_tls_certificate_expires_seconds{side="listen"}'] > 0


class Volume:
    """A secret as Kubernetes mounts it: links through `..data`, which one rename moves."""

    def __init__(self, folder):
        self.folder = folder
        self.generation = 0

    def swap(self, certificate) -> None:
        self.generation += 1
        fresh = self.folder / f"..{self.generation}"
        fresh.mkdir(parents=True)
        for name, path in (("tls.crt", certificate.path), ("tls.key", certificate.key_path)):
            (fresh / name).write_bytes(path.read_bytes())
            (fresh / name).chmod(0o440)
            if self.generation == 1:
                (self.folder / name).symlink_to(f"..data/{name}")
        (self.folder / "..data_tmp").symlink_to(fresh.name)
        os.replace(self.folder / "..data_tmp", self.folder / "..data")


def test_secret_of_kubernetes_is_swapped_beneath_it(pki, run, tmp_path):
    volume = Volume(tmp_path / "secret")
    certificate = pki.authority.certify("mounted", "127.0.0.1")
    volume.swap(certificate)
    mounted = {"listen.tls.certificate": str(volume.folder / "tls.crt"),
               "listen.tls.key": str(volume.folder / "tls.key")}
    galen = run("serve", mounted, pki.trust()).wait_for("/readyz")
    with Caller(galen, keeps=False) as fresh:
        for _ in range(3):
            serial = renew(pki, certificate)
            volume.swap(certificate)
            until(lambda serial=serial: shown_serial(pki, galen) == serial, "the new one is shown")
    assert fresh.failures == []
    assert len(events(galen, "tls.loaded")) == 4
    assert events(galen, "tls.kept") == []


def test_renewal_that_went_wrong_leaves_what_serves(pki, run):
    certificate = pki.authority.certify("broken", "127.0.0.1")
    galen = run("serve", pki.listen(certificate), pki.trust()).wait_for("/readyz")
    serial = shown_serial(pki, galen)
    good = certificate.path.read_bytes()
    write_whole(certificate.path, b"-----BEGIN CERTIFICATE-----\nnonsense\n")
    kept = until(lambda: events(galen, "tls.kept"), "it has said so")
    assert str(certificate.path) in kept[0]["why"]
    assert "nonsense" not in galen.log()
    assert shown_serial(pki, galen) == serial
    assert galen.get_status("/readyz") == 200
    os.utime(certificate.path)
    write_whole(certificate.path, good)
    until(lambda: len(events(galen, "tls.loaded")) == 2, "the good one is read again")
