# SPDX-License-Identifier: Apache-2.0
"""The soft parts of a chest, as what they take from the beam: body, lungs, heart, diaphragm."""
import dataclasses

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy.ndimage import gaussian_filter
from view import View

WATER = 0.0185  # of the beam, a millimetre
APEX_MM = 47.0  # from the middle to the top of a lung


@dataclasses.dataclass
class Chest:
    half_width: float
    apex: tuple[float, float]  # y of the lungs' tops: left and right in the image
    dome: tuple[float, float]  # y of the diaphragm's
    depth: float
    air: np.ndarray  # 0 to 1: how much of the lung a ray crosses
    density: np.ndarray  # of everything so far

    def side(self, x: np.ndarray, pair: tuple[float, float]) -> np.ndarray:
        return np.where(x < 0, np.float32(pair[0]), np.float32(pair[1]))


def within(distance: np.ndarray, softness: float) -> np.ndarray:
    """From 0 outside to 1 inside, over about four times softness."""
    return 1 / (1 + np.exp(np.clip(-distance / np.float32(softness), -30, 30)))


def spread(values: np.ndarray, pixels: float) -> np.ndarray:
    """A wide blur, made on a quarter of the size."""
    coarse = gaussian_filter(values[::4, ::4], pixels / 4, truncate=2)
    full = Image.fromarray(coarse).resize(values.shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(full)


def ellipse(view: View, center: tuple[float, float], axes: tuple[float, float],
            turn: float = 0.0) -> np.ndarray:
    """Squared distance from the center: 1 is its edge."""
    across, down = view.x - np.float32(center[0]), view.y - np.float32(center[1])
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return (((cosine * across + sine * down) / np.float32(axes[0])) ** 2
            + ((cosine * down - sine * across) / np.float32(axes[1])) ** 2)


def blob(view: View, center: tuple[float, float], axes: tuple[float, float], softness: float,
         turn: float = 0.0) -> np.ndarray:
    radius = np.sqrt(ellipse(view, center, axes, turn))
    return within((1 - radius) * np.float32(min(axes)), softness)


def lungs(view: View, chest: Chest) -> np.ndarray:
    x, y, away = view.x, view.y, np.abs(view.x)
    apex = chest.side(x, chest.apex)
    rise = np.clip((40 - y) / (40 - apex), 0, 1)
    fall = np.clip((y - 40) / 100, 0, 1)
    lateral = (APEX_MM + (chest.half_width - APEX_MM) * (1 - rise ** 2.2) ** 0.58
               - 8 * fall ** 2)
    medial = APEX_MM - (APEX_MM - 18) * np.sqrt(1 - rise ** 6)
    dome_at = chest.side(x, (0.5, 0.55)) * chest.half_width
    drop = (away - dome_at) / (0.62 * chest.half_width)
    floor = chest.side(x, chest.dome) + np.where(drop > 0, 42, 16) * drop ** 2
    wall = within(np.minimum(lateral - away, away - medial), 1.4)
    return wall * within(floor - y, 1.6) * within(y - apex, 2.0)


def heart(rng: Generator, view: View) -> np.ndarray:
    """With the great vessels: what stands out from the middle."""
    size = rng.uniform(0.88, 1.12)
    parts = [blob(view, (20 + rng.normal(0, 3), 56), (66 * size, 47 * size), 1.8, 0.6),
             blob(view, (-13, 50 + rng.normal(0, 4)), (31 * size, 46), 1.8, -0.1),
             blob(view, (17, -50 + rng.normal(0, 3)), (19 * size, 20), 1.6),
             blob(view, (14, -12), (20 * size, 32), 3.0),
             blob(view, (-7, -40), (16, 62), 2.4)]
    return 1 - np.prod(1 - np.stack(parts), axis=0)


def body(rng: Generator, view: View, chest: Chest) -> np.ndarray:
    """Millimetres of tissue, as if there were no lungs."""
    away = np.abs(view.x)
    half_width = chest.half_width + rng.uniform(44, 66) + 14 * np.clip((-view.y - 40) / 80, 0, 1)
    inside = np.clip(1 - (away / half_width) ** 5, 0, 1)
    shoulder = -186 + rng.normal(0, 8) + 0.0035 * away ** 2
    thickness = chest.depth * inside ** 0.45 * within(view.y - shoulder, 5)
    neck = np.clip((-view.y - 95) / 110, 0, 1)
    return thickness * (1 - 0.3 * neck)


def spine(rng: Generator, view: View) -> np.ndarray:
    """Vertebrae with the discs between them, and the windpipe in front."""
    level = (view.y + rng.uniform(0, 24)) / np.float32(rng.uniform(22, 25))
    disc = np.abs(level - np.round(level)) < 0.13
    column = within(16 - np.abs(view.x), 2.0) * np.where(disc, 0.1, 0.2)
    tube = within(7.5 - np.abs(view.x - rng.normal(0, 2)), 1.2) * within(-38 - view.y, 6)
    bronchi = [blob(view, (side * 20, -30), (26, 4.5), 1.6, side * 0.6) for side in (-1, 1)]
    return column - 0.38 * tube - 0.16 * np.maximum(*bronchi)


def abdomen(rng: Generator, view: View, chest: Chest) -> np.ndarray:
    below = within(view.y - np.maximum(*chest.dome) - 8, 14)
    density = 0.3 * below
    if rng.random() < 0.6:
        center = (55 + rng.normal(0, 10), chest.dome[1] + 22)
        density = density - rng.uniform(0.4, 1.0) * blob(view, center, (28, 14), 2.5, 0.1)
    return density


def soft_tissue(rng: Generator, view: View) -> np.ndarray:
    """Breasts or muscle in front of the lungs, and a gradient from side to side."""
    density = view.x * np.float32(rng.normal(0, 0.0006)) + view.y * np.float32(rng.normal(0, 0.0005))
    if rng.random() < 0.5:
        drop, size, weight = rng.normal(62, 10), rng.uniform(48, 66), rng.uniform(0.1, 0.45)
        for side in (-1, 1):
            shape = ellipse(view, (side * 82, drop), (size, size * 0.95))
            density = density + weight * np.sqrt(np.clip(1 - shape, 0, 1))
    return density


def draw(rng: Generator, view: View) -> Chest:
    half_width, top, right = rng.uniform(122, 142), rng.normal(-122, 5), rng.normal(82, 8)
    apex = (top + rng.normal(0, 2), top + rng.normal(0, 2))
    chest = Chest(half_width, apex, (right, right + rng.uniform(4, 16)), rng.uniform(190, 235),
                  np.zeros(0), np.zeros(0))
    lung = lungs(view, chest)
    chest.air = lung * (1 - 0.84 * heart(rng, view))
    depth = 0.62 + 0.38 * spread(lung, 16 / view.pixel_mm)
    aerated = rng.uniform(0.7, 0.8) * 0.62 * chest.depth
    tissue = body(rng, view, chest)
    chest.density = (WATER * (tissue - aerated * depth * chest.air * (tissue > 0))
                     + spine(rng, view) + abdomen(rng, view, chest) + soft_tissue(rng, view))
    return chest
