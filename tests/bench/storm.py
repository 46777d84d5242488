#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Latency while models are promoted, rolled back and found broken, beside that of a quiet time.

usage: tests/bench/storm.py [SECONDS] [RATE]

An open loop of v2 requests at a steady rate, quiet and storm by turns; each storm is 20
promotions and rollbacks and 5 broken versions. Nothing is sent twice: what is not answered
with 200 is lost. Exit status 1: a request was lost, or the median of the storms' 99th
percentiles is more than twice that of the quiet times.
"""
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from process import Process  # noqa: E402
from samples import MODEL, as_tensor  # noqa: E402
from steady import SteadyLoad  # noqa: E402

ROUNDS = 3
MOVES = 25
BROKEN = 66
PATH = f"/v2/models/{MODEL}/infer"


def point(repository: pathlib.Path, number: int) -> None:
    fresh = repository / MODEL / ".fresh"
    fresh.symlink_to(str(number))
    os.replace(fresh, repository / MODEL / "current")


def make_repository(folder: pathlib.Path) -> pathlib.Path:
    repository = folder / "models"
    shutil.copytree(ROOT / "models", repository, symlinks=True)
    (repository / MODEL / "previous").unlink()
    shutil.copytree(repository / MODEL / "2", repository / MODEL / str(BROKEN))
    (repository / MODEL / str(BROKEN) / "model.onnx").write_bytes(b"this is no network")
    return repository


def storm(repository: pathlib.Path, seconds: float) -> None:
    for move in range(MOVES):
        point(repository, BROKEN if move % 5 == 4 else 1 + move % 2)
        time.sleep(seconds / MOVES)


def measure(engine: Process, seconds: float, rate: float, during) -> tuple[float, int, int]:
    """The 99th percentile in ms, and how many requests were lost of how many."""
    with SteadyLoad(engine.port, PATH, as_tensor(), rate) as load:
        during(seconds)
    return load.quantile_s(0.99) * 1000, len(load.lost), len(load.outcomes)


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 200.0
    kinds = {"quiet": time.sleep}
    seen: dict[str, list[float]] = {"quiet": [], "storm": []}
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        repository = make_repository(pathlib.Path(folder))
        engine = Process("engine", pathlib.Path(folder), {
            "repository": repository, "audit.enabled": "false", "models.linger_ms": 0})
        engine.wait_for("/v2/health/ready")
        kinds["storm"] = lambda duration: storm(repository, duration)
        for _ in range(ROUNDS):
            for kind, during in kinds.items():
                p99, missing, count = measure(engine, seconds, rate, during)
                seen[kind].append(p99)
                lost += missing
                print(f"{kind}: p99 {p99:.2f} ms, {missing} of {count} requests lost", flush=True)
        engine.check_end()
    quiet, stormy = (statistics.median(seen[kind]) for kind in ("quiet", "storm"))
    print(f"storm / quiet: {stormy / quiet:.2f} (at most 2), {lost} lost")
    return int(lost > 0 or stormy > 2 * quiet)


if __name__ == "__main__":
    sys.exit(main())
