# SPDX-License-Identifier: Apache-2.0
"""A drawn chest radiograph: one seed, one image."""
import dataclasses

import anatomy
import bones
import film
import numpy as np
import spots
import vessels
import view as views
from numpy.random import Generator
from PIL import Image
from ranges import Ranges


@dataclasses.dataclass
class Phantom:
    image: Image.Image
    nodule: spots.Nodule | None


@dataclasses.dataclass
class Patient:
    view: views.View
    chest: anatomy.Chest
    density: np.ndarray


def patient(rng: Generator, ranges: Ranges) -> Patient:
    view = views.choose(rng, ranges)
    chest = anatomy.draw(rng, view)
    cage = bones.choose(rng, chest)
    density = (chest.density + bones.draw(rng, view, chest, cage, rng.uniform(*ranges.bone))
               + vessels.draw(rng, view, chest) + spots.distractors(rng, view, chest, cage))
    return Patient(view, chest, np.clip(density, 0, None).astype(np.float32))


def radiograph(rng: Generator, person: Patient, ranges: Ranges, with_nodule: bool) -> Phantom:
    density, nodule = person.density, None
    if with_nodule:
        added, nodule = spots.nodule(rng, person.view, person.chest)
        density = density + added
    return Phantom(film.develop(rng, person.view, density, ranges), nodule)


def draw(seed: list[int], ranges: Ranges, with_nodule: bool) -> Phantom:
    rng = np.random.default_rng(seed)
    return radiograph(rng, patient(rng, ranges), ranges, with_nodule)


def draw_pair(seed: list[int], ranges: Ranges) -> list[Phantom]:
    """One patient without a nodule and with one, on two films."""
    rng = np.random.default_rng(seed)
    person = patient(rng, ranges)
    return [radiograph(rng, person, ranges, with_nodule) for with_nodule in (False, True)]
