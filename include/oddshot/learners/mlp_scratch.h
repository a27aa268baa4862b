// The baseline without meta-learning: the same network, trained from a random start on the support alone ("mlp-scratch").
#pragma once

#include <memory>

#include "oddshot/base/random.h"
#include "oddshot/experts/expert.h"
#include "oddshot/nets/encoder_spec.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

struct MlpScratchOptions {
  EncoderSpec encoder;         // inputs and outputs are set by the support
  std::size_t steps = 100;     // of Adam on the whole support
  float rate = 3e-3F;          // of Adam
  float weight_decay = 1e-2F;  // decoupled, relative to the rate
};

// Trains on a support of both classes with the class-balanced cross-entropy. Throws ArgumentError if a class is absent.
std::unique_ptr<Scorer> train_mlp_from_scratch(const Support& support, const MlpScratchOptions& options, Stream stream);

}  // namespace oddshot
