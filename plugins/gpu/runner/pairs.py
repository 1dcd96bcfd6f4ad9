"""Pairs of a prompt and an answer: what tuning reads, trains on and is scored on.

A document is a pair where a line that the spec names stands in it: the prompt ends with the first such line, and all that
follows is the answer. A token that is an answer's, or the separator that ends one, is marked by the highest bit of its number
wherever rows are kept.
"""

import numpy as np

from words import Said


def dtype(vocabulary):
    """In which marked tokens are kept."""
    return np.dtype("<u2" if vocabulary <= 1 << 15 else "<u4")


def mark(tokens, start, kind):
    """Tokens in a dtype, from the one numbered start on marked."""
    out = np.array(tokens, kind)
    out[start:] |= _bit(kind)
    return out


def unmark(rows):
    """The tokens of rows, and which of them are marked."""
    bit = _bit(rows.dtype)
    return (rows & (bit - 1)).astype(np.int32), (rows & bit) != 0


def _bit(kind):
    return np.array(1 << (8 * np.dtype(kind).itemsize - 1), np.dtype(kind).newbyteorder("="))


def split(text, after):
    """Prompt and answer; None where the text is no pair."""
    at = text.find(after)
    end = at + len(after)
    return None if at < 0 or not text[end:].strip() else (text[:end], text[end:])


def windows(it, prompt, answer, row_tokens):
    """Sequences of at most row_tokens + 1 tokens, each with where it is scored from: every token of the answer, and the
    separator after it, once. A prompt that leaves no room is cut on the left; it is the tokenizer."""
    before = [it.separator, *it.encode(prompt)]
    tokens = [*before, *it.encode(answer), it.separator]
    cut = min(len(before) - 1, max(0, len(tokens) - row_tokens - 1))
    tokens, start = tokens[cut:], len(before) - cut
    return [(tokens[at:at + row_tokens + 1], max(1, start - at)) for at in range(0, len(tokens) - 1, row_tokens)
            if at + row_tokens >= start]


def none(after):
    """The error of text without a pair."""
    return Said("it has no answers to tune on: none of its documents has the line {} between a prompt and an answer; add prompts and "
                "answers as JSON lines, or name the line that stands between them",
                "学習する答えがありません。プロンプトと答えを分ける行 {} のある文書が 1 つもありません。プロンプトと答えを JSON Lines で追加するか、両者を分ける行を指定してください",
                after.strip())


class Packer:
    """Puts sequences into rows of so many tokens, in order: each whole, as many as fit, and the rest of a row separators that
    aren't trained on."""

    def __init__(self, separator, kind, row):
        self.separator, self.kind, self.row = separator, kind, row
        self.taken = np.empty(0, kind)

    def add(self, tokens, start):
        """The row that a sequence was too long for, empty where it found room."""
        marked = mark(tokens, start, self.kind)
        rest = marked[1:] if len(self.taken) and tokens[0] == self.separator else marked
        if len(self.taken) + len(rest) <= self.row:
            self.taken = np.concatenate([self.taken, rest])
            return np.empty(0, self.kind)
        full, self.taken = self.flush(), marked
        return full

    def flush(self):
        """The row that is being filled."""
        if not len(self.taken):
            return self.taken
        row = np.full(self.row, self.separator, self.kind)
        row[:len(self.taken)] = self.taken
        self.taken = np.empty(0, self.kind)
        return row
