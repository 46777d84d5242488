# SPDX-License-Identifier: Apache-2.0
"""The same images by Pillow and numpy, as a Python server makes tensors of them; and the images:
smooth, with edges and noise, made up here."""
import io
import pathlib
import resource

import numpy
from PIL import Image

SIDE, TENSOR_SIDE = 1024, 224
RUNS = {"pixels": 100, "file": 20}
SCALE = numpy.float32(1 / 255)
MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], numpy.float32)
MODES = {"rgb": "RGB", "gray": "L"}


def made_up(channels: str) -> Image.Image:
    noise = numpy.random.default_rng(1)
    y, x = numpy.mgrid[0:SIDE, 0:SIDE] / SIDE
    planes = [128 + 80 * numpy.sin(a * x + b * y) + 30 * ((c * x * y).astype(int) % 2)
              for a, b, c in ((9, 4, 11), (3, 12, 17), (7, 8, 23))]
    pixels = numpy.stack(planes, -1) + noise.normal(0, 4, (SIDE, SIDE, 3))
    image = Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8), "RGB")
    return image.convert(MODES[channels])


def write(kind: str, channels: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / f"{channels}.{kind}"
    made_up(channels).save(path, **({"quality": 90} if kind == "jpeg" else {}))
    return path


def tensor_of(image: Image.Image) -> numpy.ndarray:
    pixels = numpy.asarray(image.resize((TENSOR_SIDE, TENSOR_SIDE), Image.Resampling.BILINEAR))
    if pixels.ndim == 2:
        return ((pixels * SCALE - MEAN[0]) / STD[0])[None, None]
    return numpy.ascontiguousarray(((pixels * SCALE - MEAN) / STD).transpose(2, 0, 1))[None]


def cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1e6 * (used.ru_utime + used.ru_stime)


def cpu_us_per_run(path: pathlib.Path, part: str) -> float:
    data = path.read_bytes()
    image = Image.open(io.BytesIO(data))
    image.load()
    tensor_of(image)
    before = cpu_us()
    for _ in range(RUNS[part]):
        tensor_of(Image.open(io.BytesIO(data)) if part == "file" else image)
    return (cpu_us() - before) / RUNS[part]


def sum_of(path: pathlib.Path) -> float:
    return float(tensor_of(Image.open(path)).sum(dtype=numpy.float64))
