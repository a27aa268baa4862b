"""The experts as scikit-learn estimators. One class an expert of the core, made from its table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from . import _core
from ._checks import rate_of, seed_of, threads_of
from ._labels import encode_labels
from ._names import EXPERTS, LABELLED
from ._rows import finite_rows, fitting_rows, scoring_rows


def experts(labelled: bool = False) -> list[str]:
    """Names of the expert classes, in the order of the core's table: those that need no labels, or those that use them.

    Parameters
    ----------
    labelled : bool, default=False
        Those that use labels.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import oddshot
    >>> "KNN" in oddshot.experts(), "ExtraTrees" in oddshot.experts(labelled=True)
    (True, True)
    """
    return list(LABELLED if labelled else EXPERTS)


class Fitted:
    """An expert of the core with the rows that it was fitted on, by which it is pickled: fitting them again gives the same bits."""

    def __init__(self, expert: str, rows: np.ndarray, seed: int, anomalies: np.ndarray | None = None) -> None:
        self._expert = expert
        self._rows = np.array(rows, dtype=np.float32, order="C")
        self._anomalies = None if anomalies is None else np.array(anomalies, dtype=np.float32, order="C")
        self._seed = seed
        self._core = _core.FittedExpert(expert, self._rows, self._anomalies, seed)

    def __reduce__(self) -> tuple[Any, ...]:
        return Fitted, (self._expert, self._rows, self._seed, self._anomalies)

    def __deepcopy__(self, memo: dict[int, Any]) -> Fitted:
        return self  # never changes

    def scores(self, rows: np.ndarray, threads: int) -> np.ndarray:
        """[M] of float32, rising with abnormality."""
        out = np.empty(len(rows), dtype=np.float32)
        self._core.score(rows, out, threads)
        return out

    def fitting_scores(self) -> np.ndarray:
        """[N] of float32: of each normal fitting row, had it been left out."""
        out = np.empty(len(self._rows), dtype=np.float32)
        self._core.fitting_scores(out)
        return out


class _OnExpert(BaseEstimator):
    """What estimators on an expert of the core share: the threshold by left-out scores."""

    _expert = ""

    def __init__(self, *, max_false_alarms: float = 0.05, n_jobs: int | None = None, random_state: Any = 1) -> None:
        self.max_false_alarms = max_false_alarms
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit(self, normals: np.ndarray, anomalies: np.ndarray | None, rate: float) -> np.ndarray:
        """Fits, and gives the left-out scores [n_normals] of float32."""
        self.fitted_ = Fitted(self._expert, normals, seed_of(self.random_state), anomalies)
        left_out = self.fitted_.fitting_scores()
        self._rising = np.sort(left_out[~np.isnan(left_out)])
        self._highest = self._threshold(rate)
        return left_out

    def _threshold(self, rate: float) -> float:
        # A row is an outlier if its p-value is at most the rate: if at most so many left-out scores reach its own. The largest left-out score
        # where rows are too few for the rate.
        above = int(np.floor(rate * (len(self._rising) + 1))) - 1
        if len(self._rising) == 0:
            return float("inf")
        return float(self._rising[max(0, len(self._rising) - 1 - max(0, above))])

    def _abnormality(self, X: Any) -> np.ndarray:
        if not hasattr(self, "fitted_"):
            check_is_fitted(self)  # dear for a single row
        return self.fitted_.scores(scoring_rows(self, X), threads_of(self.n_jobs))

    def p_values(self, X: Any) -> np.ndarray:
        """How rare so abnormal a row is among normal rows like the fitted ones.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            In (0, 1]: (1 + the number of left-out scores of normal rows at least as abnormal) / (n + 1).
        """
        above = len(self._rising) - np.searchsorted(self._rising, self._abnormality(X), side="left")
        return (1.0 + above) / (len(self._rising) + 1.0)


class Expert(OutlierMixin, _OnExpert):
    """A classical detector of rows that look unlike those it was fitted on.

    Parameters
    ----------
    max_false_alarms : float, default=0.05
        Share of rows like the fitted ones that ``predict`` may call outliers; above 0, below 1. The threshold is set by the scores that the
        fitting rows have when each is left out, so that the share holds for rows to come, not for the fitting rows themselves.
    n_jobs : int or None, default=None
        Threads that score; None is one, -1 all cores. Scores do not depend on it.
    random_state : int, RandomState or None, default=1
        Seed of those experts that draw; it plays no part in others.

    Attributes
    ----------
    fitting_scores_ : ndarray of shape (n_samples,)
        Of each fitting row as ``score_samples`` gives it, had the row been left out of the fitting. NaN where the rest says nothing.
    offset_ : float
        ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        If X had names of columns, all of them strings.
    """

    def fit(self, X: Any, y: Any = None) -> Expert:
        """Fit on rows that are normal, or nearly all of them.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Finite numbers; at least two rows. The core works in float32.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a value is NaN, infinite or beyond float32 (with its row and column), or rows are too few.
        """
        rate = rate_of(self.max_false_alarms, "max_false_alarms")
        threads_of(self.n_jobs)
        left_out = self._fit(finite_rows(fitting_rows(self, X)), None, rate)
        self.fitting_scores_ = np.negative(left_out, dtype=np.float64)
        self.offset_ = -self._highest
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """How normal each row is: the negated score of the expert.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            The lower, the more abnormal.
        """
        return np.negative(self._abnormality(X), dtype=np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples`` less ``offset_``: below 0 for outliers.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Which rows are outliers.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            -1 for outliers, +1 for inliers.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)


class LabelledExpert(ClassifierMixin, _OnExpert):
    """A classical detector that learns from known anomalies as well.

    Parameters
    ----------
    max_false_alarms : float, default=0.05
        Share of the normal rows to come that ``predict`` may call anomalies; above 0, below 1. The threshold is set by the scores that the
        normal fitting rows have when each is left out.
    pos_label : label or None, default=None
        The label that means anomaly; None: 1, True, "anomaly", or the larger of two others.
    n_jobs : int or None, default=None
        Threads that score; None is one, -1 all cores. Scores do not depend on it.
    random_state : int, RandomState or None, default=1
        Seed of those experts that draw; it plays no part in others.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of normal rows and of anomalies, in this order.
    threshold_ : float
        A row is an anomaly where its score is above this.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        If X had names of columns, all of them strings.
    """

    def __init__(self, *, max_false_alarms: float = 0.05, pos_label: Any = None, n_jobs: int | None = None, random_state: Any = 1) -> None:
        super().__init__(max_false_alarms=max_false_alarms, n_jobs=n_jobs, random_state=random_state)
        self.pos_label = pos_label

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any) -> LabelledExpert:
        """Fit on rows of which some are labelled.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Finite numbers. The core works in float32.
        y : array of shape (n_samples,)
            0 normal (at least 2), 1 anomaly (at least 1), -1, NaN or None where it is not known (such rows are not used); or "normal", "anomaly" and
            "unknown"; or two labels of your own.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a value is NaN, infinite or beyond float32 (with its row and column), or labels are not what they should be.
        """
        rate = rate_of(self.max_false_alarms, "max_false_alarms")
        threads_of(self.n_jobs)
        rows = finite_rows(fitting_rows(self, X))
        if y is None:
            raise _core.ArgumentError(f"requires y to be passed, but the target y is None: {type(self).__name__} learns from known anomalies")
        labels, self.classes_, _ = encode_labels(y, pos_label=self.pos_label)
        if len(labels) != len(rows):
            raise _core.ShapeError(f"{len(labels)} labels for {len(rows)} rows")
        counts = np.array([(labels == 0).sum(), (labels == 1).sum()])
        if counts[0] < 2 or counts[1] < 1:
            raise _core.ArgumentError(f"{counts[0]} normal rows and {counts[1]} anomalies are too few rows of either class; 2 and 1 are needed")
        self._fit(rows[labels == 0], rows[labels == 1], rate)
        self.threshold_ = self._highest
        return self

    def anomaly_scores(self, X: Any) -> np.ndarray:
        """The scores of the expert.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Rising with abnormality.
        """
        return self._abnormality(X).astype(np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """``anomaly_scores`` less ``threshold_``: above 0 for anomalies.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.anomaly_scores(X) - self.threshold_

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Of the values of ``classes_``.
        """
        alerts = self.decision_function(X) > 0
        return self.classes_[alerts.astype(int)]


_NOTE = """

    See docs/experts.md for what it sees and when it fails.

    Examples
    --------
    >>> import numpy as np, oddshot
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = oddshot.{name}().fit(X)
    >>> print(detector.predict([[0.1, 0, 0], [9, -9, 9]]))
    [ 1 -1]
    """
_LABELLED_NOTE = """

    See docs/experts.md for what it sees and when it fails.

    Examples
    --------
    >>> import numpy as np, oddshot
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(size=(200, 3)), rng.normal(size=(10, 3)) + [5, -5, 5]]
    >>> detector = oddshot.{name}().fit(X, [0] * 200 + [1] * 10){skip}
    >>> print(detector.predict([[0.1, 0, 0], [5, -5, 6]])){skip}
    [0 1]
    """
_MISSING = {name: missing for name, _, missing in _core.experts() if missing}


def _make(name: str, expert: str) -> type[Expert]:
    text = (Expert.__doc__ or "").replace("A classical detector", f"The expert ``{expert}``: a classical detector", 1)
    return type(name, (Expert,), {"_expert": expert, "__module__": __name__, "__doc__": text.rstrip() + _NOTE.format(name=name)})


def _make_labelled(name: str, expert: str) -> type[LabelledExpert]:
    text = (LabelledExpert.__doc__ or "").replace("A classical detector", f"The expert ``{expert}``: a classical detector", 1)
    skip = "  # doctest: +SKIP" if expert in _MISSING else ""
    return type(
        name, (LabelledExpert,), {"_expert": expert, "__module__": __name__, "__doc__": text.rstrip() + _LABELLED_NOTE.format(name=name, skip=skip)}
    )


globals().update({name: _make(name, expert) for name, expert in EXPERTS.items()})
globals().update({name: _make_labelled(name, expert) for name, expert in LABELLED.items()})
