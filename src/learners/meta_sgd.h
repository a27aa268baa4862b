// Meta-SGD: MAML with a learned rate for every parameter, the same at every inner step. The rates learn direction as well as size: one may
// become negative. Exact second order.
//   theta_{k+1} = theta_k - alpha * g_k, alpha shaped like theta
// Source: Li, Zhou, Chen, Li 2017, arXiv:1707.09835.
#pragma once

#include <memory>

#include "learners/unrolled.h"

namespace oddshot::learners {

inline constexpr UnrolledVariant kMetaSgd{.name = "meta-sgd", .order = Order::kSecond, .rates = Rates::kPerParameter};

std::unique_ptr<Learner> make_meta_sgd(const LearnerOptions& options);

}  // namespace oddshot::learners
