#include "oddshot/detector/probability.h"

#include <span>

#include <fmt/format.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

// The scores to measure others by, of a detector that can tell probabilities.
std::span<const float> calibrators(const Detector& detector, double share) {
  check_rate(share, "the share of anomalies");
  if (!detector.method().empty()) {
    throw ArgumentError(
        fmt::format("{} serves instead of the model, and of its scores no probabilities are known; adapt without falling back "
                    "(--no-fall-back) to have them",
                    detector.method()));
  }
  if (!detector.model().profile) {
    throw ArgumentError(
        "the model does not know how its scores become probabilities: it was trained before this was kept; the training command with "
        "--resume adds it to the file");
  }
  if (!detector.calibration().present()) {
    throw ArgumentError("probabilities need normal rows to compare with, and the detector has no calibration: adapt it with one");
  }
  if (const std::size_t n = detector.normals(); n < kEnoughNormals) {
    throw ArgumentError(fmt::format("probabilities need at least {} normal rows to compare with, and there {} {}: adapt to more of them",
                                    kEnoughNormals, n == 1 ? "is" : "are", n));
  }
  return detector.calibration().scores();
}

}  // namespace

AnomalyProbability::AnomalyProbability(const Detector& detector, double share)
    : scale_(calibrators(detector, share)), at_(detector.model().profile->at(detector.anomalies())), share_(share) {}

}  // namespace oddshot
