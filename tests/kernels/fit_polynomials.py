"""The minimax polynomials of src/kernels/simd_activations.h. Needs numpy and mpmath; prints the coefficients, lowest first.

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
