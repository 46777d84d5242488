# SPDX-License-Identifier: Apache-2.0
"""Keys for the servers that tests start, made once: outside demo mode none starts without."""
import atexit
import functools
import pathlib
import shutil
import subprocess
import tempfile


@functools.cache
def folder(binary: pathlib.Path) -> pathlib.Path:
    base = pathlib.Path(tempfile.mkdtemp(prefix="galen-keys-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    subprocess.run([binary, "key", "rotate", "--all", "--keys", base / "keys"], check=True,
                   stdout=subprocess.DEVNULL)
    return base / "keys"


def environment(binary: pathlib.Path, trail: pathlib.Path) -> dict[str, str]:
    return {"GALEN_KEYS_DIRECTORY": str(folder(binary)), "GALEN_AUDIT_DIRECTORY": str(trail),
            "GALEN_LISTEN_METRICS": "127.0.0.1:0", "GALEN_LISTEN_ADMIN": "127.0.0.1:0"}


def verifiers(binary: pathlib.Path) -> list[str]:
    """Who may sign checkpoints."""
    return [path.read_text().strip() for path in sorted(folder(binary).glob("*.pub"))]
