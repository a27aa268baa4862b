"""Every estimator keeps scikit-learn's rules."""

import warnings

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import oddshot

TWO_READINGS = ("-1 and 1 alone", "labels of -1 and 1 alone may mean not known and anomaly, or two classes: they are refused")
NOT_BY_HALF = ("Arrays are not equal", "predict goes by the promised rate of false alarms, so not by which probability is larger, the last thing compared")
# Checks that an estimator does not pass: check to (what is then said, why that is right).
OF_CLASSIFIERS = {"check_classifiers_classes": TWO_READINGS}
OF_DETECTORS = OF_CLASSIFIERS | {"check_classifiers_train": NOT_BY_HALF}


def all_checks():
    usable = [name for name in oddshot.experts(labelled=True) if name != "XGBoost"]  # it needs a library that may be missing
    expected = {**{name: {} for name in oddshot.experts()}, **{name: OF_CLASSIFIERS for name in usable}, "FewShotDetector": OF_DETECTORS}
    for name, failing in expected.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for estimator, check in estimator_checks_generator(getattr(oddshot, name)()):
                title = getattr(check, "func", check).__name__
                yield pytest.param(estimator, check, failing.get(title), id=f"{name}-{title}")


@pytest.mark.parametrize("estimator, check, refusal", list(all_checks()))
def test_scikit_learn_check(estimator, check, refusal):
    if refusal is None:
        check(estimator)
    else:
        with pytest.raises((AssertionError, ValueError), match=refusal[0]):
            check(estimator)
