"""The core's experts under the names of their classes."""

from __future__ import annotations

from . import _core

_ACRONYMS = {"copod", "ecod", "hbos", "knn", "lda", "lof", "pca", "svm"}
_SPELT = {"xgboost": "XGBoost"}


def class_name(expert: str) -> str:
    """The class of an expert: ``"isolation-forest"`` is ``IsolationForest``, ``"knn"`` is ``KNN``."""
    return _SPELT.get(expert) or "".join(part.upper() if part in _ACRONYMS else part.capitalize() for part in expert.split("-"))


#: Classes of the experts that need no labels: name of the class to that of the expert.
EXPERTS: dict[str, str] = {class_name(name): name for name, uses_labels, _ in _core.experts() if not uses_labels}
#: And of those that use labels.
LABELLED: dict[str, str] = {class_name(name): name for name, uses_labels, _ in _core.experts() if uses_labels}
