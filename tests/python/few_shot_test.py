"""The few-shot detector: frames and arrays in, the same scores everywhere."""

import copy
import json
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
    read_only = X.copy()
    read_only.flags.writeable = False
    detector = model.adapt(X, y)
    wanted = detector.anomaly_scores(X)
    for same in (np.asfortranarray(X), wide[:, 1:11:2], np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1], read_only):
        np.testing.assert_array_equal(detector.anomaly_scores(same), wanted)
        np.testing.assert_array_equal(model.adapt(same, y).anomaly_scores(X), wanted)
    np.testing.assert_array_equal([detector.anomaly_scores(X[[i]])[0] for i in range(5)], wanted[:5])


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


def test_the_file_of_a_detector_of_an_array_takes_arrays(model, labelled, tmp_path, recwarn):
    X, y, _ = labelled
    model.adapt(X, y).save(tmp_path / "d.safetensors")
    loaded = oddshot.FewShotDetector.load(tmp_path / "d.safetensors")
    assert loaded.n_features_in_ == 5 and not hasattr(loaded, "feature_names_in_")
    np.testing.assert_array_equal(loaded.anomaly_scores(X), model.adapt(X, y).anomaly_scores(X))
    assert not [one for one in recwarn if "feature names" in str(one.message)]


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
        (np.r_[np.ones(5), np.full(255, np.nan)], "at least 1"),
    ],
)
def test_labels_that_say_nothing_are_refused(model, labelled, y, words):
    with pytest.raises(oddshot.Error, match=words) as caught:
        model.adapt(labelled[0], y)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("normals", [1, 2, 5, 9])
@pytest.mark.parametrize("anomalies", [0, 1, 5])
def test_a_few_normals_are_enough_and_what_they_leave_unknown_is_said(model, labelled, tmp_path, normals, anomalies):
    X, _, truth = labelled
    y = np.full(len(X), np.nan)
    y[:normals] = 0
    y[len(y) - anomalies :] = 1
    detector = model.adapt(X, y)
    assert (detector.n_normals_, detector.n_anomalies_) == (normals, anomalies)
    assert any("made up around" in note for note in detector.notes_)
    scores = detector.anomaly_scores(X)
    assert np.isfinite(scores).all()
    assert detector.probability_ == "p-value"
    if normals == 1:
        assert (detector.n_calibrators_, detector.calibration_, detector.threshold_) == (0, "none", None)
        with pytest.raises(oddshot.ArgumentError, match="to 2 normal rows or more"):
            detector.predict(X)
    else:
        assert detector.n_calibrators_ == normals
        assert detector.p_values(X).min() >= 1 / (normals + 1) - 1e-12
        assert detector.max_false_alarms_ == pytest.approx(1 / (normals + 1))
        assert set(detector.predict(X)) <= {0, 1}
    with pytest.raises(oddshot.ArgumentError, match="needs 99 normal rows to calibrate by"):
        model.adapt(X, y, max_false_alarms=0.01)
    detector.save(tmp_path / "d.safetensors")
    np.testing.assert_array_equal(oddshot.FewShotDetector.load(tmp_path / "d.safetensors").anomaly_scores(X), scores)
    grown = copy.deepcopy(detector).partial_fit(X[100:103], [0, 0, 0])
    assert grown.n_normals_ == normals + 3
    np.testing.assert_array_equal(grown.withdraw(X[100:103]).anomaly_scores(X), scores)
    assert detector.explain(X[:1])[0].row == 0


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
        oddshot.FewShotDetector(None).fit(*labelled[:2])
    with pytest.raises(OSError):
        oddshot.FewShotDetector("nowhere.safetensors").fit(*labelled[:2])


# ---- alerts, p-values, probabilities -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud():
    """normals(n): fresh normal rows; anomalies(n): rows of one kind of anomaly. Five columns."""
    rng = np.random.default_rng(7)
    mix = rng.normal(size=(5, 5))

    def normals(n):
        return rng.normal(size=(n, 5)) @ mix

    def anomalies(n):
        return rng.normal(size=(n, 5)) @ mix + [9, 0, -9, 0, 0]

    return normals, anomalies


