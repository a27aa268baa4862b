"""The few-shot detector as a scikit-learn estimator."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core
from ._meta import MetaModel
from ._rows import threads_of
from ._tables import column_names, encode_labels, is_frame, table_of, with_labels


class Adapted:
    """The core's detector; pickled as the bytes of its file."""

    def __init__(self, core: Any) -> None:
        self.core = core

    def __reduce__(self) -> tuple[Any, ...]:
        return Adapted.from_bytes, (self.core.serialise(),)

    @classmethod
    def from_bytes(cls, content: bytes) -> Adapted:
        return cls(_core.Detector.parse(content, "pickle"))

    def __deepcopy__(self, memo: dict[int, Any]) -> Adapted:
        return self


class FewShotDetector(BaseEstimator):
    """A meta-learned model adapted to a table by a few labelled rows.

    Parameters
    ----------
    model : MetaModel or path
        What was meta-learned: of :func:`meta_train`, or the file of ``oddshot train``. A model of space "table" takes any table.
    n_jobs : int or None, default=None
        Threads that score; None is one, -1 all cores. Scores do not depend on it.

    Attributes
    ----------
    n_normals_, n_anomalies_ : int
        Rows that it was adapted to.
    notes_ : list of str
        What to know of the adapting: columns left out and why, rows not used.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        If X had names of columns.
    """

    def __init__(self, model: Any = None, *, n_jobs: int | None = None) -> None:
        self.model = model
        self.n_jobs = n_jobs

    def _model(self) -> MetaModel:
        if isinstance(self.model, MetaModel):
            return self.model
        if isinstance(self.model, (str, os.PathLike)):
            return MetaModel.load(self.model)
        raise _core.KindError(f"model is {self.model!r}; it must be a MetaModel, or the path of a model file")

    def fit(self, X: Any, y: Any = None) -> FewShotDetector:
        """Adapt to rows of which a few are labelled.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Numbers, and in a frame categories as well; NaN or null where a value is missing.
        y : array of shape (n_samples,), default=None
            0 normal (at least 10), 1 anomaly (none will do), -1, NaN or None where it is not known. None: all rows are normal.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If sizes or labels are not what they should be, or rows are too few.
        """
        threads_of(self.n_jobs)
        model = self._model()
        table = self._table(X, reset=True)
        if y is None:
            labels, self.classes_ = np.zeros(len(table), dtype=np.int32), np.array([0, 1])
        else:
            labels, self.classes_ = encode_labels(y)
        whole, label = with_labels(table, labels)
        self.detector_ = Adapted(_core.Detector.adapt(model._core, whole, label, "normal", "anomaly"))
        self.n_normals_ = self.detector_.core.normals
        self.n_anomalies_ = self.detector_.core.anomalies
        self.notes_ = self.detector_.core.notes
        return self

    def _table(self, X: Any, *, reset: bool) -> Any:
        if is_frame(X):
            core = None if reset else self.detector_.core
            table = table_of(X, "X", numeric=core.numeric if core else (), category=core.category if core else ())
            if reset:
                self.n_features_in_ = len(table.columns())
                self.feature_names_in_ = np.array([name for name, _ in table.columns()], dtype=object)
            return table
        rows = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite=False, reset=reset)
        names = getattr(self, "feature_names_in_", None)
        return table_of(rows, "X", column_names(rows.shape[1]) if names is None else [str(name) for name in names])

    def anomaly_scores(self, X: Any) -> np.ndarray:
        """A score for each row, rising with abnormality: the same as ``oddshot score`` gives.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            A frame's columns may stand in any order.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        out = np.empty(len(table), dtype=np.float32)
        self.detector_.core.score(table, out, threads_of(self.n_jobs))
        return out.astype(np.float64)

    def left_out_auroc(self) -> float | None:
        """How well the detector tells its own anomalies from its normals, each scored by an adapting that has not seen it; None without anomalies."""
        check_is_fitted(self)
        return self.detector_.core.left_out_auroc(threads_of(self.n_jobs))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector file, which ``oddshot score`` reads."""
        check_is_fitted(self)
        self.detector_.core.save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, n_jobs: int | None = None) -> FewShotDetector:
        """The detector of a file, of ``save`` or of ``oddshot adapt``. It scores frames; its model is not among its parameters."""
        detector = cls(None, n_jobs=n_jobs)
        detector.detector_ = Adapted(_core.Detector.load(os.fspath(path)))
        detector.classes_ = np.array([0, 1])
        detector.n_normals_ = detector.detector_.core.normals
        detector.n_anomalies_ = detector.detector_.core.anomalies
        detector.notes_ = []
        return detector
