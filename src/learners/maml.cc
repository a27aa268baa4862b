#include "learners/maml.h"

namespace oddshot::learners {

UnrolledVariant maml_variant(const LearnerOptions& options) {
  return {.name = "maml", .order = Order::kSecond, .rates = options.learn_inner_rates ? Rates::kPerTensorAndStep : Rates::kFixed};
}

std::unique_ptr<Learner> make_maml(const LearnerOptions& options) { return make_unrolled(maml_variant(options), options); }

}  // namespace oddshot::learners
