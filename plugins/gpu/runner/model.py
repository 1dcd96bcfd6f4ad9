"""The decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optional norms of queries and keys, an output
that may be tied to the embedding. Everything is of one run; the pack maps it over its runs.

Weights are named and laid out as in the CPU trainer's checkpoints, so that either trainer starts from the other's.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Adapter(NamedTuple):
    """LoRA: beside the matrix of each target lies the product of two narrow ones, times scale, and these alone are trained."""

    rank: int
    scale: float
    targets: tuple


class Model(NamedTuple):
    """What a program is compiled for. context is row_tokens; answers says that marked targets alone are trained on."""

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
    answers: bool = False
    adapter: Adapter | None = None

    @property
    def head(self):
        return self.width // self.heads

    @property
    def dtype(self):
        return jnp.bfloat16 if self.bf16 else jnp.float32


def of_spec(spec):
    tune = spec.get("tune") or {}
    lora = tune.get("lora")
    adapter = Adapter(lora["rank"], lora["alpha"] / lora["rank"], tuple(sorted(lora["targets"]))) if lora else None
    return Model(**spec["model"], context=spec["row_tokens"], bf16=spec["precision"] == "bf16", answers=bool(tune), adapter=adapter)


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


def trained(m):
    """What training changes, as shapes has it: everything, or each target's .a [inputs, rank] and .b [rank, outputs]."""
    if m.adapter is None:
        return shapes(m)
    named, r = {}, m.adapter.rank
    for name, shape in shapes(m).items():
        if name.split(".")[-1] in m.adapter.targets:
            named |= {name + ".a": (shape[0], r), name + ".b": (r, shape[1])}
    return named


def parameters(m):
    return _size(shapes(m))


def trainable(m):
    return _size(trained(m))


def _size(named):
    return sum(math.prod(shape) for shape in named.values())


def flops_per_token(m):
    """Of training: 6 for each parameter that is trained, 4 for each that lies still, and 6·layers·width·(T+1) for causal
    attention over T tokens."""
    still = 0 if m.adapter is None else parameters(m)
    return 6.0 * trainable(m) + 4.0 * still + 6.0 * m.layers * m.width * (m.context + 1)


def memory(m, batch_rows):
    """About the bytes that training a run takes: the estimate of estimate.go, which says what they are for."""
    tokens, size = batch_rows * m.context, 2 if m.bf16 else 4
    layers = tokens * size * m.layers * (12 * m.width + 4 * m.ffn)
    still = 0 if m.adapter is None else 4 * parameters(m)
    return 20 * trainable(m) + still + layers + 12 * min(tokens * m.vocab, 1 << 28)


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


ADAPTERS = 1 << 32  # numbers of their draws, away from those of a model's own weights


def init_adapters(m, seed):
    """First adapters, drawn like init: .a has a deviation of 1/√inputs and .b is nothing, so that training begins with the
    model as it was."""
    return {name: np.zeros(shape, np.float32) if name.endswith(".b") else _draw(m, name, shape, seed, ADAPTERS + i)
            for i, (name, shape) in enumerate(trained(m).items())}


def merge(m, base, adapters):
    """The weights of a model whose adapters are taken into its matrices; without adapters what is trained itself."""
    if m.adapter is None:
        return adapters
    merged = dict(base)
    for name in (n.removesuffix(".a") for n in adapters if n.endswith(".a")):
        product = jnp.matmul(adapters[name + ".a"], adapters[name + ".b"], precision="highest")
        merged[name] = base[name] + m.adapter.scale * product
    return merged


def linear(m, w, name, x):
    """A product with a matrix, and with its adapter where it has one."""
    out = x @ w[name].astype(m.dtype)
    if name + ".a" not in w:
        return out
    return out + m.adapter.scale * ((x @ w[name + ".a"].astype(m.dtype)) @ w[name + ".b"].astype(m.dtype))


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
    qkv = linear(m, w, at + "qkv", norm(x, w[at + "norm1"], m.norm_eps))
    q, k, v = jnp.split(qkv, [m.width, m.width + h * m.kv_heads], -1)
    q, k, v = q.reshape(*lead, m.heads, h), k.reshape(*lead, m.kv_heads, h), v.reshape(*lead, m.kv_heads, h)
    if m.qk_norm:
        q, k = norm(q, w[at + "q_norm"], m.norm_eps), norm(k, w[at + "k_norm"], m.norm_eps)
    return rotate(m, q, positions), rotate(m, k, positions), v


def feed(m, w, at, x):
    gate, up = jnp.split(linear(m, w, at + "gate_up", norm(x, w[at + "norm2"], m.norm_eps)), 2, -1)
    return x + linear(m, w, at + "down", jax.nn.silu(gate) * up)


def forward(m, w, tokens, keep=False):
    """Normalised hidden states [rows, tokens, width]; with keep also each layer's keys and values."""
    positions = jnp.arange(tokens.shape[1], dtype=jnp.float32)
    x, kept = look_up(m, w["embed"], tokens), []
    for i in range(m.layers):
        at = f"layers.{i}."
        q, k, v = project(m, w, at, x, positions)
        mixed = attend(m, q, k, v)
        x = feed(m, w, at, x + linear(m, w, at + "out", mixed.reshape(x.shape)))
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
