"""Why a row scores as it does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ColumnShare:
    """What one column has to do with a score.

    Attributes
    ----------
    column : str
    value : str
        As the table has it; "(missing)".
    usual : str or None
        What normal rows most like it have: of numbers the median, of categories the most frequent.
    share : float
        Of score - baseline; above 0 it makes the row more abnormal.
    error : float
        Standard error of the share; 0 where it is exact.
    """

    column: str
    value: str
    usual: str | None
    share: float
    error: float


@dataclass(frozen=True)
class KnownRow:
    """A row that the detector was adapted to, and how it is unlike the row explained.

    Attributes
    ----------
    number : int
        Among the known rows of its class, from 1.
    distance : float
        0 for an equal row, 1 for one that is unlike in every column.
    unlike : list of str
        Columns that differ, the most unlike first.
    """

    number: int
    distance: float
    unlike: list[str]


@dataclass(frozen=True)
class Explanation:
    """Why a row scores as it does: shares of its columns, which add up to score - baseline, and the known rows most like it.

    Printed, it is what ``oddshot explain`` prints; ``oddshot.plot.ExplanationDisplay`` draws it.

    Attributes
    ----------
    row : int
        Of the rows explained, from 0.
    score, baseline : float
        The row's score, and the mean score of the normal rows most like it.
    exact : bool
        Whether the shares are Shapley's values to the digit, not estimates.
    looks_like_anomaly : bool
        Whether the nearest known anomaly is nearer than the nearest normal.
    columns : list of ColumnShare
        The largest share first.
    normals, anomalies : list of KnownRow
        Nearest first.
    """

    row: int
    score: float
    baseline: float
    exact: bool
    looks_like_anomaly: bool
    columns: list[ColumnShare]
    anomalies: list[KnownRow]
    normals: list[KnownRow]
    card: str

    @classmethod
    def _of(cls, text: str, card: str) -> Explanation:
        fields: dict[str, Any] = json.loads(text)
        fields["columns"] = [ColumnShare(**one) for one in fields["columns"]]
        for kind in ("anomalies", "normals"):
            fields[kind] = [KnownRow(**one) for one in fields[kind]]
        return cls(**fields, card=card.rstrip("\n"))

    def __str__(self) -> str:
        return self.card

    @property
    def shares(self) -> dict[str, float]:
        """Share of each column, the largest first."""
        return {one.column: one.share for one in self.columns}
