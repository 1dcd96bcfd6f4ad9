"""Sampler v1: the rows that each step reads, from seeds and the integer table alone.

Integers only. Every implementation, whatever its language, gives the same digests; package sampler, in Go, says what the
rules are and why. Here a plan is worked out as a whole, in arrays: under a microsecond a row.
"""

import hashlib

import numpy as np

TOTAL = 1 << 30  # what the weights of a step sum to
BLOCK_STEPS = 1000  # of one block digest
_PICK, _PERMUTE = 1, 2  # what a draw is for
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(key, c0, c1, c2, c3):
    """Philox4x32-10 of a 64-bit key over counters that broadcast; the first of its four words, as uint64."""
    c = [np.asarray(x, np.uint64) & _LOW for x in np.broadcast_arrays(c0, c1, c2, c3)]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> _HALF) ^ c[1] ^ np.uint64(k0), p1 & _LOW, (p0 >> _HALF) ^ c[3] ^ np.uint64(k1), p0 & _LOW]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c[0]


def permute(seed, source, epoch, n, place):
    """The rows at places of an epoch: a keyed bijection of [0, n), six Feistel rounds with cycle walking."""
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    shift, mask = np.uint64(half), np.uint64((1 << half) - 1)
    x, epoch = np.array(place, np.uint64), np.asarray(epoch, np.uint64)
    todo = np.arange(x.size)
    while todo.size:
        left, right = x[todo] >> shift, x[todo] & mask
        for j in range(6):
            left, right = right, left ^ (philox(seed, right, j, _PERMUTE | source << 8, epoch[todo]) & mask)
        x[todo] = left << shift | right
        todo = todo[x[todo] >= n]
    return x.astype(np.int64)


def apportion(rows, weights, residual):
    """Splits a step's rows by exact largest remainders and carries what is left over in residual, which it changes."""
    counts = []
    for k, w in enumerate(weights):
        residual[k] = residual[k] + rows * w if w > 0 else 0
        counts.append(max(0, residual[k] >> 30) if w > 0 else 0)
        residual[k] -= counts[k] * TOTAL
    on = [k for k, w in enumerate(weights) if w > 0]
    for _ in range(sum(counts), rows):
        k = max(on, key=lambda k: (residual[k], -k))
        counts[k], residual[k] = counts[k] + 1, residual[k] - TOTAL
    for _ in range(rows, sum(counts)):
        k = min((k for k in on if counts[k] > 0), key=lambda k: (residual[k], -k))
        counts[k], residual[k] = counts[k] - 1, residual[k] + TOTAL
    return counts


class Plan:
    """All rows of a run. rows and sources are [steps, batch_rows]; rows are numbered inside their source."""

    def __init__(self, spec, sizes):
        self.steps, self.batch_rows, self.sizes = spec["steps"], spec["batch_rows"], sizes
        choose = _multinomial if spec["mode"] == "multinomial" else _exact
        source = choose(spec, len(sizes))
        row = np.empty(source.size, np.int64)
        for k, n in enumerate(sizes):
            at = np.flatnonzero(source == k)
            epoch, place = np.divmod(np.arange(at.size), n)
            row[at] = permute(int(spec["data_seed"], 16), k, epoch, n, place)
        shape = self.steps, self.batch_rows
        self.rows, self.sources = row.reshape(shape), source.reshape(shape)

    def drawn(self, left_out=None):
        """How many rows of each source lie before every step, [steps + 1, sources]; left_out marks steps not to count."""
        counts = np.stack([(self.sources == k).sum(1) for k in range(len(self.sizes))], 1)
        if left_out is not None:
            counts[left_out] = 0
        return np.concatenate([np.zeros((1, len(self.sizes)), np.int64), np.cumsum(counts, 0)])

    def digests(self):
        """Of the whole plan, and of blocks of steps: SHA-256 over rows numbered over all sources, little-endian int64."""
        base = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)
        whole, blocks = hashlib.sha256(), []
        for at in range(0, self.steps, BLOCK_STEPS):
            part = slice(at, at + BLOCK_STEPS)
            data = (self.rows[part] + base[self.sources[part]]).astype("<i8").tobytes()
            whole.update(data)
            blocks.append(hashlib.sha256(data).hexdigest())
        return whole.hexdigest(), blocks


def _entries(spec):
    """The table as (steps, weights)."""
    ends = [w["from_step"] for w in spec["weights"][1:]] + [spec["steps"]]
    return [(end - w["from_step"], w["w"]) for w, end in zip(spec["weights"], ends)]


def _exact(spec, sources):
    counts, residual = [], [0] * sources
    for steps, weights in _entries(spec):
        counts += [apportion(spec["batch_rows"], weights, residual) for _ in range(steps)]
    return np.repeat(np.tile(np.arange(sources, dtype=np.int32), len(counts)), np.ravel(counts))


def _multinomial(spec, sources):
    """Each row's source by its own counter, so that any row can be drawn alone."""
    parts, first = [], 0
    for steps, weights in _entries(spec):
        i = np.arange(first, first + steps * spec["batch_rows"], dtype=np.uint64)
        draw = philox(int(spec["mix_seed"], 16), i & _LOW, i >> _HALF, _PICK, 0) >> np.uint64(2)
        parts.append(np.searchsorted(np.cumsum(weights), draw.astype(np.int64), side="right").astype(np.int32))
        first += i.size
    return np.concatenate(parts)
