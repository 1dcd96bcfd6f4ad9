"""The training text of source versions: read in order, and held against the manifest while it streams by."""

import hashlib
import json
import os

import files
from words import Said, changed


def manifest(path, want):
    """A source version's manifest, which must have a digest."""
    data = files.read_verified(path, want)
    return json.loads(data)


def documents(path, about):
    """The texts of a source's documents in its order; path is its manifest's, and about what that says."""
    for each in about["files"]:
        yield from _file(os.path.join(os.path.dirname(path), each["path"]), each)


def _file(path, want):
    total, number, size = hashlib.sha256(), 0, 0
    with open(path, "rb") as lines:
        for line in lines:
            total.update(line)
            text = json.loads(line)["text"]
            number, size = number + 1, size + len(text.encode())
            yield text
    if (got := total.hexdigest()) != want["sha256"]:
        raise changed(path, got, want["sha256"])
    if (size, number) != (want["bytes"], want["documents"]):
        raise Said("{} has {} bytes of text in {} documents, the manifest says {} in {}",
                   "{} のテキストは {} バイト、{} 文書ですが、目録では {} バイト、{} 文書です",
                   path, size, number, want["bytes"], want["documents"])


def sample(path, about, most):
    """About so many bytes of a source's text, spread evenly over its documents: texts, and how many bytes they have. A long
    document is cut."""
    total = sum(f["bytes"] for f in about["files"])
    taken, read, size = [], 0, 0
    for each in about["files"]:
        with open(os.path.join(os.path.dirname(path), each["path"]), "rb") as lines:
            for line in lines:
                read += len(line)
                if size * max(total, 1) > read * most:
                    continue  # ahead of an even spread
                text = json.loads(line)["text"][:LONGEST]
                taken.append(text)
                size += len(text.encode())
    return taken, size


LONGEST = 20_000  # characters of a document in a sample
