"""Experts: what they say of rows, whatever the rows come in."""

import copy
import pickle
import threading
import time

import duckdb
import numpy as np
import pandas
import polars
import pyarrow
import pytest
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor

import oddshot
from oddshot import _core

NAMES = oddshot.experts()


@pytest.fixture(params=NAMES)
def expert(request):
    return getattr(oddshot, request.param)


def test_every_expert_of_the_core_without_labels_is_a_class():
    assert len(NAMES) == sum(not uses_labels for _, uses_labels, _ in _core.experts())
    assert {"RobustZ", "ECOD", "Mahalanobis", "KNN", "LOF", "IsolationForest"} <= set(NAMES)


def test_a_far_row_is_an_outlier_and_a_central_one_is_not(expert, rows):
    fitted = expert().fit(rows)
    assert fitted.predict([[50, -50, 50, -50], [0.1, 0, 0, 0]]).tolist() == [-1, 1]


def test_the_realised_rate_of_false_alarms_is_about_the_one_asked_for(expert, rng):
    fitted = expert(max_false_alarms=0.1).fit(rng.normal(size=(500, 4)))
    share = np.mean(fitted.predict(rng.normal(size=(4000, 4))) == -1)
    assert 0.05 < share < 0.16


def test_rows_with_a_p_value_up_to_the_rate_are_the_outliers(expert, rows, rng):
    fitted = expert(max_false_alarms=0.2).fit(rows)
    new = 2 * rng.normal(size=(300, 4))
    assert ((fitted.p_values(new) <= 0.2) == (fitted.predict(new) == -1)).all()


def test_lof_has_scikit_learns_scores(rows, rng):
    new = rng.normal(size=(50, 4))
    theirs = LocalOutlierFactor(novelty=True).fit(rows)
    ours = oddshot.LOF().fit(rows)
    np.testing.assert_allclose(ours.score_samples(new), theirs.score_samples(new), rtol=2e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_order_strides_and_kind_of_float_do_not_matter(expert, rows, dtype):
    rows = rows.astype(np.float32).astype(dtype)
    fitted = expert().fit(rows)
    wide = np.zeros((2 * len(rows), 11), dtype)
    wide[::2, 1:9:2] = rows
    wanted = fitted.score_samples(rows)
    for same in (np.asfortranarray(rows), wide[::2, 1:9:2], rows[::-1][::-1], np.ascontiguousarray(rows[:, ::-1])[:, ::-1]):
        np.testing.assert_array_equal(fitted.score_samples(same), wanted)
    read_only = rows.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(fitted.score_samples(read_only), wanted)


def test_rows_of_float32_are_not_copied():
    rows = np.zeros((200_000, 40), np.float32)
    rows += np.arange(40, dtype=np.float32)
    fitted = oddshot.RobustZ().fit(rows[:50] + np.random.default_rng(1).normal(size=(50, 40)).astype(np.float32))
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fitted.score_samples(rows)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < rows.nbytes / 1024 / 2


def duckdb_relation(columns):
    frame = pandas.DataFrame(columns)  # which DuckDB finds by its name
    return duckdb.sql("select * from frame")


@pytest.mark.parametrize("frame", [pandas.DataFrame, polars.DataFrame, pyarrow.table, pyarrow.record_batch, duckdb_relation])
def test_frames_score_as_their_numbers_do(expert, rows, frame):
    names = ["a", "b", "c", "d"]
    fitted = expert().fit(frame(dict(zip(names, rows.T))))
    assert fitted.feature_names_in_.tolist() == names
    np.testing.assert_array_equal(fitted.score_samples(frame(dict(zip(names, rows.T)))), expert().fit(rows).score_samples(rows))
    with pytest.raises(ValueError, match="feature names"):
        fitted.score_samples(frame(dict(zip("wxyz", rows.T))))


def test_what_holds_no_numbers_is_refused_in_words(rows):
    words = {"a": rows[:, 0], "proto": np.where(rows[:, 0] > 0, "tcp", "udp")}
    for kind in (polars.DataFrame, pyarrow.table, duckdb_relation):
        with pytest.raises(oddshot.ArgumentError, match='X, column "proto" holds something else than numbers'):
            oddshot.KNN().fit(kind(words))
    with pytest.raises(oddshot.KindError, match="collect"):
        oddshot.KNN().fit(polars.DataFrame({"a": rows[:, 0]}).lazy())


def test_a_copy_and_a_pickle_score_to_the_same_bits(expert, rows):
    fitted = expert(random_state=5).fit(rows)
    for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(other.score_samples(rows), fitted.score_samples(rows))
    assert clone(fitted).get_params() == fitted.get_params()


def test_threads_do_not_change_scores(expert, rows, rng):
    many = rng.normal(size=(5000, 4))
    fitted = expert().fit(rows)
    np.testing.assert_array_equal(expert(n_jobs=-1).fit(rows).score_samples(many), fitted.score_samples(many))


@pytest.mark.parametrize("value, what", [(np.nan, "NaN"), (np.inf, "inf"), (1e300, "beyond the range of float32")])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_value_that_cannot_be_used_is_named_with_its_place(rows, value, what, order):
    wrong = np.array(rows, order=order)
    wrong[7, 2] = value
    for call in (oddshot.KNN().fit, oddshot.KNN().fit(rows).score_samples):
        with pytest.raises(oddshot.Error, match=f"X, row 7, column 2 is .*{what}") as caught:
            call(wrong)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "parameters, error",
    [
        ({"max_false_alarms": 0}, ValueError),
        ({"max_false_alarms": 1.0}, ValueError),
        ({"max_false_alarms": "few"}, TypeError),
        ({"n_jobs": 0}, ValueError),
        ({"n_jobs": 1.5}, TypeError),
        ({"random_state": -1}, ValueError),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(rows, parameters, error):
    (name,) = parameters
    with pytest.raises(error, match=name) as caught:
        oddshot.KNN(**parameters).fit(rows)
    assert isinstance(caught.value, oddshot.Error)


def test_scoring_leaves_the_interpreter_free(rng):
    fitted = oddshot.KNN().fit(rng.normal(size=(4000, 30)))
    many = rng.normal(size=(40_000, 30)).astype(np.float32)
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    fitted.score_samples(many)
    end = time.perf_counter()
    done.set()
    thread.join()
    assert sum(start < t < end for t in ticks) >= 3
