"""Every estimator keeps scikit-learn's rules."""

import warnings

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import oddshot

# Checks that an estimator does not pass, and why that is right.
EXPECTED = {}


def all_checks():
    for name in oddshot.experts():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for estimator, check in estimator_checks_generator(getattr(oddshot, name)()):
                title = getattr(check, "func", check).__name__
                yield pytest.param(estimator, check, EXPECTED.get((name, title)), id=f"{name}-{title}")


@pytest.mark.parametrize("estimator, check, reason", list(all_checks()))
def test_scikit_learn_check(estimator, check, reason):
    if reason is None:
        check(estimator)
    else:
        with pytest.raises((AssertionError, ValueError)):
            check(estimator)
