// Model-agnostic meta-learning (MAML): an initialisation from which a few gradient steps on a support solve a new task.
//   minimise over theta_0 the query loss at theta_K, theta_K reached by K gradient steps on the support loss; both losses are the
//   class-balanced cross-entropy of the encoder's logit.
// The gradient is exact, second order included: learners/inner_loop.h has the recursion. Options: learned inner rates, momentum, and a
// query loss after every step (Antoniou, Edwards, Storkey 2019, arXiv:1810.09502) instead of the last alone. Source: Finn, Abbeel, Levine
// 2017, arXiv:1703.03400.
#pragma once

#include <memory>

#include "learners/unrolled.h"

namespace oddshot::learners {

UnrolledVariant maml_variant(const LearnerOptions& options);
std::unique_ptr<Learner> make_maml(const LearnerOptions& options);

}  // namespace oddshot::learners
