#include "learners/meta_sgd.h"

namespace oddshot::learners {

std::unique_ptr<Learner> make_meta_sgd(const LearnerOptions& options) { return make_unrolled(kMetaSgd, options); }

}  // namespace oddshot::learners
