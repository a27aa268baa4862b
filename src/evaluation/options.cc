#include <algorithm>
#include <string>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {
namespace {

constexpr std::size_t kMostShots = 10000;
constexpr std::size_t kMostShotsListed = 32;

void check(const char* what, std::size_t value, std::size_t least, std::size_t most) {
  if (value >= least && value <= most) return;
  throw ArgumentError(std::string(what) + " must be " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
                      std::to_string(value));
}

}  // namespace

void EvaluationOptions::validate() const {
  check("the count of different shots", shots.size(), 1, kMostShotsListed);
  for (auto value = shots.begin(); value != shots.end(); ++value) {
    check("shots", *value, 0, kMostShots);
    if (std::find(shots.begin(), value, *value) != value) {
      throw ArgumentError("shots names " + std::to_string(*value) + " twice");
    }
  }
  check("normals in the support", normals, 2, 1000000);
  check("query normals", query_normals, 1, 10000000);
  check("query anomalies", query_anomalies, 1, 10000000);
  check("repeats", repeats, 1, 10000);
  check("threshold repeats", threshold_repeats, 1, 1000);
}

}  // namespace oddshot
