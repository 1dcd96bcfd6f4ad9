"""What the GPU trainer does on a card, beside what was predicted and beside PyTorch, one run after another.

    python plugins/gpu/bench/bench.py --out DIR [1m 5m 20m 60m]

Each measurement is a process of its own, bf16, a vocabulary of 8,192 random tokens, rows of 1,024. Its result is a line of
DIR/results.jsonl as soon as it is there; what is there already isn't measured again, so a call that was cut short is simply
made again. JAX, numpy and safetensors must be importable; torch and transformers are measured where they are. Nothing is
downloaded. `tiny` is a size to try the script with, on any machine.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# Layers, width, heads, ffn, rows a step, packs to try; and tokens/s in millions that a model of kernels predicted for an
# H100, alone and packed: nominal, and with pessimistic constants. An H200 has 1.4 times the memory speed.
SIZES = {
    "tiny": (1, 32, 2, 64, 2, [2], None, None),
    "1m": (5, 128, 2, 384, 16, [8, 16], (8.1, 6.3), (8.6, 6.8)),
    "5m": (6, 256, 4, 704, 32, [4, 8], (4.2, 3.4), (4.5, 3.6)),
    "20m": (6, 512, 8, 1408, 64, [4, 8], (2.05, 1.71), (2.12, 1.76)),
    "60m": (8, 768, 12, 2048, 64, [2, 4], (0.94, 0.80), (0.97, 0.82)),
}
VOCAB, CONTEXT = 8192, 1024
PEAK = 989e12  # dense bf16 of H100 and H200, from the maker's data sheet
SWEEP, BUDGET = 64, {"tiny": 1e5, "1m": 100e6, "5m": 200e6, "20m": 400e6, "60m": 1.2e9}  # runs of a sweep, tokens of each


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("sizes", nargs="*", default=["1m", "5m", "20m", "60m"], help="of " + ", ".join(SIZES))
    p.add_argument("--out", default=".", help="folder of results.jsonl and of the compilation cache")
    p.add_argument("--seconds", type=float, default=10, help="of each measurement, compilation left out")
    p.add_argument("--patience", type=float, default=300, help="seconds that one process may take")
    o = p.parse_args()
    unknown = [s for s in o.sizes if s not in SIZES]
    if unknown:
        p.error(f"there is no size {unknown[0]}; choose from {', '.join(SIZES)}")
    os.makedirs(o.out, exist_ok=True)
    path = os.path.join(o.out, "results.jsonl")
    for size in o.sizes:
        for contender in contenders(size):
            if (size, contender) not in results(path):
                record(path, measure(o, size, contender))
        report(size, {c: r for (s, c), r in results(path).items() if s == size})


def contenders(size):
    """A lone run first and once more, for the start with a warm cache; then packs; then PyTorch."""
    names = ["jax-1", "jax-1-again", *[f"jax-{r}" for r in SIZES[size][5]]]
    names += [n for n, needs in (("torch", "torch"), ("transformers", "transformers")) if importlib.util.find_spec(needs)]
    return names


def results(path):
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    return {(r["size"], r["contender"]): r for r in lines if "error" not in r}


def record(path, result):
    with open(path, "a") as file:
        file.write(json.dumps(result) + "\n")
    print(json.dumps(result), flush=True)


def measure(o, size, contender):
    """Runs one contender in a process of its own; what goes wrong is the result."""
    layers, width, heads, ffn, rows, *_ = SIZES[size]
    shape = {"layers": layers, "width": width, "heads": heads, "ffn": ffn, "vocab": VOCAB, "context": CONTEXT, "rows": rows,
             "seconds": o.seconds, "began": time.time(), "slots": int(contender.split("-")[1]) if contender[:3] == "jax" else 1}
    program = {"jax": "pack_speed.py", "torch": "torch_speed.py", "transformers": "transformers_speed.py"}[contender.split("-")[0]]
    env = os.environ | {"JAX_COMPILATION_CACHE_DIR": os.path.abspath(os.path.join(o.out, "jax-cache")), "HF_HUB_OFFLINE": "1",
                        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
    env.setdefault("XLA_FLAGS", "--xla_gpu_deterministic_ops=true")
    result = {"size": size, "contender": contender}
    try:
        done = subprocess.run([sys.executable, os.path.join(HERE, program), json.dumps(shape)], env=env, capture_output=True,
                              text=True, timeout=o.patience)
    except subprocess.TimeoutExpired:
        return result | {"error": f"took longer than {o.patience:.0f} s"}
    if done.returncode:
        return result | {"error": done.stderr.strip()[-600:] or f"left with {done.returncode}"}
    return result | json.loads(done.stdout.strip().splitlines()[-1]) | {"wall_s": time.time() - shape["began"]}


def report(size, found):
    """Predicted beside measured, and what a sweep would take."""
    alone, packed = SIZES[size][6:]
    print(f"\n{size}: {found['jax-1']['device'] if 'jax-1' in found else 'nothing measured'}")
    print("  contender       M tok/s  predicted    of peak  compile s  start s  memory GB")
    for name, r in found.items():
        about = alone if name.startswith("jax-1") and r["slots"] == 1 else packed if name.startswith("jax") else None
        predicted = f"{about[0]:5.2f} ({about[1]:.2f})" if about else "-"
        print(f"  {name:14s} {r['tokens_per_s'] / 1e6:8.3f}  {predicted:12s} {r['tokens_per_s'] * r['flops'] / PEAK:6.1%}"
              f" {r['compile_s']:10.1f} {r['start_s']:8.1f} {r['memory'] / 1e9:10.2f}")
    packs = [r for n, r in found.items() if n.startswith("jax") and r["slots"] > 1]
    if not packs:
        return
    best = max(packs, key=lambda r: r["tokens_per_s"])
    whole = best["start_s"] + SWEEP * BUDGET[size] / best["tokens_per_s"]
    for name in ("jax-1-again", "torch", "transformers"):
        if name in found:
            r = found[name]
            one_by_one = SWEEP * (r["start_s"] + BUDGET[size] / r["tokens_per_s"])
            print(f"  a sweep of {SWEEP} runs of {BUDGET[size]:.3g} tokens, worked out from these: {whole:.0f} s in packs of "
                  f"{best['slots']}, {one_by_one / whole:.2f} times faster than {name} in a process a run")


if __name__ == "__main__":
    main()
