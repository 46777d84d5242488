# SPDX-License-Identifier: Apache-2.0
"""A small convolutional network in JAX: what it computes and how it learns. Its last layer asks
of each cell of the image whether a nodule is there, and the image has one if the
surest cell says so; where the generator put the nodule helps to train it, not to use it."""
import dataclasses
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from samples import NOWHERE, SIDE, Samples, normalized
from scipy.ndimage import uniform_filter

Parameters = dict[str, jax.Array]
BATCH = 8
SURROUNDING = 13  # pixels across
CONTRAST = 4.0


@dataclasses.dataclass(frozen=True)
class Layer:
    channels: int
    stride: int


@dataclasses.dataclass(frozen=True)
class Plan:
    layers: tuple[Layer, ...]
    epochs: int
    rate: float
    cell_weight: float  # of what the cells say in the loss
    seed: int

    @property
    def cell_count(self) -> int:
        """Of a row, and of a column."""
        return SIDE // math.prod(layer.stride for layer in self.layers)


def initial(plan: Plan) -> Parameters:
    rng = np.random.default_rng(plan.seed)
    values, before = {}, 1
    for index, layer in enumerate(plan.layers):
        spread = np.sqrt(2 / (9 * before))
        values[f"weight_{index}"] = rng.normal(0, spread, (3, 3, before, layer.channels))
        values[f"bias_{index}"] = np.zeros(layer.channels)
        before = layer.channels
    values["cell_weight"] = rng.normal(0, 0.5 / np.sqrt(before), (1, 1, before, 1))
    values |= {"cell_bias": np.full(1, -2.0), "slope": np.ones(1), "offset": np.zeros(1)}
    return {name: jnp.asarray(value, jnp.float32) for name, value in values.items()}


def convolved(values: jax.Array, weight: jax.Array, stride: int) -> jax.Array:
    """Padded by one on each side, whatever the stride: as the ONNX graph says it."""
    padding = weight.shape[0] // 2
    return lax.conv_general_dilated(values, weight, (stride, stride), [(padding, padding)] * 2,
                                    dimension_numbers=("NHWC", "HWIO", "NHWC"))


def average(values: np.ndarray) -> np.ndarray:
    """Over the square around each pixel, as far as it lies in the image."""
    def summed(each: np.ndarray) -> np.ndarray:
        return uniform_filter(each, (0, SURROUNDING, SURROUNDING), mode="constant")
    return summed(values) / summed(np.ones_like(values))


def contrast(pixels: np.ndarray) -> np.ndarray:
    """What a pixel has more than its surroundings: a nodule is faint beside a heart's edge."""
    return np.float32(CONTRAST) * (pixels - average(pixels))


def cells(plan: Plan, parameters: Parameters, pixels: jax.Array) -> jax.Array:
    values = pixels[..., None]
    for index, layer in enumerate(plan.layers):
        values = convolved(values, parameters[f"weight_{index}"], layer.stride)
        values = jax.nn.relu(values + parameters[f"bias_{index}"])
    return (convolved(values, parameters["cell_weight"], 1) + parameters["cell_bias"])[..., 0]


def margins(parameters: Parameters, evidence: jax.Array) -> jax.Array:
    """The logit of nodule less that of no_nodule."""
    return parameters["slope"] * evidence.max((1, 2)) + parameters["offset"]


def crossing(margin: jax.Array, truth: jax.Array) -> jax.Array:
    return jax.nn.softplus(margin) - truth * margin


def loss(plan: Plan, parameters: Parameters, pixels: jax.Array, labels: jax.Array,
         targets: jax.Array) -> jax.Array:
    evidence = cells(plan, parameters, pixels)
    of_images = crossing(margins(parameters, evidence), labels).mean()
    of_cells = crossing(evidence, targets).sum((1, 2)).mean()
    return of_images + plan.cell_weight * of_cells


@functools.partial(jax.jit, static_argnums=0)
def step(plan: Plan, state: tuple, rate: jax.Array, batch: tuple) -> tuple:
    """Adam."""
    parameters, first, second, count = state
    gradients = jax.grad(functools.partial(loss, plan))(parameters, *batch)
    count = count + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, second, gradients)
    size = rate * jnp.sqrt(1 - 0.99 ** count) / (1 - 0.9 ** count)
    parameters = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-7), parameters,
                              first, second)
    return parameters, first, second, count


def marked(places: np.ndarray, cell_count: int) -> np.ndarray:
    """1 for the cells that a nodule's middle half touches."""
    middles = (np.arange(cell_count) + 0.5) / cell_count
    across = np.abs(middles[None, None, :] - places[:, 0, None, None])
    down = np.abs(middles[None, :, None] - places[:, 1, None, None])
    reach = places[:, 2, None, None] / 2 + 0.5 / cell_count
    return (np.maximum(across, down) <= reach).astype(np.float32)


def varied(rng: np.random.Generator, plan: Plan, samples: Samples, chosen: np.ndarray) -> tuple:
    """Mirrored, moved and with another gray scale."""
    pixels, places = samples.pixels[chosen].astype(np.float32), samples.places[chosen].copy()
    for index in range(len(chosen)):
        down, across = rng.integers(-4, 5, 2)
        pixels[index] = np.roll(pixels[index], (down, across), (0, 1))
        places[index, :2] += np.array([across, down]) / pixels.shape[1]
        if rng.random() < 0.5:
            pixels[index] = pixels[index, :, ::-1]
            places[index, 0] = 1 - places[index, 0]
    places[samples.labels[chosen] == 0] = NOWHERE
    gain, offset = rng.uniform(0.8, 1.2, (2, len(chosen), 1, 1))
    pixels = np.clip((pixels - 128) * gain + 128 * offset, 0, 255)
    labels = samples.labels[chosen].astype(np.float32)
    return contrast(normalized(pixels)), labels, marked(places, plan.cell_count)


def rate_at(plan: Plan, progress: float) -> float:
    """Up for a twentieth of the time, then down along a cosine."""
    return plan.rate * min(progress / 0.05, 0.5 + 0.5 * np.cos(np.pi * progress))


def train(plan: Plan, samples: Samples) -> Parameters:
    rng = np.random.default_rng([plan.seed, 1])
    parameters = initial(plan)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, zeros, jnp.float32(0))
    total, done = plan.epochs * (len(samples.labels) // BATCH), 0
    for _ in range(plan.epochs):
        order = rng.permutation(len(samples.labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = varied(rng, plan, samples, order[start:start + BATCH])
            done += 1
            state = step(plan, state, jnp.float32(rate_at(plan, done / total)), batch)
    return state[0]


def predict(plan: Plan, parameters: Parameters, pixels: np.ndarray) -> np.ndarray:
    """Margins, of images as samples hold them."""
    of_batch = jax.jit(lambda batch: margins(parameters, cells(plan, parameters, batch)))
    batches = np.split(contrast(normalized(pixels)), range(50, len(pixels), 50))
    return np.concatenate([of_batch(batch) for batch in batches])
