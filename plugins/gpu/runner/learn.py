"""Makes what a sweep's runs need of a tokenizer: its file, learnt from the sweep's sources or checked, and how long their text
is in it.

    python learn.py ORDER

The order is JSON: see TokenizerOrder in package spec. Of several processes one does the work and the others wait. What is wrong
is said in both languages, as JSON in the last line of the output.
"""

import fcntl
import io
import os
import shutil
import sys

import corpus
import files
import tokenizer
from words import Said, say

LEARN_BYTES = 512  # for each token of the vocabulary, of all sources together, as much of each
MEASURE_BYTES = 1 << 19  # of each source
COVERAGE = 0.9995  # of the characters of the text; rarer ones are written as bytes
THREADS = 4  # whatever the machine has: sums of another number of parts give another vocabulary


def main(path):
    order = files.read_json(path)
    folder = order["dir"]
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(folder, "about.json")):
            _make(order, folder)


def _make(order, folder):
    hidden = os.path.join(os.path.dirname(folder), "." + os.path.basename(folder))
    shutil.rmtree(hidden, ignore_errors=True)
    os.mkdir(hidden)
    try:
        about = _fill(order, os.path.join(hidden, "tokenizer"))
        files.write(os.path.join(hidden, "about.json"), files.encode(about))
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(hidden, folder)
        files.sync(os.path.dirname(folder))
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _fill(order, path):
    """Writes the tokenizer to path; what is known of it."""
    sources = [(s, corpus.manifest(s["manifest"], s["manifest_sha256"])) for s in order["sources"]]
    if order.get("path"):
        data = files.read_verified(order["path"], order["sha256"])
    else:
        data = learn(sources, order["vocab"])
    files.write(path, data)
    it = tokenizer.opened(path, files.digest(data))
    reversible = tokenizer.check(it)
    return {
        "sha256": files.digest(data), "vocab": it.vocabulary, "reversible": reversible,
        "sources": {s["manifest_sha256"]: _measure(it, s["manifest"], about) for s, about in sources},
    }


def _measure(it, manifest, about):
    """How many tokens a part of a source's text has, without separators, and how many bytes that part."""
    taken, size = corpus.sample(manifest, about, MEASURE_BYTES)
    return {"bytes": size, "tokens": sum(map(len, it.encode_all(taken)))}


def learn(sources, vocab):
    """The model of a unigram tokenizer of so many tokens, bytes and the separator among them, or as many as the text bears."""
    import sentencepiece
    share, taken = vocab * LEARN_BYTES // len(sources), []
    for source, about in sources:
        taken += corpus.sample(source["manifest"], about, share)[0]
    lines = [line for t in taken for line in t.split("\n") if line and "\0" not in line]
    if not lines:
        raise Said("the sources have no text to learn a tokenizer from", "データソースにトークナイザーを学習するテキストがありません")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=model, model_type="unigram", vocab_size=vocab - 1, byte_fallback=True,
            character_coverage=COVERAGE, normalization_rule_name="identity", add_dummy_prefix=False,
            remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, split_digits=True, bos_id=-1, eos_id=-1, pad_id=-1,
            unk_id=0, num_threads=THREADS, max_sentence_length=4 * corpus.LONGEST, hard_vocab_limit=False, minloglevel=2)
    except Exception as error:
        raise Said("a tokenizer of {} tokens can't be learnt from these sources ({}); take a larger one, or bytes",
                   "これらのデータソースからは {} トークンのトークナイザーを学習できません（{}）。大きいものか bytes にしてください",
                   vocab, str(error).strip().splitlines()[-1][:300]) from error
    return model.getvalue()


if __name__ == "__main__":
    say(lambda: main(sys.argv[1]))
