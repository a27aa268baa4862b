"""The experts with PyOD's contract: a script written for PyOD runs with its import changed.

``decision_function`` rises with abnormality, ``predict`` gives 1 for outliers and 0 for inliers, and a share of outliers, ``contamination``, sets
the threshold. Where PyOD gives a class another name it serves here too (``IForest``). Settings of single detectors, as ``n_neighbors``, are the
core's and cannot be given.

Examples
--------
>>> import numpy as np
>>> from oddshot.pyod import KNN
>>> X = np.r_[np.random.default_rng(0).normal(size=(95, 2)), np.full((5, 2), 8.0) + np.arange(10).reshape(5, 2)]
>>> detector = KNN(contamination=0.05).fit(X)
>>> print(detector.labels_.sum(), detector.predict([[0.0, 0.0], [20.0, -20.0]]))
5 [0 1]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import precision_score, roc_auc_score
from sklearn.utils.validation import check_is_fitted

from .. import _core
from .._checks import contamination_of, seed_of, threads_of
from .._experts import Fitted
from .._names import EXPERTS
from .._rows import finite_rows, fitting_rows, scoring_rows

_ALIASES = {"IForest": "IsolationForest", "OCSVM": "OneClassSVM", "EIF": "ExtendedIsolationForest"}


class BaseDetector(BaseEstimator):
    """PyOD's contract on an expert of the core.

    Parameters
    ----------
    contamination : float, default=0.1
        Share of outliers among the fitting rows; above 0, at most 0.5.
    n_jobs : int or None, default=None
        Threads that score; None is one, -1 all cores.
    random_state : int, RandomState or None, default=1
        Seed of those experts that draw.

    Attributes
    ----------
    decision_scores_ : ndarray of shape (n_samples,)
        Of the fitting rows, each as if it had been left out; rising with abnormality.
    threshold_ : float
        Scores above it are outliers: all but ``contamination`` of the decision scores are not.
    labels_ : ndarray of shape (n_samples,)
        1 for the outliers among the fitting rows, else 0.
    """

    _expert = ""

    def __init__(self, contamination: float = 0.1, *, n_jobs: int | None = None, random_state: Any = 1) -> None:
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> BaseDetector:
        """Fit on rows, a share of which may be outliers.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Finite numbers.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a value is NaN, infinite or beyond float32 (with its row and column), rows are too few, or ``contamination`` is out of range.
        """
        share = contamination_of(self.contamination)
        threads_of(self.n_jobs)
        self.fitted_ = Fitted(self._expert, finite_rows(fitting_rows(self, X)), seed_of(self.random_state))
        self.decision_scores_ = self.fitted_.fitting_scores().astype(np.float64)
        known = self.decision_scores_[~np.isnan(self.decision_scores_)]
        if len(known) == 0:
            raise _core.ArgumentError(f"{len(self.decision_scores_)} rows are too few for {type(self).__name__}: left-out rows cannot be scored")
        self.threshold_ = float(np.percentile(known, 100 * (1 - share)))
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        self._classes = 2
        self._mu = float(np.mean(known))
        self._sigma = float(np.std(known))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores of rows.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Rising with abnormality.
        """
        check_is_fitted(self)
        return self.fitted_.scores(scoring_rows(self, X), threads_of(self.n_jobs)).astype(np.float64)

    def predict(self, X: Any, return_confidence: bool = False) -> Any:
        """Which rows are outliers.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        return_confidence : bool, default=False
            Whether to give ``predict_confidence`` as well.

        Returns
        -------
        ndarray of shape (n_samples,), or two of them
            1 for outliers, 0 for inliers.
        """
        scores = self.decision_function(X)
        labels = (scores > self.threshold_).astype(int)
        return (labels, self._confidence(scores)) if return_confidence else labels

    def predict_proba(self, X: Any, method: str = "linear", return_confidence: bool = False) -> Any:
        """How likely a row is an inlier and an outlier.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        method : {"linear", "unify"}, default="linear"
            "linear" places the score between the least and the largest decision score, "unify" goes by the normal distribution of these (Kriegel,
            Kroeger, Schubert, Zimek 2011, "Interpreting and unifying outlier scores").
        return_confidence : bool, default=False
            Whether to give ``predict_confidence`` as well.

        Returns
        -------
        ndarray of shape (n_samples, 2), and with ``return_confidence`` one of shape (n_samples,)
            Each row adds up to 1.

        Raises
        ------
        ValueError
            For another method.
        """
        scores = self.decision_function(X)
        if method == "linear":
            low, high = np.nanmin(self.decision_scores_), np.nanmax(self.decision_scores_)
            outlier = np.clip((scores - low) / (high - low if high > low else 1.0), 0, 1)
        elif method == "unify":
            from scipy.special import erf

            outlier = np.clip(erf((scores - self._mu) / ((self._sigma or 1.0) * np.sqrt(2))), 0, 1)
        else:
            raise _core.ArgumentError(f'method "{method}" does not exist; choose one of linear, unify')
        both = np.column_stack([1 - outlier, outlier])
        return (both, self._confidence(scores)) if return_confidence else both

    def predict_confidence(self, X: Any) -> np.ndarray:
        """How sure the prediction is: the chance that it stays the same under another sample of fitting rows.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            In [0, 1].

        Notes
        -----
        Perini, Vercruyssen, Davis 2020, "Quantifying the confidence of anomaly detectors in their example-wise predictions".
        """
        return self._confidence(self.decision_function(X))

    def _confidence(self, scores: np.ndarray) -> np.ndarray:
        from scipy.stats import binom

        rising = np.sort(self.decision_scores_[~np.isnan(self.decision_scores_)])
        n = len(rising)
        below = np.searchsorted(rising, scores, side="right")
        outlier = 1 - binom.cdf(n - int(n * self.contamination), n, (1 + below) / (2 + n))
        return np.where(scores > self.threshold_, outlier, 1 - outlier)

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and tell which of the rows are outliers.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        ndarray of shape (n_samples,)
            ``labels_``.
        """
        return self.fit(X, y).labels_

    def fit_predict_score(self, X: Any, y: Any, scoring: str = "roc_auc_score") -> float:
        """Fit, and judge the decision scores.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        y : array of shape (n_samples,)
            1 for outliers, 0 for inliers.
        scoring : {"roc_auc_score", "prc_n_score"}, default="roc_auc_score"
            The latter is the precision among as many rows as there are outliers.

        Returns
        -------
        float
            0 to 1.

        Raises
        ------
        ValueError
            For another scoring.
        """
        self.fit(X)
        y = np.asarray(y)
        if scoring == "roc_auc_score":
            return float(roc_auc_score(y, self.decision_scores_))
        if scoring == "prc_n_score":
            cut = np.percentile(self.decision_scores_, 100 * (1 - np.mean(y)))
            return float(precision_score(y, self.decision_scores_ > cut))
        raise _core.ArgumentError(f'scoring "{scoring}" does not exist; choose one of roc_auc_score, prc_n_score')


def _make(name: str, expert: str) -> type[BaseDetector]:
    text = (BaseDetector.__doc__ or "").replace("an expert of the core", f"the expert ``{expert}``", 1)
    return type(name, (BaseDetector,), {"_expert": expert, "__module__": __name__, "__doc__": text})


globals().update({name: _make(name, expert) for name, expert in EXPERTS.items()})
globals().update({alias: globals()[name] for alias, name in _ALIASES.items() if name in EXPERTS})
__all__ = ["BaseDetector", *EXPERTS, *(alias for alias, name in _ALIASES.items() if name in EXPERTS)]
