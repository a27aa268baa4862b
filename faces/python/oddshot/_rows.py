"""What estimators are given, made into rows that the core reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from . import _core
from ._tables import is_frame, numbers_of

_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def fitting_rows(estimator: Any, X: Any, *, least: int = 2) -> np.ndarray:
    """X as an array of float32 or float64; the estimator learns the number and names of its columns."""
    return validate_data(estimator, _readable(X), dtype=list(_FLOATS), ensure_all_finite=False, ensure_min_samples=least)


def scoring_rows(estimator: Any, X: Any) -> np.ndarray:
    """The same of rows to score; an array that needs no conversion costs nothing."""
    if (
        type(X) is np.ndarray
        and X.dtype in _FLOATS
        and X.ndim == 2
        and X.shape[0] > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
    ):
        return X
    return validate_data(estimator, _readable(X), dtype=list(_FLOATS), ensure_all_finite=False, reset=False)


def _readable(X: Any) -> Any:
    """X as scikit-learn reads it: it knows pandas, and of what has an Arrow interface not all, nor all names of columns."""
    return numbers_of(X) if is_frame(X) and not hasattr(X, "iloc") else X


def finite_rows(rows: np.ndarray) -> np.ndarray:
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
