#include "learners/fomaml.h"

namespace oddshot::learners {

UnrolledVariant fomaml_variant(const LearnerOptions& options) {
  return {.name = "fomaml", .order = Order::kFirst, .rates = options.learn_inner_rates ? Rates::kPerTensorAndStep : Rates::kFixed};
}

std::unique_ptr<Learner> make_fomaml(const LearnerOptions& options) { return make_unrolled(fomaml_variant(options), options); }

}  // namespace oddshot::learners
