# SPDX-License-Identifier: Apache-2.0
"""Phantoms as the network sees them, and as files: reduced and compressed, as an archive for
viewing would, so that what is measured is what Pillow decodes from the very bytes."""
import dataclasses
import io

import numpy as np
import phantom
from numpy.random import Generator
from PIL import Image
from ranges import Range, Ranges
from spots import Nodule

SIDE = 96
MEAN, STD = 0.5, 0.25
LABELS = ("no_nodule", "nodule")
NOWHERE = (-9.0, -9.0, 0.0)
PNG_EVERY = 4


@dataclasses.dataclass
class Samples:
    pixels: np.ndarray  # [n, SIDE, SIDE], 0 to 255
    labels: np.ndarray  # [n], 1: nodule
    diameters_mm: np.ndarray  # [n], 0 without a nodule
    places: np.ndarray  # [n, 3]: column, row and radius of the nodule, NOWHERE without one


@dataclasses.dataclass
class File:
    name: str
    media_type: str
    content: bytes
    diameter_mm: float  # of the nodule; 0 without one


def resized(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def normalized(pixels: np.ndarray) -> np.ndarray:
    return ((pixels.astype(np.float32) / 255 - MEAN) / STD).astype(np.float32)


def encode(image: Image.Image, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, optimize=True, **options)
    return out.getvalue()


def decode(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def reduced(rng: Generator, image: Image.Image, widths: Range) -> Image.Image:
    width = int(rng.integers(widths[0], widths[1] + 1))
    height = round(image.height * width / image.width)
    return image.resize((width, height), Image.Resampling.BILINEAR)


def place(nodule: Nodule | None) -> tuple[float, float, float]:
    return (nodule.column, nodule.row, nodule.radius) if nodule else NOWHERE


def for_training(seed: int, count: int, ranges: Ranges) -> Samples:
    """Pairs of one patient without and with; half of the films as they are, half stored."""
    pixels, nodules = [], []
    for index in range(count // 2):
        rng = np.random.default_rng([seed, index, 1])
        for each in phantom.draw_pair([seed, index], ranges):
            image = each.image
            if rng.random() < 0.5:
                small = reduced(rng, image, ranges.stored_width)
                quality = int(rng.integers(*ranges.stored_quality))
                image = decode(encode(small, format="JPEG", quality=quality))
            pixels.append(resized(image))
            nodules.append(each.nodule)
    diameters = np.array([each.diameter_mm if each else 0 for each in nodules])
    places = np.array([place(each) for each in nodules], np.float32)
    return Samples(np.stack(pixels), (diameters > 0).astype(int), diameters, places)


def as_file(seed: int, index: int, ranges: Ranges) -> File:
    rng = np.random.default_rng([seed, index, 1])
    drawn = phantom.draw([seed, index], ranges, index % 2 == 1)
    diameter = drawn.nodule.diameter_mm if drawn.nodule else 0.0
    if index // 2 % PNG_EVERY == 0:
        small = reduced(rng, drawn.image, (SIDE, ranges.stored_width[0]))
        return File(f"{index:03}.png", "image/png", encode(small, format="PNG"), diameter)
    small = reduced(rng, drawn.image, ranges.stored_width)
    content = encode(small, format="JPEG", quality=int(rng.integers(*ranges.stored_quality)))
    return File(f"{index:03}.jpg", "image/jpeg", content, diameter)


def files(seed: int, count: int, ranges: Ranges) -> list[File]:
    return [as_file(seed, index, ranges) for index in range(count)]


def of_files(stored: list[File]) -> Samples:
    pixels = np.stack([resized(decode(each.content)) for each in stored])
    diameters = np.array([each.diameter_mm for each in stored])
    nowhere = np.tile(np.float32(NOWHERE), (len(stored), 1))
    return Samples(pixels, (diameters > 0).astype(int), diameters, nowhere)
