"""What users set by name, checked: parameters of estimators, rates, weights. A message names what it is about."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any, Iterable

import numpy as np
from sklearn.utils import check_random_state

from . import _core


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
        seed = int(random_state)
        if not 0 <= seed < 2**64:
            raise _core.ArgumentError(f"random_state is {random_state}; it must be 0 to 2^64 - 1")
        return seed
    return int(check_random_state(random_state).randint(2**31 - 1))


def number_of(value: Any, name: str, what: str = "a number") -> float:
    """A number, of Python's or numpy's; ``what`` is said to be needed."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise _core.KindError(f"{name} is {value!r}; it must be {what}")
    try:
        return float(value)
    except OverflowError:
        raise _core.ArgumentError(f"{name} is beyond the range of a number of Python") from None


def rate_of(rate: Any, name: str) -> float:
    """A rate above 0 and below 1."""
    value = number_of(rate, name)
    if not 0 < value < 1:
        raise _core.ArgumentError(f"{name} is {rate}; it must be above 0 and below 1")
    return value


def contamination_of(share: Any) -> float:
    """PyOD's share of outliers, above 0 and at most 0.5."""
    value = number_of(share, "contamination")
    if not 0 < value <= 0.5:
        raise _core.ArgumentError(f"contamination is {share}; it must be above 0 and at most 0.5")
    return value


def count_of(value: Any, name: str) -> int:
    """A whole number, 0 to 2^64 - 1."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise _core.KindError(f"{name} is {value!r}; it must be an integer")
    count = int(value)
    if not 0 <= count < 2**64:
        raise _core.ArgumentError(f"{name} is {value}; it must be 0 to 2^64 - 1")
    return count


def text_of(value: Any, name: str, what: str = "a text") -> str:
    """A text; ``what`` is said to be needed."""
    if not isinstance(value, str):
        raise _core.KindError(f"{name} is {value!r}; it must be {what}")
    return value


def names_of(values: Any, name: str) -> list[str]:
    """A list of names, which one text is not."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise _core.KindError(f"{name} is {values!r}; it must be a list of names")
    return [str(value) for value in values]


def weights_of(weight: Any, rows: int) -> np.ndarray:
    """Weights [rows] of float64, numbers of 0 or more that the core's float32 can hold."""
    values = np.asarray(weight.to_numpy() if hasattr(weight, "to_numpy") else weight)
    if values.ndim != 1 or values.dtype.kind not in "iufb":
        raise _core.ArgumentError("weight must be a list of numbers, one a row")
    if len(values) != rows:
        raise _core.ShapeError(f"{len(values)} weights for {rows} rows")
    values = np.ascontiguousarray(values, dtype=np.float64)
    most = np.finfo(np.float32).max
    wrong = np.flatnonzero(~((values >= 0) & (values <= most)))
    if len(wrong):
        raise _core.ArgumentError(f"weight, row {wrong[0]}: {values[wrong[0]]:g} is not a number of 0 to {most:.3g}")
    return values
