"""The small files of the run directory: read with their digests, written so that a reader sees all of it or nothing.

Every digest is a SHA-256 in lower-case hex; a real that isn't finite is the string NaN, Infinity or -Infinity.
"""

import hashlib
import json
import math
import os
import tempfile

from words import changed


def digest(data):
    return hashlib.sha256(data).hexdigest()


def digest_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_verified(path, want):
    """The bytes of a file that must have a digest."""
    with open(path, "rb") as file:
        data = file.read()
    if (got := digest(data)) != want:
        raise changed(path, got, want)
    return data


def read_json(path):
    with open(path, "rb") as file:
        return json.load(file)


def json_lines(path, want):
    """The objects of a JSON lines file that must have a digest."""
    return [json.loads(line) for line in read_verified(path, want).decode().split("\n") if line.strip()]


def resolve(folder, path):
    """A path of the run directory: absolute, or relative to the attempt's folder."""
    return os.path.normpath(os.path.join(folder, path))


def real(value):
    """A float as JSON writes it; the shortest decimal that reads back as the same bits."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def encode(value):
    """A file for people to read."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def write(path, data):
    """Writes beside, syncs and renames."""
    folder = os.path.dirname(path)
    handle, beside = tempfile.mkstemp(dir=folder, prefix="." + os.path.basename(path) + "-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.rename(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    sync(folder)


def sync(path):
    """Puts a file's content, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
