"""The core's experts under the names of their classes."""

from __future__ import annotations

from . import _core

_ACRONYMS = {"abod", "cof", "copod", "ecod", "gmm", "hbos", "inne", "kde", "knn", "loda", "lof", "pca", "sod", "svm"}


def class_name(expert: str) -> str:
    """The class of an expert: ``"isolation-forest"`` is ``IsolationForest``, ``"knn"`` is ``KNN``."""
    return "".join(part.upper() if part in _ACRONYMS else part.capitalize() for part in expert.split("-"))


#: Classes of the experts that need no labels: name of the class to that of the expert.
EXPERTS: dict[str, str] = {class_name(name): name for name, uses_labels in _core.experts() if not uses_labels}
