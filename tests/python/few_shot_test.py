"""The few-shot detector: frames and arrays in, the same scores everywhere."""

import copy
import pickle

import duckdb
import numpy as np
import pandas
import polars
import pyarrow
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

import oddshot


@pytest.fixture
def mixed(labelled):
    """The labelled rows as a frame of numbers with gaps, categories and truth values."""
    X, y, truth = labelled
    frame = pandas.DataFrame(X, columns=list("abcde"))
    frame["proto"] = np.where(np.arange(len(X)) % 3 == 0, "tcp", "udp")
    frame["flag"] = np.arange(len(X)) % 2 == 0
    frame.loc[3, "a"] = np.nan
    return frame, y


def test_unlabelled_anomalies_are_found(model, labelled):
    X, y, truth = labelled
    detector = oddshot.FewShotDetector(model).fit(X, y)
    assert (detector.n_normals_, detector.n_anomalies_) == (55, 5)
    assert roc_auc_score(truth[y == -1], detector.anomaly_scores(X)[y == -1]) > 0.8
    assert 0.5 < detector.left_out_auroc() <= 1


def test_all_ways_to_say_that_a_label_is_not_known_are_the_same(model, labelled):
    X, y, _ = labelled
    wanted = model.adapt(X, y).anomaly_scores(X)
    known = y != -1
    for same in (
        np.where(known, y, np.nan),
        [int(v) if k else None for v, k in zip(y, known)],
        pandas.array([int(v) if k else pandas.NA for v, k in zip(y, known)], dtype="Int64"),
        polars.Series([int(v) if k else None for v, k in zip(y, known)]),
    ):
        np.testing.assert_array_equal(model.adapt(X, same).anomaly_scores(X), wanted)
    np.testing.assert_array_equal(model.adapt(X[known], y[known]).anomaly_scores(X), wanted)


def test_every_kind_of_frame_scores_the_same(model, mixed):
    frame, y = mixed
    detector = model.adapt(frame, y)
    wanted = detector.anomaly_scores(frame)
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    for same in (
        polars.from_pandas(frame),
        table,
        pyarrow.Table.from_batches(table.to_batches(max_chunksize=7)),
        table.to_batches()[0],
        duckdb.sql("select * from frame"),
        frame.set_index(np.arange(len(frame)) + 5),
        frame.astype({"proto": "category"}),
    ):
        np.testing.assert_array_equal(detector.anomaly_scores(same), wanted)
        np.testing.assert_array_equal(model.adapt(same, y).anomaly_scores(frame), wanted)


def test_pandas_without_pyarrow_scores_the_same(model, mixed, monkeypatch):
    frame, y = mixed
    wanted = model.adapt(frame, y).anomaly_scores(frame)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    np.testing.assert_array_equal(model.adapt(frame, y).anomaly_scores(frame), wanted)


def test_the_index_of_pandas_is_no_column(model, mixed):
    frame, y = mixed
    assert "index" not in " ".join(model.adapt(frame.set_index(np.arange(len(frame)) * 3), y).feature_names_in_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_order_and_strides_do_not_matter(model, labelled, dtype):
    X, y, _ = labelled
    X = X.astype(np.float32).astype(dtype)
    wide = np.zeros((len(X), 11), dtype)
    wide[:, 1:11:2] = X
    detector = model.adapt(X, y)
    for same in (np.asfortranarray(X), wide[:, 1:11:2]):
        np.testing.assert_array_equal(detector.anomaly_scores(same), detector.anomaly_scores(X))


def test_copies_pickles_and_files_score_to_the_same_bits(model, mixed, tmp_path):
    frame, y = mixed
    detector = oddshot.FewShotDetector(model, n_jobs=2).fit(frame, y)
    wanted = detector.anomaly_scores(frame)
    detector.save(tmp_path / "d.safetensors")
    for other in (
        pickle.loads(pickle.dumps(detector)),
        copy.deepcopy(detector),
        oddshot.FewShotDetector.load(tmp_path / "d.safetensors"),
        clone(detector).fit(frame, y),
    ):
        np.testing.assert_array_equal(other.anomaly_scores(frame), wanted)
    assert (tmp_path / "d.safetensors").read_bytes() in pickle.dumps(detector)


def test_normals_alone_are_enough(model, labelled):
    X, _, truth = labelled
    detector = model.adapt(X[:100])
    assert detector.n_anomalies_ == 0 and detector.left_out_auroc() is None
    assert roc_auc_score(truth[100:], detector.anomaly_scores(X[100:])) > 0.7


@pytest.mark.parametrize(
    "y, words",
    [
        (np.r_[np.ones(130), -np.ones(130)], "-1 and 1 alone"),
        (np.arange(260), "260 different labels"),
        (np.zeros(259), "259 labels for 260 rows"),
        (np.r_[np.zeros(5), -np.ones(255)], "at least 10"),
    ],
)
def test_labels_that_say_nothing_are_refused(model, labelled, y, words):
    with pytest.raises(oddshot.Error, match=words) as caught:
        model.adapt(labelled[0], y)
    assert isinstance(caught.value, ValueError)


def test_an_infinite_value_is_named_with_its_place(model, labelled, mixed):
    X, y, _ = labelled
    X[17, 3] = np.inf
    with pytest.raises(oddshot.Error, match="X, row 17, column 3 is inf"):
        model.adapt(X, y)
    frame = mixed[0].assign(b=np.where(np.arange(260) == 9, np.inf, 1))
    with pytest.raises(oddshot.FormatError, match='X, row 9, column "b": "inf" is infinite'):
        model.adapt(frame, y)


def test_a_frame_without_a_column_or_of_another_kind_is_refused_by_its_name(model, mixed):
    frame, y = mixed
    detector = model.adapt(frame, y)
    with pytest.raises(ValueError, match="proto"):
        detector.anomaly_scores(pyarrow.Table.from_pandas(frame.drop(columns="proto")))
    with pytest.raises(ValueError, match='"c".*"oops" is not a number'):
        detector.anomaly_scores(polars.from_pandas(frame.assign(c="oops")))


def test_without_a_model_there_is_a_clear_error(labelled):
    with pytest.raises(TypeError, match="model is None"):
        oddshot.FewShotDetector().fit(*labelled[:2])
    with pytest.raises(OSError):
        oddshot.FewShotDetector("nowhere.safetensors").fit(*labelled[:2])
