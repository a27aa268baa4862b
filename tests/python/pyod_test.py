"""PyOD's contract."""

import pickle

import numpy as np
import pytest

import oddshot
from oddshot import pyod

NAMES = [name for name in oddshot.experts()]


@pytest.fixture(params=NAMES)
def detector(request):
    return getattr(pyod, request.param)


@pytest.fixture
def mixed(rng):
    """[200, 3] of which the last 20 lie far out."""
    return np.r_[rng.normal(size=(180, 3)), rng.normal(size=(20, 3)) + rng.choice([-9, 9], size=(20, 3))]


def test_labels_are_the_share_of_highest_decision_scores(detector, mixed):
    fitted = detector(contamination=0.1).fit(mixed)
    assert fitted.labels_.sum() == 20
    assert fitted.decision_scores_[fitted.labels_ == 1].min() > fitted.threshold_
    assert fitted.decision_scores_[fitted.labels_ == 0].max() <= fitted.threshold_
    assert fitted.labels_.tolist() == detector(contamination=0.1).fit_predict(mixed).tolist()


def test_scores_rise_with_abnormality_and_predict_cuts_them(detector, mixed, rng):
    fitted = detector().fit(mixed[:180])
    new = np.r_[rng.normal(size=(50, 3)), np.full((1, 3), 40.0)]
    scores = fitted.decision_function(new)
    assert scores.argmax() == 50 or detector is pyod.IsolationForest
    assert (fitted.predict(new) == (scores > fitted.threshold_)).all()


def test_probabilities_are_shares_of_both_classes(detector, mixed):
    fitted = detector().fit(mixed)
    for method in ("linear", "unify"):
        both = fitted.predict_proba(mixed, method=method)
        assert both.shape == (200, 2)
        np.testing.assert_allclose(both.sum(axis=1), 1)
        assert (both >= 0).all()
        scores = fitted.decision_function(mixed)
        assert (np.diff(both[np.argsort(scores), 1]) >= 0).all()
    with pytest.raises(oddshot.ArgumentError, match='"quadratic" does not exist'):
        fitted.predict_proba(mixed, method="quadratic")


def test_confidence_is_low_only_about_the_threshold(detector, mixed):
    fitted = detector().fit(mixed[:180])
    labels, confidence = fitted.predict(np.r_[np.zeros((1, 3)), np.full((1, 3), 60.0)], return_confidence=True)
    assert labels.tolist() == [0, 1]
    assert ((confidence > 0.9) & (confidence <= 1)).all()


def test_a_pickle_scores_to_the_same_bits(detector, mixed):
    fitted = detector().fit(mixed)
    other = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(other.decision_function(mixed), fitted.decision_function(mixed))
    assert other.threshold_ == fitted.threshold_


def test_fit_predict_score_judges_by_labels(detector, mixed):
    truth = np.r_[np.zeros(180), np.ones(20)]
    assert detector().fit_predict_score(mixed, truth) > 0.85
    assert detector().fit_predict_score(mixed, truth, scoring="prc_n_score") > 0.6


@pytest.mark.parametrize("share", [0, 0.6, -1, "auto"])
def test_a_contamination_that_cannot_be_is_refused(mixed, share):
    with pytest.raises((ValueError, TypeError), match="contamination") as caught:
        pyod.KNN(contamination=share).fit(mixed)
    assert isinstance(caught.value, oddshot.Error)


def test_pyod_saves_and_loads_it(mixed, tmp_path):
    persistence = pytest.importorskip("pyod.utils.persistence")
    fitted = pyod.EIF(random_state=42).fit(mixed)
    persistence.save(fitted, tmp_path / "clf.joblib", metadata={"note": "as save_load_model_example.py does"})
    loaded, told = persistence.load(tmp_path / "clf.joblib", return_metadata=True, trusted=True)
    assert told["model_class"] == "oddshot.pyod.ExtendedIsolationForest"
    np.testing.assert_array_equal(loaded.decision_function(mixed), fitted.decision_function(mixed))


# What each of PyOD's own examples (knn_example.py and its like) does, in its order: generate, fit, score both parts, print, draw.
SCRIPT = """
from pyod.utils.data import evaluate_print, generate_data
from pyod.utils.example import visualize

from {module} import {name}

X_train, X_test, y_train, y_test = generate_data(n_train=200, n_test=100, n_features=2, contamination=0.1, random_state=42)
clf = {name}({settings})
clf.fit(X_train)

y_train_pred = clf.labels_
y_train_scores = clf.decision_scores_
y_test_pred = clf.predict(X_test)
y_test_scores = clf.decision_function(X_test)
y_test_pred, y_test_pred_confidence = clf.predict(X_test, return_confidence=True)
y_test_proba = clf.predict_proba(X_test)

print("On Training Data:")
evaluate_print("{name}", y_train, y_train_scores)
print("On Test Data:")
evaluate_print("{name}", y_test, y_test_scores)
visualize("{name}", X_train, y_train, X_test, y_test, y_train_pred, y_test_pred, show_figure=True, save_figure=False)
"""
EXAMPLES = [
    ("knn", "KNN", ""),
    ("lof", "LOF", ""),
    ("iforest", "IForest", "random_state=42"),
    ("ecod", "ECOD", ""),
    ("copod", "COPOD", ""),
    ("hbos", "HBOS", ""),
    ("pca", "PCA", ""),
    ("ocsvm", "OCSVM", ""),
]


@pytest.mark.parametrize("module, name, settings", EXAMPLES)
@pytest.mark.filterwarnings("ignore")
def test_a_pyod_script_runs_with_its_import_changed(module, name, settings, capsys):
    pytest.importorskip("pyod")
    theirs, ours = {}, {}
    exec(SCRIPT.format(module=f"pyod.models.{module}", name=name, settings=settings), theirs)
    told = capsys.readouterr().out.splitlines()
    exec(SCRIPT.format(module="oddshot.pyod", name=name, settings=settings), ours)
    assert len(capsys.readouterr().out.splitlines()) == len(told) >= 4
    for key in ("y_train_pred", "y_train_scores", "y_test_pred", "y_test_scores", "y_test_pred_confidence", "y_test_proba"):
        assert ours[key].shape == theirs[key].shape, key
        assert ours[key].dtype.kind == theirs[key].dtype.kind, key
    assert np.mean(ours["y_test_pred"] == theirs["y_test_pred"]) > 0.9
    if name not in ("HBOS", "PCA", "OCSVM"):  # whose scores are of another definition: docs/experts.md
        order = np.argsort(theirs["y_test_scores"])
        assert np.corrcoef(np.argsort(np.argsort(ours["y_test_scores"]))[order], np.arange(100))[0, 1] > 0.8
    if name in ("KNN", "LOF"):
        assert np.corrcoef(ours["y_test_pred_confidence"], theirs["y_test_pred_confidence"])[0, 1] > 0.6
