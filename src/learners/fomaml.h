// First-order MAML: MAML whose meta-gradient is the query loss's gradient at the adapted parameters, as if adapting did not depend on the
// start.
//   dL/dtheta_0 ~ grad L_query(theta_K)
// About half of MAML's cost. Known to fail where the support holds normals alone: there the inner steps carry the signal that it leaves out
// (Frikha et al. 2021, arXiv:2007.04146).
// Source: Finn, Abbeel, Levine 2017, arXiv:1703.03400, section 5.2.
#pragma once

#include <memory>

#include "learners/unrolled.h"

namespace oddshot::learners {

inline constexpr UnrolledVariant kFomaml{.name = "fomaml", .order = Order::kFirst, .rates = Rates::kFixed};

std::unique_ptr<Learner> make_fomaml(const LearnerOptions& options);

}  // namespace oddshot::learners
