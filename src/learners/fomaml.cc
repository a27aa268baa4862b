#include "learners/fomaml.h"

namespace oddshot::learners {

std::unique_ptr<Learner> make_fomaml(const LearnerOptions& options) { return make_unrolled(kFomaml, options); }

}  // namespace oddshot::learners
