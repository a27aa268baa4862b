"""Figures of results, as scikit-learn's Display objects: each has ``plot(ax=None)`` and keeps its numbers, axes and figure.

Needs matplotlib (``pip install oddshot[plot]``), which is imported when something is drawn.
"""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from . import _core

__all__ = ["ExplanationDisplay", "ReliabilityDisplay", "ScoresDisplay", "ShotsDisplay", "TaskMapDisplay"]


class _Display:
    ax_: Any
    figure_: Any

    def _axes(self, ax: Any) -> Any:
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots()
        self.ax_, self.figure_ = ax, ax.figure
        return ax


class ShotsDisplay(_Display):
    """A metric by the number of labelled anomalies, a line for each method.

    Attributes
    ----------
    means : dict of str to (shots, values)
        Of each method the mean over tasks at each number of shots.
    """

    def __init__(self, means: dict[str, tuple[np.ndarray, np.ndarray]], metric: str) -> None:
        self.means = means
        self.metric = metric

    @classmethod
    def from_evaluation(cls, result: Any, *, metric: str = "auprc", methods: Sequence[str] | None = None, ax: Any = None) -> ShotsDisplay:
        """Draw what was evaluated.

        Parameters
        ----------
        result : pandas.DataFrame
            Of :func:`oddshot.evaluate`.
        metric : str, default="auprc"
            auroc, auprc, precision, recall, f1 or recall_at_1_percent.
        methods : sequence of str, default=None
            To show; None: all.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ShotsDisplay
            Drawn, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            For a metric that there is not, or if none of the methods is in the result.
        """
        if metric not in result.columns:
            raise _core.ArgumentError(f'there is no metric "{metric}"; choose one of auroc, auprc, precision, recall, f1, recall_at_1_percent')
        means = {}
        for method, part in result.groupby("method", sort=False):
            if methods is None or method in methods:
                mean = part.groupby("shots")[metric].mean()
                means[str(method)] = (mean.index.to_numpy(), mean.to_numpy(dtype=float))
        if not means:
            raise _core.ArgumentError("none of these methods is in the result")
        return cls(means, metric).plot(ax)

    def plot(self, ax: Any = None) -> ShotsDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ShotsDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        ax = self._axes(ax)
        for method, (shots, values) in self.means.items():
            ax.plot(shots, values, marker="o", label=method)
        ax.set(xlabel="labelled anomalies", ylabel=self.metric.upper(), ylim=(0, 1.02))
        ax.legend()
        return self


class ScoresDisplay(_Display):
    """How scores are distributed, of either class where labels are known, with a threshold.

    Attributes
    ----------
    scores : ndarray of shape (n_samples,)
    labels : ndarray of shape (n_samples,) or None
    threshold : float or None
    """

    def __init__(self, scores: Any, labels: Any = None, threshold: float | None = None) -> None:
        self.scores = np.asarray(scores, dtype=float)
        self.labels = None if labels is None else np.asarray(labels)
        self.threshold = threshold
        if self.labels is not None and self.labels.shape != self.scores.shape:
            raise _core.ShapeError(f"{len(self.labels)} labels for {len(self.scores)} scores")

    @classmethod
    def from_scores(cls, scores: Any, labels: Any = None, *, threshold: float | None = None, ax: Any = None) -> ScoresDisplay:
        """Draw scores.

        Parameters
        ----------
        scores : array of shape (n_samples,)
            Rising with abnormality.
        labels : array of shape (n_samples,), default=None
            1 for anomalies, 0 for normal rows.
        threshold : float, default=None
            Above which a row is an anomaly.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ScoresDisplay
            Drawn, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If labels are not as many as scores.
        """
        return cls(scores, labels, threshold).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any = None, *, ax: Any = None) -> ScoresDisplay:
        """Draw the scores of rows, with the threshold of ``predict``.

        Parameters
        ----------
        estimator : expert or FewShotDetector
            Fitted.
        X : array or frame of shape (n_samples, n_features)
        y : array of shape (n_samples,), default=None
            1 for anomalies, 0 for normal rows.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ScoresDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        if hasattr(estimator, "anomaly_scores"):
            return cls(estimator.anomaly_scores(X), y, estimator.threshold_).plot(ax)
        return cls(-estimator.score_samples(X), y, -float(estimator.offset_)).plot(ax)

    def plot(self, ax: Any = None, *, bins: int = 40) -> ScoresDisplay:
        """Draw it.

        Parameters
        ----------
        bins : int, default=40
            Of the histogram.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ScoresDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        ax = self._axes(ax)
        edges = np.histogram_bin_edges(self.scores, bins)
        parts = [("all rows", slice(None))] if self.labels is None else [("normal", self.labels == 0), ("anomaly", self.labels == 1)]
        for name, rows in parts:
            ax.hist(self.scores[rows], bins=edges, density=True, alpha=0.6, label=name)
        if self.threshold is not None:
            ax.axvline(self.threshold, color="black", linestyle="--", label="threshold")
        ax.set(xlabel="score", ylabel="density")
        ax.legend()
        return self


