"""The trainer's own program on random tokens: bench.py's measurement of packs. Prints one JSON object."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "runner"))

import jax
import numpy as np

import model
import step
from pack import Pack


def main():
    o = json.loads(sys.argv[1])
    m = model.Model(o["layers"], o["width"], o["heads"], o["heads"], o["ffn"], o["vocab"], True, 10000.0, 1e-5, True, o["context"], True)
    pack = Pack(m, o["rows"], o["slots"])
    for slot in range(o["slots"]):
        zeros = {k: np.zeros(s, np.float32) for k, s in model.shapes(m).items()}
        pack.state = step.put(pack.state, slot, step.State(model.init(m, slot), zeros, zeros, np.True_))
    call, loss = caller(o, m, pack), None
    began = time.time()
    call(1).block_until_ready()
    compiled = time.time()
    started = compiled - o["began"]
    n, seconds = 1, 0.0
    while seconds < 0.5 and n < pack.window:  # calls of half a second, so that starting one costs nothing
        n, began_call = min(2 * n, pack.window), time.time()
        call(n).block_until_ready()
        seconds = time.time() - began_call
    steps, begin = 0, time.time()
    while time.time() - begin < o["seconds"]:
        loss = call(n)
        loss.block_until_ready()
        steps += n
    spent = time.time() - begin
    if not np.isfinite(np.asarray(loss)[:n]).all():
        sys.exit("the loss isn't finite")
    device = jax.devices()[0]
    print(json.dumps({
        "device": device.device_kind, "slots": o["slots"], "flops": model.flops_per_token(m), "start_s": started,
        "tokens_per_s": steps * o["slots"] * o["rows"] * o["context"] / spent, "compile_s": compiled - began,
        "memory": (device.memory_stats() or {}).get("peak_bytes_in_use", 0), "jax": jax.__version__,
    }))


def caller(o, m, pack):
    """Makes a number of steps of every run on tokens of its own; the losses."""
    draw, shape = np.random.default_rng(0), (pack.window, o["slots"])
    rows = draw.integers(0, o["vocab"], (*shape, o["rows"], o["context"] + 1), dtype=np.uint16)
    ones = np.ones(shape, np.float32)
    feed = step.Feed(rows, 1e-3 * ones, ones, 0.9999 * ones, np.ones(shape, bool))
    numbers = [np.full(o["slots"], v, np.float32) for v in (0.9, 0.99, 1e-8, 1.0, 1e-5)]
    settings = step.Settings(*numbers, np.zeros(o["slots"], bool))

    def call(n):
        pack.state, losses, _ = step.steps(m, {}, pack.state, settings, feed, np.full(o["slots"], n, np.int32))
        return losses
    return call


if __name__ == "__main__":
    main()
