"""Checkpoints: immutable folders that appear at once, by a rename, with a manifest over their files."""

import json
import os
import shutil

import files
from words import Said, changed


def folder_of(run_dir, step, attempt):
    return os.path.join(run_dir, "checkpoints", f"step-{step:09d}-a{attempt:04d}")


def save(run_dir, run_id, step, attempt, fill):
    """Has fill write files into a hidden folder, seals it and renames it into place; the fields of its event."""
    final = folder_of(run_dir, step, attempt)
    parent = os.path.dirname(final)
    hidden = os.path.join(parent, f".saving-a{attempt:04d}")
    os.makedirs(parent, exist_ok=True)
    for a in range(1, attempt + 1):  # what this attempt and those before it left half-written
        shutil.rmtree(os.path.join(parent, f".saving-a{a:04d}"), ignore_errors=True)
    os.mkdir(hidden)
    try:
        fill(hidden)
        saved = _seal(hidden, {"manifest_version": 1, "run_id": run_id, "attempt": attempt, "step": step})
        os.rename(hidden, final)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    files.sync(parent)
    return {"step": step, "path": os.path.abspath(final)} | saved


def _seal(folder, manifest):
    listed = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        files.sync(path)
        listed.append({"path": name, "sha256": files.digest_file(path), "bytes": os.path.getsize(path)})
    data = files.encode(manifest | {"files": listed})
    files.write(os.path.join(folder, "manifest.json"), data)
    return {"bytes": len(data) + sum(f["bytes"] for f in listed), "manifest_sha256": files.digest(data)}


def read(folder):
    """The manifest of a checkpoint all of whose files agree with it, and its digest."""
    path = os.path.join(folder, "manifest.json")
    try:
        with open(path, "rb") as file:
            data = file.read()
        manifest = json.loads(data)
        listed = [(os.path.join(folder, f["path"]), f["sha256"]) for f in manifest["files"]]
        for each, want in listed:
            if (got := files.digest_file(each)) != want:
                raise changed(each, got, want)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Said("there is no whole checkpoint in {}: {}", "{} に完全なチェックポイントがありません：{}", folder, error) from error
    return manifest, files.digest(data)


def remove(folder, attempt):
    """A checkpoint disappears at once, and is then deleted at leisure."""
    hidden = os.path.join(os.path.dirname(folder), f".removing-a{attempt:04d}")
    shutil.rmtree(hidden, ignore_errors=True)
    try:
        os.rename(folder, hidden)
    except FileNotFoundError:
        return
    shutil.rmtree(hidden)