@pytest.fixture(scope="module")
def alarmed(cloud):
    """The universal model adapted to 400 normals and 5 anomalies at a rate of 5%."""
    normals, anomalies = cloud
    X = np.r_[normals(400), anomalies(5)]
    return oddshot.FewShotDetector(max_false_alarms=0.05).fit(X, np.r_[np.zeros(400), np.ones(5)])


def test_false_alarms_are_as_few_as_promised_and_anomalies_are_found(alarmed, cloud):
    normals, anomalies = cloud
    assert alarmed.calibration_ == "held-back" and alarmed.max_false_alarms_ == 0.05
    assert np.mean(alarmed.predict(normals(2000)) == 1) < 0.09
    assert np.mean(alarmed.predict(anomalies(200)) == 1) > 0.9


def test_predict_alerts_decision_and_p_values_say_the_same(alarmed, cloud):
    X = np.r_[cloud[0](200), cloud[1](20)]
    alerts = alarmed.alerts(X)
    assert 0 < alerts.sum() < len(X)
    np.testing.assert_array_equal(alarmed.predict(X), alerts.astype(float))
    np.testing.assert_array_equal(alarmed.decision_function(X) > 0, alerts)
    np.testing.assert_array_equal(alarmed.anomaly_scores(X) > alarmed.threshold_, alerts)
    p = alarmed.p_values(X)
    np.testing.assert_array_equal(p <= 0.05, alerts)
    assert (np.diff(p[np.argsort(alarmed.anomaly_scores(X))]) <= 0).all() and p.min() == 1 / (alarmed.n_calibrators_ + 1)
    np.testing.assert_array_equal(alarmed.alerts(X, max_false_alarms=0.2), p <= 0.2)


def test_a_false_discovery_rate_is_that_of_benjamini_and_hochberg(alarmed, cloud):
    X = np.r_[cloud[0](200), cloud[1](20)]
    p = np.sort(alarmed.p_values(X))
    cut = p[np.flatnonzero(p <= 0.1 * np.arange(1, len(p) + 1) / len(p)).max()]
    np.testing.assert_array_equal(alarmed.alerts(X, fdr=0.1), alarmed.p_values(X) <= cut)
    with pytest.raises(oddshot.ArgumentError, match="not by both"):
        alarmed.alerts(X, fdr=0.1, max_false_alarms=0.1)
    with pytest.raises(oddshot.ArgumentError, match="with weights"):
        alarmed.alerts(X, fdr=0.1, weight=np.ones(len(X)))


def test_too_few_calibrators_for_a_rate_say_how_many_are_needed(model, labelled):
    X, y, _ = labelled
    with pytest.raises(oddshot.ArgumentError, match="999"):
        oddshot.FewShotDetector(model, max_false_alarms=0.001).fit(X, y)
    detector = oddshot.FewShotDetector(model).fit(X, y)
    assert detector.max_false_alarms_ == 0.05
    with pytest.raises(oddshot.ArgumentError, match="99"):
        detector.alerts(X, max_false_alarms=0.001)
    few = oddshot.FewShotDetector(model).fit(X[:12])
    assert few.max_false_alarms_ == 1 / 13
    assert few.predict(X).shape == (len(X),)


def test_without_a_calibration_there_are_scores_alone(model, labelled):
    X, y, _ = labelled
    detector = oddshot.FewShotDetector(model, calibration="none").fit(X, y)
    assert detector.calibration_ == "none" and detector.threshold_ is None and detector.max_false_alarms_ is None
    assert detector.transform(X).shape == (len(X), 1)
    for call in (detector.predict, detector.p_values, detector.alerts, detector.decision_function, detector.predict_proba):
        with pytest.raises(oddshot.ArgumentError, match="calibrat"):
            call(X)


