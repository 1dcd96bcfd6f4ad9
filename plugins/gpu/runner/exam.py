"""Everything that a run is scored on, cut into sequences once, and scored for all runs of a pack at once.

Nothing here trains. Bits per byte and task scores are as the run directory defines them.
"""

import functools
import json
import math
import os

import jax
import jax.numpy as jnp
import numpy as np

import files
import material
import model
import pairs
import score
import tokenizer
from words import Said

PASS_TOKENS = {"cpu": 1 << 12, "gpu": 1 << 17}  # of all runs together that go through the model at once
PASS_LOGITS = {"cpu": 1 << 25, "gpu": 1 << 30}  # likewise
SHORT = 4  # sequences of at most a fourth of the context go in rows of that length


@functools.partial(jax.jit, static_argnums=0)
def _nats(m, weights, tokens, scored):
    """Nats of every row's scored targets, [runs, rows]; tokens is [rows, length + 1]."""
    def one(w):
        hidden = model.forward(m, w, tokens[:, :-1])
        nats, _ = model.nats(m, w, hidden, tokens[:, 1:])
        return jnp.where(scored, nats, 0.0).sum(-1)
    return jax.vmap(one)(weights)


@functools.partial(jax.jit, static_argnums=(0, 3))
def _complete(m, weights, prompts, most, lengths):
    """The likeliest continuation of every prompt, [runs, rows, most]; prompts are padded on the right to the context."""
    return jax.vmap(lambda w: _continue(m, w, prompts, most, lengths))(weights)


def _continue(m, w, prompts, most, lengths):
    hidden, kept = model.forward(m, w, prompts, keep=True)
    rows, last = jnp.arange(prompts.shape[0]), lengths - 1
    token = jnp.argmax(model.logits(m, w, hidden[rows, last]), -1)

    def more(i, carry):
        token, kept, out = carry
        out = out.at[:, i].set(token)
        hidden, kept = _one(m, w, kept, token, last + 1 + i)
        return jnp.argmax(model.logits(m, w, hidden), -1), kept, out

    return jax.lax.fori_loop(0, most, more, (token, kept, jnp.zeros((prompts.shape[0], most), token.dtype)))[2]


def _one(m, w, kept, token, place):
    """Reads one further token of every row at its place: its hidden state, and keys and values with it."""
    rows, x, after = jnp.arange(token.shape[0]), w["embed"][token].astype(m.dtype), []
    seen = jnp.arange(kept[0][0].shape[1]) <= place[:, None]
    for i, (keys, values) in enumerate(kept):
        at = f"layers.{i}."
        q, k, v = model.project(m, w, at, x[:, None], place[:, None].astype(jnp.float32))
        keys, values = keys.at[rows, place].set(k[:, 0]), values.at[rows, place].set(v[:, 0])
        mixed = jax.nn.dot_product_attention(q, keys, values, mask=seen[:, None, None], implementation="xla")
        x = model.feed(m, w, at, x + mixed.reshape(x.shape) @ w[at + "out"].astype(m.dtype))
        after.append((keys, values))
    return model.norm(x, w["norm"], m.norm_eps), after


