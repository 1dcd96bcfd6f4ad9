"""Text as tokens: bytes, or a tokenizer's file, read by the library that such files are made with.

Ids are the file's. The separator is one above the largest of them, and the vocabulary ends with it. Nothing here is of a run:
a text has the same tokens in training, in held-out text and in tasks.
"""

import functools
import json

import files
from words import Said

SEPARATOR = 256
VOCABULARY = 257
LINE_FEED = 10


class Bytes:
    """A token a byte."""

    separator = SEPARATOR
    vocabulary = VOCABULARY

    def encode(self, text):
        return list(text.encode())

    def answer(self, tokens):
        """The bytes of a greedy answer, up to a line feed or anything that is no byte."""
        end = next((i for i, t in enumerate(tokens) if t >= SEPARATOR or t == LINE_FEED), len(tokens))
        return bytes(tokens[:end])


class File:
    """A tokenizer whose file has so many ids; encode_all(texts) is ids of each, decode(ids) a text."""

    def __init__(self, ids, encode_all, decode, unknown):
        self.separator, self.vocabulary = ids, ids + 1
        self.encode_all, self.decode, self.unknown = encode_all, decode, unknown

    def encode(self, text):
        return self.encode_all([text])[0]

    def answer(self, tokens):
        end = next((i for i, t in enumerate(tokens) if t >= self.separator), len(tokens))
        return self.decode(tokens[:end]).split("\n")[0].encode()


def of_spec(spec, folder):
    """The tokenizer that a spec names; folder is the attempt's."""
    about = spec["tokenizer"]
    if about["kind"] == "bytes":
        return Bytes()
    found = opened(files.resolve(folder, about["path"]), about["sha256"])
    if (has := spec["model"]["vocab"]) != found.vocabulary:
        raise Said("the tokenizer has {} tokens with the separator, the spec's model {}",
                   "トークナイザーのトークン数は区切りを含めて {} ですが、仕様のモデルでは {} です", found.vocabulary, has)
    return found


@functools.lru_cache(maxsize=4)
def opened(path, sha256):
    """The tokenizer in a file that must have a digest: a tokenizer.json, or a model of SentencePiece."""
    data = files.read_verified(path, sha256)
    try:
        return _json(data) if data.lstrip()[:1] == b"{" else _pieces(data)
    except Exception as error:  # of libraries that say anything
        raise Said("it is neither a tokenizer.json of Hugging Face nor a model of SentencePiece that can be read",
                   "Hugging Face の tokenizer.json でも SentencePiece のモデルでもないか、読めません") from error


def _json(data):
    import tokenizers
    it, about = tokenizers.Tokenizer.from_buffer(data), json.loads(data)["model"]
    it.no_truncation()
    it.no_padding()
    unknown = it.token_to_id(about["unk_token"]) if about.get("unk_token") else about.get("unk_id")
    return File(
        max(it.get_vocab().values()) + 1,
        lambda texts: [e.ids for e in it.encode_batch(texts, add_special_tokens=False)],
        lambda ids: it.decode(ids, skip_special_tokens=False), unknown,
    )


def _pieces(data):
    import sentencepiece
    it = sentencepiece.SentencePieceProcessor(model_proto=data)
    if not it.get_piece_size():
        raise ValueError("it is empty")
    return File(it.get_piece_size(), lambda texts: it.encode(texts, num_threads=1), it.decode, it.unk_id())


def check(it):
    """Refuses a tokenizer that has no tokens for a byte; true where a text comes back as it was."""
    same = True
    for text, tokens in zip(PROBES, it.encode_all(PROBES)):
        if it.unknown is not None and it.unknown in tokens or not tokens:
            raise Said("it can't encode every byte: it has no token for {} ({}), so text with it couldn't be scored; "
                       "take a tokenizer with byte fallback, or one over bytes",
                       "すべてのバイトを符号化できるものではありません。{}（{}）に当たるトークンがなく、これを含むテキストを採点できません。"
                       "バイトフォールバックのあるものか、バイト単位のものを使ってください",
                       " ".join(f"0x{b:02X}" for b in text.encode()), f"U+{ord(text):04X}")
        same = same and it.decode(tokens) == text
    return same


# A character for every byte that UTF-8 has, and for every place that the byte can stand in.
PROBES = [chr(c) for c in (*range(0x80), *range(0x80, 0x800, 0x3F), *range(0x800, 0xD800, 0xFC1), *range(0xE000, 0x10000, 0x7FF),
                           *range(0x10000, 0x110000, 0x3FFFF), *range(0x80, 0xC0), *range(0x3040, 0x30FF))]