def test_weights_weigh_p_values_as_the_formula_does(model, labelled):
    X, y, _ = labelled
    weight = np.where(X[:, 0] > 0, 2.0, 0.5)
    detector = oddshot.FewShotDetector(model, calibration="cross-fitted").fit(X, y, weight=weight)
    assert detector.threshold_ is None
    light, heavy = detector.p_values(X, weight=np.zeros(len(X))), detector.p_values(X, weight=np.full(len(X), 100.0))
    assert (light <= heavy).all() and (light < heavy).any()
    np.testing.assert_array_equal(detector.alerts(X, weight=weight), detector.p_values(X, weight=weight) <= 0.05 * (1 + 1e-9))
    np.testing.assert_array_equal(detector.predict(X), (detector.decision_function(X) >= 0).astype(int))
    with pytest.raises(oddshot.ArgumentError, match="weight, row 3"):
        detector.p_values(X, weight=np.where(np.arange(len(X)) == 3, -1, 1))
    with pytest.raises(ValueError, match="259 weights for 260 rows"):
        detector.fit(X, y, weight=weight[1:])
    with pytest.raises(oddshot.ArgumentError, match="weights"):
        model.adapt(X, y).p_values(X, weight=weight)


def test_probabilities_rise_with_the_score_and_with_the_share(model, labelled):
    X, y, truth = labelled
    for of in (model, oddshot.MetaModel.load("universal")):
        detector = of.adapt(X, y, anomaly_share=0.15)
        both = detector.predict_proba(X)
        np.testing.assert_allclose(both.sum(axis=1), 1)
        assert (np.diff(both[np.argsort(detector.anomaly_scores(X)), 1]) >= 0).all()
        assert (both > 0).all() and both[truth == 1, 1].mean() > both[truth == 0, 1].mean()
        assert (of.adapt(X, y, anomaly_share=0.5).predict_proba(X)[:, 1] > both[:, 1]).all()
    assert model.adapt(X, y, fall_back=False).probability_ == "model"


def without_profile(model):
    """The model as one trained before models kept how their scores become probabilities."""
    content = model.to_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    del header["__metadata__"]["profile"]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return oddshot.MetaModel.from_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])


def test_the_bound_of_a_p_value_is_the_formula(model, labelled):
    X, y, _ = labelled
    detector = without_profile(model).adapt(X, y, anomaly_share=0.2)
    assert detector.probability_ == "p-value"
    p = detector.p_values(X)
    factor = np.array([1 / (-np.e * q * np.log(q)) if q < 1 / np.e else 1 for q in p])
    np.testing.assert_allclose(detector.predict_proba(X)[:, 1], factor * 0.25 / (1 + factor * 0.25))


# ---- what scikit-learn asks for beyond its checks -----------------------------------------------------------------------------------------


def test_the_columns_of_oddshot_score_come_as_a_frame_of_ones_choice(alarmed, cloud):
    X = cloud[0](30)
    detector = clone(alarmed).fit(np.r_[cloud[0](400), cloud[1](5)], np.r_[np.zeros(400), np.ones(5)])
    plain = detector.transform(X)
    for kind, frame in (("pandas", pandas.DataFrame), ("polars", polars.DataFrame)):
        made = detector.set_output(transform=kind).transform(X)
        assert isinstance(made, frame) and list(made.columns) == ["score", "p_value", "alert"]
        np.testing.assert_array_equal(made.to_numpy(), plain)
    np.testing.assert_array_equal(plain, np.column_stack([detector.anomaly_scores(X), detector.p_values(X), detector.alerts(X)]))


def test_a_pipeline_and_a_search_take_it(model, labelled):
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, _, truth = labelled
    search = GridSearchCV(
        make_pipeline(StandardScaler(), oddshot.FewShotDetector(model)), {"fewshotdetector__contamination_robust": [0.0, 0.1]}, scoring="roc_auc", cv=3
    )
    assert search.fit(X, truth).best_score_ > 0.7


@pytest.mark.parametrize(
    "y, classes",
    [
        (np.repeat(["normal", "anomaly", "unknown"], [200, 40, 20]), ["normal", "anomaly"]),
        (np.repeat([False, True], [220, 40]), [False, True]),
        (np.repeat(["bad", "good"], [220, 40]), ["bad", "good"]),
        (np.repeat([3.0, 7.0, np.nan], [200, 40, 20]), [3.0, 7.0]),
    ],
)
def test_labels_of_ones_own_come_back(model, labelled, y, classes):
    detector = model.adapt(labelled[0], y)
    assert detector.classes_.tolist() == classes and detector.n_anomalies_ == 40
    assert set(detector.predict(labelled[0])) <= set(classes)
    assert bool([note for note in detector.notes_ if "pos_label" in note]) == (classes[0] in ("bad", 3.0))


