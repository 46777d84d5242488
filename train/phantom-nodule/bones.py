# SPDX-License-Identifier: Apache-2.0
"""Ribs, collar bones and shoulder blades: tubes whose walls are denser than their inside."""
import dataclasses

import numpy as np
from anatomy import Chest, within
from numpy.random import Generator
from view import View

BONE = 0.030  # what a millimetre takes from the beam beyond what soft tissue takes
RIB_COUNT = 10
FRONT_END_MM = 62.0  # from the middle: where a rib ends in cartilage, which does not show


@dataclasses.dataclass
class Cage:
    spacing: float
    radius: float
    back_top: float  # y of the first rib at the spine
    front_top: float  # y of the first rib's end in front
    steepness: float
    slant: tuple[float, float]  # how much lower than drawn: left and right


def choose(rng: Generator, chest: Chest) -> Cage:
    return Cage(spacing=rng.uniform(21.5, 25), radius=rng.uniform(4.8, 6.4),
                back_top=chest.apex[0] + rng.uniform(2, 12),
                front_top=chest.apex[0] + rng.uniform(26, 40), steepness=rng.uniform(0.85, 1.2),
                slant=(rng.normal(0, 3), rng.normal(0, 3)))


def chord(radius: float, offset: np.ndarray) -> np.ndarray:
    return 2 * np.sqrt(np.clip(radius ** 2 - offset ** 2, 0, None))


def tube(radius: float, offset: np.ndarray) -> np.ndarray:
    """Millimetres of bone along a ray that passes the axis at an offset."""
    return 0.75 * (chord(radius, offset) - 0.62 * chord(0.76 * radius, offset))


def curved(rng: Generator, view: View, cage: Cage, level: np.ndarray,
           slope: np.ndarray) -> np.ndarray:
    """All ribs of one kind: level is y without what the curve adds, from the first rib on."""
    phase = level / np.float32(cage.spacing)
    index = np.floor(phase).astype(np.int32)
    offset = (phase - index - 0.5) * np.float32(cage.spacing) / np.sqrt(1 + slope ** 2)
    weights = np.concatenate([[0], rng.uniform(0.8, 1.15, RIB_COUNT), [0]])
    weight = weights[np.clip(index + 1, 0, RIB_COUNT + 1)].astype(np.float32)
    return weight * tube(cage.radius, offset)


def back_ribs(rng: Generator, view: View, cage: Cage, chest: Chest) -> np.ndarray:
    share = np.minimum(np.abs(view.x) / np.float32(chest.half_width), 1.15)
    drop = cage.steepness * (-14 * share + 40 * share ** 2 + 16 * share ** 6)
    slope = cage.steepness * (-14 + 80 * share + 96 * share ** 5) / chest.half_width
    level = view.y - drop - chest.side(view.x, cage.slant) - cage.back_top + cage.spacing / 2
    return curved(rng, view, cage, level, slope) * within(np.abs(view.x) - 14, 2)


def front_ribs(rng: Generator, view: View, cage: Cage, chest: Chest) -> np.ndarray:
    share = np.minimum(np.abs(view.x) / np.float32(chest.half_width), 1.1)
    drop = cage.steepness * 46 * (1 - share ** 2.2)
    slope = -cage.steepness * 101 * share ** 1.2 / chest.half_width
    level = view.y - drop - chest.side(view.x, cage.slant) - cage.front_top + cage.spacing / 2
    seen = within(np.abs(view.x) - FRONT_END_MM, 3)
    return 0.8 * curved(rng, view, cage, level, slope) * seen


def collar_bones(rng: Generator, view: View, chest: Chest) -> np.ndarray:
    away = np.abs(view.x)
    height = chest.side(view.x, (chest.apex[0] + rng.normal(24, 5), chest.apex[1] + rng.normal(24, 5)))
    middle = height - 0.12 * away - 7 * np.sin(away * np.float32(0.034))
    shown = within(away - 13, 1.5) * within(150 - away, 3)
    return 2.2 * tube(rng.uniform(5.5, 7), view.y - middle) * shown


def shoulder_blades(rng: Generator, view: View) -> np.ndarray:
    """Millimetres of a thin plate with a denser rim, turned out of the lungs or not quite."""
    edge = np.float32(rng.uniform(112, 142)) + 0.22 * (view.y + 60)
    inside = np.abs(view.x) - edge
    plate = within(inside, 1.2) * within(30 - view.y, 8) * within(view.y + 125, 6)
    return plate * (2.0 + 2.5 * np.exp(-np.clip(inside, 0, 60) / 3))


def draw(rng: Generator, view: View, chest: Chest, cage: Cage, weight: float) -> np.ndarray:
    away = np.abs(view.x)
    caged = within(chest.half_width + 7 - away, 1.0)
    ribs = back_ribs(rng, view, cage, chest) + front_ribs(rng, view, cage, chest)
    others = collar_bones(rng, view, chest) + shoulder_blades(rng, view)
    return np.float32(BONE * weight) * (ribs * caged + others) * (chest.density > 0.3)
