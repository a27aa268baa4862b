"""A type checker sees what the package has: right calls pass, wrong ones are found."""

import os
import pathlib
import subprocess
import sys

import pytest

import oddshot

pytest.importorskip("mypy", reason="the stubs are read by it")
PACKAGE = pathlib.Path(oddshot.__file__).parent

# What is marked is wrong, and nothing else is.
SCRIPT = """
import numpy as np
import oddshot
from oddshot import plot
from oddshot.pyod import KNN, IForest

rows = np.zeros((20, 2))
expert = oddshot.KNN(max_false_alarms=0.1, n_jobs=2).fit(rows)
lowest: float = expert.score_samples(rows).min()
labelled = oddshot.ExtraTrees(pos_label="odd").fit(rows, ["fine"] * 19 + ["odd"])
print(lowest, labelled.threshold_, KNN(0.1).fit(rows).labels_, IForest().fit(rows).threshold_, oddshot.__version__, oddshot.experts(labelled=True))

model = oddshot.meta_train(oddshot.Suite.simulated(), "score-net", steps=3, progress=False)
detector = oddshot.FewShotDetector(model, max_false_alarms=0.05).fit(rows, [0] * 20)
why: oddshot.Explanation = detector.explain(rows[:1])[0]
plot.ExplanationDisplay.from_explanation(why, columns=2)
try:
    oddshot.evaluate(model, oddshot.Suite.simulated(), shots=[1])
except oddshot.ArgumentError as error:
    as_value_error: ValueError = error
    as_ours: oddshot.Error = error

oddshot.KNN(neighbours=3)  # wrong
oddshot.FewShotDetector(calibration=3)  # wrong
oddshot.Suite.simulated(7)  # wrong
words: str = model.training_tasks  # wrong
as_type_error: TypeError = oddshot.ShapeError("x")  # wrong
"""


def mypy(*words, tmp_path):
    beside = "" if "site-packages" in PACKAGE.parts else str(PACKAGE.parent)  # where a checker looks by itself
    command = [sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "cache", "--ignore-missing-imports", "--no-error-summary", *words]
    return subprocess.run(command, cwd=tmp_path, env={**os.environ, "MYPYPATH": beside}, capture_output=True, text=True, check=False).stdout


def test_a_script_of_a_user_is_checked(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    told = mypy("script.py", tmp_path=tmp_path)
    found = {int(line.split(":")[1]) for line in told.splitlines() if line.startswith("script.py:") and " error: " in line}
    assert found == {number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")}, told


def test_the_package_keeps_its_own_types(tmp_path):
    told = mypy("-p", "oddshot", tmp_path=tmp_path)
    assert " error: " not in told, told
