"""Oddshot: few-shot anomaly detection by meta-learning.

Estimators in the manner of scikit-learn, on a C++ core:

- the experts, classical detectors: those that need no labels (:class:`KNN`, :class:`LOF`, :class:`IsolationForest`, ...) and those that learn from
  known anomalies (:class:`KNNDifference`, :class:`Logistic`, :class:`ExtraTrees`, ...); :func:`experts` lists them;
- :class:`FewShotDetector`, a meta-learned model adapted to a table by a few labelled rows;
- :func:`meta_train`, which learns such models on a :class:`Suite` of tasks, and :func:`evaluate`, which judges them;
- :mod:`oddshot.pyod`, the same experts with PyOD's contract;
- :mod:`oddshot.plot`, figures.

Everything is imported when it is first asked for, so that ``import oddshot`` itself is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

from ._core import (
    ArgumentError,
    Error,
    FormatError,
    IoError,
    KindError,
    NumericError,
    ShapeError,
    __version__,
)
from ._names import EXPERTS, LABELLED

_HOMES = {
    "experts": "_experts",
    **{name: "_experts" for name in (*EXPERTS, *LABELLED)},
    "Explanation": "_explanation",
    "FewShotDetector": "_few_shot",
    "MetaModel": "_meta",
    "Suite": "_meta",
    "Task": "_meta",
    "evaluate": "_meta",
    "learners": "_meta",
    "meta_train": "_meta",
}
_MODULES = ("plot", "pyod")

__all__ = [
    "ArgumentError",
    "Error",
    "FormatError",
    "IoError",
    "KindError",
    "NumericError",
    "ShapeError",
    "__version__",
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
