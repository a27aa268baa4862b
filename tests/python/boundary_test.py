"""No input crashes the interpreter: whatever comes in, numbers come out or an error that has a name.

ODDSHOT_FUZZ_TIMES=20 tries twenty times as much, each time anew.
"""

import os

import hypothesis.extra.numpy as arrays
import numpy as np
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import oddshot
from oddshot import _core
from oddshot._labels import encode_labels

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.floats()), st.dictionaries(st.text(), st.floats())
)
ARRAYS = arrays.arrays(
    dtype=st.one_of(
        arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.boolean_dtypes(), arrays.complex_number_dtypes(), arrays.byte_string_dtypes(), arrays.datetime64_dtypes()
    ),
    shape=arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12),
)
TIMES = int(os.environ.get("ODDSHOT_FUZZ_TIMES", "1"))
MILD = (ValueError, TypeError, OverflowError, ArithmeticError, oddshot.Error)
FITTED = _core.FittedExpert("knn", np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32), None, 1)
ROWS = np.random.default_rng(2).normal(size=(40, 3))
EXPERTS = {name: getattr(oddshot, name)().fit(ROWS) for name in oddshot.experts()}
CORE = oddshot.FewShotDetector().fit(ROWS).detector_.core


@pytest.fixture(scope="module")
def detector(model):
    """Of three columns; nothing that fails may change it."""
    return model.adapt(ROWS, np.r_[np.zeros(38), np.ones(2)])


def within(call):
    with np.errstate(all="ignore"):
        try:
            return call()
        except MILD:
            return None


@settings(max_examples=150 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.sampled_from(oddshot.experts()))
@pytest.mark.filterwarnings("ignore")
def test_fitting_whatever(X, name):
    fitted = within(lambda: getattr(oddshot, name)().fit(X))
    if fitted is not None:
        assert len(fitted.fitting_scores_) == len(X)


@settings(max_examples=100 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.sampled_from(oddshot.experts()))
@pytest.mark.filterwarnings("ignore")
def test_scoring_whatever(X, name):
    fitted = EXPERTS[name]
    for call in (fitted.score_samples, fitted.predict, fitted.p_values):
        found = within(lambda: call(X))
        assert found is None or len(found) == len(X)


LABELS = st.lists(st.sampled_from([0, 1, -1, None, np.nan, "normal", "anomaly"]), max_size=12)


@settings(max_examples=150 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, ARRAYS, LABELS), st.sampled_from([name for name in oddshot.experts(labelled=True) if name != "XGBoost"]))
@pytest.mark.filterwarnings("ignore")
def test_fitting_whatever_with_labels(X, y, name):
    fitted = within(lambda: getattr(oddshot, name)().fit(X, y))
    if fitted is not None:
        assert len(fitted.anomaly_scores(X)) == len(X)


@settings(max_examples=100 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.floats(0, 0.5)), st.sampled_from(oddshot.experts()))
@pytest.mark.filterwarnings("ignore")
def test_fitting_whatever_by_pyods_contract(X, contamination, name):
    fitted = within(lambda: getattr(oddshot.pyod, name)(contamination).fit(X))
    if fitted is not None:
        assert len(fitted.labels_) == len(X) and set(fitted.labels_) <= {0, 1}


@settings(max_examples=200 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS, st.builds(lambda: memoryview(bytearray(96)).cast("f", (8, 3)))), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.integers(0, 4)))
def test_the_core_itself_given_whatever(X, out, threads):
    try:
        FITTED.score(X, out, threads)
    except (*MILD, BufferError):
        pass


@settings(max_examples=100 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.lists(st.text())), st.text())
def test_tables_of_whatever(X, names, name):
    try:
        table = _core.Table.from_matrix(X, names, name)
        table.add_category("extra", [0] * len(table), ["a"])
        table.select([n for n, _ in table.columns()])
    except (*MILD, BufferError):
        pass


@settings(max_examples=100 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, st.just(pyarrow.table({"a": [1]})), ARRAYS))
def test_capsules_that_are_none(thing):
    for call in (
        lambda: _core.Table.from_stream(thing, "X", [], []),
        lambda: _core.Table.from_batch(thing, thing, "X", [], []),
    ):
        with pytest.raises((*MILD, AttributeError)):
            call()


def test_a_stream_serves_once():
    capsule = pyarrow.table({"a": [1.0, 2.0]}).__arrow_c_stream__()
    assert len(_core.Table.from_stream(capsule, "X", [], [])) == 2
    with pytest.raises(oddshot.ArgumentError, match="used up"):
        _core.Table.from_stream(capsule, "X", [], [])


@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(X=st.one_of(ANYTHING, ARRAYS), y=st.one_of(ANYTHING, ARRAYS), weight=st.one_of(st.none(), ANYTHING, ARRAYS), data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_a_detector_given_whatever(X, y, weight, data, detector):
    scores = detector.anomaly_scores(np.zeros((1, 3)))
    call = data.draw(
        st.sampled_from(
            [
                lambda: oddshot.FewShotDetector(detector.model).fit(X, y, weight=weight),
                lambda: detector.partial_fit(X, y, weight=weight),
                lambda: detector.withdraw(X),
                lambda: detector.p_values(X, weight=weight),
                lambda: detector.alerts(X, max_false_alarms=y, fdr=weight),
                lambda: detector.predict(X),
                lambda: detector.transform(X),
                lambda: detector.explain(X, evaluations=64),
                lambda: detector.drift(X),
            ]
        )
    )
    within(call)
    np.testing.assert_array_equal(detector.anomaly_scores(np.zeros((1, 3))), scores)


@settings(max_examples=200 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS, st.lists(st.sampled_from([0, 1, -1, None, np.nan, "normal", "anomaly", 2, True, b"x"]))), st.one_of(st.none(), st.integers(), st.text()))
@pytest.mark.filterwarnings("ignore")
def test_labels_of_whatever(y, pos_label):
    made = within(lambda: encode_labels(y, pos_label=pos_label))
    if made is not None:
        assert set(made[0].tolist()) <= {-1, 0, 1} and len(made[1]) == 2


