"""What the documents show runs, and prints what they say it prints."""

import contextlib
import doctest
import importlib
import inspect
import io
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pandas
import pytest

import oddshot

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_first_program_of_the_page_prints_what_the_page_says(page):
    text = (ROOT / page).read_text()
    found = re.search(r"```python\n(.*?)```\s+[^\n]*\n\n```\n(.*?)```", text, re.S)
    assert found, "no program with its output"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(found[1], {"__name__": "__main__"})
    assert printed.getvalue() == found[2]


def test_the_page_s_few_shot_lines_run(capsys):
    (lines,) = re.findall(r"```python\n(detector = oddshot.FewShotDetector.*?)```", (ROOT / "docs/python.md").read_text(), re.S)
    rng = np.random.default_rng(3)
    rows = pandas.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "c"])
    rows.loc[495:, "b"] += 20
    named = {"frame": rows, "y": np.r_[np.zeros(495), np.ones(5)], "new_frame": rows[490:], "more_rows": rows[:2] + 0.1, "more_labels": [0, 0]}
    exec(lines, {"oddshot": oddshot, **named})
    assert "row 0: score" in capsys.readouterr().out


@pytest.mark.parametrize("module", ["oddshot", "oddshot._adapted", "oddshot._checks", "oddshot._experts", "oddshot._explanation", "oddshot._few_shot", "oddshot._labels", "oddshot._meta", "oddshot._rows", "oddshot._tables", "oddshot.pyod", "oddshot.plot"])
def test_the_examples_of_docstrings_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_every_expert_shows_an_example_that_runs():
    for name in [*oddshot.experts(), *oddshot.experts(labelled=True)]:
        finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
        tests = finder.find(getattr(oddshot, name), name)
        assert sum(len(test.examples) for test in tests) >= 4
        for test in tests:
            assert runner.run(test).failed == 0, name


def test_everything_public_has_a_docstring():
    for name in oddshot.__all__:
        assert name == "__version__" or (getattr(oddshot, name).__doc__ or "").strip(), name


def public_functions():
    """Functions, and methods of classes, that users call, by their qualified name."""
    things = [getattr(oddshot, name) for name in oddshot.__all__ if name != "__version__"]
    things += [getattr(oddshot.plot, name) for name in oddshot.plot.__all__] + [oddshot.pyod.BaseDetector]
    found = {}
    for thing in things:
        members = [inspect.getattr_static(thing, name) for name in dir(thing) if not name.startswith("_")] if inspect.isclass(thing) else [thing]
        for member in members:
            function = getattr(member, "__func__", member)
            if inspect.isfunction(function) and function.__module__.startswith("oddshot"):
                found[function.__qualname__] = function
    return found


def test_every_parameter_and_return_value_has_its_words():
    found = public_functions()
    assert len(found) > 50
    for name, function in found.items():
        text = inspect.getdoc(function) or ""
        for parameter in inspect.signature(function).parameters.keys() - {"self", "cls"}:
            assert re.search(rf"^(\w+, )*(\*\*)?{parameter}(, \w+)*( : |$)", text, re.M), f"{name}: {parameter}"
        if inspect.signature(function).return_annotation != "None":
            assert "Returns\n-------" in text, name


def test_the_stubs_are_those_of_the_package(tmp_path):
    pytest.importorskip("nanobind", reason="its stubgen writes the stub of the core")
    subprocess.run([sys.executable, ROOT / "tools/python_stub.py", tmp_path], check=True)
    for stub in ("__init__.pyi", "_core.pyi", "pyod/__init__.pyi"):
        assert (tmp_path / stub).read_text() == (ROOT / "faces/python/oddshot" / stub).read_text(), f"{stub} is old: see tools/python_stub.py"


def test_the_stub_names_everything_that_the_package_has():
    stub = (pathlib.Path(oddshot.__file__).parent / "__init__.pyi").read_text()
    for name in oddshot.__all__:
        assert re.search(rf"^(class|def) {name}\b|^{name}\b|\b{name} as {name}\b", stub, re.M), f"{name} is not in __init__.pyi: see tools/python_stub.py"


def test_importing_costs_little_and_needs_neither_scikit_learn_nor_matplotlib():
    code = "import sys, numpy, time; t = time.perf_counter(); import oddshot; print(time.perf_counter() - t, *sorted(set(sys.modules) & {'sklearn', 'matplotlib', 'pandas', 'scipy'}))"
    best = min((subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split() for _ in range(3)), key=lambda words: float(words[0]))
    assert best[1:] == []
    assert float(best[0]) < 0.1


EXAMPLES = sorted(path.name for path in (ROOT / "examples/python").glob("*.py") if path.name != "data.py")


def test_there_are_five_examples():
    assert EXAMPLES == ["any_table.py", "diagnosis.py", "fraud.py", "intrusion.py", "machine_faults.py"]


@pytest.mark.parametrize("script", EXAMPLES)
def test_the_example_runs_on_real_data(script, tmp_path):
    done = subprocess.run([sys.executable, ROOT / "examples/python" / script], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "agg"})
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 4
