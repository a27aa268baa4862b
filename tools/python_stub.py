"""Writes the stubs of the Python package beside its sources, or to FOLDER: the classes that are made from the core's table of experts, and the
core itself.

    PYTHONPATH=build/python .venv/bin/python tools/python_stub.py [FOLDER]
"""

import pathlib
import re
import subprocess
import sys

import oddshot
from oddshot import pyod

PACKAGE = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1] / "faces/python/oddshot"
(PACKAGE / "pyod").mkdir(parents=True, exist_ok=True)
HEAD = "# Written by tools/python_stub.py.\n"


def lines(module, names):
    return "".join(f"from {module} import {name} as {name}\n" for name in names)


errors = [name for name in oddshot.__all__ if isinstance(getattr(oddshot, name), type) and issubclass(getattr(oddshot, name), oddshot.Error)]
homes = {"_explanation": ["Explanation"], "_few_shot": ["FewShotDetector"], "_meta": ["MetaModel", "Suite", "Task", "evaluate", "learners", "meta_train"]}
(PACKAGE / "__init__.pyi").write_text(
    HEAD
    + "from . import plot as plot, pyod as pyod\n"
    + lines("._core", errors)
    + "from ._experts import Expert, LabelledExpert, experts as experts\n"
    + "".join(lines(f".{module}", names) for module, names in homes.items())
    + "\n__version__: str\n\n"
    + "".join(f"class {name}(Expert): ...\n" for name in oddshot.experts())
    + "".join(f"class {name}(LabelledExpert): ...\n" for name in oddshot.experts(labelled=True))
)
aliases = [name for name in pyod.__all__ if name not in oddshot.experts() and name != "BaseDetector"]
(PACKAGE / "pyod/__init__.pyi").write_text(
    HEAD
    + """from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

class BaseDetector(BaseEstimator):
    contamination: float
    n_jobs: int | None
    random_state: Any
    decision_scores_: np.ndarray
    threshold_: float
    labels_: np.ndarray
    n_features_in_: int
    def __init__(self, contamination: float = 0.1, *, n_jobs: int | None = None, random_state: Any = 1) -> None: ...
    def fit(self, X: Any, y: Any = None) -> BaseDetector: ...
    def decision_function(self, X: Any) -> np.ndarray: ...
    def predict(self, X: Any, return_confidence: bool = False) -> Any: ...
    def predict_proba(self, X: Any, method: str = "linear", return_confidence: bool = False) -> Any: ...
    def predict_confidence(self, X: Any) -> np.ndarray: ...
    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray: ...
    def fit_predict_score(self, X: Any, y: Any, scoring: str = "roc_auc_score") -> float: ...

"""
    + "".join(f"class {name}(BaseDetector): ...\n" for name in oddshot.experts())
    + "".join(f"{alias} = {getattr(pyod, alias).__name__}\n" for alias in aliases)
)
subprocess.run([sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "oddshot._core", "-o", PACKAGE / "_core.pyi"], check=True)

# The errors say that they are of oddshot, where users find them; their stub is that of the module that makes them.
stub = (PACKAGE / "_core.pyi").read_text()
borrowed = re.search(r"from oddshot import \(.*?\)\n", stub, re.S)
if borrowed is None:
    sys.exit("python_stub: the stub of the core names no errors")
classes = [getattr(oddshot, name) for name in ("Error", *(name for name in errors if name != "Error"))]
text = "\n".join(f"class {kind.__name__}({', '.join(base.__name__ for base in kind.__bases__)}): ...\n" for kind in classes)
(PACKAGE / "_core.pyi").write_text(stub.replace(borrowed[0], text))
