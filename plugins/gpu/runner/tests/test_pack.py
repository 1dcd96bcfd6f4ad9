"""What a pack promises: a run's points are its own, whatever goes on in the other slots."""

import tempfile
import unittest
from unittest import mock

import jax

import lab
import model
import step
from members import Listed
from pack import Pack
from session import Session


class PackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.lab = lab.Lab(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def train(self, slots, *specs, asked=lambda: False):
        """Trains runs in a pack and returns their folders."""
        folders = [self.lab.attempt(s) for s in specs]
        sessions = [Session(f, self.lab.cache, lab.PLACE) for f in folders]
        Pack(model.of_spec(specs[0]), specs[0]["batch_rows"], slots).run(Listed(sessions), asked)
        return folders

    def test_four_in_a_pack_are_four_alone(self):
        def specs(name):
            return [self.lab.spec(f"{name}-{i}", i, ja=i / 3, steps=200, peak_lr=1e-3 * (i + 1), clip=[1.0, 0.0, 0.5, 2.0][i])
                    for i in range(4)]
        packed = self.train(4, *specs("packed"))
        alone = [self.train(1, s)[0] for s in specs("alone")]
        most = 0.0
        for a, b in zip(packed, alone):
            one, other = lab.points(a), lab.points(b)
            self.assertEqual(one.keys(), other.keys())
            most = max([most] + [abs(one[k] - other[k]) for k in one if k[2] == "loss" or k[2].startswith("bpb/")])
        print(f"largest difference of a step's loss, packed and alone: {most:.2g}")
        self.assertLessEqual(most, 1e-4)

    def test_neighbours_slots_and_refills_change_no_bit(self):
        run = lambda name: self.lab.spec(name, 7)
        alone = self.train(2, run("quiet"))[0]
        wild = self.lab.spec("wild", 1, peak_lr=1e30, clip=0.0, warmup_steps=0)
        short = self.lab.spec("short", 2, steps=10)
        folders = self.train(2, wild, short, run("beside"), self.lab.spec("later", 3))
        self.assertEqual(lab.finished(folders[0])["outcome"], "diverged")
        self.assertEqual([lab.finished(f)["outcome"] for f in folders[1:]], ["completed"] * 3)
        self.assertEqual(lab.points(alone), lab.points(folders[2]))

    def test_a_resumed_run_goes_on_bit_for_bit_in_another_slot(self):
        whole = self.train(2, self.lab.spec("whole", 11))[0]
        saved = [e for e in lab.events(whole) if e["type"] == "checkpoint"][0]
        again = self.lab.spec("whole", 11, attempt=2)
        again["checkpoint"] = again["checkpoint"] | {"resume_from": {"step": saved["step"], "path": saved["path"]}}
        _, resumed = self.train(2, self.lab.spec("first", 5), again)
        want = {k: v for k, v in lab.points(whole).items() if k[1] > saved["step"]}
        self.assertEqual(want, lab.points(resumed))

    def test_asked_to_stop_every_run_leaves_with_a_checkpoint(self):
        turns = iter([False] * 4)
        folders = self.train(2, self.lab.spec("left", 1), self.lab.spec("right", 2), asked=lambda: next(turns, True))
        for f in folders:
            last, before = lab.finished(f), lab.events(f)[-2]
            self.assertEqual((last["outcome"], before["type"], before["step"]), ("stopped", "checkpoint", last["step"]))

    def test_out_of_memory_says_what_to_do(self):
        def full(*_):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 5 bytes.")
        with mock.patch.object(step, "steps", full):
            folders = self.train(2, *[self.lab.spec(f"full-{i}", i) for i in range(3)])
        for f in folders:
            last = lab.finished(f)
            self.assertEqual(last["outcome"], "failed")
            self.assertIn("ran out of memory with 2 at once", last["reason"])
            self.assertIn("およそ 1 個まで", last["reason_ja"])

    def test_another_shape_ends_that_run_alone(self):
        other = self.lab.spec("wide", 1, batch_rows=4)
        folders = self.train(2, self.lab.spec("usual", 1, steps=10), other)
        self.assertEqual([lab.finished(f)["outcome"] for f in folders], ["completed", "failed"])


if __name__ == "__main__":
    unittest.main()
