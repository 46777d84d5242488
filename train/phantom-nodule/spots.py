# SPDX-License-Identifier: Apache-2.0
"""Nodules, and what is taken for one: vessels seen end-on, nipples, calcified ends of ribs."""
import dataclasses

import numpy as np
from anatomy import WATER, Chest, ellipse, spread
from bones import BONE, FRONT_END_MM, Cage
from numpy.random import Generator
from view import View

SMALLEST_MM, LARGEST_MM = 6.0, 30.0
LOBES = np.arange(2, 7, dtype=np.float32)


@dataclasses.dataclass
class Nodule:
    diameter_mm: float
    column: float  # of its center, as a share of the image's width
    row: float
    radius: float


def place(rng: Generator, view: View, chest: Chest) -> tuple[int, int]:
    """A row and a column inside the lungs, as they are beside heart and diaphragm."""
    inside = spread(chest.air, 8 / view.pixel_mm)
    rows, columns = np.nonzero(inside > 0.75)
    index = rng.integers(len(rows))
    return int(rows[index]), int(columns[index])


def outline(rng: Generator, angle: np.ndarray) -> np.ndarray:
    """The radius at an angle, around 1: lobes, and sometimes spicules."""
    radius = np.ones_like(angle)
    for lobe in LOBES:
        radius += rng.normal(0, 0.14 / lobe) * np.cos(lobe * angle + rng.uniform(0, 6.28))
    if rng.random() < 0.3:
        rays = np.cos(rng.integers(7, 12) * angle + rng.uniform(0, 6.28))
        radius += 0.18 * np.clip(rays, 0, 1) ** 3
    return radius


def nodule(rng: Generator, view: View, chest: Chest) -> tuple[np.ndarray, Nodule]:
    row, column = place(rng, view, chest)
    diameter = rng.uniform(SMALLEST_MM, LARGEST_MM)
    center = (float(view.x[row, column]), float(view.y[row, column]))
    near, stretch = view.around(center, diameter), rng.uniform(0.85, 1.15)
    across, down = (view.x[near] - center[0]) * stretch, (view.y[near] - center[1]) / stretch
    share = np.hypot(across, down) / (diameter / 2) / outline(rng, np.arctan2(down, across))
    density = np.zeros_like(view.x)
    density[near] = np.clip(1 - share ** 2, 0, None) ** rng.uniform(0.4, 1.1)
    density *= np.float32(WATER * diameter * rng.uniform(1.6, 3.2))
    return density, Nodule(diameter, column / view.width, row / view.height,
                           diameter / 2 / view.pixel_mm / view.width)


def ball(view: View, center: tuple[float, float], axes: tuple[float, float], power: float,
         turn: float = 0.0) -> np.ndarray:
    near = view.around(center, max(axes))
    part = dataclasses.replace(view, x=view.x[near], y=view.y[near])
    density = np.zeros_like(view.x)
    density[near] = np.clip(1 - ellipse(part, center, axes, turn), 0, None) ** np.float32(power)
    return density


def end_on_vessel(rng: Generator, view: View) -> np.ndarray:
    """Beside its bronchus, a ring of the same size, near the hilum."""
    side, radius = rng.choice((-1, 1)), rng.uniform(1.8, 3.2)
    x, y = side * rng.uniform(38, 66), rng.uniform(-40, 42)
    ring = (ball(view, (x + 2 * radius, y), (radius, radius), 0.3)
            - 1.2 * ball(view, (x + 2 * radius, y), (radius * 0.7, radius * 0.7), 0.3))
    vessel = ball(view, (x, y), (radius, radius), 0.4)
    return WATER * radius * (3.2 * vessel + 0.9 * ring)


def nipples(rng: Generator, view: View) -> np.ndarray:
    """A pair at one height, one of them often too faint to see; sharp on the outer side."""
    density = np.zeros_like(view.x)
    away, height, radius = rng.uniform(68, 92), rng.uniform(42, 70), rng.uniform(3.5, 5.5)
    for side in (-1, 1):
        weight = rng.choice((0.25, 1.0)) * rng.uniform(0.09, 0.17)
        center = (side * away + rng.normal(0, 3), height + rng.normal(0, 3))
        fading = np.clip(0.5 + 0.5 * side * (view.x - np.float32(center[0])) / radius, 0, 1)
        density += weight * ball(view, center, (radius, radius * 1.15), 0.35) * (0.4 + 0.6 * fading)
    return density


def calcified_rib_end(rng: Generator, view: View, cage: Cage) -> np.ndarray:
    """Patches in line with the rib, where it turns into cartilage."""
    side, rib = rng.choice((-1, 1)), rng.integers(0, 4)
    x = side * (FRONT_END_MM - rng.uniform(2, 10))
    y = cage.front_top + rib * cage.spacing + cage.steepness * 36 + rng.normal(0, 2)
    density = np.zeros_like(view.x)
    for _ in range(rng.integers(2, 5)):
        center = (x + rng.normal(0, 4), y + rng.normal(0, 2.2))
        axes = (rng.uniform(2.5, 5.5), rng.uniform(1.6, 3.4))
        density += ball(view, center, axes, 0.4, -side * 0.5) * rng.uniform(2, 5)
    return BONE * density


def distractors(rng: Generator, view: View, chest: Chest, cage: Cage) -> np.ndarray:
    """In images of both kinds, at the same rates."""
    density = np.zeros_like(view.x)
    for _ in range(rng.poisson(1.5)):
        density += end_on_vessel(rng, view)
    if rng.random() < 0.25:
        density += nipples(rng, view)
    for _ in range(rng.poisson(0.6)):
        density += calcified_rib_end(rng, view, cage)
    return density * (chest.air > 0.2)
