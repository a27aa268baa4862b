"""What a call of Python costs beside the same call of C++ (calls.cc), on the same rows and one thread.

    cmake --preset bench && ninja -C build-bench calls
    PYTHONPATH=build/python .venv/bin/python bench/python/calls_bench.py build-bench/bench/python/calls

The scores are compared first, and are the same to the bit. Times are the least processor time of many calls, C++ and Python in turn, so that a
busy machine weighs on both.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

import oddshot

COLUMNS, ROWS, TURNS = 20, 1000, 5


def call_us(calls, call):
    """Of the fastest of 30 rounds."""
    best = float("inf")
    for _ in range(30):
        start = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, time.process_time() - start)
    return best / calls * 1e6


rng = np.random.default_rng(1)
normals = rng.normal(size=(300, COLUMNS)).astype(np.float32)
odd = (rng.normal(size=(5, COLUMNS)) + 4).astype(np.float32)
rows = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
detector = oddshot.FewShotDetector().fit(np.vstack([normals, odd]), [0] * 300 + [1] * 5)
knn = oddshot.KNN().fit(normals)
ours = {"detector": detector.anomaly_scores, "knn": lambda X: -knn.score_samples(X)}
named = {"detector": "FewShotDetector.anomaly_scores", "knn": "KNN.score_samples"}

one = rows[:1]
double = one.astype(np.float64)
least = {name: {"batch": [np.inf, np.inf], "row": [np.inf, np.inf], "double": np.inf} for name in ours}  # [C++, Python], us
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    detector.save(folder / "detector.safetensors")
    rows.tofile(folder / "rows.f32")
    normals.tofile(folder / "normals.f32")
    for _ in range(TURNS):
        theirs = json.loads(subprocess.run([sys.argv[1], folder, str(COLUMNS)], check=True, capture_output=True, text=True).stdout)
        for name, call in ours.items():
            np.testing.assert_array_equal(call(rows).astype(np.float32), np.fromfile(folder / f"{name}.f32", np.float32))
            found = least[name]
            found["batch"] = np.minimum(found["batch"], [theirs[name]["batch"], call_us(3, lambda: call(rows))])
            found["row"] = np.minimum(found["row"], [theirs[name]["row"], call_us(200, lambda: call(one))])
            found["double"] = min(found["double"], call_us(200, lambda: call(double)))

print(f"{ROWS} rows of {COLUMNS} columns in float32, {TURNS} turns; the last column is one row of float64\n")
print("| call | 1,000 rows: C++, us | Python, us | more | one row: C++, us | Python, us | more, us | more, us (float64) |\n|---|---|---|---|---|---|---|---|")
for name, found in least.items():
    batch, row = found["batch"], found["row"]
    print(
        f"| `{named[name]}` | {batch[0]:.0f} | {batch[1]:.0f} | {batch[1] / batch[0] - 1:.1%} | {row[0]:.1f} | {row[1]:.1f} | {row[1] - row[0]:.1f} "
        f"| {found['double'] - row[0]:.1f} |"
    )


def seconds_to_import(module):
    code = f"import time, numpy; t = time.process_time(); import {module}; print(time.process_time() - t)"
    return min(float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) for _ in range(10))


print(f"importing oddshot, beyond numpy: {1e3 * seconds_to_import('oddshot'):.0f} ms")
print(f"and its first estimator, with scikit-learn: {1e3 * seconds_to_import('oddshot; oddshot.KNN'):.0f} ms")
