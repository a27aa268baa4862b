#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

// Twice the area of the triangle a, b, c: what the drawn line loses without b.
double area(const CurvePoint& a, const CurvePoint& b, const CurvePoint& c) {
  return std::abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y));
}

}  // namespace

std::vector<CurvePoint> thin_curve(std::span<const CurvePoint> curve, std::size_t limit) {
  if (limit < 2) throw ArgumentError("a curve cannot be thinned to " + std::to_string(limit) + " points: 2 are the least");
  const std::size_t n = curve.size();
  if (n <= limit) return {curve.begin(), curve.end()};

  // Points left are a doubly linked list; `queue` holds the inner ones by (loss, index).
  std::vector<std::size_t> before(n);
  std::vector<std::size_t> after(n);
  std::vector<double> loss(n, std::numeric_limits<double>::infinity());
  std::set<std::pair<double, std::size_t>> queue;
  const auto enter = [&](std::size_t i, double least) {
    loss[i] = std::max(least, area(curve[before[i]], curve[i], curve[after[i]]));
    queue.emplace(loss[i], i);
  };
  for (std::size_t i = 1; i + 1 < n; ++i) {
    before[i] = i - 1;
    after[i] = i + 1;
    enter(i, 0);
  }
  std::vector<bool> gone(n, false);
  for (std::size_t left = n; left > limit; --left) {
    const auto [least, i] = *queue.begin();
    queue.erase(queue.begin());
    gone[i] = true;
    const std::size_t sides[] = {before[i], after[i]};
    after[sides[0]] = sides[1];
    before[sides[1]] = sides[0];
    for (const std::size_t side : sides) {
      if (side == 0 || side == n - 1) continue;
      queue.erase({loss[side], side});
      enter(side, least);  // never below what has gone already, as the source advises
    }
  }
  std::vector<CurvePoint> thin;
  thin.reserve(limit);
  for (std::size_t i = 0; i < n; ++i) {
    if (!gone[i]) thin.push_back(curve[i]);
  }
  return thin;
}

}  // namespace oddshot