class Exam:
    """What one spec is scored on; dir is the attempt's folder. Runs with equal identity are scored together."""

    def __init__(self, spec, folder):
        self.spec, self.folder, self.row_tokens = spec, folder, spec["row_tokens"]
        self.most = score.answer_tokens(self.row_tokens)
        self.text = tokenizer.of_spec(spec, folder)
        self.after = material.answer_after(spec)
        listed = spec["eval"].get("sets", []), spec["eval"].get("tasks", [])
        self.identity = files.digest(repr((self.row_tokens, spec["tokenizer"], *listed, self.after)).encode())
        self.sets = [self._open("held-out set {}: {}", "検証セット {}：{}", s, self._set) for s in listed[0]]
        self.tasks = [self._open("task {}: {}", "タスク {}：{}", t, self._task) for t in listed[1]]

    def _open(self, en, ja, what, read):
        try:
            return read(what)
        except (Said, OSError, ValueError) as error:
            raise Said(en, ja, what["name"], error) from error

    def _set(self, about):
        parts = about.get("union_of")
        if parts:
            return {"name": about["name"], "parts": parts, "sequences": [], "bytes": 0}
        texts = [d["text"] for d in files.json_lines(files.resolve(self.folder, about["path"]), about["sha256"])]
        if self.after is not None:
            return self._answers(about["name"], [p for t in texts if (p := pairs.split(t, self.after))])
        size = sum(len(t.encode()) for t in texts)
        if size == 0:
            raise Said("has no text", "テキストがありません")
        sequences = [(w, 1) for t in texts for w in material.windows(self.text, t, self.row_tokens)]
        return {"name": about["name"], "parts": [], "sequences": sequences, "bytes": size}

    def _answers(self, name, found):
        """Scored are the answers alone, each after its prompt."""
        if not found:
            raise pairs.none(self.after)
        sequences = [w for pair in found for w in pairs.windows(self.text, *pair, self.row_tokens)]
        return {"name": name, "parts": [], "sequences": sequences, "bytes": sum(len(answer.encode()) for _, answer in found)}

    def _task(self, about):
        items = files.json_lines(files.resolve(self.folder, about["path"]), about["sha256"])
        if not items:
            raise Said("has no items", "問題がありません")
        for item in items:
            item["task"] = about["name"]
            made = [self._sequence(item, a) for a in score.answers(item)]
            item["sequences"], item["sizes"] = [m[:2] for m in made], [m[2] for m in made]
        return {"name": about["name"], "items": items}

    def _sequence(self, item, answer):
        """Separator, context, sep and answer, cut on the left, from where it is scored, and how many bytes that are."""
        prompt = [self.text.separator, *self.text.encode(item.get("context", ""))]
        answer = item.get("sep", "") + answer
        tokens = prompt + self.text.encode(answer)
        cut = max(0, len(tokens) - self.row_tokens)
        start, size = max(1, len(prompt) - cut), len(answer.encode())
        if cut >= len(prompt):  # a part of the answer, of which no token but a byte says how much of the text it is
            size = len(tokens) - cut - start if isinstance(self.text, tokenizer.Bytes) else 0
        if start >= len(tokens) - cut or size == 0:
            raise Said("item {}: rows of {} tokens are too short to score it", "問題 {}：{} トークンの行では短すぎて採点できません",
                       item["id"], self.row_tokens)
        return tokens[cut:], start, size

    def score(self, m, weights, with_tasks):
        """For every run of the weights' leading axis: metrics by name, and what each item gave."""
        sequences = [s for each in self.sets for s in each["sequences"]]
        asked = []
        if with_tasks:
            items = [i for t in self.tasks for i in t["items"]]
            sequences = sequences + [s for i in items for s in i["sequences"]]
            asked = [i for i in items if i["kind"] == "extractive"]
        nats = self._score(m, weights, sequences)
        given = self._answer(m, weights, asked)
        return [self._result(nats[r], [g[r] for g in given], asked, with_tasks) for r in range(nats.shape[0])]

    def _score(self, m, weights, sequences):
        """Nats of every sequence, [runs, sequences]. Equal sequences go through the model once: they tie to the last bit."""
        runs = weights["embed"].shape[0]
        places = {}
        for tokens, start in sequences:
            places.setdefault((tuple(tokens), start), len(places))
        nats = np.zeros((runs, len(places)))
        short = max(1, self.row_tokens // SHORT)
        by_length = {}
        for s in places:
            by_length.setdefault(short if len(s[0]) - 1 <= short else self.row_tokens, []).append(s)
        for length, group in by_length.items():
            room = _room(m, length, runs)
            for batch in _batches(group, room):
                out = _nats(m, weights, *_padded(batch, length, room))
                nats[:, [places[s] for s in batch]] = np.asarray(out, np.float64)[:, :len(batch)]
        return nats[:, [places[tuple(t), s] for t, s in sequences]]

    def _answer(self, m, weights, asked):
        """Greedy answers, [asked][runs]."""
        runs, out = weights["embed"].shape[0], []
        room = _room(m, self.row_tokens, runs)
        for batch in _batches(asked, room):
            prompts = [self._prompt(item) for item in batch]
            padded = np.zeros((room, self.row_tokens), np.int32)
            lengths = np.ones(len(padded), np.int32)
            for i, p in enumerate(prompts):
                padded[i, :len(p)], lengths[i] = p, len(p)
            tokens = np.asarray(_complete(m, weights, padded, self.most, lengths))
            out += [[self._given(tokens[r, i]) for r in range(runs)] for i in range(len(batch))]
        return out

    def _given(self, tokens):
        return score.text(self.text.answer([int(t) for t in tokens]))

    def _prompt(self, item):
        tokens = [self.text.separator, *self.text.encode(item.get("context", "") + item.get("sep", ""))]
        return tokens[max(0, len(tokens) - (self.row_tokens - self.most)):]

    def _result(self, nats, given, asked, with_tasks):
        """Of one run."""
        values, at, sums = {}, 0, {}
        for each in self.sets:
            n = len(each["sequences"])
            sums[each["name"]] = math.fsum(nats[at:at + n]), each["bytes"]
            at += n
        for each in self.sets:
            parts = [sums[p] for p in each["parts"]] or [sums[each["name"]]]
            values["bpb/" + each["name"]] = math.fsum(p[0] for p in parts) / math.log(2) / sum(p[1] for p in parts)
        answers, items = iter(given), []
        for task in self.tasks if with_tasks else []:
            scores = []
            for item in task["items"]:
                n = len(item["sequences"])
                scores.append(score.item_score(item, nats[at:at + n], item["sizes"], next(answers) if item["kind"] == "extractive" else None))
                at += n
            values |= score.values(task["name"], scores)
            items += scores
        return values, items


def _room(m, length, runs):
    """Rows of a length that go through the model at once."""
    on = jax.default_backend()
    return max(1, min(PASS_TOKENS[on], PASS_LOGITS[on] // m.vocab) // (length * runs))


def _batches(group, room):
    return [group[i:i + room] for i in range(0, len(group), room)]


def _padded(batch, length, rows):
    tokens, scored = np.zeros((rows, length + 1), np.int32), np.zeros((rows, length), bool)
    for i, (sequence, start) in enumerate(batch):
        tokens[i, :len(sequence)] = sequence
        scored[i, start - 1:len(sequence) - 1] = True
    return tokens, scored


def write_items(folder, step, items):
    """The file of what items gave at a step: its path in the attempt's folder, "" where there are none."""
    if not items:
        return ""
    os.makedirs(os.path.join(folder, "items"), exist_ok=True)
    path = os.path.join("items", f"step-{step:09d}.jsonl")
    lines = [json.dumps({k: files.real(v) if isinstance(v, float) else v for k, v in i.items()}, ensure_ascii=False) for i in items]
    files.write(os.path.join(folder, path), ("\n".join(lines) + "\n").encode())
    return path
