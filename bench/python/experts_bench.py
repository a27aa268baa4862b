"""How fast the Python package is beside scikit-learn, on the same rows; and what a call costs.

    PYTHONPATH=build/python .venv/bin/python bench/python/experts_bench.py [ROWS]

The answers are compared first where both compute the same thing. Times are processor time of one thread, ours and theirs in turn: the least of seven
rounds, and of the rounds' ratios the median, least and most.
"""

import os
import platform
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

import oddshot

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000


def in_turn(*calls, rounds=7):
    """Seconds of each call in each round, [rounds x calls]."""
    spent = np.empty((rounds, len(calls)))
    for row in spent:
        for c, call in enumerate(calls):
            start = time.process_time()
            call()
            row[c] = time.process_time() - start
    return spent


rng = np.random.default_rng(1)
normal = rng.normal(size=(2_000, 40)).astype(np.float32)
new = rng.normal(size=(ROWS, 40)).astype(np.float32)

knn, lof, forest = oddshot.KNN().fit(normal), oddshot.LOF().fit(normal), oddshot.IsolationForest().fit(normal)
their_knn = NearestNeighbors(n_neighbors=5).fit(normal)
their_lof = LocalOutlierFactor(novelty=True).fit(normal)
their_forest = IsolationForest(n_estimators=100, random_state=1).fit(normal)
np.testing.assert_allclose(knn.score_samples(new[:200]), -their_knn.kneighbors(new[:200])[0].mean(axis=1), rtol=1e-4)
np.testing.assert_allclose(lof.score_samples(new[:200]), their_lof.score_samples(new[:200]), rtol=1e-4)

print(f"{platform.machine()}, {ROWS} rows x 40 columns against 2000, one thread")
print(f"{'score':<18} {'Oddshot, rows/s':>18} {'scikit-learn':>14} {'ratio':>7}  (least, most)")
for name, ours, theirs in [
    ("kNN", lambda: knn.score_samples(new), lambda: their_knn.kneighbors(new)),
    ("LOF", lambda: lof.score_samples(new), lambda: their_lof.score_samples(new)),
    ("isolation forest", lambda: forest.score_samples(new), lambda: their_forest.score_samples(new)),
]:
    spent = in_turn(ours, theirs)
    ratio = spent[:, 1] / spent[:, 0]
    fast, slow = ROWS / spent.min(axis=0)
    print(f"{name:<18} {fast:>18,.0f} {slow:>14,.0f} {np.median(ratio):>6.1f}x  ({ratio.min():.1f}, {ratio.max():.1f})")

one, out = new[:1], np.empty(1, np.float32)
robust = oddshot.RobustZ().fit(normal)
core, whole = in_turn(
    lambda: [robust.fitted_._core.score(one, out, 1) for _ in range(1000)], lambda: [robust.score_samples(one) for _ in range(1000)]
).min(axis=0) / 1000
print(f"one row: {core * 1e6:.1f} us in the core's binding, {whole * 1e6:.1f} us by score_samples")
