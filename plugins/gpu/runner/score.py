"""From nats to the scores of a task's items. The rules are those of package score, which has them in words; the
conformance suite holds this arithmetic to that one."""

import codecs
import math
import re
import unicodedata

import numpy as np


def answers(item):
    """The texts of an item that a model scores, each after context and sep."""
    if item.get("choices"):
        return item["choices"]
    given = item.get("answers", [])
    return given if item["kind"] == "generation" else given[:1]


def answer_tokens(row_tokens):
    """Bounds a greedy answer: 64 tokens, and no more than a quarter of a row."""
    return max(1, min(64, row_tokens // 4))


def text(answer):
    """A greedy answer's bytes as text: a character cut in two at the end is left out, as is white space around it."""
    for n in range(1, min(3, len(answer)) + 1):
        tail = answer[-n:]
        if tail[0] & 0xC0 != 0x80 and not _full(tail):
            answer = answer[:-n]
            break
    decoded = answer.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]+", "\ufffd", decoded).strip()


def _full(tail):
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(tail) != ""
    except UnicodeDecodeError:
        return True


def item_score(item, nats, sizes, given=None):
    """What an item gave: nats and sizes are of its answers, in their order; given is a greedy answer."""
    cost = np.asarray(nats) / (1 if item.get("norm") == "sum" else np.asarray(sizes))
    choices = bool(item.get("choices"))
    gold = item["gold"] if choices else int(np.argmin(np.asarray(nats) / np.asarray(sizes)))
    out = {"task": item["task"], "id": item["id"], "nats": float(nats[gold]), "bytes": int(sizes[gold])}
    if choices:
        out |= {"margin": _margin(item, cost), "accuracy": _accuracy(item, cost, np.asarray(nats))}
    if given is not None:
        exact, f1 = _compare(given, item["answers"])
        out |= {"exact": exact, "f1": f1} | ({"given": given} if given else {})
    return out


def _right(item):
    labels = item.get("labels")
    return np.array(labels) == 1 if labels else np.arange(len(item["choices"])) == item["gold"]


def _margin(item, cost):
    wrong = cost[~_right(item)]
    return float((wrong.min() if wrong.size else math.inf) - cost[item["gold"]]) / math.log(2)


def _accuracy(item, cost, nats):
    """Whether gold is strictly best, or the probability of all right choices."""
    if item.get("labels"):
        mass = np.exp(nats.min() - nats)
        return float(mass[_right(item)].sum() / mass.sum())
    others = np.delete(cost, item["gold"])
    return float(np.all(cost[item["gold"]] < others))


def _compare(given, accepted):
    got, best = _plain(given), 0.0
    for want in map(_plain, accepted):
        if got == want:
            return 1.0, 1.0
        best = max(best, _overlap(got, want))
    return 0.0, best


def _plain(given):
    """A text as answers are compared; one of nothing but punctuation stays as it is."""
    given = unicodedata.normalize("NFKC", given.strip()).lower()
    bare = "".join(c for c in given if unicodedata.category(c)[0] not in "PZ" and c not in "\t\n\v\f\r\x85")
    return bare or given


def _overlap(got, want):
    """The F1 of two bags of characters."""
    common = sum(min(got.count(c), want.count(c)) for c in set(got))
    return 2 * common / (len(got) + len(want)) if common else 0.0


def values(task, scores):
    """A task's metrics; those that no item has a value of are left out."""
    nats, size = math.fsum(s["nats"] for s in scores), sum(s["bytes"] for s in scores)
    out = {f"task/{task}/bpb": nats / math.log(2) / size}
    for name in ("accuracy", "margin", "exact", "f1"):
        given = [s[name] for s in scores if name in s]
        if given:
            out[f"task/{task}/{name}"] = math.fsum(given) / len(given)
    return out
