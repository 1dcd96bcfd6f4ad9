"""What is read of text: the cached rows that training reads, and the windows in which held-out documents are scored."""

import json
import math
import os

import numpy as np

import files
from words import Said


def windows(it, text, row_tokens):
    """Sequences that score every token of a document and its final separator once, each with the token before its first
    target; it is the tokenizer."""
    tokens = [it.separator, *it.encode(text), it.separator]
    return [tokens[at:at + row_tokens + 1] for at in range(0, len(tokens) - 1, row_tokens)]


class Rows:
    """The rows of one source, [count, row_tokens + 1], read as they are asked for; counts is how often each token is in
    them, or, where answers parts prompts from answers, in what is trained on."""

    def __init__(self, cache, source, tokenizer, row_tokens, answers=None):
        folder = os.path.join(cache, key(source["manifest_sha256"], tokenizer, row_tokens, answers))
        with open(os.path.join(folder, "rows.json"), "rb") as file:
            about = json.load(file)
        with open(os.path.join(folder, "counts.json"), "rb") as file:
            self.counts = np.array(json.load(file)["tokens"], np.float64)
        self.count = about["rows"]
        shape = self.count, row_tokens + 1
        dtype = {"uint16": "<u2", "uint32": "<u4"}[about["dtype"]]
        path = os.path.join(folder, "rows.bin")
        self.tokens = np.memmap(path, dtype, "r", shape=shape) if self.count else np.empty(shape, dtype)


def answer_after(spec):
    """The line that parts prompts from answers; None where all text is trained on."""
    return (spec.get("tune") or {}).get("answer_after")


def key(manifest_sha256, tokenizer, row_tokens, answers=None):
    """Names the folder of a source's rows, as spec.RowsKey does; those of prompts and answers are others."""
    identity = {k: v for k, v in tokenizer.items() if k != "path"}
    key = {"manifest_sha256": manifest_sha256, "tokenizer": identity, "row_tokens": row_tokens}
    if answers is not None:
        key["answer_after"] = answers
    return files.digest(json.dumps(key, separators=(",", ":")).encode())


def open_rows(spec, cache):
    """The rows of every source, in the spec's order."""
    opened = []
    for source in spec["sources"]:
        rows = Rows(cache, source, spec["tokenizer"], spec["row_tokens"], answer_after(spec))
        if source.get("rows", 0) not in (0, rows.count):
            raise Said("source {} has {} rows, the spec says {}", "データソース {} は {} 行ですが、仕様では {} 行です",
                       source["name"], rows.count, source["rows"])
        opened.append(rows)
    for k, (rows, source) in enumerate(zip(opened, spec["sources"])):
        if rows.count == 0 and any(entry["w"][k] for entry in spec["weights"]):
            raise Said("source {} has a weight and no row; add text or take its weight away",
                       "データソース {} には割合がありますが、読む行がありません。テキストを足すか、割合を 0 にしてください", source["name"])
    return opened


def unigram_nats(rows, drawn):
    """The entropy of a token of the planned mixture: what a model that knows its token frequencies and no more would lose."""
    total = sum(n * r.counts / r.counts.sum() for r, n in zip(rows, drawn) if n)
    share = total[total > 0] / total.sum()
    return -math.fsum(share * np.log(share))