def test_pos_label_names_the_anomaly(model, labelled):
    y = np.repeat(["good", "bad"], [220, 40])
    detector = model.adapt(labelled[0], y, pos_label="bad")
    assert detector.classes_.tolist() == ["good", "bad"] and detector.n_anomalies_ == 40
    with pytest.raises(oddshot.ArgumentError, match="0 labels beside"):
        model.adapt(labelled[0], np.full(260, "bad"), pos_label="bad")


# ---- labels that come later ---------------------------------------------------------------------------------------------------------------


def test_labels_that_come_later_make_the_detector_of_all_rows(model, mixed):
    frame, y = mixed
    first = np.arange(260) < 200
    grown = model.adapt(frame[first], y[first]).partial_fit(frame[~first], y[~first])
    at_once = model.adapt(frame, y)
    np.testing.assert_array_equal(grown.anomaly_scores(frame), at_once.anomaly_scores(frame))
    np.testing.assert_array_equal(grown.p_values(frame), at_once.p_values(frame))
    assert [event["what"] for event in grown.history_] == ["adapted", "updated"] and grown.history_[1]["added"] == 5


def test_weights_that_come_later_make_the_detector_of_all_rows(model, labelled):
    X, y, _ = labelled
    weight = np.where(X[:, 0] > 0, 2.0, 0.5)
    first = np.arange(260) < 200
    options = dict(calibration="cross-fitted")
    grown = model.adapt(X[first], y[first], weight=weight[first], **options).partial_fit(X[~first], y[~first], weight=weight[~first])
    at_once = model.adapt(X, y, weight=weight, **options)
    np.testing.assert_array_equal(grown.anomaly_scores(X), at_once.anomaly_scores(X))
    np.testing.assert_array_equal(grown.p_values(X, weight=weight), at_once.p_values(X, weight=weight))
    assert (grown.p_values(X, weight=weight) != model.adapt(X, y, **options).p_values(X)).any()
    heavier = model.adapt(X[first], y[first], weight=weight[first], **options).partial_fit(X[~first], y[~first], weight=10 * weight[~first])
    assert (heavier.p_values(X, weight=weight) == grown.p_values(X, weight=weight)).all()  # the later rows are anomalies and unknown: no calibrators
    relabelled = grown.partial_fit(X[:3], y[:3], weight=[9, 9, 9])
    assert (relabelled.p_values(X, weight=weight) != at_once.p_values(X, weight=weight)).any()
    wanted = grown.p_values(X, weight=weight)
    for wrong, words in [(None, "give the weight of these"), ([1, 2], "2 weights for 3 rows"), ([1, -1, 1], "weight, row 1"), (["a", "b", "c"], "list of numbers")]:
        with pytest.raises(oddshot.ArgumentError if words != "2 weights for 3 rows" else oddshot.ShapeError, match=words):
            grown.partial_fit(X[:3], y[:3], weight=wrong)
        np.testing.assert_array_equal(grown.p_values(X, weight=weight), wanted)


def test_a_label_is_corrected_and_withdrawn(model, labelled):
    X, y, _ = labelled
    wrong = y.copy()
    wrong[7] = 1
    wanted = model.adapt(X, y)
    corrected = model.adapt(X, wrong).partial_fit(X[[7]], [0])
    assert (corrected.n_normals_, corrected.n_anomalies_) == (wanted.n_normals_, 5)
    without = y.copy()
    without[7] = -1
    wanted = model.adapt(X, without).anomaly_scores(X)
    for other in (
        model.adapt(X, y).partial_fit(X[[7]], [np.nan]),
        model.adapt(X, wrong).partial_fit(X[[7]], [-1]),
        model.adapt(X, y).withdraw(X[[7]]),
        pickle.loads(pickle.dumps(model.adapt(X, y))).withdraw(X[[7]]),
    ):
        np.testing.assert_array_equal(other.anomaly_scores(X), wanted)