class ExplanationDisplay(_Display):
    """Why a row scores as it does: a bar for the share of each column, to the right where it makes the row more abnormal.

    Attributes
    ----------
    names : list of str
        Column and value, the largest share first; the last sums up the rest, if there are more.
    shares, errors : ndarray of shape (n_bars,)
        Of score - baseline; standard errors, 0 where exact.
    """

    def __init__(self, explanation: Any, columns: int = 10) -> None:
        shown = explanation.columns[:columns]
        rest = explanation.columns[columns:]
        self.explanation = explanation
        self.names = [f"{one.column} = {one.value}" for one in shown] + ([f"{len(rest)} more"] if rest else [])
        self.shares = np.array([one.share for one in shown] + ([sum(one.share for one in rest)] if rest else []))
        self.errors = np.array([one.error for one in shown] + ([float(np.hypot.reduce([one.error for one in rest]))] if rest else []))

    @classmethod
    def from_explanation(cls, explanation: Any, *, columns: int = 10, ax: Any = None) -> ExplanationDisplay:
        """Draw the reasons of a row.

        Parameters
        ----------
        explanation : Explanation
            Of ``FewShotDetector.explain``.
        columns : int, default=10
            Bars, 1 or more; the rest is summed up in one more.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ExplanationDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        if columns < 1:
            raise _core.ArgumentError(f"columns is {columns}; it must be 1 or more")
        return cls(explanation, columns).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, *, columns: int = 10, ax: Any = None) -> ExplanationDisplay:
        """Draw the reasons of a row.

        Parameters
        ----------
        estimator : FewShotDetector
            Fitted.
        X : array or frame of shape (1, n_features)
        columns : int, default=10
            Bars, 1 or more; the rest is summed up in one more.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ExplanationDisplay
            Drawn, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If X has more rows than one, or columns is below 1.
        """
        found = estimator.explain(X)
        if len(found) != 1:
            raise _core.ShapeError(f"X has {len(found)} rows; the reasons of one are drawn")
        return cls.from_explanation(found[0], columns=columns, ax=ax)

    def plot(self, ax: Any = None) -> ExplanationDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ExplanationDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        ax = self._axes(ax)
        places = np.arange(len(self.names))[::-1]
        ax.barh(places, self.shares, xerr=self.errors if self.errors.any() else None, color=np.where(self.shares > 0, "tab:red", "tab:blue"))
        ax.set_yticks(places, self.names)
        ax.axvline(0, color="black", linewidth=0.8)
        why = self.explanation
        ax.set(xlabel="share of the score", title=f"score {why.score:.4g}; normal rows most like it have {why.baseline:.4g}")
        return self


class ReliabilityDisplay(_Display):
    """Whether probabilities come true: the share of anomalies among rows of about the same probability.

    Attributes
    ----------
    predicted, observed : ndarray of shape (n_bins,)
        Of each bin that has rows.
    counts : ndarray of shape (n_bins,)
    """

    def __init__(self, predicted: np.ndarray, observed: np.ndarray, counts: np.ndarray) -> None:
        self.predicted, self.observed, self.counts = predicted, observed, counts

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, n_bins: int = 10, ax: Any = None) -> ReliabilityDisplay:
        """Draw how reliable ``predict_proba`` is.

        Parameters
        ----------
        estimator : FewShotDetector
            Fitted.
        X : array or frame of shape (n_samples, n_features)
        y : array of shape (n_samples,)
            Of the values of ``classes_``.
        n_bins : int, default=10
            Of equal width.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ReliabilityDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        return cls.from_predictions(np.asarray(y) == estimator.classes_[1], estimator.predict_proba(X)[:, 1], n_bins=n_bins, ax=ax)

    @classmethod
    def from_predictions(cls, y: Any, probability: Any, *, n_bins: int = 10, ax: Any = None) -> ReliabilityDisplay:
        """Draw how reliable probabilities are.

        Parameters
        ----------
        y : array of shape (n_samples,)
            1 for anomalies.
        probability : array of shape (n_samples,)
            Of an anomaly, 0 to 1.
        n_bins : int, default=10
            Of equal width.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ReliabilityDisplay
            Drawn, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If sizes differ, or a probability is outside 0 to 1.
        """
        y, probability = np.asarray(y), np.asarray(probability, dtype=float)
        if y.shape != probability.shape:
            raise _core.ShapeError(f"{len(y)} labels for {len(probability)} probabilities")
        if n_bins < 1:
            raise _core.ArgumentError(f"n_bins is {n_bins}; it must be 1 or more")
        if not ((probability >= 0) & (probability <= 1)).all():
            raise _core.ArgumentError("probabilities must be within 0 and 1")
        places = np.minimum((probability * n_bins).astype(int), n_bins - 1)
        counts = np.bincount(places, minlength=n_bins)
        there = counts > 0
        predicted = np.bincount(places, probability, n_bins)[there] / counts[there]
        observed = np.bincount(places, y == 1, n_bins)[there] / counts[there]
        return cls(predicted, observed, counts[there]).plot(ax)

    def plot(self, ax: Any = None) -> ReliabilityDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        ReliabilityDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        ax = self._axes(ax)
        ax.plot([0, 1], [0, 1], color="grey", linestyle=":", label="calibrated")
        ax.plot(self.predicted, self.observed, marker="o")
        ax.set(xlabel="probability of an anomaly", ylabel="share of anomalies", xlim=(0, 1), ylim=(0, 1))
        ax.legend()
        return self


