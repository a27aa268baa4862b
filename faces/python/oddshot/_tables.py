"""Tables and arrays that a detector or a suite is given, made into the core's table: columns of numbers and categories."""

from __future__ import annotations

import functools
from typing import Any, Sequence

import numpy as np

from . import _core
from ._checks import weights_of


def is_frame(X: Any) -> bool:
    """Whether X has columns of its own: pandas, polars, pyarrow, DuckDB, or anything else with an Arrow interface.

    Raises
    ------
    TypeError
        For a lazy frame, which has no rows yet.
    ValueError
        For a series, which has no columns.
    """
    if type(X) is np.ndarray:
        return False
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise _core.KindError(f"X is a {type(X).__name__}, which has no rows yet: collect() it first")
    if hasattr(X, "to_frame") and not hasattr(X, "columns"):
        raise _core.ShapeError(f"X is a {type(X).__name__}, one column of a table, where rows and columns belong")
    return hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__") or (hasattr(X, "columns") and hasattr(X, "iloc"))


def table_of(X: Any, name: str = "X", names: Sequence[str] | None = None, numeric: Sequence[str] = (), category: Sequence[str] = ()) -> Any:
    """X as a table. ``names`` are the columns of an array; ``numeric`` and ``category`` those of a frame whose kind is known."""
    if isinstance(X, _core.Table):
        return X
    if is_frame(X):
        return _of_frame(X, name, list(numeric), list(category))
    array = np.asarray(X)
    if array.dtype not in (np.float32, np.float64):
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise _core.ArgumentError(f"{name} holds what is no number: {error}") from None
    if array.ndim != 2:
        raise _core.ShapeError(f"{name} has {array.ndim} dimensions where rows and columns belong")
    return _core.Table.from_matrix(array, column_names(array.shape[1]) if names is None else names, name)


@functools.lru_cache
def column_names(count: int) -> tuple[str, ...]:
    """Names for the columns of an array."""
    return tuple(f"x{c}" for c in range(count))


def numbers_of(X: Any, name: str = "X") -> Any:
    """A frame of numbers alone as a pandas frame of float32.

    Raises
    ------
    ValueError
        For a column of words, by its name.
    """
    from pandas import DataFrame

    table = table_of(X, name)
    names = [column for column, _ in table.columns()]
    for column, numeric in table.columns():
        if not numeric:
            raise _core.ArgumentError(f'{name}, column "{column}" holds something else than numbers; every value must be a finite number')
    values = np.empty((len(names), len(table)), dtype=np.float32)
    for column, out in zip(names, values):
        table.numbers(column, out)
    return DataFrame(values.T, columns=names)


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


def new_name(wish: str, table: Any) -> str:
    """A name for one more column of the table: the wish, or the wish and underscores where there is such a column."""
    taken = {name for name, _ in table.columns()}
    while wish in taken:
        wish += "_"
    return wish


def with_labels(table: Any, labels: np.ndarray, name: str, words: Sequence[str] = ("normal", "anomaly")) -> Any:
    """The table with a column of labels [rows]: 0 normal, 1 anomaly, -1 not known, spelt as in ``words``."""
    if len(labels) != len(table):
        raise _core.ShapeError(f"{len(labels)} labels for {len(table)} rows")
    whole = table.select([column for column, _ in table.columns()])
    whole.add_category(name, np.asarray(labels, dtype=np.int32).tolist(), list(words))
    return whole


def with_weights(table: Any, weight: Any, name: str) -> Any:
    """The table with a column of weights [rows]."""
    values = weights_of(weight, len(table))
    whole = table.select([column for column, _ in table.columns()])
    whole.add_numeric(name, values.reshape(-1, 1))
    return whole
