"""What a pack promises of attempts that come and go while it trains: each is one process's, leaves alone, and is its own."""

import fcntl
import json
import os
import tempfile
import unittest

import files
import lab
import model
from members import Members
from pack import Pack
from session import Session

PROCESS = {"host": "here", "pid": 1, "start_time": 2, "boot_id": "boot", "nonce": "nonce", "argv_sha256": "-", "started": "2026-01-01T00:00:00Z"}


class MembersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.lab = lab.Lab(folder.name)
        self.pack = os.path.join(folder.name, "packs", "p")
        os.makedirs(os.path.join(self.pack, "members"))
        files.write(os.path.join(self.pack, "process.json"), files.encode(PROCESS))

    def add(self, name, seed, **changes):
        """Puts a run into the pack; its attempt's folder."""
        folder = self.lab.attempt(self.lab.spec(name, seed, **changes))
        self.join(folder)
        return folder

    def join(self, folder):
        path = os.path.relpath(folder, self.pack) + "\n"
        files.write(os.path.join(self.pack, "members", folder.split(os.sep)[-2]), path.encode())

    def train(self, slots, meanwhile=lambda turn: None):
        """Trains until nothing is left; meanwhile is called before every turn but the first."""
        spec, turns = self.lab.spec("any", 0), [0]

        def signalled():
            turns[0] += 1
            meanwhile(turns[0])
            return False
        members = Members(self.pack, lambda f, hold: Session(f, self.lab.cache, lab.PLACE, hold), signalled)
        members.may_come = lambda: False
        Pack(model.of_spec(spec), spec["batch_rows"], slots).run(members, signalled)

    def test_runs_come_and_leave_and_change_no_bit(self):
        first, stopped = self.add("first", 1), self.add("stopped", 2)
        late = []

        def meanwhile(turn):
            if turn == 6:
                files.write(os.path.join(stopped, "stop"), b"")
                late.append(self.add("late", 3, steps=10))
        self.train(2, meanwhile)
        got, outcomes = lab.points(first), [lab.finished(f)["outcome"] for f in (first, stopped, *late)]
        self.assertEqual(outcomes, ["completed", "stopped", "completed"])
        alone = self.add("alone", 1)
        self.train(2)
        self.assertEqual(got, lab.points(alone))
        for folder in (first, stopped, *late):
            self.assertEqual(files.read_json(os.path.join(folder, "process.json")), PROCESS)
            self.assertEqual(files.read_json(os.path.join(folder, "exit.json"))["nonce"], "nonce")
            with open(os.path.join(folder, "lock"), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it

    def test_another_process_s_attempt_is_left_alone(self):
        had, held, mine = self.add("had", 1, steps=4), self.add("held", 2, steps=4), self.add("mine", 3, steps=4)
        files.write(os.path.join(had, "process.json"), b"{}")
        with open(os.path.join(held, "lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.train(2)
            self.assertFalse(os.path.exists(os.path.join(had, "events.jsonl")) or os.path.exists(os.path.join(held, "process.json")))
        self.assertEqual(lab.finished(mine)["outcome"], "completed")
        self.train(2)  # what was held is free now
        self.assertEqual(lab.finished(held)["outcome"], "completed")

    def test_a_spec_that_cant_be_read_ends_that_attempt_alone(self):
        broken, whole = self.add("broken", 1, steps=4), self.add("whole", 2, steps=4)
        files.write(os.path.join(broken, "spec.json"), json.dumps({"steps": 4}).encode())
        self.train(2)
        self.assertEqual(files.read_json(os.path.join(broken, "exit.json"))["code"], 1)
        self.assertEqual(lab.finished(whole)["outcome"], "completed")


if __name__ == "__main__":
    unittest.main()
