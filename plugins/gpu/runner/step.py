"""The program that trains: many steps of all runs of a pack in one call, every run with its own rows, rates and verdict.

Runs lie along the leading axis of every array and nothing is summed over it, so what a run computes can't depend on its
neighbours; a run that isn't to move keeps its old bits by selection, never by a product with zero.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

import model
import pairs


class State(NamedTuple):
    """Of all runs: what is trained, its weights and both moments by parameter name, [runs, ...]; alive is False once a run wasn't finite."""

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
    """What is minimised, and the mean nats that are reported: of all targets, or of those that are marked as an answer's."""
    rows, marked = pairs.unmark(rows) if m.answers else (rows.astype(jnp.int32), None)
    hidden, targets = model.forward(m, w, rows[:, :-1]), rows[:, 1:]
    read = (hidden, targets, marked[:, 1:]) if m.answers else (hidden, targets)
    parts = 1
    while targets.size * m.vocab // parts > LOGITS and targets.shape[0] % (2 * parts) == 0:
        parts *= 2

    def sums(hidden, targets, counted=1):
        nats, total = model.nats(m, w, hidden, targets)
        return (nats * counted).sum(), (jnp.square(total) * counted).sum()

    if parts == 1:
        nats, square = sums(*read)
    else:
        split = jax.tree.map(lambda x: x.reshape(parts, -1, *x.shape[1:]), read)
        part = jax.checkpoint(lambda _, each: (None, sums(*each)))
        nats, square = jax.tree.map(jnp.sum, jax.lax.scan(part, None, split)[1])
    count = jnp.maximum(1, marked[:, 1:].sum()) if m.answers else targets.size
    mean = nats / count
    return mean + z_loss * square / count, mean


def advance(m, base, weights, first, second, s, f):
    """One AdamW step of one run: its new state, loss and gradient norm. base lies still."""
    (_, loss), grads = jax.value_and_grad(lambda w: losses(m, base | w, f.rows, s.z_loss), has_aux=True)(weights)
    norm = jnp.sqrt(sum(jnp.square(g).sum() for g in grads.values()))
    scale = jnp.where((s.clip > 0) & (norm > s.clip), s.clip / norm, 1.0)
    grads = {k: g * scale for k, g in grads.items()}
    first = {k: s.beta1 * first[k] + (1 - s.beta1) * g for k, g in grads.items()}
    second = {k: s.beta2 * second[k] + (1 - s.beta2) * g * g for k, g in grads.items()}
    keep = {k: f.keep if g.ndim > 1 else 1.0 for k, g in grads.items()}
    weights = {k: w * keep[k] - f.rate * first[k] / (jnp.sqrt(second[k]) * f.correct + s.eps) for k, w in weights.items()}
    return weights, first, second, loss, norm


@functools.partial(jax.jit, static_argnums=0, donate_argnums=2)
def steps(m, base, state, settings, feed, counts):
    """Run r makes counts[r] steps, at most as many as feed has: the new state, losses and norms [steps, runs]. How many it
    is called for changes no bit of a step, for the body of the loop is one program. base, by name, is what all runs have in
    common and none changes; {} where every run trains all of its weights."""
    map_runs = jax.vmap(functools.partial(advance, m, base))
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


@functools.partial(jax.jit, static_argnums=0)
def whole(m, base, weights):
    """The weights of every run's model, [runs, ...], with its adapters in them."""
    if m.adapter is None:
        return weights
    merged = jax.vmap(functools.partial(model.merge, m, base))(weights)
    runs = next(iter(weights.values())).shape[0]
    return {k: merged.get(k, jnp.broadcast_to(base[k], (runs, *base[k].shape))) for k in base}


@jax.jit
def take(state, slot):
    """One run's state."""
    return jax.tree.map(lambda all_: all_[slot], state)
