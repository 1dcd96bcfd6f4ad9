"""Attempts of tiny runs in a folder of their own, for tests: rows, held-out text, specs, and what came of them."""

import json
import os
import random
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import files  # noqa: E402
import material  # noqa: E402
import tokenizer  # noqa: E402

TOTAL = 1 << 30
PLACE = {"trainer": {"name": "gpu", "version": "test"}, "device": "test", "isa": "test", "threads": 1}
WORDS = {"ja": ["静かな", "港で", "船が", "待つ。", "古い", "町の"], "en": ["the ", "quiet ", "river ", "waits ", "for ", "winter. "]}


class Lab:
    """A data folder with a Japanese and an English source."""

    def __init__(self, data, row_tokens=32):
        self.data, self.row_tokens, self.cache = data, row_tokens, os.path.join(data, "rows")
        self.sources, self.sets = [], []
        for number, (lang, words) in enumerate(WORDS.items()):
            draw = random.Random(number)
            texts = ["".join(draw.choice(words) for _ in range(40)) for _ in range(30)]
            sha = files.digest(lang.encode())
            self._rows(sha, texts)
            self.sources.append({"name": lang + "-text", "lang": lang, "manifest": "-", "manifest_sha256": sha})
            self.sets.append(self._lines(lang + "-text", [{"id": str(i), "text": t} for i, t in enumerate(texts[:2])]))
        self.sets.append({"name": "all", "union_of": [s["name"] for s in self.sets]})

    def _rows(self, sha, texts):
        tokens = [t for text in texts for t in [*text.encode(), tokenizer.SEPARATOR]]
        count = len(tokens) // (self.row_tokens + 1)
        rows = np.array(tokens[:count * (self.row_tokens + 1)], "<u2").reshape(count, -1)
        folder = os.path.join(self.cache, material.key(sha, {"kind": "bytes"}, self.row_tokens))
        os.makedirs(folder)
        rows.tofile(os.path.join(folder, "rows.bin"))
        files.write(os.path.join(folder, "rows.json"), files.encode({"rows": count, "dtype": "uint16"}))
        counts = np.bincount(rows.ravel(), minlength=tokenizer.VOCABULARY)
        files.write(os.path.join(folder, "counts.json"), files.encode({"tokens": counts.tolist()}))

    def _lines(self, name, lines):
        path = os.path.join(self.data, name + ".jsonl")
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        files.write(path, data)
        return {"name": name, "path": path, "sha256": files.digest(data)}

    def spec(self, run, seed, ja=0.5, steps=40, **changes):
        """A run; changes are of the spec's own keys, and of the optimiser's by name."""
        optimizer = {"peak_lr": 3e-3, "final_lr_fraction": 0.1, "warmup_steps": 4, "decay": "cosine", "decay_steps": 0, "beta1": 0.9,
                     "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "clip": 1.0, "z_loss": 1e-4}
        optimizer |= {k: changes.pop(k) for k in list(changes) if k in optimizer}
        share = int(ja * TOTAL)
        return {
            "spec_version": 1, "run_id": run, "attempt": 1, "kind": "pretrain", "mode": "exact", "mix_seed": f"{seed:016x}",
            "data_seed": f"{seed + 1:016x}", "init_seed": f"{seed + 2:016x}", "steps": steps, "batch_rows": 2,
            "row_tokens": self.row_tokens, "sources": self.sources, "weights": [{"from_step": 0, "w": [share, TOTAL - share]}],
            "tokenizer": {"kind": "bytes"},
            "model": {"layers": 1, "width": 32, "heads": 2, "kv_heads": 1, "ffn": 48, "vocab": 257, "tied": True, "rope_base": 10000,
                      "norm_eps": 1e-5, "qk_norm": True},
            "init": None, "optimizer": optimizer, "precision": "fp32", "log": {"every_steps": 1},
            "eval": {"every_steps": steps // 2, "sets": self.sets, "tasks": []},
            "checkpoint": {"every_steps": steps // 2, "keep": 0, "resume_from": None}, "interventions": [],
            "on_nonfinite": "stop", "resources": {},
        } | changes

    def folder(self, run, attempt):
        return os.path.join(self.data, "runs", run, f"attempt-{attempt:04d}")

    def attempt(self, spec):
        """Its folder, with spec.json."""
        folder = self.folder(spec["run_id"], spec["attempt"])
        os.makedirs(folder)
        files.write(os.path.join(folder, "spec.json"), files.encode(spec))
        return folder


def events(folder):
    """Whole lines only, as any reader takes them."""
    with open(os.path.join(folder, "events.jsonl"), "rb") as file:
        return [json.loads(line) for line in file if line.endswith(b"\n")]


def points(folder):
    """What a run computed: every value by kind, step and name, but how fast it was."""
    out = {}
    for e in events(folder):
        for name, value in e.get("values", {}).items():
            if name != "tokens_per_s":
                out[e["type"], e["step"], name] = value
    return out


def finished(folder):
    return events(folder)[-1]
