"""Tokenizers: learnt from sources, checked, and the rows that are cut with them."""

import json
import multiprocessing
import os
import random
import tempfile
import unittest

import numpy as np
import tokenizers

import lab  # noqa: F401  (finds the program)
import cut
import files
import learn
import material
import tokenizer
from words import Said

TEXTS = ["\n静かな港で　船が\t待つ。\n\n", "the quiet river waits, <0x41> 12345", "a\0b ▂\U0001F600", ""]


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = folder.name
        draw = random.Random(1)
        self.texts = ["".join(draw.choice(lab.WORDS["ja"] + lab.WORDS["en"]) for _ in range(60)) + "\n" for _ in range(40)]
        self.manifest = self.source(self.texts)

    def source(self, texts):
        """A source version; its place in a spec."""
        lines = "".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(texts)).encode()
        path = os.path.join(self.data, "manifest.json")
        files.write(os.path.join(self.data, "train.jsonl"), lines)
        listed = {"path": "train.jsonl", "sha256": files.digest(lines), "bytes": sum(len(t.encode()) for t in texts), "documents": len(texts)}
        data = files.encode({"manifest_version": 1, "name": "s", "lang": "ja", "files": [listed]})
        files.write(path, data)
        return {"name": "s", "manifest": path, "manifest_sha256": files.digest(data)}

    def order(self, name="t", **what):
        path, folder = os.path.join(self.data, name + ".json"), os.path.join(self.data, "tokenizers", name)
        files.write(path, files.encode({"sources": [self.manifest], "dir": folder} | what))
        return path, folder

    def made(self, **what):
        """A tokenizer that was ordered, and what is known of it."""
        path, folder = self.order(**what)
        learn.main(path)
        about = files.read_json(os.path.join(folder, "about.json"))
        return tokenizer.opened(os.path.join(folder, "tokenizer"), about["sha256"]), about, folder

    def test_learnt_it_has_every_byte_and_reads_back(self):
        it, about, folder = self.made(vocab=340)
        self.assertEqual((about["vocab"], it.vocabulary, it.separator, about["reversible"]), (340, 340, 339, True))
        for text in TEXTS:
            self.assertEqual(it.decode(it.encode(text)), text)
        measured = about["sources"][self.manifest["manifest_sha256"]]
        self.assertLess(measured["tokens"] * 2, measured["bytes"])
        self.assertEqual(measured["tokens"], sum(len(it.encode(t)) for t in self.texts))
        self.assertEqual(self.made(name="again", vocab=340)[1], about)

    def test_several_at_once_make_one(self):
        path, folder = self.order(vocab=340)
        context = multiprocessing.get_context("spawn")
        both = [context.Process(target=learn.main, args=(path,)) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        self.assertEqual([each.exitcode for each in both], [0, 0])
        self.assertEqual(sorted(os.listdir(folder)), ["about.json", "tokenizer"])

    def test_rows_are_the_tokens_in_order_and_are_shared(self):
        it, about, folder = self.made(vocab=340)
        spec = {"tokenizer": {"kind": "file", "path": os.path.join(folder, "tokenizer"), "sha256": about["sha256"]},
                "model": {"vocab": 340}, "row_tokens": 16, "sources": [self.manifest], "weights": [{"w": [1]}]}
        attempt, cache = os.path.join(self.data, "attempt"), os.path.join(self.data, "rows")
        os.mkdir(attempt)
        files.write(os.path.join(attempt, "spec.json"), files.encode(spec))
        cut.main(cache, attempt)
        rows = material.open_rows(spec, cache)[0]
        want = [t for text in self.texts for t in [*it.encode(text), it.separator]]
        self.assertEqual(rows.count, len(want) // 17)
        self.assertEqual(np.array(rows.tokens).ravel().tolist(), want[:rows.count * 17])
        self.assertEqual(rows.counts.sum(), rows.count * 17)
        place = os.path.join(cache, material.key(self.manifest["manifest_sha256"], spec["tokenizer"], 16), "rows.bin")
        before = os.stat(place).st_ino
        cut.main(cache, attempt)
        self.assertEqual(os.stat(place).st_ino, before)
        with open(place, "r+b") as file:
            file.write(b"\xff\xff")
        cut.main(cache, attempt)
        self.assertNotEqual(os.stat(place).st_ino, before)
        self.assertEqual(material.open_rows(spec, cache)[0].tokens[0, 0], want[0])
        with self.assertRaisesRegex(Said, "the tokenizer has 340 tokens"):
            tokenizer.of_spec(spec | {"model": {"vocab": 257}}, attempt)

    def file(self, model, **parts):
        """The order of a tokenizer that somebody else has made, as a tokenizer.json."""
        it = tokenizers.Tokenizer(model)
        for name, part in parts.items():
            setattr(it, name, part)
        path = os.path.join(self.data, "own.json")
        it.save(path)
        return {"path": path, "sha256": files.digest_file(path)}

    def test_a_file_over_bytes_is_taken(self):
        letters = {c: i for i, c in enumerate(sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))}
        own = self.file(tokenizers.models.BPE(letters, []), pre_tokenizer=tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
                        decoder=tokenizers.decoders.ByteLevel())
        it, about, _ = self.made(**own)
        self.assertEqual((about["vocab"], about["reversible"]), (257, True))
        self.assertEqual([it.decode(it.encode(t)) for t in TEXTS], TEXTS)

    def test_one_that_cant_encode_a_byte_is_refused(self):
        for model in (tokenizers.models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"), tokenizers.models.BPE({"a": 0}, []),
                      tokenizers.models.Unigram([("<unk>", 0.0), ("a", -1.0)], 0, False)):
            path, _ = self.order(**self.file(model))
            with self.assertRaisesRegex(Said, "it can't encode every byte: it has no token for 0x"):
                learn.main(path)

    def test_what_is_no_tokenizer_is_refused(self):
        own = os.path.join(self.data, "own")
        for content in (b"{}", b"nothing", b""):
            files.write(own, content)
            path, folder = self.order(path=own, sha256=files.digest(content))
            with self.assertRaisesRegex(Said, "it is neither a tokenizer.json of Hugging Face nor a model"):
                learn.main(path)
            self.assertFalse(os.path.exists(folder))

    def test_text_of_more_characters_than_tokens_is_said(self):
        self.manifest = self.source(["".join(chr(c) for c in range(0x4e00, 0x4e00 + 500))] * 3)
        path, _ = self.order(vocab=400)
        with self.assertRaisesRegex(Said, "a tokenizer of 400 tokens can't be learnt from these sources"):
            learn.main(path)

    def test_little_text_has_as_many_tokens_as_it_bears(self):
        it, about, _ = self.made(vocab=1 << 13)
        self.assertLess(about["vocab"], 1000)
        self.assertEqual(it.separator, about["vocab"] - 1)


if __name__ == "__main__":
    unittest.main()
