"""Boosted trees with the settings of RegMix's notebook, without its early stopping on the test table.

Reads a line of JSON a request, {"x": shares by run, "y": losses by run, "test": shares by run}, and answers each with a line of
predictions, by run of the test and loss.
"""

import json
import sys

import lightgbm
import numpy

SETTINGS = {"objective": "regression", "num_iterations": 1000, "learning_rate": 0.01, "seed": 42, "num_threads": 1, "verbosity": -1}

for line in sys.stdin:
    asked = json.loads(line)
    x, y, test = (numpy.array(asked[name]) for name in ("x", "y", "test"))
    columns = [lightgbm.train(SETTINGS, lightgbm.Dataset(x, y[:, k])).predict(test) for k in range(y.shape[1])]
    print(json.dumps(numpy.stack(columns, 1).tolist()), flush=True)
