"""Makes golden.json: small data sets and what scikit-learn, or plain numpy, says of them.

    pip install -r requirements.txt && python make_golden.py

knn, lof, logistic: scikit-learn. isolation_forest: scikit-learn's mean AUROC over seeds. ecod, mahalanobis: the formulas of
the papers written out below, by explicit inverses and counts.
"""

import json
import pathlib

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors


def rounded(values):
    """Numbers that are short in the file and, read as float, the same here and there."""
    return np.round(values, 3).astype(np.float32).astype(np.float64)


def written(values):
    return [[round(float(v), 3) for v in row] for row in values]


def knn(normals, rows):
    k = min(5, len(normals))
    return NearestNeighbors(n_neighbors=k).fit(normals).kneighbors(rows)[0].mean(axis=1)


def lof(normals, rows):
    # A tree computes distances from differences, so that rows that coincide are at distance 0.
    k = min(20, len(normals) - 1)
    return -LocalOutlierFactor(n_neighbors=k, novelty=True, algorithm="kd_tree").fit(normals).score_samples(rows)


def logistic(normals, anomalies, rows):
    x = np.vstack([normals, anomalies])
    y = np.r_[np.zeros(len(normals)), np.ones(len(anomalies))]
    model = LogisticRegression(C=1.0, class_weight="balanced", solver="newton-cholesky", tol=1e-12, max_iter=1000)
    return model.fit(x, y).decision_function(rows)


def ecod(normals, rows):
    n = len(normals)
    mean = normals.mean(axis=0)
    skewness = ((normals - mean) ** 3).mean(axis=0)
    scores = []
    for row in rows:
        left = -np.log((1 + (normals <= row).sum(axis=0)) / (n + 1))
        right = -np.log((1 + (normals >= row).sum(axis=0)) / (n + 1))
        scores.append(max(left.sum(), right.sum(), np.where(skewness < 0, left, right).sum()))
    return np.array(scores)


def mahalanobis(normals, rows):
    n, d = normals.shape
    mean = normals.mean(axis=0)
    s = np.cov(normals, rowvar=False, bias=True).reshape(d, d)
    t1, t2 = np.trace(s), np.trace(s @ s)
    # One column is its own multiple of the identity.
    shrinkage = 1.0 if d == 1 else min(1.0, ((1 - 2 / d) * t2 + t1**2) / ((n + 1 - 2 / d) * (t2 - t1**2 / d)))
    inverse = np.linalg.inv((1 - shrinkage) * s + shrinkage * t1 / d * np.eye(d))
    return np.sqrt([(row - mean) @ inverse @ (row - mean) for row in rows])


def mixed_rows(rng, count, columns, far):
    """Correlated, skewed columns of unequal scale; the last quarter of the rows is moved away."""
    mixing = rng.normal(size=(columns, columns)) / np.sqrt(columns) + np.eye(columns)
    rows = rng.normal(size=(count, columns)) @ mixing
    rows[:, ::2] = np.expm1(rows[:, ::2] / 2)
    rows *= 0.3 + 2 * rng.random(columns)
    rows[count - count // 4 :] += far
    return rows


def exact_case(name, seed, normals, columns, anomalies, rows, twins=0):
    rng = np.random.default_rng(seed)
    everything = rounded(mixed_rows(rng, 4 * (normals + rows + anomalies), columns, 2.0))
    usual, odd = everything[: 3 * (normals + rows + anomalies)], everything[3 * (normals + rows + anomalies) :]
    n = usual[:normals]
    n[:twins] = n[twins : 2 * twins]
    a = odd[:anomalies]
    r = np.vstack([usual[normals : normals + rows], odd[anomalies : anomalies + rows // 2], n[:2], a[:1]])
    return {
        "name": name,
        "normals": written(n),
        "anomalies": written(a),
        "rows": written(r),
        "knn": list(knn(n, r)),
        "lof": list(lof(n, r)),
        "logistic": list(logistic(n, a, r)),
        "ecod": list(ecod(n, r)),
        "mahalanobis": list(mahalanobis(n, r)),
    }


def forest_case(name, seed, normals, columns, rows, far):
    rng = np.random.default_rng(seed)
    everything = rounded(mixed_rows(rng, normals + rows, columns, 0.0))
    n, r = everything[:normals], everything[normals:]
    labels = np.r_[np.zeros(rows - rows // 4), np.ones(rows // 4)].astype(int)
    r[labels == 1] = rounded(r[labels == 1] + far * rng.normal(size=columns))
    auroc = [
        roc_auc_score(labels, -IsolationForest(random_state=seed).fit(n).score_samples(r)) for seed in range(20)
    ]
    return {
        "name": name,
        "normals": written(n),
        "rows": written(r),
        "labels": labels.tolist(),
        "auroc_mean": float(np.mean(auroc)),
        "auroc_deviation": float(np.std(auroc, ddof=1)),
    }


def main():
    golden = {
        "exact": [
            exact_case("tall", 1, normals=40, columns=5, anomalies=5, rows=12),
            exact_case("wide", 2, normals=20, columns=37, anomalies=3, rows=6),
            exact_case("few", 3, normals=4, columns=3, anomalies=1, rows=6),
            exact_case("one-column", 4, normals=25, columns=1, anomalies=2, rows=8),
            exact_case("twins", 5, normals=30, columns=4, anomalies=2, rows=8, twins=6),
        ],
        "forest": [
            forest_case("fifty-normals", 6, normals=50, columns=8, rows=200, far=0.7),
            forest_case("many-normals", 7, normals=400, columns=4, rows=200, far=0.7),
        ],
    }
    target = pathlib.Path(__file__).with_name("golden.json")
    lines = json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('],"', '],\n "')
    target.write_text(lines + "\n")


if __name__ == "__main__":
    main()
