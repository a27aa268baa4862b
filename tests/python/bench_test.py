"""The benches of Python run, and the answers that they compare are alike; their times are for people."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("words", [["few_shot_bench.py", "1"], ["experts_bench.py", "300"]])
def test_the_bench_runs(words):
    pytest.importorskip("pyod")
    done = subprocess.run([sys.executable, ROOT / "bench/python" / words[0], *words[1:]], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "isolation forest" in done.stdout
