# SPDX-License-Identifier: Apache-2.0
"""A transformer that reads pieces of words and scores the tags of each, in JAX: every layer
adds attention, in which each head has a bias by distance, and a dense network."""
import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

FAR = 24  # pieces: distances beyond share a bias
HIDDEN_SCORE = -1e4
EPSILON = 1e-5


@dataclasses.dataclass(frozen=True)
class Shape:
    pieces: int
    layers: int
    width: int
    heads: int
    inner: int
    tags: int


@dataclasses.dataclass(frozen=True)
class Schedule:
    steps: int
    rows: int
    rate: float = 2e-3
    warm_up: int = 200
    decay: float = 0.02


def initial(shape: Shape, seed: int) -> dict[str, np.ndarray]:
    dice = np.random.default_rng(seed)

    def dense(*sizes: int) -> np.ndarray:
        return dice.normal(0, sizes[0] ** -0.5, sizes).astype(np.float32)
    width, zeros = shape.width, functools.partial(np.zeros, dtype=np.float32)
    values = {"pieces": dice.normal(0, 0.3, (shape.pieces, width)).astype(np.float32),
              "tags": dense(width, shape.tags), "tags_bias": zeros(shape.tags)}
    before = [f"{layer}_{kind}" for layer in range(shape.layers) for kind in ("see", "think")]
    for norm in ("last", *before):
        values |= {f"{norm}_scale": np.ones(width, np.float32), f"{norm}_shift": zeros(width)}
    for layer in range(shape.layers):
        values |= {f"{layer}_query": dense(width, width), f"{layer}_key": dense(width, width),
                   f"{layer}_value": dense(width, width), f"{layer}_mix": dense(width, width) * 0.5,
                   f"{layer}_distance": zeros((2 * FAR + 1, shape.heads)),
                   f"{layer}_in": dense(width, shape.inner), f"{layer}_in_bias": zeros(shape.inner),
                   f"{layer}_out": dense(shape.inner, width) * 0.5, f"{layer}_out_bias": zeros(width)}
    return values


def norm(values: dict, name: str, x: jax.Array) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    spread = jnp.sqrt((centred * centred).mean(-1, keepdims=True) + EPSILON)
    return centred / spread * values[f"{name}_scale"] + values[f"{name}_shift"]


def attention(values: dict, shape: Shape, layer: int, x: jax.Array, hidden: jax.Array) -> jax.Array:
    rows, length, width = x.shape

    def heads(name: str) -> jax.Array:
        parts = (x @ values[f"{layer}_{name}"]).reshape(rows, length, shape.heads, -1)
        return parts.transpose(0, 2, 1, 3)
    places = jnp.arange(length)
    distance = jnp.clip(places[None, :] - places[:, None], -FAR, FAR) + FAR
    bias = (jax.nn.one_hot(distance, 2 * FAR + 1) @ values[f"{layer}_distance"]).transpose(2, 0, 1)
    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) * (width // shape.heads) ** -0.5
    weights = jax.nn.softmax(scores + bias + hidden, axis=-1)
    return (weights @ heads("value")).transpose(0, 2, 1, 3).reshape(x.shape) @ values[f"{layer}_mix"]


def scores(values: dict, shape: Shape, ids: jax.Array) -> jax.Array:
    hidden = jnp.where(ids == 0, HIDDEN_SCORE, 0.0)[:, None, None, :]
    x = values["pieces"][ids]
    for layer in range(shape.layers):
        x = x + attention(values, shape, layer, norm(values, f"{layer}_see", x), hidden)
        inner = norm(values, f"{layer}_think", x) @ values[f"{layer}_in"] + values[f"{layer}_in_bias"]
        x = x + jax.nn.relu(inner) @ values[f"{layer}_out"] + values[f"{layer}_out_bias"]
    return norm(values, "last", x) @ values["tags"] + values["tags_bias"]


def loss(values: dict, shape: Shape, ids: jax.Array, tags: jax.Array) -> jax.Array:
    chances = jax.nn.log_softmax(scores(values, shape, ids))
    right = jnp.take_along_axis(chances, jnp.maximum(tags, 0)[..., None], axis=-1)[..., 0]
    counted = tags >= 0
    return -(right * counted).sum() / counted.sum()


def rate_at(schedule: Schedule, step: jax.Array) -> jax.Array:
    fall = 0.5 * (1 + jnp.cos(jnp.pi * step / schedule.steps))
    return schedule.rate * jnp.minimum(step / schedule.warm_up, 1.0) * fall


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2,))
def step(shape: Shape, schedule: Schedule, state: tuple, ids: jax.Array, tags: jax.Array,
         number: jax.Array) -> tuple[tuple, jax.Array]:
    """One of Adam, with decay of the matrices."""
    values, means, squares = state
    cost, slopes = jax.value_and_grad(loss)(values, shape, ids, tags)
    size = jnp.sqrt(sum((slope * slope).sum() for slope in slopes.values()))
    slopes = {name: slope * jnp.minimum(1.0, 1.0 / size) for name, slope in slopes.items()}
    rate, count = rate_at(schedule, number), number + 1.0
    means = {name: 0.9 * means[name] + 0.1 * slope for name, slope in slopes.items()}
    squares = {name: 0.99 * squares[name] + 0.01 * slope ** 2 for name, slope in slopes.items()}
    new = {}
    for name, value in values.items():
        move = means[name] / (1 - 0.9 ** count) / (jnp.sqrt(squares[name] / (1 - 0.99 ** count)) + 1e-8)
        new[name] = value - rate * (move + schedule.decay * value * (value.ndim > 1))
    return (new, means, squares), cost
