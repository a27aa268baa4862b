"""What the tests share."""

import os

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("project", database=None, derandomize="ODDSHOT_FUZZ_TIMES" not in os.environ)
settings.load_profile("project")


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def rows(rng):
    """[120, 4] of one roundish cloud."""
    return rng.normal(size=(120, 4))


def make_table(seed, columns, rows=260, anomalies=40, labelled=None):
    """X [rows, columns] of correlated normals, the last `anomalies` of which are shifted in two columns, and y."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    y = np.zeros(rows, int)
    y[-anomalies:] = 1
    X[-anomalies:, :2] += 5 * X.std() * rng.choice([-1, 1], size=(anomalies, 2))
    return X, y


@pytest.fixture(scope="session")
def tasks():
    import oddshot

    return [oddshot.Task(f"table {i}", *make_table(i, 3 + i % 4), held_out=i >= 5) for i in range(7)]


@pytest.fixture(scope="session")
def suite(tasks):
    import oddshot

    return oddshot.Suite.from_tasks(tasks)


@pytest.fixture(scope="session")
def model(suite):
    """A small model of any table."""
    import oddshot

    return oddshot.meta_train(suite, "score-net", steps=40, episodes=48, shots=[0, 1, 5], normals=30, members=1, progress=False)


@pytest.fixture
def labelled():
    """X [260, 5] and y of which 60 rows, 5 of them anomalies, are known; and the truth."""
    X, truth = make_table(99, 5)
    y = np.full(len(truth), -1)
    y[:55] = 0
    y[-5:] = 1
    return X, y, truth
