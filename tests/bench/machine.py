# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on, and with."""
import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess


def first_of(path: str, key: str) -> str:
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":" if ":" in line else "=")
        if name.strip() == key:
            return value.strip().strip('"')
    return "unknown"


def said_by(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def describe() -> dict[str, str]:
    memory_kb = int(first_of("/proc/meminfo", "MemTotal").split()[0])
    return {"measured": datetime.date.today().isoformat(),
            "processor": f"{first_of('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
            "memory": f"{memory_kb / 2**20:.0f} GiB",
            "other work": f"{os.getloadavg()[2]:.1f} running on average in the 15 minutes before",
            "system": f"{first_of('/etc/os-release', 'PRETTY_NAME')}, Linux {platform.release()}"}


def versions(galen: pathlib.Path) -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in ("orjson", "numpy")}
    return {"galen": said_by(str(galen), "--version").removeprefix("galen "),
            "compiler": said_by("gcc", "--version"),
            "wrk": said_by("wrk", "-v").split(" [")[0].removeprefix("wrk "),
            "Python": platform.python_version()} | packages
