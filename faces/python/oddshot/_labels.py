"""Labels as users write them, made into the core's: 0 normal, 1 anomaly, -1 not known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from . import _core

_WORDS = ("normal", "anomaly")  # as the command line has them
_UNKNOWN = ("unknown", "")


def labels_of(y: Any, name: str = "y") -> np.ndarray:
    """Labels [rows] of int32: 0 normal, 1 anomaly, -1 not known."""
    return encode_labels(y, name)[0]


def encode_labels(y: Any, name: str = "y", *, pos_label: Any = None, classes: Any = None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labels as above, the values [normal, anomaly] that stand for them in y, and what the user should know of it.

    y holds 0, 1 and what is not known (-1, NaN, None); or "normal", "anomaly" and "unknown"; or two values of the user's, of which ``pos_label``,
    or else the larger, is the anomaly. With ``classes``, those two and what is not known.

    Raises
    ------
    ValueError
        If y is not one label a row, or holds anything else.
    TypeError
        If it mixes labels that cannot be compared.
    """
    values = _column(y, name)
    unknown = _missing(values)
    known = values[~unknown]
    try:
        different = np.unique(known)
    except TypeError as error:
        raise _core.KindError(f"{name} mixes labels of different types: {error}") from None
    notes: list[str] = []
    if classes is None:
        classes, notes = _classes_of(different, name, pos_label)
    labels = np.full(len(values), -1, dtype=np.int32)
    spare = [value for value in different.tolist() if value not in classes.tolist()]
    wrong = [value for value in spare if not _says_nothing(value)]
    if wrong:
        row = int(np.flatnonzero(~unknown)[np.flatnonzero(known == wrong[0])[0]])
        raise _core.ArgumentError(f"{name}, row {row}: {wrong[0]!r} is neither {classes.tolist()[0]!r} (normal) nor {classes.tolist()[1]!r} (anomaly)")
    labels[~unknown] = np.select([known == classes[1], known == classes[0]], [1, 0], -1)
    return labels, classes, notes


def _column(y: Any, name: str) -> np.ndarray:
    values = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if values.ndim == 2 and values.shape[1] == 1:
        warnings.warn(f"A column-vector {name} was passed when a 1d array was expected", DataConversionWarning, stacklevel=4)
        values = values[:, 0]
    if values.ndim != 1:
        raise _core.ShapeError(f"{name} has {values.ndim} dimensions where one label a row belongs")
    if values.dtype.kind not in "biufOUST":
        raise _core.ArgumentError(f"{name}: labels of type {values.dtype} are not supported")
    return values


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "O":
        return np.array([v is None or v != v or str(v) == "<NA>" for v in values], dtype=bool)
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)


def _says_nothing(value: Any) -> bool:
    return value in _UNKNOWN if isinstance(value, str) else not isinstance(value, (bool, bytes)) and value == -1


def _classes_of(different: np.ndarray, name: str, pos_label: Any) -> tuple[np.ndarray, list[str]]:
    """The two classes of these different labels, and notes."""
    found = different.tolist()
    if pos_label is not None:
        return _beside(found, name, pos_label), []
    if all(isinstance(v, str) for v in found) and set(found) <= {*_WORDS, *_UNKNOWN} and found:
        return np.array(_WORDS), []
    if all(not isinstance(v, (str, bytes)) and v in (-1, 0, 1) for v in found):
        if -1 in found and 1 in found and 0 not in found:
            raise _core.ArgumentError(
                f"{name} holds -1 and 1 alone, which may be read in two ways; write 0 for normal, 1 for anomaly, and -1, NaN or None where it is not known"
            )
        return np.array([0, 1], dtype=different.dtype if different.dtype.kind in "ifub" else int), []
    if len(different) == 2:
        return different, [f"{name}: {found[0]!r} is taken for normal and {found[1]!r} for the anomaly; pos_label says otherwise"]
    if different.dtype.kind == "f" and (different != np.floor(different)).any():
        kind = "continuous"
    else:
        kind = "multiclass"
    raise _core.ArgumentError(
        f"{name} has {len(different)} different label{'s' if len(different) != 1 else ''}; it takes two classes: 0 normal and 1 anomaly, and -1, NaN or "
        f"None where it is not known. Only binary classification is supported. The type of the target is {kind}. Unknown label type: {kind}"
    )


def _beside(found: list[Any], name: str, pos_label: Any) -> np.ndarray:
    others = [value for value in found if value != pos_label and not _says_nothing(value)]
    if len(others) != 1:
        raise _core.ArgumentError(f"{name} has {len(others)} labels beside {pos_label!r}, the anomaly, where one belongs: that of normal rows")
    return np.array([others[0], pos_label])
