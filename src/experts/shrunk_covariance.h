// How much a covariance is shrunk towards a multiple of the identity, so that it can be inverted with fewer rows than columns:
//   C = (1 - s) S + s m I,   m = trace(S) / D,   S = T / N for the scatter T of N rows in D columns
//   s = min(1, ((1 - 2/D) trace(S^2) + trace(S)^2) / ((N + 1 - 2/D) (trace(S^2) - trace(S)^2 / D)))
// Source: Chen, Wiesel, Eldar, Hero 2010, "Shrinkage algorithms for MMSE covariance estimation", equation 23 (OAS).
#pragma once

namespace oddshot {

// Where leaving a row out leaves less than this share of the scatter, differences of sums have lost too many digits.
inline constexpr double kSafeShare = 1e-4;

// C = weight T + ridge I, from the sums of T's eigenvalues and of their squares over n rows and d columns. No scatter: C = I.
struct ShrunkCovariance {
  double weight = 0;
  double ridge = 1;

  ShrunkCovariance(double sum, double sum_of_squares, double n, double d) {
    if (!(sum > 0)) return;
    const double trace = sum / n;
    const double square = sum_of_squares / (n * n);
    const double spread = square - trace * trace / d;
    const double numerator = (1 - 2 / d) * square + trace * trace;
    const double denominator = (n + 1 - 2 / d) * spread;
    const double s = numerator < denominator ? numerator / denominator : 1;
    weight = (1 - s) / n;
    ridge = s * trace / d;
  }
};

}  // namespace oddshot
