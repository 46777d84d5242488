# SPDX-License-Identifier: Apache-2.0
"""What a Python server does with a tensor in JSON: orjson reads, numpy converts. Also the
body that both sides read: 150,528 values (3 × 224 × 224) of nine digits."""
import pathlib
import random
import resource

import numpy as np
import orjson

COUNT = 3 * 224 * 224
RUNS = 20


def make_body() -> bytes:
    source = random.Random(1)
    values = ",".join(f"{source.uniform(-3, 3):.8f}" for _ in range(COUNT))
    return (f'{{"inputs":[{{"name":"x","shape":[1,3,224,224],"datatype":"FP32","data":[{values}]}}]}}'
            ).encode()


def decode(body: bytes) -> np.ndarray:
    tensor = orjson.loads(body)["inputs"][0]
    return np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])


def cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1e6 * (used.ru_utime + used.ru_stime)


def cpu_us_per_run(path: str) -> float:
    body = pathlib.Path(path).read_bytes()
    decode(body)
    before = cpu_us()
    for _ in range(RUNS):
        decode(body)
    return (cpu_us() - before) / RUNS
