"""The learning rate of each step, and the steps that make no update. The rules are the CPU trainer's."""

import math

import numpy as np


def learning_rates(spec):
    """The rate of every step, in float64, whether or not it makes an update."""
    return np.array([_rate(spec, step) for step in range(spec["steps"])])


def _rate(spec, step):
    """A straight rise over the warm-up, and a fall to the final fraction over the last decay_steps steps, which never begins
    before the warm-up ends; decay_steps 0 is all that the warm-up leaves."""
    o = spec["optimizer"]
    peak = o["peak_lr"] * _scale(spec, step)
    begin = o["warmup_steps"]
    if step < begin:
        return peak * (step + 1) / begin
    if o["decay_steps"] > 0:
        begin = max(begin, spec["steps"] - o["decay_steps"])
    if step < begin:
        return peak
    part, final = (step + 1 - begin) / (spec["steps"] - begin), o["final_lr_fraction"]
    return peak * (final + (1 - final) * _remaining(o["decay"], part))


def _remaining(decay, part):
    if decay == "cosine":
        return (1 + math.cos(math.pi * part)) / 2
    return 1.0 if decay == "constant" else 1 - part


def _scale(spec, step):
    scales = [i["lr_scale"] for i in spec.get("interventions", []) if step >= i.get("from_step", spec["steps"])]
    return math.prod(scales)


def skipped(spec):
    """Marks the steps that read their rows and make no update."""
    marks = np.zeros(spec["steps"], bool)
    for i in spec.get("interventions", []):
        if "skip" in i:
            marks[slice(*i["skip"])] = True
    return marks
