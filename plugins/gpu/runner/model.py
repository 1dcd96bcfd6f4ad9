"""The decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optional norms of queries and keys, an output
that may be tied to the embedding. Everything is of one run; the pack maps it over its runs.

Weights are named and laid out as in the CPU trainer's checkpoints, so that either trainer starts from the other's.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Model(NamedTuple):
    """What a program is compiled for. context is row_tokens."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    ffn: int
    vocab: int
    tied: bool
    rope_base: float
    norm_eps: float
    qk_norm: bool
    context: int
    bf16: bool

    @property
    def head(self):
        return self.width // self.heads

    @property
    def dtype(self):
        return jnp.bfloat16 if self.bf16 else jnp.float32


def of_spec(spec):
    return Model(**spec["model"], context=spec["row_tokens"], bf16=spec["precision"] == "bf16")


def shapes(m):
    """Every parameter's name and shape, in order: gains have one dimension, and don't decay."""
    d, h = m.width, m.head
    named = {"embed": (m.vocab, d)}
    for i in range(m.layers):
        layer = {"norm1": (d,), "qkv": (d, d + 2 * h * m.kv_heads), "out": (d, d), "norm2": (d,),
                 "gate_up": (d, 2 * m.ffn), "down": (m.ffn, d)}
        if m.qk_norm:
            layer |= {"q_norm": (h,), "k_norm": (h,)}
        named |= {f"layers.{i}.{name}": shape for name, shape in layer.items()}
    named["norm"] = (d,)
    return named if m.tied else named | {"head": (m.vocab, d)}


def parameters(m):
    return sum(math.prod(shape) for shape in shapes(m).values())


def flops_per_token(m):
    """Of training: 6 for each parameter, and 6·layers·width·(T+1) for causal attention over T tokens."""
    return 6.0 * parameters(m) + 6.0 * m.layers * m.width * (m.context + 1)


def memory(m, batch_rows):
    """About the bytes that training a run takes: the estimate of estimate.go, which says what they are for."""
    tokens, size = batch_rows * m.context, 2 if m.bf16 else 4
    layers = tokens * size * m.layers * (12 * m.width + 4 * m.ffn)
    return 20 * parameters(m) + layers + 12 * min(tokens * m.vocab, 1 << 28)


def init(m, seed):
    """First weights, from numpy's own generator: the same bits on any device and in any pack. Gains are 1; a matrix has a
    deviation of 1/√inputs, less by √(2·layers) where it writes into the residual stream; first logits have one of 0.8."""
    return {name: _draw(m, name, shape, seed, i) for i, (name, shape) in enumerate(shapes(m).items())}


def _draw(m, name, shape, seed, number):
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    deviation = 1 / math.sqrt(shape[0])
    if name in ("embed", "head"):
        deviation = 0.8 / math.sqrt(m.width)
    elif name.endswith((".out", ".down")):
        deviation /= math.sqrt(2 * m.layers)
    draw = np.random.Generator(np.random.Philox(key=[seed, number])).standard_normal(shape)
    return (draw * deviation).astype(np.float32)


def norm(x, gain, eps):
    wide = x.astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + eps)
    return (wide * scale * gain).astype(x.dtype)


def rotate(m, x, positions):
    """Turns pairs (i, i + half) of every head by their position's angles; x is [..., tokens, heads, head]."""
    half = m.head // 2
    angles = positions[..., None] * (m.rope_base ** (-np.arange(half) / half)).astype(np.float32)
    cos, sin = jnp.cos(angles)[..., None, :], jnp.sin(angles)[..., None, :]
    a, b = x[..., :half].astype(jnp.float32), x[..., half:].astype(jnp.float32)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1).astype(x.dtype)


def project(m, w, at, x, positions):
    """Queries, keys and values of a layer, rotated."""
    lead, h = x.shape[:-1], m.head
    qkv = norm(x, w[at + "norm1"], m.norm_eps) @ w[at + "qkv"].astype(m.dtype)
    q, k, v = jnp.split(qkv, [m.width, m.width + h * m.kv_heads], -1)
    q, k, v = q.reshape(*lead, m.heads, h), k.reshape(*lead, m.kv_heads, h), v.reshape(*lead, m.kv_heads, h)
    if m.qk_norm:
        q, k = norm(q, w[at + "q_norm"], m.norm_eps), norm(k, w[at + "k_norm"], m.norm_eps)
    return rotate(m, q, positions), rotate(m, k, positions), v


def feed(m, w, at, x):
    gate, up = jnp.split(norm(x, w[at + "norm2"], m.norm_eps) @ w[at + "gate_up"].astype(m.dtype), 2, -1)
    return x + (jax.nn.silu(gate) * up) @ w[at + "down"].astype(m.dtype)


def forward(m, w, tokens, keep=False):
    """Normalised hidden states [rows, tokens, width]; with keep also each layer's keys and values."""
    positions = jnp.arange(tokens.shape[1], dtype=jnp.float32)
    x, kept = look_up(m, w["embed"], tokens), []
    for i in range(m.layers):
        at = f"layers.{i}."
        q, k, v = project(m, w, at, x, positions)
        mixed = attend(m, q, k, v)
        x = feed(m, w, at, x + mixed.reshape(x.shape) @ w[at + "out"].astype(m.dtype))
        kept.append((k, v))
    hidden = norm(x, w["norm"], m.norm_eps)
    return (hidden, kept) if keep else hidden


def attend(m, q, k, v):
    """Causal attention. On a GPU in bf16 it is cuDNN's flash kernel, where a head suits it."""
    flash = jax.default_backend() == "gpu" and m.bf16 and m.head % 8 == 0 and m.head <= 128
    return jax.nn.dot_product_attention(q, k, v, is_causal=True, implementation="cudnn" if flash else "xla")


def look_up(m, embed, tokens):
    """Rows of the embedding. On a GPU their gradient is summed by a product with one-hot rows where the vocabulary is
    small: scattered sums would be in no fixed order."""
    if jax.default_backend() == "gpu" and m.vocab <= 1024:
        return jax.nn.one_hot(tokens, m.vocab, dtype=m.dtype) @ embed.astype(m.dtype)
    return embed[tokens].astype(m.dtype)


def logits(m, w, hidden):
    """In float32, whatever the precision of what is multiplied."""
    table = w["embed" if m.tied else "head"].astype(m.dtype)
    return jnp.einsum("...d,vd->...v", hidden, table, preferred_element_type=jnp.float32)


def nats(m, w, hidden, targets):
    """−ln p(target) and ln Σ e^logit of every token."""
    z = logits(m, w, hidden)
    total = jax.nn.logsumexp(z, -1)
    return total - jnp.take_along_axis(z, targets[..., None], -1)[..., 0], total
