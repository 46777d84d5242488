# SPDX-License-Identifier: Apache-2.0
"""The lungs' vessels: lines that leave the hilum, branch and thin out."""
import math

import numpy as np
from anatomy import WATER, Chest, ellipse
from numpy.random import Generator
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from view import View

OVERSAMPLING = 2
THINNEST_MM = 0.8
Segment = tuple[float, tuple[float, float], tuple[float, float]]


def grow(rng: Generator, start: tuple[float, float], angle: float, width: float,
         segments: list[Segment]) -> None:
    while width > THINNEST_MM:
        longer, wider, bend, fork, chance = rng.random(5)
        length = 8 + 6 * longer
        end = (start[0] + length * math.cos(angle), start[1] + length * math.sin(angle))
        segments.append((width, start, end))
        if chance < 0.45:
            turn = math.copysign(0.35 + 0.55 * abs(2 * fork - 1), fork - 0.5)
            grow(rng, end, angle + turn, width * 0.66, segments)
        start, width, angle = end, width * (0.8 + 0.12 * wider), angle + 0.5 * (bend - 0.5)


def tree(rng: Generator, side: int) -> list[Segment]:
    segments: list[Segment] = []
    root = (side * rng.uniform(30, 36), rng.uniform(-14, 2))
    for lift in np.linspace(-1.35, 1.4, 7) + rng.normal(0, 0.1, 7):
        thick = rng.uniform(3.6, 5.6) * (1.1 if lift > 0 else 0.85)
        grow(rng, root, lift if side > 0 else math.pi - lift, thick, segments)
    return segments


def paint(view: View, segments: list[Segment]) -> np.ndarray:
    """Millimetres of vessel; where two cross, the thicker."""
    image = Image.new("F", (view.width * OVERSAMPLING, view.height * OVERSAMPLING))
    pen = ImageDraw.Draw(image)
    segments = sorted(segments)
    ends = np.array([[start, end] for _, start, end in segments]).reshape(-1, 2)
    lines = (view.to_pixels(ends) * OVERSAMPLING).reshape(-1, 4).tolist()
    for (width, _, _), line in zip(segments, lines, strict=True):
        pen.line(line, fill=width, width=max(1, round(width / view.pixel_mm * OVERSAMPLING)))
    return gaussian_filter(np.asarray(image.reduce(OVERSAMPLING)), 0.6)


def hilum(rng: Generator, view: View, side: int) -> np.ndarray:
    center = (side * rng.uniform(32, 38), rng.normal(-6, 4))
    return np.exp(-1.2 * ellipse(view, center, (15, 24), -side * 0.3)) * rng.uniform(0.25, 0.5)


def draw(rng: Generator, view: View, chest: Chest) -> np.ndarray:
    lines = paint(view, tree(rng, -1) + tree(rng, 1))
    roots = hilum(rng, view, -1) + hilum(rng, view, 1)
    return (WATER * rng.uniform(1.6, 2.4) * lines + roots) * chest.air
