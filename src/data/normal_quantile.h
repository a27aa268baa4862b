// The inverse of the standard normal distribution function.
#pragma once

namespace oddshot::data {

// g with Phi(g) = p, 0 < p < 1, to about 1e-14 relative. Newton's method on log Phi, which is concave and rises: from 0 the first step
// lands below the root and every later one closer from below. About eight steps of an erfc: for tables, not for rows.
double normal_quantile(double p);

}  // namespace oddshot::data
