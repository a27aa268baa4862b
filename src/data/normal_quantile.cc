#include "data/normal_quantile.h"

#include <cmath>
#include <numbers>

namespace oddshot::data {

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  double g = 0;
  for (int step = 0; step < 50; ++step) {
    const double below = 0.5 * std::erfc(-g / std::numbers::sqrt2);
    const double density = std::exp(-0.5 * g * g) / std::sqrt(2 * std::numbers::pi);
    const double change = std::log(p / below) * below / density;
    g += change;
    if (std::fabs(change) <= 1e-15 * (1 + std::fabs(g))) break;
  }
  return g;
}

}  // namespace oddshot::data
