"""The program that trains: many steps of all runs of a pack in one call, every run with its own rows, rates and verdict.

Runs lie along the leading axis of every array and nothing is summed over it, so what a run computes can't depend on its
neighbours; a run that isn't to move keeps its old bits by selection, never by a product with zero.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

import model


class State(NamedTuple):
    """Of all runs: weights and both moments by parameter name, [runs, ...]; alive is False once a run wasn't finite."""

    weights: dict
    first: dict
    second: dict
    alive: jax.Array


class Settings(NamedTuple):
    """Numbers of each run that hold for all its steps, [runs]."""

    beta1: jax.Array
    beta2: jax.Array
    eps: jax.Array
    clip: jax.Array
    z_loss: jax.Array
    go_on: jax.Array  # trains on when loss or gradient aren't finite


class Feed(NamedTuple):
    """What the steps of a call read, [steps, runs, ...]; bias corrections are in rate and correct already."""

    rows: jax.Array  # [steps, runs, batch_rows, row_tokens + 1]
    rate: jax.Array
    correct: jax.Array
    keep: jax.Array  # of a matrix, after decay
    update: jax.Array  # False: read only


LOGITS = 1 << 27  # of one run at most at once: more rows go through the head in parts, whose logits are computed twice


def losses(m, w, rows, z_loss):
    """What is minimised, and the mean nats that are reported."""
    rows = rows.astype(jnp.int32)
    hidden, targets = model.forward(m, w, rows[:, :-1]), rows[:, 1:]
    parts = 1
    while targets.size * m.vocab // parts > LOGITS and targets.shape[0] % (2 * parts) == 0:
        parts *= 2

    @jax.checkpoint
    def part(_, each):
        nats, total = model.nats(m, w, *each)
        return None, (nats.sum(), jnp.square(total).sum())

    if parts == 1:
        nats, total = model.nats(m, w, hidden, targets)
        nats, square = nats.sum(), jnp.square(total).sum()
    else:
        split = jax.tree.map(lambda x: x.reshape(parts, -1, *x.shape[1:]), (hidden, targets))
        nats, square = jax.tree.map(jnp.sum, jax.lax.scan(part, None, split)[1])
    mean = nats / targets.size
    return mean + z_loss * square / targets.size, mean


def advance(m, weights, first, second, s, f):
    """One AdamW step of one run: its new state, loss and gradient norm."""
    (_, loss), grads = jax.value_and_grad(lambda w: losses(m, w, f.rows, s.z_loss), has_aux=True)(weights)
    norm = jnp.sqrt(sum(jnp.square(g).sum() for g in grads.values()))
    scale = jnp.where((s.clip > 0) & (norm > s.clip), s.clip / norm, 1.0)
    grads = {k: g * scale for k, g in grads.items()}
    first = {k: s.beta1 * first[k] + (1 - s.beta1) * g for k, g in grads.items()}
    second = {k: s.beta2 * second[k] + (1 - s.beta2) * g * g for k, g in grads.items()}
    keep = {k: f.keep if g.ndim > 1 else 1.0 for k, g in grads.items()}
    weights = {k: w * keep[k] - f.rate * first[k] / (jnp.sqrt(second[k]) * f.correct + s.eps) for k, w in weights.items()}
    return weights, first, second, loss, norm


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def steps(m, state, settings, feed, counts):
    """Run r makes counts[r] steps, at most as many as feed has: the new state, losses and norms [steps, runs]. How many it
    is called for changes no bit of a step, for the body of the loop is one program."""
    map_runs = jax.vmap(functools.partial(advance, m))
    seen = jnp.zeros(feed.rate.shape, jnp.float32)

    def body(i, carry):
        state, losses, norms = carry
        now = jax.tree.map(lambda x: x[i], feed)
        *new, loss, norm = map_runs(state.weights, state.first, state.second, settings, now)
        moving = state.alive & (i < counts) & now.update
        fine = jnp.isfinite(loss) & jnp.isfinite(norm) | settings.go_on
        apply = moving & fine
        kept = jax.tree.map(lambda a, b: jnp.where(apply.reshape(-1, *[1] * (b.ndim - 1)), a, b), tuple(new), tuple(state[:3]))
        return State(*kept, state.alive & (fine | ~moving)), losses.at[i].set(loss), norms.at[i].set(norm)

    return jax.lax.fori_loop(0, counts.max(), body, (state, seen, seen))


@functools.partial(jax.jit, donate_argnums=0)
def put(state, slot, row):
    """The pack's state with another run's in a slot."""
    return jax.tree.map(lambda all_, one: all_.at[slot].set(one), state, row)


@jax.jit
def take(state, slot):
    """One run's state."""
    return jax.tree.map(lambda all_: all_[slot], state)
