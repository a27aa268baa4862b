"""Figures keep the numbers that they show."""

import numpy as np
import pandas
import pytest

import oddshot
from oddshot import plot

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("matplotlib.pyplot")
matplotlib.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture
def result():
    rows = [
        {"method": method, "shots": shots, "task": task, "auprc": value + shots / 100 + (0.1 if task == "b" else 0)}
        for method, value in [("knn", 0.4), ("score-net", 0.6), ("ecod", 0.3)]
        for shots in (1, 5)
        for task in "abc"
    ]
    return pandas.DataFrame(rows)


def test_shots_are_means_over_tasks(result):
    shown = plot.ShotsDisplay.from_evaluation(result, methods=["knn", "score-net"])
    assert list(shown.means) == ["knn", "score-net"]
    np.testing.assert_allclose(shown.means["knn"][1], [0.4 + 0.01 + 0.1 / 3, 0.4 + 0.05 + 0.1 / 3])
    assert len(shown.ax_.lines) == 2
    with pytest.raises(oddshot.ArgumentError, match='no metric "speed"'):
        plot.ShotsDisplay.from_evaluation(result, metric="speed")


def test_scores_are_drawn_by_class_with_the_threshold_of_the_estimator(rows):
    expert = oddshot.KNN().fit(rows)
    shown = plot.ScoresDisplay.from_estimator(expert, rows, np.arange(len(rows)) % 2)
    np.testing.assert_array_equal(shown.scores, -expert.score_samples(rows))
    assert shown.threshold == -expert.offset_
    assert {text.get_text() for text in shown.ax_.get_legend().get_texts()} == {"normal", "anomaly", "threshold"}
    with pytest.raises(oddshot.ShapeError, match="3 labels for 2 scores"):
        plot.ScoresDisplay.from_scores([1, 2], [0, 1, 1])


def test_reliability_is_the_share_of_anomalies_by_probability():
    probability = np.repeat([0.05, 0.55, 0.95], 100)
    y = np.r_[np.zeros(100), np.arange(100) < 60, np.ones(100)]
    shown = plot.ReliabilityDisplay.from_predictions(y, probability)
    np.testing.assert_allclose(shown.predicted, [0.05, 0.55, 0.95])
    np.testing.assert_allclose(shown.observed, [0, 0.6, 1])
    assert shown.counts.tolist() == [100, 100, 100]
    with pytest.raises(oddshot.ArgumentError, match="within 0 and 1"):
        plot.ReliabilityDisplay.from_predictions([0, 1], [0, 2])


def test_tasks_that_the_same_methods_serve_lie_together(result):
    result.loc[(result.task == "c") & (result.method == "knn"), "auprc"] = 0.9
    shown = plot.TaskMapDisplay.from_evaluation(result, shots=5)
    place = dict(zip(shown.tasks, shown.positions))
    assert np.linalg.norm(place["a"] - place["b"]) < 0.01 < np.linalg.norm(place["a"] - place["c"])
    with pytest.raises(oddshot.ArgumentError, match="two tasks and two methods"):
        plot.TaskMapDisplay.from_evaluation(result[result.task == "a"], shots=5)


def test_drawing_on_given_axes_keeps_to_them(result):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert plot.ShotsDisplay.from_evaluation(result, ax=ax).ax_ is ax


def test_scores_of_a_detector_have_its_threshold(model, labelled):
    X, y, truth = labelled
    detector = model.adapt(X, y)
    shown = plot.ScoresDisplay.from_estimator(detector, X, truth)
    assert shown.threshold == detector.threshold_ and len(shown.scores) == len(X)


def test_reliability_of_a_detector_goes_by_its_probabilities(model, labelled):
    X, y, truth = labelled
    detector = model.adapt(X, y, anomaly_share=0.15)
    shown = plot.ReliabilityDisplay.from_estimator(detector, X, truth)
    wanted = plot.ReliabilityDisplay.from_predictions(truth, detector.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(shown.observed, wanted.observed)
    assert shown.counts.sum() == len(X)


def test_bars_of_an_explanation_add_up_to_the_difference(model, labelled):
    X, y, _ = labelled
    detector = model.adapt(X, y)
    for columns, bars in ((3, 4), (10, 5)):
        shown = plot.ExplanationDisplay.from_estimator(detector, X[-1:], columns=columns)
        assert len(shown.names) == len(shown.shares) == len(shown.ax_.patches) == bars
        assert shown.shares.sum() == pytest.approx(shown.explanation.score - shown.explanation.baseline, abs=1e-4)
        widths = [bar.get_width() for bar in shown.ax_.patches]
        np.testing.assert_allclose(widths, shown.shares)
    with pytest.raises(oddshot.ShapeError, match="2 rows"):
        plot.ExplanationDisplay.from_estimator(detector, X[:2])
