"""No input crashes the interpreter: whatever comes in, numbers come out or an error that has a name."""

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
MILD = (ValueError, TypeError, OverflowError, ArithmeticError, oddshot.Error)
FITTED = _core.FittedExpert("knn", np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32), None, 1)
ROWS = np.random.default_rng(2).normal(size=(40, 3))
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


@settings(max_examples=150, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.sampled_from(oddshot.experts()))
@pytest.mark.filterwarnings("ignore")
def test_fitting_whatever(X, name):
    fitted = within(lambda: getattr(oddshot, name)().fit(X))
    if fitted is not None:
        assert len(fitted.fitting_scores_) == len(X)


@settings(max_examples=200, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS, st.builds(lambda: memoryview(bytearray(96)).cast("f", (8, 3)))), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.integers(0, 4)))
def test_the_core_itself_given_whatever(X, out, threads):
    try:
        FITTED.score(X, out, threads)
    except (*MILD, BufferError):
        pass


@settings(max_examples=100, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.lists(st.text())), st.text())
def test_tables_of_whatever(X, names, name):
    try:
        table = _core.Table.from_matrix(X, names, name)
        table.add_category("extra", [0] * len(table), ["a"])
        table.select([n for n, _ in table.columns()])
    except (*MILD, BufferError):
        pass


@settings(max_examples=100, deadline=None)
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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(max_examples=200, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS, st.lists(st.sampled_from([0, 1, -1, None, np.nan, "normal", "anomaly", 2, True, b"x"]))), st.one_of(st.none(), st.integers(), st.text()))
@pytest.mark.filterwarnings("ignore")
def test_labels_of_whatever(y, pos_label):
    made = within(lambda: encode_labels(y, pos_label=pos_label))
    if made is not None:
        assert set(made[0].tolist()) <= {-1, 0, 1} and len(made[1]) == 2


@settings(max_examples=150, deadline=None)
@given(st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, ARRAYS), st.one_of(ANYTHING, st.integers(0, 12)))
def test_p_values_of_whatever(scores, weight, out, count):
    for call in (lambda: _core.false_discovery_cut(scores, count, 0.1), lambda: CORE.p_values(scores, weight, out, count)):
        try:
            call()
        except (*MILD, BufferError):
            pass


CELLS = st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(), st.binary(), st.dates(), st.datetimes(), st.times())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), st.lists(CELLS, min_size=3, max_size=3), max_size=4))
def test_frames_of_whatever(columns):
    try:
        table = pyarrow.table(columns)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError, OverflowError, ValueError, TypeError):
        return
    made = within(lambda: _core.Table.from_stream(table.__arrow_c_stream__(), "X", [], []))
    if made is not None and columns:
        assert len(made) == 3 and len(made.columns()) == len(columns)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_models_are_refused_or_work(data, model):
    content = bytearray(model.to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    X = np.random.default_rng(1).normal(size=(40, 3))
    within(lambda: oddshot.MetaModel.from_bytes(bytes(content)).adapt(X).anomaly_scores(X))
