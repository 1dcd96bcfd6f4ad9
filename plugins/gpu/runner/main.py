"""Trains the runs whose attempts' folders are given, or those of a pack, so many at once, and leaves when all have ended.

    python main.py --rows ROWS --version V --processor NAME --slots R (DIR... | --pack PACK)

SIGTERM, or a stop file in an attempt's folder, ends in a checkpoint. The exit status is 1 where a run that was named failed.
"""

import argparse
import os
import signal
import sys


def main():
    o = _options()
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.append(True))
    import jax  # after the signals: it takes a while

    import files
    import model
    from members import Listed, Members
    from pack import Pack
    from session import Session

    place, signalled = _place(o, jax), lambda: bool(asked)
    pack = lambda spec: Pack(model.of_spec(spec), spec["batch_rows"], o.slots)
    if o.pack:
        members = Members(o.pack, lambda folder, hold: Session(folder, o.rows, place, hold), signalled)
        pack(files.read_json(os.path.join(o.pack, "spec.json"))).run(members, signalled)
        return 0
    sessions = [Session(folder, o.rows, place) for folder in o.folders]
    sessions = [s for s in sessions if not s.ended]
    if sessions:
        pack(sessions[0].spec).run(Listed(sessions), signalled)
    return 1 if any(s.failed for s in sessions) else 0


def _options():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", required=True, help="folder of cached rows")
    p.add_argument("--version", required=True, help="of the trainer")
    p.add_argument("--processor", default="CPU", help="what the processor is called, where there is no GPU")
    p.add_argument("--slots", type=int, default=1, help="runs at once; what a run computes depends on it")
    p.add_argument("--pack", help="folder of a pack, whose runs come and go")
    p.add_argument("folders", nargs="*", metavar="DIR", help="attempts' folders, each with spec.json")
    return p.parse_args()


def _place(o, jax):
    device, platform = jax.devices()[0], jax.default_backend()
    return {
        "trainer": {"name": "gpu", "version": o.version},
        "device": o.processor if platform == "cpu" else device.device_kind,
        "isa": f"jax-{jax.__version__}-{platform}-r{o.slots}",
        "threads": int(os.environ.get("NPROC", os.cpu_count())),
    }


if __name__ == "__main__":
    sys.exit(main())
