"""The few-shot detector as a scikit-learn estimator."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any, Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from . import _core
from ._adapted import Adapted
from ._checks import names_of, number_of, rate_of, text_of, threads_of
from ._explanation import Explanation
from ._labels import encode_labels
from ._meta import MetaModel
from ._rows import fitting_rows, scoring_rows
from ._tables import column_names, is_frame, new_name, table_of, with_labels, with_weights

_WORDS = ("normal", "anomaly")  # labels as the core has them


class FewShotDetector(TransformerMixin, ClassifierMixin, BaseEstimator):
    """A meta-learned model adapted to a table by a few labelled rows. It does what ``oddshot adapt``, ``score``, ``update`` and ``explain`` do.

    Parameters
    ----------
    model : str, path or MetaModel, default="universal"
        What was meta-learned: the name of a model that ships, the file of ``oddshot train``, or a model of :func:`meta_train`. A model of space
        "table", as "universal" is, takes any table.
    max_false_alarms : float or None, default=None
        Share of the normal rows to come that ``predict`` may call anomalies, above 0 and below 1; adapting sees to it that there are calibrators
        enough, or says how many are missing. None: 0.05, or the least that the calibrators can tell where that is more.
    calibration : {"auto", "held-back", "cross-fitted", "none"}, default="auto"
        Normal rows behind p-values: kept out of adapting (the rate is then guaranteed), each scored by an adapting without it, or none.
    contamination_robust : float, default=0.0
        Share of the normal rows, 0 to below 0.5, the least normal of them, that are not fitted to: for normals among which there may be anomalies.
    fall_back : bool, default=True
        A simple method serves instead of the model where it is clearly better on the rows given.
    forget_rows : bool, default=False
        Keep the rows encoded alone: labels can then not be added or withdrawn later.
    anomaly_share : float, default=0.05
        Of the rows to score, so many are expected to be anomalies, above 0 and below 1; ``predict_proba`` goes by it, nothing else.
    ignored : sequence of str, default=()
        Columns that are no features.
    pos_label : label or None, default=None
        The label that means anomaly; None: 1, True, "anomaly", or the larger of two others (a note then says so).
    n_jobs : int or None, default=None
        Threads; None is one, -1 all cores. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of normal rows and of anomalies, in this order.
    n_normals_, n_anomalies_ : int
        Rows that it was adapted to, those held back among the normals.
    calibration_ : str
        "held-back", "cross-fitted" or "none".
    n_calibrators_ : int
        Normal rows behind p-values.
    max_false_alarms_ : float or None
        Share of the normal rows to come that ``predict`` may call anomalies; None without a calibration.
    threshold_ : float or None
        A row is an anomaly where its score is above this; None without a calibration, or with weights, where every row has its own.
    probability_ : str
        What ``predict_proba`` goes by: "model", or "p-value" for an upper bound.
    method_ : str
        The simple method that serves instead of the model, or "".
    notes_ : list of str
        What to know of the adapting: columns left out and why, rows not used.
    history_ : list of dict
        What happened to the labels: when, what, added, removed, normals, anomalies.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        If X had names of columns.

    Examples
    --------
    >>> import numpy as np, oddshot
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(size=(100, 3)), rng.normal(size=(3, 3)) + [6, 0, 6]]
    >>> detector = oddshot.FewShotDetector(max_false_alarms=0.05).fit(X, [0] * 100 + [1] * 3)
    >>> print(detector.predict([[0.1, 0, 0], [6, 0.5, 5]]), detector.calibration_)
    [0 1] held-back
    """

    def __init__(
        self,
        model: Any = "universal",
        *,
        max_false_alarms: float | None = None,
        calibration: str = "auto",
        contamination_robust: float = 0.0,
        fall_back: bool = True,
        forget_rows: bool = False,
        anomaly_share: float = 0.05,
        ignored: Sequence[str] = (),
        pos_label: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.model = model
        self.max_false_alarms = max_false_alarms
        self.calibration = calibration
        self.contamination_robust = contamination_robust
        self.fall_back = fall_back
        self.forget_rows = forget_rows
        self.anomaly_share = anomaly_share
        self.ignored = ignored
        self.pos_label = pos_label
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        return tags

    def fit(self, X: Any, y: Any = None, *, weight: Any = None) -> FewShotDetector:
        """Adapt to rows of which a few are labelled.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Numbers, and in a frame categories as well; NaN or null where a value is missing.
        y : array of shape (n_samples,), default=None
            0 normal (at least 1; with fewer than 10, ``notes_`` say what they leave unknown), 1 anomaly (none will do), -1, NaN or None where it is
            not known; or "normal", "anomaly" and "unknown"; or two labels of your own. None: all rows are normal.
        weight : array of shape (n_samples,), default=None
            How much likelier such a row is where the detector will be used than among these rows, 0 or more: weighs the calibration.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If sizes or labels are not what they should be, rows are too few (also for ``max_false_alarms``), or a parameter is out of range.
        TypeError
            If a parameter is of a type that cannot serve.
        OSError
            If the model's file cannot be read.
        """
        threads = threads_of(self.n_jobs)
        options = self._options()
        model = MetaModel.of(self.model)
        table = self._table(X, reset=True)
        notes: list[str] = []
        if y is None:
            labels, classes = np.zeros(len(table), dtype=np.int32), np.array([0, 1])
        else:
            labels, classes, notes = encode_labels(y, pos_label=self.pos_label)
            if len(labels) == len(table) and not (labels == 0).any():
                raise _core.ArgumentError("y names no row of the class of normals; adapting needs at least 1")
        label = new_name("label", table)
        whole = with_labels(table, labels, label)
        heavy = "" if weight is None else new_name("weight", whole)
        if weight is not None:
            whole = with_weights(whole, weight, heavy)
        core = _core.Detector.adapt(model._core, whole, label, weight=heavy, when=_now(), threads=threads, **options)
        self.classes_ = classes
        return self._take(core, notes)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, *, weight: Any = None) -> FewShotDetector:
        """Labels that come later: adapt anew to the rows that were kept and these, as ``oddshot update`` does.

        A row that equals one there but for its label corrects it; one whose label is not known withdraws it. Where it was never fitted, this is
        ``fit``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        y : array of shape (n_samples,)
            As in ``fit``.
        classes : ignored
            For scikit-learn's sake.
        weight : array of shape (n_samples,), default=None
            Needed if ``fit`` had weights.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the rows were not kept (``forget_rows``), and as ``fit`` does. The detector then stays as it was.
        """
        if not hasattr(self, "detector_"):
            return self.fit(X, y, weight=weight)
        before = self.detector_.core
        table = self._table(X, reset=False, kept=True)
        labels, _, _ = encode_labels(y, classes=self.classes_)
        whole = with_labels(table, labels, before.label, before.words)
        if before.weight:
            if weight is None:
                raise _core.ArgumentError("the detector was adapted to rows with weights: give the weight of these as well")
            whole = with_weights(whole, weight, before.weight)
        elif weight is not None:
            raise _core.ArgumentError("the detector was adapted to rows without weights, so these cannot have any")
        return self._take(before.updated(whole, _now(), threads_of(self.n_jobs)), [])

    def withdraw(self, X: Any) -> FewShotDetector:
        """Forget these rows, whatever their labels: what is left is the detector of the other rows, as of ``oddshot update --withdraw``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            Rows that it was adapted to.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a row that it does not know, by its place, or if too few are left. The detector then stays as it was.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False, kept=True)
        return self._take(self.detector_.core.without(table, _now(), threads_of(self.n_jobs)), [])

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
        return self._scores(X).astype(np.float64)

    def p_values(self, X: Any, *, weight: Any = None) -> np.ndarray:
        """How rare so high a score is among normal rows that adapting has not seen.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        weight : array of shape (n_samples,), default=None
            Of the rows, if ``fit`` had weights; a row without one counts as the heaviest calibrator.

        Returns
        -------
        ndarray of shape (n_samples,)
            In (0, 1]. Of normal rows that come as the calibrators came, at most the share r has one of r or less.

        Raises
        ------
        ValueError
            Without a calibration.
        """
        return self._adapted.p_values(self._scores(X), weight)

    def alerts(self, X: Any, *, max_false_alarms: float | None = None, fdr: float | None = None, weight: Any = None) -> np.ndarray:
        """Which rows to look at: the column ``alert`` of ``oddshot score``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
        max_false_alarms : float, default=None
            Share of the normal rows that may be alerts, instead of the detector's own.
        fdr : float, default=None
            Instead: the share of false ones among the alerts, on average, of these rows as one batch (Benjamini and Hochberg 1995).
        weight : array of shape (n_samples,), default=None
            As of ``p_values``.

        Returns
        -------
        ndarray of bool of shape (n_samples,)

        Raises
        ------
        ValueError
            If the calibrators are too few for so small a rate (with how many it needs), or there is no calibration.
        """
        adapted = self._adapted
        if fdr is None:
            rate = None if max_false_alarms is None else rate_of(max_false_alarms, "max_false_alarms")
            return adapted.alerts(self._scores(X), rate, weight)
        share = rate_of(fdr, "fdr")
        if max_false_alarms is not None:
            raise _core.ArgumentError("alerts are told by max_false_alarms or by fdr, not by both")
        if weight is not None:
            raise _core.ArgumentError("a false discovery rate cannot be promised with weights of rows")
        return adapted.discoveries(self._scores(X), share)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: an anomaly where it is an alert at the rate ``max_false_alarms_``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Of the values of ``classes_``: 0 and 1, or your own.

        Raises
        ------
        ValueError
            Without a calibration.
        """
        alerts = self._adapted.alerts(self._scores(X))
        return self.classes_[alerts.astype(int)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """How likely a row is to be normal and to be an anomaly, where ``anomaly_share`` of the rows are anomalies.

        As ``oddshot score --probability`` tells it, by a map that was fitted to the model's training tasks. Of a model that has kept none, of fewer than
        10 normal rows, or where a simple method serves instead (``probability_`` is then "p-value"), an upper bound by the p-value p: the odds of the
        share times the largest factor by which p can speak for an anomaly, 1 / (-e p ln p) for p below 1/e and 1 above (Sellke, Bayarri, Berger
        2001, "Calibration of p values for testing precise null hypotheses").

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, 2)
            In the order of ``classes_``; each row adds up to 1. The second column rises with the score.

        Raises
        ------
        ValueError
            Without a calibration.
        """
        return self._adapted.probabilities(self._scores(X), self.anomaly_share)

    def decision_function(self, X: Any) -> np.ndarray:
        """The score less ``threshold_``: above 0 for anomalies. With weights, ``max_false_alarms_`` less the p-value.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._adapted.decisions(self._scores(X))

    def explain(self, X: Any, *, background: int = 5, evaluations: int = 2048, neighbours: int = 3, columns: int = 8) -> list[Explanation]:
        """Why rows score as they do: Shapley values of their columns, and the known rows most like them; as ``oddshot explain``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)
            The rows to explain, some ten to a hundred milliseconds each.
        background : int, default=5
            Normal rows most like the row that it is compared with, 1 to 100.
        evaluations : int, default=2048
            Rows to score for one row explained, about; 64 to 10,000,000. More: less error.
        neighbours : int, default=3
            Known rows of each class to name, at most; 0 to 100.
        columns : int, default=8
            Shown when it is printed; the rest are summed up.

        Returns
        -------
        list of Explanation
            One for each row.
        """
        core, table = self._adapted.core, self._table(X, reset=False)
        made = core.explain(table, background, evaluations, neighbours, columns, threads_of(self.n_jobs))
        return [Explanation._of(text, card) for text, card in made]

    def drift(self, X: Any) -> dict[str, Any]:
        """How far rows and scores have drifted from the normal rows it knows: the report of ``oddshot score --watch --json``.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        dict
            Of the score and of each column the population stability index, the Kolmogorov-Smirnov distance, and whether it has shifted.

        Raises
        ------
        ValueError
            Without a calibration.
        """
        core, table = self._adapted.core, self._table(X, reset=False)
        return json.loads(core.drift(table, True, threads_of(self.n_jobs)))

    def transform(self, X: Any) -> np.ndarray:
        """The columns that ``oddshot score`` adds: score, p_value if it is calibrated, and alert if a rate of false alarms was asked for.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, 1 to 3), or a frame as of ``set_output``
        """
        return self._adapted.columns(self._scores(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns of ``transform``.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn's sake.

        Returns
        -------
        ndarray of str
            "score", "p_value" and "alert", as far as there are these.
        """
        return np.array(self._adapted.column_names, dtype=object)

    def left_out_auroc(self) -> float | None:
        """How well the detector tells its own anomalies from its normals, each scored by an adapting that has not seen it.

        Returns
        -------
        float or None
            The mean AUROC over folds, 0 to 1; None without anomalies, or where they are too few to leave some out.
        """
        return self._adapted.core.left_out_auroc(threads_of(self.n_jobs))

    def describe(self, json: bool = False) -> str:
        """What ``oddshot inspect`` prints.

        Parameters
        ----------
        json : bool, default=False
            For programs instead of people.

        Returns
        -------
        str
        """
        return self._adapted.core.describe(json)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector file, which ``oddshot score`` reads; whole or not at all.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        self._adapted.core.save(os.fspath(path))

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the detector as an ONNX model for other programs, as ``oddshot export`` does; whole or not at all.

        Parameters
        ----------
        path : str or path
            Inputs are the columns by their names (those of an array are x0, x1, ...), outputs score, p_value and alert: docs/onnx.md has their
            types.

        Raises
        ------
        ValueError
            Naming what cannot be exported: a model of space "table", as "universal" is, windows of a time series, a simple method that serves
            instead.
        OSError
            If the file cannot be written.
        """
        self._adapted.core.export_onnx(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, n_jobs: int | None = None) -> FewShotDetector:
        """The detector of a file, of ``save`` or of ``oddshot adapt``. Its parameters are the defaults, for a file keeps no others.

        Parameters
        ----------
        path : str or path
        n_jobs : int or None, default=None
            As of the class.

        Returns
        -------
        FewShotDetector
            Fitted.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is not a detector of ours, is damaged, or is of a later version.
        """
        detector = cls(n_jobs=n_jobs)
        core = _core.Detector.load(os.fspath(path))
        detector.classes_ = np.array([0, 1] if core.words == _WORDS else core.words)
        names = [name for name, _ in core.kept_columns()] or [*core.numeric, *core.category]
        detector.n_features_in_ = len(names)
        if tuple(names) != column_names(len(names)):  # which are those of an array, whose columns have no names
            detector.feature_names_in_ = np.array(names, dtype=object)
        return detector._take(core, [])

    @property
    def _adapted(self) -> Adapted:
        if not hasattr(self, "detector_"):
            check_is_fitted(self)  # dear for a single row
        return self.detector_

    def _options(self) -> dict[str, Any]:
        rate_of(self.anomaly_share, "anomaly_share")
        rate = None if self.max_false_alarms is None else rate_of(self.max_false_alarms, "max_false_alarms")
        return {
            "ignored": names_of(self.ignored, "ignored"),
            "calibration": text_of(self.calibration, "calibration", "one of auto, held-back, cross-fitted, none"),
            "max_false_alarms": rate,
            "trim": number_of(self.contamination_robust, "contamination_robust", "a number of 0 to below 0.5"),
            "fall_back": bool(self.fall_back),
            "keep_rows": not self.forget_rows,
        }

    def _take(self, core: Any, notes: list[str]) -> FewShotDetector:
        self.detector_ = adapted = Adapted(core)
        self.n_normals_, self.n_anomalies_ = core.normals, core.anomalies
        self.calibration_, self.n_calibrators_ = core.calibration, core.calibrators
        self.max_false_alarms_, self.threshold_ = adapted.rate, adapted.threshold
        self.method_, self.probability_ = core.method, adapted.probability
        self.notes_ = [*notes, *core.notes]
        self.history_ = core.history()
        return self

    def _table(self, X: Any, *, reset: bool, kept: bool = False) -> Any:
        """X as a table; of rows to ``fit`` its columns are learned (``reset``), else they are of the kinds that are needed, or were ``kept``."""
        if is_frame(X):
            numeric, category = ([], []) if reset else self._kinds(kept)
            table = table_of(X, "X", numeric=numeric, category=category)
            if reset:
                self.n_features_in_ = len(table.columns())
                self.feature_names_in_ = np.array([name for name, _ in table.columns()], dtype=object)
            return table
        return table_of(fitting_rows(self, X) if reset else scoring_rows(self, X), "X", self._names())

    def _names(self) -> Sequence[str]:
        """Names of the columns of an array."""
        names = getattr(self, "feature_names_in_", None)
        return column_names(self.n_features_in_) if names is None else [str(name) for name in names]

    def _kinds(self, kept: bool) -> tuple[list[str], list[str]]:
        core = self._adapted.core
        columns = core.kept_columns() if kept else []
        if not columns:
            return core.numeric, core.category
        return [name for name, numeric in columns if numeric], [name for name, numeric in columns if not numeric]

    def _scores(self, X: Any) -> np.ndarray:
        adapted, threads = self._adapted, threads_of(self.n_jobs)
        if is_frame(X):
            return adapted.scores(self._table(X, reset=False), threads)
        return adapted.scores_of_rows(scoring_rows(self, X), self._names(), threads)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
