"""Makes metrics.json: scores, labels and what scikit-learn says of them.

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python make_metrics.py > metrics.json

The numbers are written with 17 digits; scores are float32 values, exactly.
"""

import json
import sys

import numpy as np
import sklearn
from sklearn import metrics

assert sklearn.__version__ == "1.9.1", sklearn.__version__


def recall_at(false_alarm_rate, true_positive_rate, rate):
    return float(true_positive_rate[false_alarm_rate <= rate].max())


def case(name, scores, labels, threshold):
    scores = np.asarray(scores, dtype=np.float32)
    labels = np.asarray(labels, dtype=np.uint8)
    called = (scores >= np.float32(threshold)).astype(np.uint8)
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    return {
        "name": name,
        "scores": [float(s) for s in scores],
        "labels": [int(l) for l in labels],
        "threshold": float(np.float32(threshold)),
        "auroc": float(metrics.roc_auc_score(labels, scores)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "recall_at_1_percent": recall_at(fpr, tpr, 0.01),
        "recall_at_20_percent": recall_at(fpr, tpr, 0.2),
        "accuracy": float(metrics.accuracy_score(labels, called)),
        "precision": float(metrics.precision_score(labels, called)) if called.any() else None,
        "recall": float(metrics.recall_score(labels, called)),
        "f1": float(metrics.f1_score(labels, called, zero_division=0)),
        # scikit-learn lists thresholds upwards and ends with a point (recall 0, precision 1) that no threshold has.
        "roc": [[float(x), float(y)] for x, y in zip(fpr, tpr)],
        "precision_recall": [[float(x), float(y)] for x, y in zip(recall[-2::-1], precision[-2::-1])],
    }


def main():
    rng = np.random.default_rng(7)
    cases = [
        case("two rows, right order", [0.0, 1.0], [0, 1], 0.5),
        case("two rows, wrong order", [1.0, 0.0], [0, 1], 0.5),
        case("all tied", [2.0] * 7, [0, 1, 0, 0, 1, 0, 0], 2.0),
        case("tie across the classes", [0.1, 0.4, 0.4, 0.4, 0.9], [0, 1, 0, 1, 0], 0.4),
        case("none called", [0.1, 0.2, 0.3], [0, 1, 0], 5.0),
        case("negative zero ties with zero", [-0.0, 0.0, -1.0, 1.0], [1, 0, 0, 1], 0.0),
    ]
    for rows, share, levels in [(50, 0.5, 0), (300, 0.1, 0), (300, 0.1, 5), (400, 0.02, 40), (120, 0.9, 12)]:
        labels = (rng.random(rows) < share).astype(np.uint8)
        labels[0], labels[1] = 0, 1
        scores = rng.normal(size=rows) + 1.2 * labels
        if levels:
            scores = np.round(scores * levels / 6) * 6 / levels
        cases.append(case(f"{rows} rows, {share} anomalies, {levels or 'no'} levels", scores, labels, 0.7))
    json.dump({"scikit_learn": sklearn.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
