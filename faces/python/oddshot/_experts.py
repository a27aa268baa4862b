"""The experts as scikit-learn estimators. One class an expert of the core, made from its table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from . import _core
from ._names import EXPERTS
from ._rows import fitting_rows, rate_of, scoring_rows, seed_of, threads_of


def experts() -> list[str]:
    """Names of the expert classes, in the order of the core's table.

    Examples
    --------
    >>> import oddshot
    >>> "KNN" in oddshot.experts()
    True
    """
    return list(EXPERTS)


class Fitted:
    """An expert of the core with the rows that it was fitted on, by which it is pickled: fitting them again gives the same bits."""

    def __init__(self, expert: str, rows: np.ndarray, seed: int) -> None:
        self._expert = expert
        self._rows = np.array(rows, dtype=np.float32, order="C")
        self._seed = seed
        self._core = _core.FittedExpert(expert, self._rows, seed)

    def __reduce__(self) -> tuple[Any, ...]:
        return Fitted, (self._expert, self._rows, self._seed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Fitted:
        return self  # never changes

    def scores(self, rows: np.ndarray, threads: int) -> np.ndarray:
        """[M] of float32, rising with abnormality."""
        out = np.empty(len(rows), dtype=np.float32)
        self._core.score(rows, out, threads)
        return out

    def fitting_scores(self) -> np.ndarray:
        """[N] of float32: of each fitting row, had it been left out."""
        out = np.empty(len(self._rows), dtype=np.float32)
        self._core.fitting_scores(out)
        return out


def expert_rows(rows: np.ndarray) -> np.ndarray:
    """Rows in float32, which the core works in; a value that it cannot hold is an error with its place."""
    with np.errstate(over="ignore"):
        single = rows.astype(np.float32, copy=False)
    wrong = np.argwhere(~np.isfinite(single))
    if len(wrong):
        r, c = wrong[0]
        value = rows[r, c]
        what = "NaN" if np.isnan(value) else "inf or -inf" if np.isinf(value) else "beyond the range of float32"
        raise _core.ArgumentError(f"X, row {r}, column {c} is {what}; every value must be a finite number")
    return single


class Expert(OutlierMixin, BaseEstimator):
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

    _expert = ""

    def __init__(self, *, max_false_alarms: float = 0.05, n_jobs: int | None = None, random_state: Any = 1) -> None:
        self.max_false_alarms = max_false_alarms
        self.n_jobs = n_jobs
        self.random_state = random_state

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
        rows = fitting_rows(self, X)
        self.fitted_ = Fitted(self._expert, expert_rows(rows), seed_of(self.random_state))
        abnormality = self.fitted_.fitting_scores()
        self.fitting_scores_ = np.negative(abnormality, dtype=np.float64)
        self._rising = np.sort(abnormality[~np.isnan(abnormality)])
        self.offset_ = -self._threshold(rate)
        return self

    def _threshold(self, rate: float) -> float:
        # A row is an outlier if its p-value is at most the rate: if at most so many left-out scores reach its own. The largest left-out score
        # where rows are too few for the rate.
        above = int(np.floor(rate * (len(self._rising) + 1))) - 1
        if len(self._rising) == 0:
            return float("inf")
        return float(self._rising[max(0, len(self._rising) - 1 - max(0, above))])

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
        if not hasattr(self, "fitted_"):
            check_is_fitted(self)  # dear for a single row
        rows = scoring_rows(self, X)
        return np.negative(self.fitted_.scores(rows, threads_of(self.n_jobs)), dtype=np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples`` less ``offset_``: below 0 for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """-1 for outliers, +1 for inliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> np.ndarray:
        """How rare so abnormal a row is among rows like the fitted ones.

        Returns
        -------
        ndarray of shape (n_samples,)
            In (0, 1]: (1 + the number of left-out fitting scores at least as abnormal) / (n + 1).
        """
        abnormality = -self.score_samples(X)
        above = len(self._rising) - np.searchsorted(self._rising, abnormality.astype(np.float32), side="left")
        return (1.0 + above) / (len(self._rising) + 1.0)


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


def _make(name: str, expert: str) -> type[Expert]:
    text = (Expert.__doc__ or "").replace("A classical detector", f"The expert ``{expert}``: a classical detector", 1)
    return type(name, (Expert,), {"_expert": expert, "__module__": __name__, "__doc__": text.rstrip() + _NOTE.format(name=name)})


globals().update({name: _make(name, expert) for name, expert in EXPERTS.items()})
