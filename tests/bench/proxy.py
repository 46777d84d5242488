# SPDX-License-Identifier: Apache-2.0
"""A bare hop by others: nginx and haproxy pass every request on, and do nothing else."""
import pathlib
import shutil
import subprocess

from server import ROOT, Server, free_port, load_cores

PROGRAMS = ("nginx", "haproxy")
CONNECTIONS = 64

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream engine {{
        server 127.0.0.1:{upstream};
        keepalive {connections};
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://engine;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""

HAPROXY = """\
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    http-reuse always
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{port}
    default_backend engine
backend engine
    server engine 127.0.0.1:{upstream} pool-max-conn {connections}
"""


def find(program: str) -> str | None:
    return shutil.which(program, path=ROOT / ".deps/proxies/bin")


def why_not() -> str:
    missing = [program for program in PROGRAMS if not find(program)]
    return f"{', '.join(missing)} is not installed" if missing else ""


def version(program: str) -> str:
    done = subprocess.run([find(program), "-v"], capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).split("/")[-1].split()[0] if program == "nginx" \
        else done.stdout.split()[2]


def configure(folder: pathlib.Path, name: str, text: str, upstream: int) -> tuple[pathlib.Path, int]:
    port = free_port()
    path = folder / f"{name}.conf"
    path.write_text(text.format(folder=folder, port=port, upstream=upstream, connections=CONNECTIONS))
    return path, port


def start_nginx(folder: pathlib.Path, upstream: int) -> Server:
    path, port = configure(folder, "nginx", NGINX, upstream)
    return Server("nginx", [find("nginx"), "-e", folder / "nginx.log", "-c", path], port)


def start_haproxy(folder: pathlib.Path, upstream: int) -> Server:
    path, port = configure(folder, "haproxy", HAPROXY, upstream)
    return Server("haproxy", [find("haproxy"), "-f", path], port)


def start_upstream(program: pathlib.Path) -> Server:
    """What all of them ask; it shares the load generator's core, and is not counted."""
    port = free_port()
    return Server("upstream", [program, str(port)], port, cores=load_cores())
