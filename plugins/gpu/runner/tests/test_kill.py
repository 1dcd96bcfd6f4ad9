"""A run that is killed at random, again and again, ends with the curve of one that wasn't."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import lab


class KillTest(unittest.TestCase):
    def test_five_kills_change_no_bit(self):
        with tempfile.TemporaryDirectory() as folder:
            where = lab.Lab(folder)
            steps = {"steps": 400, "checkpoint": {"every_steps": 20, "keep": 0, "resume_from": None}}
            whole = where.attempt(where.spec("whole", 3, **steps))
            self.assertEqual(self.start(where, whole).wait(), 0)
            want, got = lab.points(whole), {}
            resume, killed = None, 0
            for attempt in range(1, 7):
                spec = where.spec("killed", 3, attempt=attempt, **steps)
                spec["checkpoint"] = spec["checkpoint"] | {"resume_from": resume}
                killed += self.train(where, where.attempt(spec), kill_after=attempt * 60 if attempt < 6 else None) == -signal.SIGKILL
                at = where.folder("killed", attempt)
                saved = [e for e in lab.events(at) if e["type"] == "checkpoint"]
                if saved:
                    resume = {"step": saved[-1]["step"], "path": saved[-1]["path"]}
                got |= lab.points(at)
            self.assertEqual(lab.finished(at)["outcome"], "completed")
            self.assertEqual(want, got)
            self.assertGreater(killed, 0)

    def start(self, where, folder):
        main = os.path.join(os.path.dirname(__file__), "..", "main.py")
        return subprocess.Popen([sys.executable, "-B", main, "--rows", where.cache, "--version", "test", folder],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def train(self, where, folder, kill_after):
        """Kills somewhere past a step, else waits for the end; how it ended."""
        process, draw = self.start(where, folder), random.Random(kill_after)
        while kill_after and process.poll() is None:
            path = os.path.join(folder, "events.jsonl")
            lines = lab.events(folder) if os.path.exists(path) else []
            if lines and lines[-1].get("step", 0) > kill_after + draw.randrange(20):
                process.kill()
            time.sleep(0.002)
        return process.wait()


if __name__ == "__main__":
    unittest.main()