class TaskMapDisplay(_Display):
    """Tasks side by side by what works on them: near each other if the same methods do well.

    The two leading principal components of the methods' metric, each task's mean taken off.

    Attributes
    ----------
    tasks : list of str
    positions : ndarray of shape (n_tasks, 2)
    level : ndarray of shape (n_tasks,)
        The metric's mean over methods.
    """

    def __init__(self, tasks: list[str], positions: np.ndarray, level: np.ndarray, metric: str) -> None:
        self.tasks, self.positions, self.level, self.metric = tasks, positions, level, metric

    @classmethod
    def from_evaluation(cls, result: Any, *, metric: str = "auprc", shots: int | None = None, ax: Any = None) -> TaskMapDisplay:
        """Draw the tasks of what was evaluated.

        Parameters
        ----------
        result : pandas.DataFrame
            Of :func:`oddshot.evaluate`.
        metric : str, default="auprc"
            auroc, auprc, precision, recall, f1 or recall_at_1_percent.
        shots : int, default=None
            Labelled anomalies; None: the largest number that there is.
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        TaskMapDisplay
            Drawn, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            For fewer than two tasks or two methods.
        """
        if shots is None:
            shots = int(result["shots"].max())
        table = result[result["shots"] == shots].pivot_table(index="task", columns="method", values=metric)
        if len(table) < 2 or table.shape[1] < 2:
            raise _core.ArgumentError(f"a map needs two tasks and two methods at {shots} shots; there are {len(table)} and {table.shape[1]}")
        values = table.fillna(table.mean().mean()).to_numpy(dtype=float)
        level = values.mean(axis=1)
        centred = values - level[:, None]
        centred = centred - centred.mean(axis=0)
        left, size, _ = np.linalg.svd(centred, full_matrices=False)
        return cls([str(task) for task in table.index], (left * size)[:, :2], level, metric).plot(ax)

    def plot(self, ax: Any = None) -> TaskMapDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            To draw on; None: new ones.

        Returns
        -------
        TaskMapDisplay
            Drawn, with ``ax_`` and ``figure_``.
        """
        ax = self._axes(ax)
        points = ax.scatter(*self.positions.T, c=self.level, vmin=0, vmax=1)
        for task, place in zip(self.tasks, self.positions):
            ax.annotate(task, place, xytext=(4, 4), textcoords="offset points")
        self.figure_.colorbar(points, ax=ax, label=f"mean {self.metric.upper()}")
        ax.set(xticks=[], yticks=[], title="tasks on which the same methods do well lie together")
        return self
