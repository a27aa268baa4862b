// First-order MAML: MAML whose meta-gradient is the query loss's gradient at the adapted parameters, as if adapting did not depend on the
// start.
//   dL/dtheta_0 ~ grad L_query(theta_K)
// About half of MAML's cost. Learned rates have the gradient that this leaves, -grad L_query(theta_K) . m_{k+1}. Fails on supports of
// normals alone where their steps move the logits of both classes alike (tests/training/one_class_test.cc; Frikha et al. 2021,
// arXiv:2007.04146). Source: Finn, Abbeel, Levine 2017, arXiv:1703.03400, section 5.2.
#pragma once

#include <memory>

#include "learners/unrolled.h"

namespace oddshot::learners {

UnrolledVariant fomaml_variant(const LearnerOptions& options);
std::unique_ptr<Learner> make_fomaml(const LearnerOptions& options);

}  // namespace oddshot::learners
