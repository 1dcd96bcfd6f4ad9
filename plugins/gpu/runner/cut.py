"""Cuts the text of a spec's sources into the rows that training reads, with the tokenizer that the spec names.

    python cut.py ROWS DIR

What package rows does for bytes: a folder of the cache is made once, whoever comes first, and appears at once. What is wrong is
said in both languages, as JSON in the last line of the output.
"""

import fcntl
import hashlib
import os
import shutil
import sys

import numpy as np

import corpus
import files
import material
import pairs
import tokenizer
from words import Said, say

TOGETHER = 64  # documents that are encoded at once


def main(cache, folder):
    spec = files.read_json(os.path.join(folder, "spec.json"))
    it = tokenizer.of_spec(spec, folder)
    os.makedirs(cache, exist_ok=True)
    for source in spec["sources"]:
        try:
            _prepare(spec, it, source, cache, files.resolve(folder, source["manifest"]))
        except (Said, OSError, ValueError, KeyError) as error:
            raise Said("source {}: {}", "データソース {}：{}", source["name"], error) from error


def _prepare(spec, it, source, cache, manifest):
    after = material.answer_after(spec)
    final = os.path.join(cache, material.key(source["manifest_sha256"], spec["tokenizer"], spec["row_tokens"], after))
    with open(final + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _whole(final):
            return
        hidden = os.path.join(cache, "." + os.path.basename(final))
        shutil.rmtree(hidden, ignore_errors=True)
        os.mkdir(hidden)
        try:
            about = corpus.manifest(manifest, source["manifest_sha256"])
            path, row = os.path.join(hidden, "rows.bin"), spec["row_tokens"] + 1
            made = Cutter(path, it, row) if after is None else PairCutter(path, it, row, after)
            made.cut(corpus.documents(manifest, about))
            files.write(os.path.join(hidden, "counts.json"), files.encode({"tokens": made.counts.tolist()}))
            files.write(os.path.join(hidden, "rows.json"), files.encode({
                "manifest_sha256": source["manifest_sha256"], "tokenizer": spec["tokenizer"], "row_tokens": spec["row_tokens"],
                "rows": made.rows, "dtype": made.dtype.name, "sha256": made.sum.hexdigest(),
            } | ({} if after is None else {"answer_after": after})))
            shutil.rmtree(final, ignore_errors=True)  # what is there is damaged; who has it open keeps it
            os.rename(hidden, final)
            files.sync(cache)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def _whole(folder):
    """Whether the rows in a folder of the cache are as they were written."""
    try:
        about = files.read_json(os.path.join(folder, "rows.json"))
        return files.digest_file(os.path.join(folder, "rows.bin")) == about["sha256"]
    except (OSError, ValueError, KeyError):
        return False


class Cutter:
    """Writes the tokens of documents, each with its separator, as rows of so many; the last, unfinished one is dropped."""

    def __init__(self, path, it, row):
        self.path, self.it, self.row = path, it, row
        self.dtype = np.dtype("<u2" if it.vocabulary <= 1 << 16 else "<u4")
        self.rows, self.counts, self.sum = 0, np.zeros(it.vocabulary, np.int64), hashlib.sha256()

    def cut(self, texts):
        with open(self.path, "wb") as file:
            left, batch = np.empty(0, self.dtype), []
            for each in texts:
                batch.append(each)
                if len(batch) == TOGETHER:
                    left, batch = self._write(file, left, batch), []
            self._write(file, left, batch)
            file.flush()
            os.fsync(file.fileno())

    def _write(self, file, left, batch):
        """Writes the whole rows that there are with a batch of texts; what is left of the tokens."""
        if not batch:
            return left
        all_ = np.concatenate([left, *[np.array([*ids, self.it.separator], self.dtype) for ids in self.it.encode_all(batch)]])
        whole = len(all_) // self.row * self.row
        data = all_[:whole].tobytes()
        file.write(data)
        self.sum.update(data)
        self.rows += whole // self.row
        self.counts += np.bincount(all_[:whole], minlength=len(self.counts))
        return all_[whole:]


class PairCutter:
    """Writes pairs of a prompt and an answer as rows of so many tokens, none cut in two that has room in one."""

    def __init__(self, path, it, row, after):
        self.path, self.it, self.row, self.after = path, it, row, after
        self.dtype = pairs.dtype(it.vocabulary)
        self.rows, self.counts, self.sum = 0, np.zeros(it.vocabulary, np.int64), hashlib.sha256()

    def cut(self, texts):
        packer = pairs.Packer(self.it.separator, self.dtype, self.row)
        with open(self.path, "wb") as file:
            for each in filter(None, (pairs.split(t, self.after) for t in texts)):
                for tokens, start in pairs.windows(self.it, *each, self.row - 1):
                    self._write(file, packer.add(tokens, start))
            self._write(file, packer.flush())
            file.flush()
            os.fsync(file.fileno())
        if not self.rows:
            raise pairs.none(self.after)

    def _write(self, file, row):
        data = row.tobytes()
        file.write(data)
        self.sum.update(data)
        self.rows += bool(len(row))
        tokens, marked = pairs.unmark(row)
        self.counts += np.bincount(tokens[marked], minlength=len(self.counts))


if __name__ == "__main__":
    say(lambda: main(*sys.argv[1:]))
