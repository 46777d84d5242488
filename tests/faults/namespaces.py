# SPDX-License-Identifier: Apache-2.0
"""Namespaces of Linux: a network of a server's own, and a hosts file of a client's own. Both need
root, and leave the machine's as they are."""
import contextlib
import functools
import os
import pathlib
import subprocess

HOSTS_SIZE = 1024  # however little it says: it is replaced by one write
BIND_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"'
NETWORK = "198.18.{}"  # of those for tests of networks (RFC 2544)


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


@functools.cache
def why_not() -> str:
    """Empty where they can be had."""
    if os.geteuid() != 0:
        return "namespaces need root"
    try:
        run("unshare", "--mount", "--net", "ip", "link", "add", "probe", "type", "veth")
    except (OSError, subprocess.CalledProcessError) as refused:
        return f"no namespaces here: {refused}"
    return ""


class Hosts:
    """A hosts file, and the prefix of commands that have no other."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def say(self, name: str, addresses: list[str]) -> None:
        text = "".join(f"{address} {name}\n" for address in addresses).ljust(HOSTS_SIZE, "\n")
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644), "wb", 0) as file:
            file.write(text.encode())

    @property
    def prefix(self) -> tuple:
        return ("unshare", "--mount", "sh", "-c", BIND_HOSTS, self.path)


class Network:
    """A network namespace with one address, which a pair of interfaces joins to ours."""

    def __init__(self, number: int):
        self.name = f"galen-{os.getpid()}-{number}"
        self.link = f"gln{os.getpid() % 1000000}-{number}"
        self.net = NETWORK.format(number)

    def __enter__(self) -> "Network":
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "address", "add", f"{self.net}.1/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        run("ip", "-n", self.name, "address", "add", f"{self.host}/30", "dev", "eth0")
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        self.mend()
        return self

    def __exit__(self, *_) -> None:
        for words in (("link", "delete", self.link), ("netns", "delete", self.name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                run("ip", *words)

    @property
    def host(self) -> str:
        return f"{self.net}.2"

    @property
    def prefix(self) -> tuple:
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """The far end: ours still has a way there, on which nothing comes back."""
        run("ip", "-n", self.name, "link", "set", "eth0", "down")

    def mend(self) -> None:
        run("ip", "-n", self.name, "link", "set", "eth0", "up")