@settings(max_examples=150 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.integers(0, 12)))
def test_p_values_of_whatever(scores, weight, out, count):
    for call in (lambda: _core.false_discovery_cut(scores, count, 0.1), lambda: CORE.p_values(scores, weight, out, count)):
        try:
            call()
        except (*MILD, BufferError):
            pass


CELLS = st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(), st.binary(), st.dates(), st.datetimes(), st.times())


@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), st.lists(CELLS, min_size=3, max_size=3), max_size=4))
def test_frames_of_whatever(columns):
    try:
        table = pyarrow.table(columns)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError, OverflowError, ValueError, TypeError):
        return
    made = within(lambda: _core.Table.from_stream(table.__arrow_c_stream__(), "X", [], []))
    if made is not None and columns:
        assert len(made) == 3 and len(made.columns()) == len(columns)


@settings(max_examples=150 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.lists(st.text(), min_size=3, max_size=3)), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.integers(0, 2)))
def test_rows_of_whatever_for_a_detector_of_the_core(X, names, out, threads):
    for call in (lambda: CORE.score_rows(X, names, out, threads), lambda: CORE.probabilities(out, threads, X, names)):
        try:
            call()
        except (*MILD, BufferError):
            pass


TABLES = st.one_of(
    ANYTHING,
    ARRAYS,
    st.builds(
        lambda columns, kinds: pyarrow.table({**{name: np.arange(30.0) * i for i, name in enumerate(columns)}, "label": (kinds * 30)[:30]}),
        st.lists(st.text(), max_size=3),
        st.lists(st.sampled_from(["normal", "0", "a", "b", None, ""]), min_size=1, max_size=6),
    ),
)
SETTINGS = st.one_of(st.just({}), st.dictionaries(st.sampled_from(["label", "normal", "held_out", "ignored", "minimum_anomalies"]), st.one_of(ANYTHING, st.lists(st.text()), st.integers(1, 5)), max_size=2))


@settings(max_examples=200 * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(ANYTHING, st.dictionaries(st.text(max_size=3), TABLES, max_size=3)), TABLES, st.one_of(ANYTHING, ARRAYS, LABELS), SETTINGS)
@pytest.mark.filterwarnings("ignore")
def test_suites_of_whatever(frames, table, y, given_settings):
    for call in (
        lambda: oddshot.Suite.from_frames(frames, **given_settings),
        lambda: oddshot.Suite.from_frame(table, **given_settings),
        lambda: oddshot.Suite.from_tasks([oddshot.Task("t", table, y), oddshot.Task("u", table, y, held_out=True)], minimum_anomalies=1),
        lambda: oddshot.Suite.simulated(frames),
    ):
        made = within(call)
        assert made is None or len(made.tasks) >= 1


@settings(max_examples=200 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_core.options()), st.one_of(ANYTHING, st.just("adam"), st.integers(-2, 3), st.lists(st.integers(-1, 3))), min_size=1, max_size=2), st.one_of(ANYTHING, st.sampled_from(sorted(oddshot.learners()))))
def test_options_of_whatever(suite, options, learner):
    # Refused, or a training of no steps.
    within(lambda: oddshot.meta_train(suite, learner, progress=False, **{**options, "steps": 0, "episodes": 1, "members": 1, "hidden": [4]}))


@settings(max_examples=100 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["background", "evaluations", "neighbours", "columns"]), value=st.one_of(ANYTHING, st.integers(-2, 200)))
def test_reasons_by_whatever(detector, name, value):
    found = within(lambda: detector.explain(ROWS[:1], **{"evaluations": 64, name: value} if not (name == "evaluations" and isinstance(value, int) and value > 200) else {}))
    assert found is None or len(found) == 1


@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_detectors_are_refused_or_work(data, detector):
    content = bytearray(detector.detector_.core.serialise())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    out = np.empty(len(ROWS), np.float32)
    within(lambda: _core.Detector.parse(bytes(content), "bytes").score_rows(ROWS, ["x0", "x1", "x2"], out, 1))


@settings(max_examples=100 * TIMES, deadline=None)
@given(st.one_of(ANYTHING, st.binary(max_size=200)))
def test_models_of_whatever(content):
    for call in (lambda: oddshot.MetaModel.from_bytes(content), lambda: oddshot.MetaModel.of(content), lambda: _core.Detector.parse(content, "bytes")):
        assert within(call) is None


@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_models_are_refused_or_work(data, model):
    content = bytearray(model.to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    X = np.random.default_rng(1).normal(size=(40, 3))
    within(lambda: oddshot.MetaModel.from_bytes(bytes(content)).adapt(X).anomaly_scores(X))
