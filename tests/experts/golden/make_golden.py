"""Makes golden.json: small data sets and what scikit-learn, or plain numpy, says of them.

    pip install -r requirements.txt && python make_golden.py

knn, lof, logistic, ridge-classifier, one-class-svm: scikit-learn. isolation-forest, extra-trees: scikit-learn's mean AUROC over seeds.
ecod, copod, hbos, mahalanobis, lda, pca: the formulas of the papers written out below, by explicit inverses and counts.
"""

import json
import pathlib

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM


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


def ridge_classifier(normals, anomalies, rows):
    x = np.vstack([normals, anomalies])
    y = np.r_[np.zeros(len(normals)), np.ones(len(anomalies))]
    return RidgeClassifier(alpha=1.0, class_weight="balanced", solver="cholesky").fit(x, y).decision_function(rows)


def one_class_svm(normals, rows):
    nu = 0.5
    model = OneClassSVM(nu=nu, gamma=1 / normals.var(axis=0).sum(), tol=1e-12).fit(normals)
    return -np.log(model.score_samples(rows) / (nu * len(normals)))


def tails(normals, rows):
    """Left tails, right tails, and those that the columns are skewed to: [rows x columns] each."""
    n = len(normals)
    skewness = ((normals - normals.mean(axis=0)) ** 3).mean(axis=0)
    left = np.array([-np.log((1 + (normals <= row).sum(axis=0)) / (n + 1)) for row in rows])
    right = np.array([-np.log((1 + (normals >= row).sum(axis=0)) / (n + 1)) for row in rows])
    return left, right, np.where(skewness < 0, left, right)


def ecod(normals, rows):
    return np.max([t.sum(axis=1) for t in tails(normals, rows)], axis=0)


def copod(normals, rows):
    left, right, skewed = tails(normals, rows)
    return np.maximum(skewed, (left + right) / 2).sum(axis=1)


def hbos(normals, rows):
    n, d = normals.shape
    bins = int(np.ceil(np.sqrt(n)))
    scores = np.zeros(len(rows))
    for column in range(d):
        values = normals[:, column]
        counts, edges = np.histogram(values, bins=bins)
        inside = (rows[:, column] >= values.min()) & (rows[:, column] <= values.max())
        place = np.clip(np.searchsorted(edges, rows[:, column], side="right") - 1, 0, bins - 1)
        scores += np.log((n + (bins + 1) / 2) / (np.where(inside, counts[place], 0) + 0.5))
    return scores


def shrunk(s, n):
    """The covariance s of n rows shrunk as Chen, Wiesel, Eldar and Hero have it."""
    d = len(s)
    t1, t2 = np.trace(s), np.trace(s @ s)
    # One column is its own multiple of the identity.
    shrinkage = 1.0 if d == 1 else min(1.0, ((1 - 2 / d) * t2 + t1**2) / ((n + 1 - 2 / d) * (t2 - t1**2 / d)))
    return (1 - shrinkage) * s + shrinkage * t1 / d * np.eye(d)


def lda(normals, anomalies, rows):
    m, a = normals.mean(axis=0), anomalies.mean(axis=0)
    within = np.vstack([normals - m, anomalies - a])
    return (rows - (a + m) / 2) @ np.linalg.inv(shrunk(within.T @ within / len(within), len(within))) @ (a - m)


def pca(normals, rows):
    n, d = normals.shape
    mean = normals.mean(axis=0)
    _, singular, directions = np.linalg.svd(normals - mean, full_matrices=False)
    share = np.cumsum(singular**2) / np.sum(singular**2)
    kept = directions[: min(int(np.searchsorted(share, 0.9)) + 1, n // 4, d - 1)]
    return np.linalg.norm((rows - mean) - (rows - mean) @ kept.T @ kept, axis=1)


def mahalanobis(normals, rows):
    n, d = normals.shape
    mean = normals.mean(axis=0)
    inverse = np.linalg.inv(shrunk(np.cov(normals, rowvar=False, bias=True).reshape(d, d), n))
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
        "copod": list(copod(n, r)),
        "hbos": list(hbos(n, r)),
        "pca": list(pca(n, r)),
        "one-class-svm": list(one_class_svm(n, r)),
        "ridge-classifier": list(ridge_classifier(n, a, r)),
        "lda": list(lda(n, a, r)),
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


def trees_case(name, seed, normals, anomalies, columns, rows, far):
    """Columns beyond the first three are noise."""
    rng = np.random.default_rng(seed)
    everything = rounded(rng.normal(size=(normals + anomalies + rows, columns)))
    y = np.r_[np.zeros(normals), np.ones(anomalies)].astype(int)
    labels = np.r_[np.zeros(rows - rows // 4), np.ones(rows // 4)].astype(int)
    everything[np.r_[y, labels] == 1, :3] += far
    x, r = rounded(everything[: len(y)]), rounded(everything[len(y) :])
    auroc = []
    for state in range(20):
        model = ExtraTreesClassifier(100, class_weight="balanced", random_state=state).fit(x, y)
        auroc.append(roc_auc_score(labels, model.predict_proba(r)[:, 1]))
    return {
        "name": name,
        "normals": written(x[y == 0]),
        "anomalies": written(x[y == 1]),
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
        "trees": [
            trees_case("few-anomalies", 8, normals=50, anomalies=5, columns=12, rows=200, far=1.0),
            trees_case("many-normals", 9, normals=200, anomalies=20, columns=6, rows=200, far=0.7),
        ],
    }
    target = pathlib.Path(__file__).with_name("golden.json")
    lines = json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('],"', '],\n "')
    target.write_text(lines + "\n")


if __name__ == "__main__":
    main()
