"""One attempt of one run: what it reads, what it must say and when, and where it stands. It computes nothing."""

import json
import os
import time

import numpy as np
from safetensors.numpy import load_file, save_file

import checkpoint
import exam
import files
import material
import model
import sampler
import schedule
from events import Events
from words import Said


ADAPTER = "adapter.safetensors"  # in a checkpoint, beside the model that it is part of


class Session:
    """The attempt in a folder. place is what started says of where it runs: trainer, device, isa and threads; hold is what
    keeps a member of a pack from being anybody else's, and is let go with its last word."""

    def __init__(self, folder, cache, place, hold=None):
        self.folder, self.cache, self.place, self.hold = os.path.abspath(folder), cache, place, hold
        with open(os.path.join(self.folder, "spec.json"), "rb") as file:
            data = file.read()
        self.spec, self.digest = json.loads(data), files.digest(data)
        self.events = Events(self.folder, self.spec["attempt"])
        self.ended = bool(self.events.last) and self.events.last["type"] == "finished"
        self.failed, self.began = False, time.monotonic()
        self.resume = self.spec["checkpoint"].get("resume_from")
        self.step = self.ahead = self.resume["step"] if self.resume else 0
        self.saved, self.own, self.seconds, self.unlogged = -1, [], 0.0, 0

    @property
    def tokens_per_step(self):
        return self.spec["batch_rows"] * self.spec["row_tokens"]

    @property
    def run_dir(self):
        return os.path.dirname(self.folder)

    def open(self):
        """Writes started and plan; the state that training begins with, by (weights, first, second)."""
        resumed = self.resume["step"] if self.resume else None
        self.events.append(("started", self.place | {"resumed_from": resumed, "spec_sha256": self.digest}))
        self.model = model.of_spec(self.spec)
        rows = material.open_rows(self.spec, self.cache)
        self.tokens = [r.tokens for r in rows]
        self.plan = sampler.Plan(self.spec, [r.count for r in rows])
        self._announce(rows)
        self.exam = exam.Exam(self.spec, self.folder)
        self._timetable()
        return self._restore()

    def _announce(self, rows):
        drawn = self.plan.drawn()
        whole, blocks = self.plan.digests()
        self.events.append(("plan", {
            "rows": self._named([r.count for r in rows]), "plan_sha256": whole, "block_sha256": blocks,
            "parameters": model.parameters(self.model), **self._trainable(), "flops_per_token": model.flops_per_token(self.model),
            "unigram_nats": files.real(material.unigram_nats(rows, drawn[-1])),
        }))

    def _trainable(self):
        """Said of a run that trains but a part of its parameters."""
        return {} if self.model.adapter is None else {"trainable_parameters": model.trainable(self.model)}

    def _named(self, counts):
        return {s["name"]: int(n) for s, n in zip(self.spec["sources"], counts)}

    def _timetable(self):
        """What is due at each number of finished steps."""
        steps, evaluation, saving = self.spec["steps"], self.spec["eval"], self.spec["checkpoint"]
        self.logged = _marks(steps, self.spec.get("log", {}).get("every_steps", 0) or 1)
        self.scored = _marks(steps, evaluation["every_steps"])
        self.scored[0] = not evaluation.get("skip_start", False)
        apart = evaluation.get("tasks_every_steps", 0)
        self.asked = self.scored & _marks(steps, apart) if apart else self.scored.copy()
        self.saving = _marks(steps, saving["every_steps"])
        self.saving[[*saving.get("keep_at", [])]] = True
        self.due = self.scored | self.saving
        self.borders = np.flatnonzero(self.due)
        self.skipped = schedule.skipped(self.spec)
        self.usage = self.plan.drawn(self.skipped)

    def _corrections(self, updates):
        """Rates with Adam's bias corrections, of every step; updates were made before the step where it stands."""
        o, lr = self.spec["optimizer"], schedule.learning_rates(self.spec)
        made = np.cumsum(~self.skipped)
        t = np.maximum(1, made + updates - (made[self.step - 1] if self.step else 0)).astype(np.float64)
        self.lr, self.updates = np.where(self.skipped, 0.0, lr), t - self.skipped
        self.rate = lr / (1 - o["beta1"] ** t)
        self.correct = 1 / np.sqrt(1 - o["beta2"] ** t)
        self.keep = 1 - lr * o["weight_decay"]

    def _restore(self):
        """From the checkpoint that the spec names, from another run's weights, or from the seed."""
        zeros = {k: np.zeros(shape, np.float32) for k, shape in model.trained(self.model).items()}
        if self.resume:
            return self._resumed()
        self._corrections(0)
        if self.model.adapter:
            return model.init_adapters(self.model, int(self.spec["init_seed"], 16)), zeros, zeros
        if self.spec.get("init"):
            return self._started(), zeros, zeros
        return model.init(self.model, int(self.spec["init_seed"], 16)), zeros, zeros

    def _resumed(self):
        folder = files.resolve(self.folder, self.resume["path"])
        try:
            manifest, _ = checkpoint.read(folder)
        except Said as error:
            damaged = Said("the checkpoint of step {} is passed over, start from the one before: {}",
                           "ステップ {} のチェックポイントは使わず、1 つ前から始めます：{}", self.step, error, retriable=True)
            self.events.log("error", damaged)
            raise damaged from error
        wanted = self.resume.get("run_id") or self.spec["run_id"]
        if (manifest["run_id"], manifest["step"]) != (wanted, self.step):
            raise Said("checkpoint {} is of run {} at step {}, the spec says run {} at step {}",
                       "チェックポイント {} はラン {} のステップ {} のものですが、仕様ではラン {} のステップ {} です",
                       folder, manifest["run_id"], manifest["step"], wanted, self.step)
        progress = self._progress(folder)
        if (progress["isa"], progress["trainer"]) != (self.place["isa"], self.place["trainer"]):
            self.events.log("warn", Said(
                "the checkpoint was written by {} {} on {}, this is {} {} on {}: the run goes on, but not to the same bits",
                "チェックポイントを書いたのは {} {}（{}）で、これは {} {}（{}）です。ランは続きますが、最後のビットまで同じにはなりません",
                *progress["trainer"].values(), progress["isa"], *self.place["trainer"].values(), self.place["isa"]))
        self._corrections(progress["updates"])
        self.saved = self.step
        moments = load_file(os.path.join(folder, "optimizer.safetensors"))
        names = model.trained(self.model)
        weights = load_file(os.path.join(folder, ADAPTER)) if self.model.adapter else self._weights(folder)
        return weights, {k: moments["first." + k] for k in names}, {k: moments["second." + k] for k in names}

    def _progress(self, folder):
        """What a checkpoint says of itself; one of a model of another shape is an error."""
        with open(os.path.join(folder, "progress.json"), "rb") as file:
            progress = json.load(file)
        has, wanted = progress.get("model") or self.spec["model"], self.spec["model"]
        differ = [f"{k} {has[k]} instead of {v}" for k, v in wanted.items() if has[k] != v]
        if differ:
            raise Said("the checkpoint's model has {}; ask for its shape",
                       "チェックポイントのモデルの形が異なります（{}）。同じ形にしてください", ", ".join(differ))
        if progress.get("tokenizer", self._tokenizer()) != self._tokenizer():
            raise Said("the checkpoint's model was trained with another tokenizer; take that one",
                       "チェックポイントのモデルは別のトークナイザーで学習されています。同じものを使ってください")
        return progress

    def _tokenizer(self):
        """What a tokenizer is known by."""
        return {k: v for k, v in self.spec["tokenizer"].items() if k != "path"}

    def base(self):
        """The weights that the run's adapters lie beside."""
        return self._started()

    def _started(self):
        folder, want = files.resolve(self.folder, self.spec["init"]["path"]), self.spec["init"]["manifest_sha256"]
        _, got = checkpoint.read(folder)
        if got != want:
            raise Said("start from weights: the manifest in {} has SHA-256 {}, want {}",
                       "重みを読めません。{} の目録の SHA-256 は {} で、期待した値 {} と違います", folder, got, want)
        self._progress(folder)
        return self._weights(folder)

    def _weights(self, folder):
        weights = load_file(os.path.join(folder, "model.safetensors"))
        return {k: weights[k].reshape(shape) for k, shape in model.shapes(self.model).items()}

    @property
    def border(self):
        """The next number of finished steps at which something is due that needs the state."""
        return int(self.borders[np.searchsorted(self.borders, self.ahead, side="right")])

    def batch(self, step):
        """The tokens that a step reads, [batch_rows, row_tokens + 1]."""
        source, row = self.plan.sources[step], self.plan.rows[step]
        return np.stack([self.tokens[k][i] for k, i in zip(source, row)])

    def report(self, losses, norms, seconds, memory):
        """Tells of steps that were made, a loss and a norm each, in so many seconds altogether, with so many bytes of the
        device in use, None where it doesn't say. Usage of a step at which more is due comes after that."""
        lines = []
        for loss, norm in zip(losses, norms):
            here, self.step = self.step, self.step + 1
            self.seconds, self.unlogged = self.seconds + seconds / len(losses), self.unlogged + 1
            bad = not (np.isfinite(loss) and np.isfinite(norm)) and not self.skipped[here]
            diverged = bad and self.spec["on_nonfinite"] == "stop"
            if self.logged[self.step] or diverged:
                lines.append(self._metrics(here, loss, norm, memory))
            if diverged:
                self.events.append(*lines)
                return self.finish("diverged", Said("loss {} and gradient norm {} at step {} aren't both finite",
                                                    "損失 {} と勾配ノルム {} の両方または一方がステップ {} で有限の値ではありません",
                                                    loss, norm, self.step))
            if self.logged[self.step] and not self.due[self.step]:
                lines.append(self._usage())
        if lines:
            self.events.append(*lines)

    def _metrics(self, here, loss, norm, memory):
        speed = self.unlogged * self.tokens_per_step / max(self.seconds, 1e-9)
        self.seconds, self.unlogged = 0.0, 0
        values = {"loss": loss, "grad_norm": norm, "lr": self.lr[here], "tokens_per_s": speed}
        if memory is not None:
            values["memory_bytes"] = memory
        return "metrics", self._at() | {"values": {k: files.real(v) for k, v in values.items()}}

    def _at(self):
        return {"step": self.step, "tokens": self.step * self.tokens_per_step}

    def _usage(self):
        return "usage", {"step": self.step, "rows": self._named(self.usage[self.step])}

    def tell_scores(self, values, items):
        path = exam.write_items(self.folder, self.step, items)
        named = {k: files.real(v) for k, v in values.items()}
        self.events.append(("scores", self._at() | {"values": named} | ({"items": path} if path else {})))

    def tell_usage(self):
        if self.logged[self.step]:
            self.events.append(self._usage())

    def save(self, state, whole):
        """Writes a checkpoint of the present step, what is trained as (weights, first, second) and the whole model, and drops those that this attempt no longer
        keeps. What the checkpoint covers is on disk before it appears."""
        self.events.sync()
        saved = checkpoint.save(self.run_dir, self.spec["run_id"], self.step, self.spec["attempt"], lambda d: self._fill(d, state, whole))
        self.events.append(("checkpoint", saved))
        self.events.sync()
        self.saved = self.step
        if self.step in self.spec["checkpoint"].get("keep_at", []):
            return  # other runs branch here
        self.own.append(saved["path"])
        keep = self.spec["checkpoint"]["keep"]
        while keep > 0 and len(self.own) > keep:
            checkpoint.remove(self.own.pop(0), self.spec["attempt"])

    def _fill(self, folder, state, whole):
        weights, first, second = state
        save_file(whole, os.path.join(folder, "model.safetensors"))
        if self.model.adapter:
            save_file(weights, os.path.join(folder, ADAPTER))
        moments = {"first." + k: v for k, v in first.items()} | {"second." + k: v for k, v in second.items()}
        save_file(moments, os.path.join(folder, "optimizer.safetensors"))
        updates = int(self.updates[self.step - 1]) if self.step else 0
        files.write(os.path.join(folder, "progress.json"), files.encode({
            "step": self.step, "updates": updates, "isa": self.place["isa"], "trainer": self.place["trainer"], "model": self.spec["model"],
            "tokenizer": self._tokenizer(),
        }))

    def stop_reason(self, signalled):
        """Why the run should leave now, None for no reason."""
        limit = self.spec.get("resources", {}).get("walltime_s", 0)
        if signalled:
            return Said("asked to stop by a signal", "シグナルで停止を求められました")
        if os.path.exists(os.path.join(self.folder, "stop")):
            return Said("asked to stop by a stop file", "停止ファイルで停止を求められました")
        if limit and time.monotonic() - self.began > limit - min(limit / 10, 30):
            return Said("the wall time of {} s is nearly over", "制限時間 {} 秒がまもなく終わります", limit)
        return None

    def complete(self):
        self.finish("completed", Said("all steps are done", "すべてのステップが終わりました"))

    def finish(self, outcome, said, retriable=False):
        """The attempt's last word."""
        self.ended, self.failed = True, outcome == "failed"
        self.events.append(("finished", {
            "outcome": outcome, "step": self.step, "reason": said.en, "reason_ja": said.ja, "retriable": retriable,
        }))
        self.events.close()
        if self.hold:
            self.hold.release(outcome)

    def fail(self, error):
        """Ends the attempt by an error."""
        full = isinstance(error, OSError) and error.errno == 28
        if full:
            error = Said("the disk of the run folders is full ({} could not be written); free some space and retry the run",
                         "ランのフォルダーのディスクがいっぱいです（{} を書けません）。空きを作って、ランをもう一度実行してください",
                         os.path.basename(error.filename or "events.jsonl"))
        elif not isinstance(error, Said):
            error = Said("{}: {}", "{}：{}", type(error).__name__, error)
        self.finish("failed", error, full or error.retriable)


def _marks(steps, every):
    """Numbers of finished steps that are multiples of every, or the last; 0 means the last alone."""
    marks = np.zeros(steps + 1, bool)
    if every > 0:
        marks[every::every] = True
    marks[steps] = True
    return marks