def test_a_failed_update_leaves_the_detector_as_it_was(model, labelled):
    X, y, _ = labelled
    detector = model.adapt(X, y)
    wanted = detector.anomaly_scores(X)
    for call in (
        lambda: detector.withdraw(X[[200]]),  # was not labelled
        lambda: detector.withdraw(X[y == 0]),  # no normal row would be left
        lambda: detector.partial_fit(X[:2], [0, 3]),
        lambda: detector.partial_fit(X[:2], [0]),
        lambda: detector.partial_fit(X[:2, :3], [0, 1]),
        lambda: detector.partial_fit(X[:2], [0, 1], weight=[1, 1]),
    ):
        with pytest.raises(ValueError):
            call()
        np.testing.assert_array_equal(detector.anomaly_scores(X), wanted)
    with pytest.raises(ValueError, match="not kept the rows"):
        model.adapt(X, y, forget_rows=True).partial_fit(X[:2], [0, 1])


def test_the_first_partial_fit_is_a_fit(model, labelled):
    X, y, _ = labelled
    detector = oddshot.FewShotDetector(model).partial_fit(X, y, classes=[0, 1])
    np.testing.assert_array_equal(detector.anomaly_scores(X), model.adapt(X, y).anomaly_scores(X))


# ---- reasons, drift -----------------------------------------------------------------------------------------------------------------------


def test_shares_add_up_and_name_the_column_that_is_off(model, mixed):
    frame, y = mixed
    detector = model.adapt(frame, y)
    odd = frame.iloc[[30]].assign(c=frame["c"].abs().max() * 20)
    (why,) = detector.explain(odd)
    assert why.columns[0].column == "c" and why.row == 0
    assert sum(why.shares.values()) == pytest.approx(why.score - why.baseline, abs=1e-4)
    assert why.score == pytest.approx(detector.anomaly_scores(odd)[0])
    assert str(why).startswith("row 0: score") and len(why.normals) == 3
    with pytest.raises(oddshot.ArgumentError, match="evaluations"):
        detector.explain(odd, evaluations=1)


def test_drift_is_seen_in_the_column_that_drifts(alarmed, cloud):
    rows = cloud[0](500)
    calm = alarmed.drift(rows)
    rows[:, 2] += 6 * rows[:, 2].std()
    moved = alarmed.drift(rows)
    assert not any(one["shifted"] for one in calm["drift"])
    assert {one["what"] for one in moved["drift"] if one["shifted"]} - {"score"} == {"x2"}


# ---- the model that ships -----------------------------------------------------------------------------------------------------------------


def test_the_universal_model_is_in_the_package_and_the_default(labelled):
    X, y, truth = labelled
    named, default = oddshot.FewShotDetector("universal").fit(X, y), oddshot.FewShotDetector().fit(X, y)
    np.testing.assert_array_equal(named.anomaly_scores(X), default.anomaly_scores(X))
    assert roc_auc_score(truth, default.anomaly_scores(X)) > 0.85
    with pytest.raises(ValueError, match="did you mean universal"):
        oddshot.MetaModel.load("univresal")


@pytest.mark.parametrize(
    "parameters, error",
    [
        ({"max_false_alarms": 2}, ValueError),
        ({"max_false_alarms": "few"}, TypeError),
        ({"calibration": "held"}, ValueError),
        ({"calibration": None}, TypeError),
        ({"contamination_robust": 0.5}, ValueError),
        ({"contamination_robust": "x"}, TypeError),
        ({"ignored": "a"}, TypeError),
        ({"anomaly_share": 0}, ValueError),
        ({"ignored": ["nowhere"]}, ValueError),
        ({"n_jobs": 0}, ValueError),
        ({"model": 3}, TypeError),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(labelled, parameters, error):
    with pytest.raises(error) as caught:
        oddshot.FewShotDetector(**parameters).fit(*labelled[:2])
    assert isinstance(caught.value, oddshot.Error)


def test_what_is_no_table_is_refused_in_words(model, mixed):
    frame, y = mixed
    detector = model.adapt(frame, y)
    for wrong, error, words in [
        (polars.from_pandas(frame).lazy(), TypeError, "collect"),
        (frame["a"], ValueError, "one column of a table"),
        (polars.from_pandas(frame)["a"], ValueError, "one column of a table"),
    ]:
        for call in (detector.predict, model.adapt):
            with pytest.raises(error, match=words) as caught:
                call(wrong)
            assert isinstance(caught.value, oddshot.Error)
    with pytest.raises(oddshot.ArgumentError, match="row 1: 'odd' is neither 0"):
        detector.partial_fit(frame[:2], [None, "odd"])
