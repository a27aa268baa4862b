// From a detector's scores to the probability that a row is an anomaly.
#pragma once

#include "oddshot/detector/detector.h"
#include "oddshot/model_io/score_profile.h"

namespace oddshot {

// By a map that was fitted to the model's training tasks (evaluation/fit_profile.h): the log-odds where both classes are as many, from how
// far the score lies above those of normal rows and how few of these reach it, to which the log-odds of the share of anomalies that is
// expected are added. It rises with the score. That it is calibrated on a table of another kind than those trained on nobody can promise.
// A value; const methods may be called concurrently.
class AnomalyProbability {
 public:
  // share: of the rows to score, so many are anomalies; above 0, below 1. Throws ArgumentError unless it is; or if the detector has no
  // calibration or fewer than kEnoughNormals normals, its model no profile, or a simple method serves instead of it.
  AnomalyProbability(const Detector& detector, double share);

  double operator()(float score) const { return at_.probability(scale_, score, share_); }

 private:
  ScoreScale scale_;
  ScoreProfile::AtShots at_;
  double share_;
};

}  // namespace oddshot
