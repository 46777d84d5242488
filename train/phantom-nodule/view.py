# SPDX-License-Identifier: Apache-2.0
"""Where a phantom lies in its image: millimetres of the patient on one side, pixels on the
other. x grows to the right of the image, y downwards, 0/0 lies between the lungs."""
import dataclasses
import math

import numpy as np
from numpy.random import Generator
from ranges import Ranges

SIZES = ((256, 256), (272, 256), (256, 288), (288, 288), (320, 288))


@dataclasses.dataclass
class View:
    width: int
    height: int
    pixel_mm: float
    turn: float  # radians
    middle: tuple[float, float]  # of the patient, in pixels
    x: np.ndarray
    y: np.ndarray

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """[n, 2] millimetres to [n, 2] columns and rows."""
        cosine, sine = math.cos(self.turn), math.sin(self.turn)
        turned = points @ np.array([[cosine, sine], [-sine, cosine]])
        return turned / self.pixel_mm + np.array(self.middle)

    def around(self, center: tuple[float, float], reach: float) -> tuple[slice, slice]:
        """Rows and columns that hold what is within reach of a place."""
        column, row = self.to_pixels(np.array([center]))[0]
        reach /= self.pixel_mm
        return (slice(max(0, int(row - reach)), max(0, int(row + reach + 2))),
                slice(max(0, int(column - reach)), max(0, int(column + reach + 2))))


def grid(width: int, height: int, pixel_mm: float, turn: float,
         middle: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (columns - middle[0]) * pixel_mm
    down = (rows - middle[1]) * pixel_mm
    cosine, sine = math.cos(turn), math.sin(turn)
    return ((cosine * across + sine * down).astype(np.float32),
            (cosine * down - sine * across).astype(np.float32))


def choose(rng: Generator, ranges: Ranges) -> View:
    width, height = SIZES[rng.integers(len(SIZES))]
    pixel_mm = rng.uniform(*ranges.field_mm) / width
    turn = math.radians(rng.uniform(*ranges.turn_degrees))
    middle = (width / 2 + rng.normal(0, 5) / pixel_mm,
              height * 0.49 + rng.normal(0, 7) / pixel_mm)
    return View(width, height, pixel_mm, turn, middle, *grid(width, height, pixel_mm, turn, middle))
