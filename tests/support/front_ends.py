# SPDX-License-Identifier: Apache-2.0
"""nginx and haproxy as reverse proxies on loopback, before a server that takes everything: what
they make of a request is their verdict and nobody else's."""
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import threading

from message import connect
from process import free_port, until

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")


def find(name: str) -> str | None:
    """Debian keeps servers out of a user's PATH."""
    return os.environ.get(f"{name.upper()}_BIN") or shutil.which(name) \
        or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class Everything(socketserver.StreamRequestHandler):
    def read_body(self, head: bytes) -> None:
        length = LENGTH.search(head)
        if CHUNKED.search(head):
            while (line := self.rfile.readline()) and int(line.split(b";")[0], 16):
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
        elif length:
            self.rfile.read(min(int(length[1]), 1 << 30))

    def handle(self) -> None:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            self.read_body(head)
            body = b"" if head.startswith(b"HEAD ") else b"ok"
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body)


class Backend(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address) -> None:
        """What a proxy cuts off is cut off."""


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 64m; client_body_timeout 2s; client_header_timeout 2s;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{backend}; }} }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  timeout http-request 2s
frontend front
  bind 127.0.0.1:{port}
  default_backend back
backend back
  server one 127.0.0.1:{backend}
"""
COMMANDS = {"nginx": (NGINX, lambda binary, file, folder: [binary, "-p", folder, "-c", file]),
            "haproxy": (HAPROXY, lambda binary, file, _: [binary, "-db", "-f", file])}


class FrontEnd:
    def __init__(self, name: str, folder: pathlib.Path):
        self.name = name
        self.port = free_port()
        self.backend = Backend(("127.0.0.1", 0), Everything)
        threading.Thread(target=self.backend.serve_forever, daemon=True).start()
        template, command = COMMANDS[name]
        file = folder / f"{name}.conf"
        file.write_text(template.format(folder=folder, port=self.port,
                                        backend=self.backend.server_address[1]))
        self.popen = subprocess.Popen(command(find(name), file, folder), cwd=folder,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.answers, f"{name} listens")

    def answers(self) -> bool:
        assert self.popen.poll() is None, f"{self.name} ended at its start"
        try:
            connect(self.port).close()
        except ConnectionError:
            return False
        return True

    def version(self) -> str:
        done = subprocess.run([find(self.name), "-v"], capture_output=True, text=True, check=False)
        return re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)[0]

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(10)
        self.backend.shutdown()
        self.backend.server_close()
