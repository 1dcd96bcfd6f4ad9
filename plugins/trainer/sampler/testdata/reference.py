"""Sampler v1 in plain Python, standard library only: the second implementation that the Go one is held against.

Reads plans from standard input, one JSON object a line, and writes one line of digests and counts for each.
"""

import hashlib
import json
import struct
import sys

U32 = 0xFFFFFFFF
PICK, PERMUTE = 1, 2
TOTAL = 1 << 30


def philox(key, c0, c1, c2, c3):
    k0, k1 = key & U32, key >> 32
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & U32, p0 >> 32 ^ c3 ^ k1, p0 & U32
        k0, k1 = k0 + 0x9E3779B9 & U32, k1 + 0xBB67AE85 & U32
    return c0, c1, c2, c3


def permute(seed, source, epoch, n, position):
    h = max(1, ((n - 1).bit_length() + 1) // 2)
    mask = (1 << h) - 1
    x = position
    while True:
        left, right = x >> h, x & mask
        for turn in range(6):
            left, right = right, left ^ philox(seed, right, turn, PERMUTE | source << 8, epoch)[0] & mask
        x = left << h | right
        if x < n:
            return x


def apportion(rows, weights, residual):
    want = [rows * w + r if w else 0 for w, r in zip(weights, residual)]
    counts = [max(0, q // TOTAL) for q in want]
    on = [k for k, w in enumerate(weights) if w]
    owed = lambda k: want[k] - counts[k] * TOTAL
    while sum(counts) < rows:
        counts[max(on, key=lambda k: (owed(k), -k))] += 1
    while sum(counts) > rows:
        counts[min((k for k in on if counts[k]), key=lambda k: (owed(k), -k))] -= 1
    return counts, [owed(k) if weights[k] else 0 for k in range(len(weights))]


def pick(seed, i, weights):
    u = philox(seed, i & U32, i >> 32, PICK, 0)[0] >> 2
    for k, w in enumerate(weights):
        if u < w:
            return k
        u -= w


def plan(c):
    mix, data = int(c["mix_seed"], 16), int(c["data_seed"], 16)
    sizes, batch, table = c["sizes"], c["batch_rows"], {w["from_step"]: w["w"] for w in c["weights"]}
    base = [sum(sizes[:k]) for k in range(len(sizes))]
    drawn, residual = [0] * len(sizes), [0] * len(sizes)
    whole, blocks = hashlib.sha256(), []
    for step in range(c["steps"]):
        weights = table.get(step) or weights
        if c["mode"] == "exact":
            counts, residual = apportion(batch, weights, residual)
            sources = [k for k, n in enumerate(counts) for _ in range(n)]
        else:
            sources = [pick(mix, step * batch + b, weights) for b in range(batch)]
        rows = []
        for k in sources:
            epoch, position = divmod(drawn[k], sizes[k])
            drawn[k] += 1
            rows.append(base[k] + permute(data, k, epoch, sizes[k], position))
        text = struct.pack(f"<{batch}q", *rows)
        whole.update(text)
        if step % 1000 == 0:
            blocks.append(hashlib.sha256())
        blocks[-1].update(text)
    return {"Plan": whole.hexdigest(), "Blocks": [b.hexdigest() for b in blocks], "Drawn": drawn, "Residual": residual}


for line in sys.stdin:
    print(json.dumps(plan(json.loads(line))))
