"""Trains up to so many runs of one shape at once, each in a slot of its own.

A run leaves its slot when it ends and the next one takes it. What a run computes depends on the number of slots, and on
nothing that goes on in the others. While the device computes, the host tells of the call before.
"""

import time
import traceback

import jax
import numpy as np

import model
import pairs
import step
from words import Said

CALL_SECONDS = 0.1  # about how long a call takes: events are written after each
IDLE_SECONDS = 0.05  # between two looks for a run, where there is none
FEED_BYTES = 1 << 25  # of the rows of a call at most


class Pack:
    """slots runs of model m, batch_rows rows a step."""

    def __init__(self, m, batch_rows, slots):
        self.model, self.batch_rows, self.seats = m, batch_rows, [None] * slots
        row = slots * batch_rows * (m.context + 1) * 4
        self.window = int(np.clip(FEED_BYTES // row, 4, 256))  # steps of a call at most
        self.dtype = np.uint16 if m.vocab <= 1 << 16 else np.uint32
        if m.answers:
            self.dtype = pairs.dtype(m.vocab)
        self.stride = 1
        zeros = lambda: {k: jax.numpy.zeros((slots, *s), np.float32) for k, s in model.trained(m).items()}
        self.base, self.base_of = {}, None  # what adapters lie beside, once for all runs
        self.state = step.State(zeros(), zeros(), zeros(), jax.numpy.ones(slots, bool))
        self.settings = step.Settings(*np.zeros((len(step.Settings._fields) - 1, slots), np.float32), np.zeros(slots, bool))
        self.pending, self.since = None, 0.0

    def run(self, waiting, signalled):
        """Trains all sessions that wait (see members) to their ends. signalled says whether to leave."""
        try:
            while self._fill(waiting) or waiting.may_come():
                if any(self.seats):
                    self._turn(signalled())
                else:
                    time.sleep(IDLE_SECONDS)
        except jax.errors.JaxRuntimeError as error:
            traceback.print_exc()
            self._perish([s for s in [*self.seats, *iter(waiting.next, None)] if s and not s.ended], error)

    def _perish(self, sessions, error):
        """Ends runs that the device can't go on with."""
        if "RESOURCE_EXHAUSTED" in str(error):
            per, has = model.memory(self.model, self.batch_rows), _memory().get("bytes_limit", 0)
            fit = max(1, has // per) if has else max(1, len(self.seats) // 2)
            error = Said("the device ran out of memory with {} at once: a run takes about {} bytes of {}; {}",
                         "{} 個のランでデバイスのメモリーが足りなくなりました。1 つのランにおよそ {} バイト要り、全体は {} バイトです。{}",
                         len(self.seats), per, has or "?", _advice(fit, len(self.seats)))
        for s in sessions:
            s.fail(error)

    def _fill(self, waiting):
        """Gives free slots to those who wait, whose first scores are told at once; False where no run is left."""
        new = [r for r, seat in enumerate(self.seats) if seat is None and self._seat(r, waiting)]
        first = [r for r in new if self.seats[r].step == 0 and not self.seats[r].resume and self.seats[r].scored[0]]
        if first:
            self._drain()
            self._score(first)
            self._release()
        return any(self.seats)

    def _seat(self, slot, waiting):
        """Gives a free slot to the next run that has a step to make; False where there is none."""
        for session in iter(waiting.next, None):
            if self._admit(slot, session):
                self.seats[slot] = session
                return True
        return False

    def _admit(self, slot, session):
        """False where the session came to an end before its first step."""
        if session.ended:
            return False
        try:
            begin = session.open()
            if (session.model, session.spec["batch_rows"]) != (self.model, self.batch_rows):
                raise Said("the run has another shape than the pack that it was put in", "ランの形が、入れられたパックの形と違います")
            self._stand_on(session)
        except Exception as error:
            traceback.print_exc()
            session.fail(error)
            return False
        if session.step == session.spec["steps"]:
            session.complete()
            return False
        o = session.spec["optimizer"]
        row = [o["beta1"], o["beta2"], o["eps"], o["clip"], o["z_loss"], session.spec["on_nonfinite"] == "continue"]
        here = np.arange(len(self.seats)) == slot
        self.settings = step.Settings(*[np.where(here, np.asarray(new, old.dtype), old) for new, old in zip(row, self.settings)])
        self.state = step.put(self.state, slot, step.State(*begin, np.True_))
        return True

    def _stand_on(self, session):
        """Takes the weights that a run's adapters lie beside, which are those of all runs."""
        if self.model.adapter is None:
            return
        digest = session.spec["init"]["manifest_sha256"]
        if self.base_of not in (None, digest):
            raise Said("the run tunes another checkpoint than the pack that it was put in", "ランが調整するチェックポイントが、入れられたパックのものと違います")
        if self.base_of is None:
            self.base, self.base_of = jax.device_put(session.base()), digest

    def _turn(self, signalled):
        reasons = {r: s.stop_reason(signalled) for r, s in self._taken()}
        if any(reasons.values()):
            self._drain()
            self._stop({r: why for r, why in reasons.items() if why and self.seats[r]})
            return
        call = self._launch()
        self._tell(self.pending)
        self.pending = call
        due = [r for r, s in self._taken() if s.due[s.ahead]]
        if due:
            self._drain()
            self._settle([r for r in due if self.seats[r]])
        self._release()

    def _taken(self):
        return [(r, s) for r, s in enumerate(self.seats) if s]

    def _launch(self):
        """Starts a call of a few steps of each run, up to where one of its is due something."""
        counts = np.zeros(len(self.seats), np.int32)
        tokens = np.zeros((self.window, len(self.seats), self.batch_rows, self.model.context + 1), self.dtype)
        numbers = np.zeros((3, self.window, len(self.seats)), np.float32)
        update = np.zeros((self.window, len(self.seats)), bool)
        for r, s in self._taken():
            n = counts[r] = min(self.stride, self.window, s.border - s.ahead)
            part = slice(s.ahead, s.ahead + n)
            for i in range(n):
                tokens[i, r] = s.batch(s.ahead + i)
            numbers[:, :n, r] = s.rate[part], s.correct[part], s.keep[part]
            update[:n, r] = ~s.skipped[part]
            s.ahead += int(n)
        feed = step.Feed(tokens, *numbers, update)
        self.since = self.since or time.monotonic()
        self.state, losses, norms = step.steps(self.model, self.base, self.state, self.settings, feed, counts)
        return list(self.seats), counts, losses, norms

    def _tell(self, call):
        """Waits for a call and lets every run tell of its steps."""
        if call is None:
            return
        seats, counts, losses, norms = call
        losses, norms = np.asarray(losses), np.asarray(norms)
        now = time.monotonic()
        seconds, self.since = now - self.since, now
        if seconds < CALL_SECONDS / 2 and counts.max() == self.stride:
            self.stride = min(2 * self.stride, self.window)
        elif seconds > 2 * CALL_SECONDS:
            self.stride = max(1, self.stride // 2)
        memory = _memory().get("bytes_in_use")
        for r, s in enumerate(seats):
            if s and not s.ended and counts[r]:
                self._guard(s, s.report, losses[:counts[r], r], norms[:counts[r], r], seconds, memory)

    def _drain(self):
        self._tell(self.pending)
        self.pending, self.since = None, 0.0
        self._release()

    def _release(self):
        self.seats = [None if s and s.ended else s for s in self.seats]

    def _guard(self, session, act, *args):
        """What goes wrong for one run ends that run alone."""
        try:
            act(*args)
        except (OSError, Said) as error:
            traceback.print_exc()
            if not session.ended:
                session.fail(error)

    def _settle(self, due):
        """Scores, usage and checkpoints of runs that have come to a border; those at their end leave."""
        self._score([r for r in due if self.seats[r].scored[self.seats[r].step]])
        for r in due:
            s = self.seats[r]
            if not s.ended:
                self._guard(s, self._close_step, r, s)
        self._release()

    def _close_step(self, r, s):
        s.tell_usage()
        if s.saving[s.step]:
            self._save(r, s)
        if s.step == s.spec["steps"]:
            s.complete()

    def _save(self, r, s):
        state = jax.tree.map(np.asarray, step.take(self.state, r))
        s.save(state[:3], jax.tree.map(np.asarray, model.merge(self.model, self.base, state.weights)))

    def _score(self, slots):
        """Scores all that have the same to be scored on at once."""
        groups = {}
        for r in slots:
            s = self.seats[r]
            groups.setdefault((s.exam.identity, bool(s.asked[s.step])), []).append(r)
        weights = step.whole(self.model, self.base, self.state.weights)
        for (_, with_tasks), members in groups.items():
            results = self.seats[members[0]].exam.score(self.model, weights, with_tasks)
            for r in members:
                self._guard(self.seats[r], self.seats[r].tell_scores, *results[r])

    def _stop(self, reasons):
        for r, why in reasons.items():
            self._guard(self.seats[r], self._leave, r, self.seats[r], why)
        self._release()

    def _leave(self, r, s, why):
        """With a checkpoint of the present step."""
        if s.saved != s.step:
            self._save(r, s)
        s.finish("stopped", why, retriable=True)


def _memory():
    """What the device says of its memory, in bytes; a processor says nothing."""
    return jax.devices()[0].memory_stats() or {}


def _advice(fit, slots):
    if fit < slots:
        return Said("at most about {} fit", "およそ {} 個まで入ります", fit)
    return Said("take a smaller shape, batch or row", "モデル・バッチ・行を小さくしてください")
