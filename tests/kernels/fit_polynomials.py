"""The minimax polynomials of src/kernels/simd_activations.h and simd_shared_network.h. Needs numpy and mpmath; prints the coefficients, lowest first.

Lawson's iteration: least squares, weighted again and again by the error that remains, tends to the fit whose greatest error is least.
"""
import mpmath
import numpy as np

mpmath.mp.dps = 40


def points(low, high, count=2000):
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(count) + 0.5) / count)


def fit(name, x, f, weight, degree):
    """The polynomial p with the least max |weight (p - f)| over the points x."""
    basis = np.polynomial.chebyshev.chebvander((2 * x - x.min() - x.max()) / (x.max() - x.min()), degree)
    lawson = np.ones_like(x)
    best_error, best = np.inf, None
    for _ in range(400):
        scale = np.sqrt(lawson) * weight
        coefficients = np.linalg.lstsq(basis * scale[:, None], f * scale, rcond=None)[0]
        error = np.abs(weight * (basis @ coefficients - f))
        if error.max() < best_error:
            best_error, best = error.max(), coefficients
        lawson = np.maximum(lawson * error / (lawson * error).sum(), 1e-14)
    plain = np.polynomial.Chebyshev(best, domain=[x.min(), x.max()]).convert(kind=np.polynomial.Polynomial).coef
    print(f"{name}: relative error {best_error:.1e}:", ", ".join(f"{np.float32(c):.10g}" for c in plain))


def exact(function, x):
    return np.array([float(function(mpmath.mpf(v))) for v in x])


# exp(r) = 1 + r + r^2 p(r), |r| <= ln 2 / 2
r = points(-np.log(2) / 2 * 1.001, np.log(2) / 2 * 1.001)
fit("exp", r, exact(lambda v: (mpmath.exp(v) - 1 - v) / v**2, r), r * r / np.exp(r), 4)

# tanh(z) = z + z s p(s), s = z^2, |z| < 0.625
s = points(1e-6, 0.625**2)
z = np.sqrt(s)
fit("tanh", s, exact(lambda v: (mpmath.tanh(v) / v - 1) / v**2, z), s * z / np.tanh(z), 4)

# atanh(t) = t (1 + u p(u)), u = t^2, t <= 1/3
u = points(1e-7, 1 / 9)
fit("atanh", u, exact(lambda v: (mpmath.atanh(mpmath.sqrt(v)) / mpmath.sqrt(v) - 1) / v, u), u, 3)

# Phi(-x) exp(x^2 / 2) = s p(s), s = 1 / (1 + 0.35 x), 0 <= x <= 14
s = points(1 / (1 + 0.35 * 14), 1.0)
h = exact(lambda v: mpmath.erfc(v / mpmath.sqrt(2)) * mpmath.exp(v**2 / 2) / 2, (1 / s - 1) / 0.35)
fit("Phi", s, h / s, s / h, 8)


def fit_quotient(name, z, f, above, below):
    """p(s) / q(s), s = z^2, q(0) = 1, with the least relative error of f; q of the round before stands in for q in the weights."""
    unit = z.max() ** 2
    powers = ((z * z / unit)[:, None]) ** np.arange(max(above, below) + 1)
    lawson, q = np.ones_like(z) / len(z), np.ones_like(z)
    best_error, best = np.inf, None
    for _ in range(600):
        weight = np.sqrt(lawson) / (q * f)
        system = np.hstack([powers[:, : above + 1], -f[:, None] * powers[:, 1 : below + 1]]) * weight[:, None]
        sizes = np.linalg.norm(system, axis=0)
        solved = np.linalg.lstsq(system / sizes, f * weight, rcond=1e-16)[0] / sizes
        q = 1 + powers[:, 1 : below + 1] @ solved[above + 1 :]
        error = np.abs(powers[:, : above + 1] @ solved[: above + 1] / (q * f) - 1)
        if error.max() < best_error:
            best_error, best = error.max(), solved
        lawson = np.maximum(lawson * error / (lawson * error).sum(), 1e-16)
    p, q = best[: above + 1] / unit ** np.arange(above + 1), best[above + 1 :] / unit ** np.arange(1, below + 1)
    print(f"{name}: relative error {best_error:.1e}:", ", ".join(f"{np.float32(c):.10g}" for c in p), "over 1,", ", ".join(f"{np.float32(c):.10g}" for c in q))


# tanh(z) = z p(s) / q(s), s = z^2, |z| <= 9
z = points(1e-3, 9.0, 3000)
fit_quotient("tanh", z, exact(lambda v: mpmath.tanh(v) / v, z), 4, 4)
