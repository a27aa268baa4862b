// Deep SAD on a support alone ("deep-sad"): a small network that gathers normals around a centre and keeps anomalies away from it.
#pragma once

#include <cstddef>
#include <memory>

#include "oddshot/base/random.h"
#include "oddshot/experts/expert.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

struct DeepSadOptions {
  std::size_t hidden = 32;     // width of the one hidden layer
  std::size_t embedding = 16;  // E
  std::size_t steps = 50;      // of Adam on the whole support
  float rate = 3e-3F;          // of Adam
  float weight_decay = 1e-2F;  // decoupled, relative to the rate
};

// Minimises  mean over normals of d(x) + mean over anomalies of 1 / d(x),  d(x) = |phi(x) - c|^2, the score, for a network phi without
// biases (with them it could map all rows to c) and c the normals' mean embedding before training. Rows are first centred on the normals'
// mean and divided by one number. Without anomalies this is Deep SVDD.
// Source: Ruff, Vandermeulen, Goernitz, Binder, Mueller, Mueller, Kloft 2020, arXiv:1906.02694, without the autoencoder's training that
// comes first there, for which a support is too small.
// Throws ArgumentError without normals.   O(steps * S * D * hidden).
std::unique_ptr<Scorer> train_deep_sad(const Support& support, const DeepSadOptions& options, Stream stream);

}  // namespace oddshot
