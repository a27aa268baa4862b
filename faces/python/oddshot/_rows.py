"""What estimators are given, made into rows that the core reads."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from . import _core

_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def fitting_rows(estimator: Any, X: Any, *, least: int = 2) -> np.ndarray:
    """X as an array of float32 or float64; the estimator learns the number and names of its columns."""
    return validate_data(estimator, X, dtype=list(_FLOATS), ensure_all_finite=False, ensure_min_samples=least)


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
    return validate_data(estimator, X, dtype=list(_FLOATS), ensure_all_finite=False, reset=False)


def threads_of(n_jobs: int | None) -> int:
    """The core's number of threads for joblib's ``n_jobs``: None is one, -1 all cores, -2 all but one."""
    if n_jobs is None:
        return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral):
        raise _core.KindError(f"n_jobs is {n_jobs!r}; it must be an integer or None")
    if n_jobs == 0 or n_jobs > 1024:
        raise _core.ArgumentError(f"n_jobs is {n_jobs}; it must be 1 to 1024, or negative to count from all cores down")
    if n_jobs > 0:
        return int(n_jobs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores + 1 + int(n_jobs))


def seed_of(random_state: Any) -> int:
    """A seed of the core's streams; an integer is taken as it is."""
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        if not 0 <= random_state < 2**64:
            raise _core.ArgumentError(f"random_state is {random_state}; it must be 0 to 2^64 - 1")
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def rate_of(rate: Any, name: str) -> float:
    """A rate above 0 and below 1."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.integer, np.floating)):
        raise _core.KindError(f"{name} is {rate!r}; it must be a number")
    if not 0 < rate < 1:
        raise _core.ArgumentError(f"{name} is {rate}; it must be above 0 and below 1")
    return float(rate)
