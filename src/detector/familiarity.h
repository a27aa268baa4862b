// Whether a table looks like what its model was trained on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "detector/cross_fit.h"
#include "oddshot/detector/detector.h"

namespace oddshot {

// What is unlike, each as words that follow "these rows are unlike those that the model was trained on: ". Empty where nothing is.
//   columns  of a model with a preprocessor of its own: those in which more than a tenth of the support's normals are beyond the clip of 8
//            deviations, or of a category that no training row had
//   normals  the middle of the calibrators' scores against that of normals of training tasks
//   known anomalies, from three on, each scored by an adapting without it: how far they stand out, against those of training tasks
// The last two by the model's profile, where it has one and serves itself. by_model: left_out_folds of its support.
std::vector<std::string> unfamiliar(const Detector& detector, std::span<const LeftOut> by_model);

}  // namespace oddshot
