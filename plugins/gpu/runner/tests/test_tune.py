"""Tuning: answers alone are trained on and scored, LoRA changes its adapters alone, and runs are their own in packs."""

import json
import os
import random
import tempfile
import unittest

import numpy as np
from safetensors.numpy import load_file

import lab
import cut
import files
import material
import model
import pairs
import tokenizer
from members import Listed
from pack import Pack
from session import Session
from words import Said

AFTER = "\n### Answer\n"
MATRICES = ["down", "gate_up", "out", "qkv"]
FULL = {"method": "full", "answer_after": AFTER}
FOLLOWS = {"ja": ["静か", "港で", "船が", "待つ", "古い"], "en": ["quiet", "river", "waits", "winter", "the"]}


def lora(rank=4, alpha=8.0, targets=MATRICES):
    return {"method": "lora", "answer_after": AFTER, "lora": {"rank": rank, "alpha": alpha, "targets": targets}}


def pair(words, draw):
    n = draw.randrange(4)
    return f"after {words[n]}?{AFTER}{words[n + 1]}"


class TuneTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.lab = lab.Lab(cls.folder.name, row_tokens=64)
        cls.base = cls.saved(cls.train(1, cls.lab.spec("base", 1, steps=40))[0])
        cls.other = cls.saved(cls.train(1, cls.lab.spec("other", 2, steps=4))[0])
        cls.sources = [cls.source(lang, words) for lang, words in FOLLOWS.items()]
        cls.sets = [cls.lab._lines("held-" + lang, [{"id": str(n), "text": f"after {w[n]}?{AFTER}{w[n + 1]}"} for n in range(4)])
                    for lang, w in FOLLOWS.items()]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def source(cls, lang, words):
        draw = random.Random(lang)
        return cls.text(lang, [pair(words, draw) for _ in range(200)])

    @classmethod
    def text(cls, name, texts):
        """A source version; its place in a spec."""
        folder = os.path.join(cls.folder.name, "sources", name)
        os.makedirs(folder)
        lines = "".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(texts)).encode()
        files.write(os.path.join(folder, "train.jsonl"), lines)
        listed = {"path": "train.jsonl", "sha256": files.digest(lines), "bytes": sum(len(t.encode()) for t in texts), "documents": len(texts)}
        data = files.encode({"manifest_version": 1, "name": name, "lang": name, "files": [listed]})
        files.write(os.path.join(folder, "manifest.json"), data)
        return {"name": name, "lang": name, "manifest": os.path.join(folder, "manifest.json"), "manifest_sha256": files.digest(data)}

    @classmethod
    def train(cls, slots, *specs):
        """Trains runs in a pack and returns their folders."""
        folders = [cls.lab.attempt(s) for s in specs]
        for f, s in zip(folders, specs):
            if s["kind"] == "tune":
                cut.main(cls.lab.cache, f)
        sessions = [Session(f, cls.lab.cache, lab.PLACE) for f in folders]
        Pack(model.of_spec(specs[0]), specs[0]["batch_rows"], slots).run(Listed(sessions), lambda: False)
        return folders

    @staticmethod
    def saved(folder):
        return [e for e in lab.events(folder) if e["type"] == "checkpoint"][-1]

    def spec(self, run, seed, tune, base=None, steps=60, **changes):
        base = base or self.base
        changes = {"peak_lr": 1e-2, "sources": self.sources, **changes}
        spec = self.lab.spec(run, seed, steps=steps, kind="tune", tune=tune, **changes,
                             init={"path": base["path"], "manifest_sha256": base["manifest_sha256"]})
        spec["eval"] = {"every_steps": steps // 2, "sets": self.sets, "tasks": []}
        return spec

    def scored(self, folder, step, name="held-ja"):
        return lab.points(folder)["scores", step, "bpb/" + name]

    def test_full_tuning_learns_the_answers(self):
        folder = self.train(1, self.spec("full", 1, FULL))[0]
        self.assertEqual(lab.finished(folder)["outcome"], "completed", lab.finished(folder))
        for name in ("held-ja", "held-en"):
            self.assertLess(self.scored(folder, 60, name), 0.2 * self.scored(folder, 0, name))

    def test_lora_changes_its_adapters_alone(self):
        before = load_file(os.path.join(self.base["path"], "model.safetensors"))
        folder = self.train(1, self.spec("lora", 1, lora(targets=["qkv", "down"])))[0]
        self.assertLess(self.scored(folder, 60), 0.7 * self.scored(folder, 0))
        at = self.saved(folder)["path"]
        after, adapter = (load_file(os.path.join(at, name + ".safetensors")) for name in ("model", "adapter"))
        changed = {k for k in before if not np.array_equal(before[k], after[k])}
        self.assertEqual(changed, {"layers.0.qkv", "layers.0.down"})
        self.assertEqual(set(adapter), {n + s for n in changed for s in (".a", ".b")})
        whole = before["layers.0.qkv"] + 2.0 * (adapter["layers.0.qkv.a"] @ adapter["layers.0.qkv.b"])
        np.testing.assert_allclose(after["layers.0.qkv"], whole, rtol=1e-5, atol=1e-6)
        plan = next(e for e in lab.events(folder) if e["type"] == "plan")
        self.assertEqual(plan["trainable_parameters"], sum(v.size for v in adapter.values()))
        self.assertLess(plan["trainable_parameters"], plan["parameters"])

    def test_four_in_a_pack_are_four_alone(self):
        for method, tune in ("full", FULL), ("lora", lora()):
            specs = lambda name: [self.spec(f"{name}-{method}-{i}", i, tune, ja=i / 3, steps=12, peak_lr=1e-3 * (i + 1)) for i in range(4)]
            packed = self.train(4, *specs("packed"))
            alone = [self.train(1, s)[0] for s in specs("alone")]
            for a, b in zip(packed, alone):
                one, other = lab.points(a), lab.points(b)
                self.assertEqual(one.keys(), other.keys())
                most = max(abs(one[k] - other[k]) for k in one if k[2] == "loss" or k[2].startswith("bpb/"))
                self.assertLessEqual(most, 1e-4)

    def test_a_resumed_run_goes_on_bit_for_bit(self):
        for method, tune in ("full", FULL), ("lora", lora()):
            whole = self.train(2, self.spec("whole-" + method, 11, tune, steps=40))[0]
            saved = [e for e in lab.events(whole) if e["type"] == "checkpoint"][0]
            again = self.spec("whole-" + method, 11, tune, steps=40, attempt=2)
            again["checkpoint"] = again["checkpoint"] | {"resume_from": {"step": saved["step"], "path": saved["path"]}}
            _, resumed = self.train(2, self.spec("beside-" + method, 5, tune, steps=40), again)
            want = {k: v for k, v in lab.points(whole).items() if k[1] > saved["step"]}
            self.assertEqual(want, lab.points(resumed))

    def test_a_run_that_tunes_another_checkpoint_ends_alone(self):
        folders = self.train(2, self.spec("one-base", 1, lora(), steps=4), self.spec("two-base", 1, lora(), base=self.other, steps=4))
        self.assertEqual([lab.finished(f)["outcome"] for f in folders], ["completed", "failed"])
        self.assertIn("tunes another checkpoint", lab.finished(folders[1])["reason"])

    def test_what_cant_be_tuned_is_said(self):
        gone = {"path": "/nowhere", "manifest_sha256": "0" * 64}
        moved = self.base | {"manifest_sha256": "0" * 64}
        narrow = self.lab.spec("any", 0)["model"] | {"width": 16}
        for name, words, changes in [
            ("gone", "there is no whole checkpoint", {"base": gone}), ("moved", "has SHA-256", {"base": moved}),
            ("narrow", "width 32 instead of 16", {"model": narrow}),
        ]:
            for method, tune in ("full", FULL), ("lora", lora()):
                folder = self.train(1, self.spec(f"{name}-{method}", 1, tune, steps=4, **changes))[0]
                self.assertEqual(lab.finished(folder)["outcome"], "failed")
                self.assertIn(words, lab.finished(folder)["reason"])

    def test_another_tokenizer_than_the_checkpoint_s_is_said(self):
        session = Session(self.lab.attempt(self.spec("words", 1, FULL)), self.lab.cache, lab.PLACE)
        session.spec["tokenizer"] = {"kind": "file", "path": "-", "sha256": "0" * 64}
        with self.assertRaisesRegex(Said, "another tokenizer"):
            session._progress(self.base["path"])

    def test_text_without_answers_is_refused(self):
        plain = self.text("plain", ["the quiet river waits for winter. " * 9])
        spec = self.spec("plain", 1, FULL, sources=[plain, self.sources[0]])
        with self.assertRaisesRegex(Said, "source plain: it has no answers to tune on: none of its documents has the line ### Answer"):
            cut.main(self.lab.cache, self.lab.attempt(spec))


class PairsTest(unittest.TestCase):
    def test_every_token_of_an_answer_counts_once(self):
        it, draw = tokenizer.Bytes(), random.Random(5)
        for _ in range(500):
            row = draw.randrange(2, 40)
            prompt, answer = "p" * draw.randrange(60), "".join(draw.choice("abc") for _ in range(draw.randrange(1, 90)))
            counted = []
            for tokens, start in pairs.windows(it, prompt, answer, row):
                self.assertTrue(1 <= start < len(tokens) <= row + 1)
                counted += tokens[start:]
            self.assertEqual(bytes(counted[:-1]).decode(), answer)
            self.assertEqual(counted[-1], it.separator)

    def test_rows_hold_pairs_whole_and_mark_answers(self):
        it, kind = tokenizer.Bytes(), pairs.dtype(257)
        packer, rows = pairs.Packer(it.separator, kind, 12), []
        for prompt, answer in ("q1", "a1"), ("q2", "a2"), ("q3", "long"):
            for window in pairs.windows(it, prompt, answer, 11):
                rows.append(packer.add(*window))
        rows = [r for r in [*rows, packer.flush()] if len(r)]
        read = []
        for row in rows:
            tokens, marked = pairs.unmark(row)
            self.assertEqual(len(row), 12)
            read.append(("".join("|" if t == 256 else chr(t) for t in tokens), "".join("^" if x else " " for x in marked)))
        self.assertEqual(read, [("|q1a1|q2a2||", "   ^^^  ^^^ "), ("|q3long|||||", "   ^^^^^    ")])

    def test_a_pair_ends_its_prompt_with_the_line(self):
        self.assertEqual(pairs.split("q" + AFTER + "a" + AFTER, AFTER), ("q" + AFTER, "a" + AFTER))
        for text in ("q", "q" + AFTER, "q" + AFTER + " \n"):
            self.assertIsNone(pairs.split(text, AFTER))


if __name__ == "__main__":
    unittest.main()
