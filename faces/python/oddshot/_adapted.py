"""A detector of the core, and what it says of rows: scores, p-values, probabilities, alerts."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from . import _core
from ._checks import rate_of, weights_of

_UNASKED_RATE = 0.05  # of false alarms, where none was asked for
_HAIR = 1 + 1e-9  # by which a p-value may be above a rate that it equals but for rounding


class Adapted:
    """The core's detector, which never changes; pickled as the bytes of its file.

    Attributes
    ----------
    core : _core.Detector
    weighted : bool
        Whether its calibrators have weights, and every row a threshold of its own.
    rate : float or None
        Of false alarms: what was asked for, else 0.05, or the least that the calibrators can tell where that is more; None without a calibration.
    threshold : float or None
        A row is an alert at that rate where its score is above this; None where ``rate`` is, or with weights.
    probability : str
        What probabilities go by: "model", or "p-value" for an upper bound.
    """

    def __init__(self, core: Any) -> None:
        self.core = core
        self.weighted: bool = core.weighted
        self.probability = "model" if core.knows_probabilities else "p-value"
        self.rate: float | None = core.max_false_alarms
        if self.rate is None and core.calibrators > 0:
            self.rate = max(_UNASKED_RATE, 1 / (core.calibrators + 1))
        self.threshold: float | None = None if self.rate is None or self.weighted else float(core.threshold(self.rate))

    def __reduce__(self) -> tuple[Any, ...]:
        return Adapted.from_bytes, (self.core.serialise(),)

    @classmethod
    def from_bytes(cls, content: bytes) -> Adapted:
        return cls(_core.Detector.parse(content, "pickle"))

    def __deepcopy__(self, memo: dict[int, Any]) -> Adapted:
        return self

    def scores(self, table: Any, threads: int) -> np.ndarray:
        """[N] of float32, rising with abnormality."""
        out = np.empty(len(table), dtype=np.float32)
        self.core.score(table, out, threads)
        return out

    def scores_of_rows(self, rows: np.ndarray, names: Sequence[str], threads: int) -> np.ndarray:
        """The same of an array [N x D] whose columns are called so."""
        out = np.empty(len(rows), dtype=np.float32)
        self.core.score_rows(rows, names, out, threads)
        return out

    def p_values(self, scores: np.ndarray, weight: Any = None) -> np.ndarray:
        """[N] of float64, of scores [N] of float32; with the weights of the rows, a row without one counts as the heaviest calibrator."""
        if weight is not None:
            self._must_be_weighted()
            weight = weights_of(weight, len(scores)).astype(np.float32)
        out = np.empty(len(scores), dtype=np.float64)
        self.core.p_values(scores, weight, out, len(scores))
        return out

    def alerts(self, scores: np.ndarray, rate: float | None = None, weight: Any = None) -> np.ndarray:
        """[N] of bool: which rows are alerts, at this rate of false alarms or at ``rate`` of its own."""
        if self.weighted:
            return self.p_values(scores, weight) <= self._rate_or(rate) * _HAIR
        if weight is not None:
            self._must_be_weighted()
        if rate is None and self.threshold is not None:
            return scores > self.threshold
        return scores > np.float32(self.core.threshold(self._rate_or(rate)))  # an error if there is no calibration

    def discoveries(self, scores: np.ndarray, share: float) -> np.ndarray:
        """[N] of bool: alerts of which at most this share is false, on average (Benjamini and Hochberg 1995)."""
        if self.weighted:
            raise _core.ArgumentError("a false discovery rate cannot be promised with a weighted calibration")
        p = self.p_values(scores)
        cut = _core.false_discovery_cut(p, len(p), share)
        return np.zeros(len(p), dtype=bool) if cut is None else p <= cut

    def decisions(self, scores: np.ndarray) -> np.ndarray:
        """[N] of float64, above 0 for alerts: the score less the threshold; with weights, the rate less the p-value."""
        if self.weighted:
            return self._rate_or(None) * _HAIR - self.p_values(scores)
        threshold = self.core.threshold(_UNASKED_RATE) if self.threshold is None else self.threshold  # an error if there is no calibration
        return scores.astype(np.float64) - threshold

    def probabilities(self, scores: np.ndarray, anomaly_share: float) -> np.ndarray:
        """[N x 2] of a normal row and of an anomaly, where such a share of the rows are anomalies."""
        share = rate_of(anomaly_share, "anomaly_share")
        if self.probability == "model":
            anomaly = np.empty(len(scores), dtype=np.float64)
            self.core.probabilities(scores, share, anomaly, len(scores))
        else:
            p = np.minimum(self.p_values(scores), 1 / np.e)
            against = -np.e * p * np.log(p) * (1 - share) / share
            anomaly = 1 / (1 + against)
        return side_by_side([1 - anomaly, anomaly])

    def columns(self, scores: np.ndarray) -> np.ndarray:
        """[N x 1 to 3] what ``oddshot score`` adds: score, p_value if it is calibrated, alert if a rate was asked for."""
        found = [scores]
        if self.rate is not None:
            found.append(self.p_values(scores))
        if self.core.max_false_alarms is not None:
            found.append(self.alerts(scores))
        return side_by_side(found)

    @property
    def column_names(self) -> list[str]:
        """Names of ``columns``."""
        return ["score", *["p_value"] * (self.rate is not None), *["alert"] * (self.core.max_false_alarms is not None)]

    def _rate_or(self, rate: float | None) -> float:
        return rate if rate is not None else _UNASKED_RATE if self.rate is None else self.rate

    def _must_be_weighted(self) -> None:
        if not self.weighted:
            raise _core.ArgumentError("weights of rows need a calibration with weights: give fit the weights of its rows too")


def side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    """Columns [N] as [N x C] of float64; of one row in a fraction of np.column_stack's time."""
    whole = np.empty((len(columns[0]), len(columns)), dtype=np.float64)
    for c, column in enumerate(columns):
        whole[:, c] = column
    return whole
