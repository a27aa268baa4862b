// The pooled network: one network trained on the rows of all training tasks at once, without meta-learning. Two baselines: used as it is
// ("pooled"), and fine-tuned by gradient steps on the support ("pooled-finetuned").
#pragma once

#include <memory>

#include "oddshot/learners/learner.h"

namespace oddshot::learners {

std::unique_ptr<Learner> make_pooled(const LearnerOptions& options);
std::unique_ptr<Learner> make_pooled_finetuned(const LearnerOptions& options);

}  // namespace oddshot::learners
