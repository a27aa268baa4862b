"""What a detector or a suite is given, made into the core's table: columns of numbers and categories."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from . import _core


def is_frame(X: Any) -> bool:
    """Whether X has columns of its own: pandas, polars, pyarrow, DuckDB, or anything else with an Arrow interface."""
    return hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__") or (hasattr(X, "columns") and hasattr(X, "iloc"))


def table_of(X: Any, name: str = "X", names: Sequence[str] | None = None, numeric: Sequence[str] = (), category: Sequence[str] = ()) -> Any:
    """X as a table. ``names`` are the columns of an array; ``numeric`` and ``category`` those of a frame whose kind is known."""
    if isinstance(X, _core.Table):
        return X
    if is_frame(X):
        return _of_frame(X, name, list(numeric), list(category))
    array = np.asarray(X)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise _core.ShapeError(f"{name} has {array.ndim} dimensions where rows and columns belong")
    return _core.Table.from_matrix(array, list(names) if names is not None else column_names(array.shape[1]), name)


def column_names(count: int) -> list[str]:
    """Names for the columns of an array."""
    return [f"x{c}" for c in range(count)]


def _of_frame(X: Any, name: str, numeric: list[str], category: list[str]) -> Any:
    if hasattr(X, "iloc"):  # pandas: its index is no column, and without pyarrow it has no Arrow interface
        X = X.reset_index(drop=True)
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            return _of_pandas(X, name)
    if hasattr(X, "__arrow_c_stream__"):
        return _core.Table.from_stream(X.__arrow_c_stream__(), name, numeric, category)
    schema, array = X.__arrow_c_array__()
    return _core.Table.from_batch(schema, array, name, numeric, category)


def _of_pandas(X: Any, name: str) -> Any:
    from pandas import factorize
    from pandas.api.types import is_numeric_dtype

    table = _core.Table()
    for column in X.columns:
        values = X[column]
        if is_numeric_dtype(values.dtype):
            table.add_numeric(str(column), values.to_numpy(dtype=np.float64, na_value=np.nan).reshape(-1, 1))
        else:
            codes, words = factorize(values)
            table.add_category(str(column), codes.tolist(), [str(word) for word in words])
    return table


def with_labels(table: Any, labels: np.ndarray) -> tuple[Any, str]:
    """The table with a column of labels [rows] (0 normal, 1 anomaly, -1 not known), and that column's name."""
    taken = {name for name, _ in table.columns()}
    label = "label"
    while label in taken:
        label += "_"
    if len(labels) != len(table):
        raise _core.ShapeError(f"{len(labels)} labels for {len(table)} rows")
    whole = table.select([name for name, _ in table.columns()])
    whole.add_category(label, np.asarray(labels, dtype=np.int32).tolist(), ["normal", "anomaly"])
    return whole, label


def labels_of(y: Any, name: str = "y") -> np.ndarray:
    """Labels as 0 normal, 1 anomaly, -1 not known; y holds 0, 1 and what is not known: -1, NaN or None."""
    return encode_labels(y, name)[0]


def encode_labels(y: Any, name: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """Labels as above, and the two values [normal, anomaly] that stand for them in y.

    Other values than 0 and 1 serve as well, if there are exactly two: the larger is the anomaly.
    """
    values = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise _core.ShapeError(f"{name} has {values.ndim} dimensions where one label a row belongs")
    if values.dtype.kind == "c":
        raise _core.ArgumentError(f"{name}: complex labels are not supported")
    if values.dtype.kind == "O":
        unknown = np.array([v is None or v != v or str(v) == "<NA>" for v in values], dtype=bool)
    elif values.dtype.kind == "f":
        unknown = np.isnan(values)
    else:
        unknown = np.zeros(len(values), dtype=bool)
    known = values[~unknown]
    try:
        different = np.unique(known)
    except TypeError as error:
        raise _core.KindError(f"{name} mixes labels of different types: {error}") from None
    if different.dtype.kind in "OifubU" and _within(different, (-1, 0, 1)):
        if _within(different, (-1, 1)) and not _within(different, (1,)):
            raise _core.ArgumentError(
                f"{name} holds -1 and 1 alone, which may be read in two ways; write 0 for normal, 1 for anomaly, and -1, NaN or None where it is not known"
            )
        labels = np.full(len(values), -1, dtype=np.int32)
        labels[~unknown] = known.astype(np.int32)
        classes = np.array([0, 1], dtype=different.dtype if different.dtype.kind in "ifub" else int)
        return labels, classes
    if len(different) != 2:
        raise _core.ArgumentError(
            f"{name} has {len(different)} different label{'s' if len(different) != 1 else ''}; it takes two classes: 0 normal and 1 anomaly, and -1, NaN or "
            "None where it is not known"
        )
    labels = np.full(len(values), -1, dtype=np.int32)
    labels[~unknown] = (known == different[1]).astype(np.int32)
    return labels, different


def _within(values: np.ndarray, allowed: tuple[int, ...]) -> bool:
    return all(not isinstance(v, (str, bytes)) and v in allowed for v in values.tolist())
