"""`FewShotDetector` beside scikit-learn's and PyOD's kNN, LOF and isolation forest on real data: how good, then how long fit and score take.

    PYTHONPATH=build/python .venv/bin/python bench/python/few_shot_bench.py [ROUNDS]

Each kind of attack of NSL-KDD, which the universal model never saw, is a task: 300 normal flows and 5 attacks to fit on, 3,000 normal flows and
100 attacks to score. The others fit on the normal flows alone, categories as columns of 0 and 1, every column standardised; our detector takes
the frame as it is. What computes the same thing here and there is compared before a time counts. Times are processor time of one thread, all
methods in turn, a mean over the kinds; of each round the ratio to FewShotDetector, so that a busy machine weighs on both.
"""

import os
import pathlib
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/python"))

import data
import numpy as np
import pandas
from pyod.models.iforest import IForest
from pyod.models.knn import KNN
from pyod.models.lof import LOF
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

import oddshot

warnings.filterwarnings("ignore", module="pyod|sklearn")
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
KINDS = ["portsweep", "warezclient", "teardrop", "nmap", "satan", "ipsweep"]
NORMALS, SHOTS, QUERY_NORMALS, QUERY_ANOMALIES = 300, 5, 3000, 100
CATEGORIES, ATTACK = [1, 2, 3], 41


def make_task(flows, kind, seed):
    """(known rows, their labels, rows to score, the truth of these): frames of 41 columns."""
    rng = np.random.default_rng(seed)
    normal = rng.permutation(np.flatnonzero(flows[ATTACK] == "normal"))[: NORMALS + QUERY_NORMALS]
    odd = rng.permutation(np.flatnonzero(flows[ATTACK] == kind))[: SHOTS + QUERY_ANOMALIES]
    rows = flows.drop(columns=[ATTACK, ATTACK + 1]).rename(columns=str)
    known, new = np.r_[normal[:NORMALS], odd[:SHOTS]], np.r_[normal[NORMALS:], odd[SHOTS:]]
    return rows.iloc[known], np.repeat([0, 1], [NORMALS, SHOTS]), rows.iloc[new], np.repeat([0, 1], [QUERY_NORMALS, len(odd) - SHOTS])


def as_numbers(known, new):
    """(normal rows to fit on, rows to score) as arrays of float64, for those that take numbers alone."""
    both = pandas.get_dummies(pandas.concat([known, new]), columns=[str(c) for c in CATEGORIES]).to_numpy(dtype=float)
    fit, score = both[:NORMALS], both[len(known) :]
    spread = fit.std(axis=0)
    spread[spread == 0] = 1
    return (fit - fit.mean(axis=0)) / spread, (score - fit.mean(axis=0)) / spread


METHODS = {
    "FewShotDetector": lambda task, numbers: oddshot.FewShotDetector().fit(*task[:2]).anomaly_scores(task[2]),
    "FewShotDetector, scores alone": lambda task, numbers: oddshot.FewShotDetector(calibration="none", fall_back=False).fit(*task[:2]).anomaly_scores(task[2]),
    "oddshot.KNN": lambda task, numbers: -oddshot.KNN().fit(numbers[0]).score_samples(numbers[1]),
    "oddshot.LOF": lambda task, numbers: -oddshot.LOF().fit(numbers[0]).score_samples(numbers[1]),
    "oddshot.IsolationForest": lambda task, numbers: -oddshot.IsolationForest().fit(numbers[0]).score_samples(numbers[1]),
    "scikit-learn kNN": lambda task, numbers: NearestNeighbors(n_neighbors=5).fit(numbers[0]).kneighbors(numbers[1])[0].mean(axis=1),
    "scikit-learn LOF": lambda task, numbers: -LocalOutlierFactor(novelty=True).fit(numbers[0]).score_samples(numbers[1]),
    "scikit-learn isolation forest": lambda task, numbers: -IsolationForest(random_state=1).fit(numbers[0]).score_samples(numbers[1]),
    "PyOD kNN": lambda task, numbers: KNN(method="mean").fit(numbers[0]).decision_function(numbers[1]),
    "PyOD LOF": lambda task, numbers: LOF().fit(numbers[0]).decision_function(numbers[1]),
    "PyOD isolation forest": lambda task, numbers: IForest(random_state=1).fit(numbers[0]).decision_function(numbers[1]),
}
# Ours, theirs of the same definition, and the share of rows that must agree to 1e-4: to float32, equally near rows may come in any order.
SAME = [("oddshot.KNN", "scikit-learn kNN", 1.0), ("oddshot.KNN", "PyOD kNN", 1.0), ("oddshot.LOF", "scikit-learn LOF", 0.95), ("oddshot.LOF", "PyOD LOF", 0.95)]


def check_alike(scores):
    for ours, theirs, least in SAME:
        share = np.mean(np.isclose(scores[ours], scores[theirs], rtol=1e-4, atol=1e-4))
        if share < least:
            sys.exit(f"few_shot_bench: {ours} and {theirs} agree on {share:.1%} of the rows alone")


def main():
    flows = pandas.read_csv(data.folder("nsl-kdd") / "KDDTrain+_20Percent.txt.gz", header=None)
    quality = {name: [] for name in METHODS}
    tasks = [make_task(flows, kind, number) for number, kind in enumerate(KINDS)]
    tasks = [(task, as_numbers(task[0], task[2])) for task in tasks]
    for task, numbers in tasks:
        scores = {name: method(task, numbers) for name, method in METHODS.items()}
        check_alike(scores)
        for name, values in scores.items():
            quality[name].append(average_precision_score(task[3], values))
    best = max(np.mean(values) for name, values in quality.items() if name.startswith(("scikit-learn", "PyOD")))
    if np.mean(quality["FewShotDetector"]) <= best:
        sys.exit(f"few_shot_bench: FewShotDetector has a mean AUPRC of {np.mean(quality['FewShotDetector']):.3f}, another {best:.3f}")

    spent = {name: [] for name in METHODS}
    for _ in range(ROUNDS):
        for name, method in METHODS.items():
            start = time.process_time()
            for task, numbers in tasks:
                method(task, numbers)
            spent[name].append(1e3 * (time.process_time() - start) / len(tasks))
    ours = np.array(spent["FewShotDetector"])
    print(f"{len(KINDS)} kinds of NSL-KDD; fit {NORMALS} + {SHOTS} rows, score up to {QUERY_NORMALS + QUERY_ANOMALIES:,}, one thread, {ROUNDS} rounds\n")
    print("| method | mean AUPRC (least, most) | fit and score a kind, ms | time / that of FewShotDetector (least, most) |\n|---|---|---|---|")
    for name, values in quality.items():
        ratio = np.array(spent[name]) / ours
        print(f"| {name} | {np.mean(values):.3f} ({min(values):.3f}, {max(values):.3f}) | {min(spent[name]):.1f} | {np.median(ratio):.2f} ({ratio.min():.2f}, {ratio.max():.2f}) |")


main()
