#include "oddshot/learners/learner.h"

#include <array>
#include <cmath>

#include "learners/anil.h"
#include "learners/fomaml.h"
#include "learners/maml.h"
#include "learners/meta_sgd.h"
#include "learners/pooled.h"
#include "learners/proto.h"
#include "learners/reptile.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array kLearners{
    LearnerEntry{"maml", "learner", "maml", "a start from which a few gradient steps make a detector; exact second order",
                 learners::make_maml},
    LearnerEntry{"fomaml", "learner", "fomaml", "MAML without second order: half the cost", learners::make_fomaml},
    LearnerEntry{"meta-sgd", "learner", "meta-sgd", "MAML with a learned rate for every parameter", learners::make_meta_sgd},
    LearnerEntry{"anil", "learner", "anil", "MAML that adapts the last layer alone", learners::make_anil},
    LearnerEntry{"reptile", "learner", "reptile", "a start moved towards where each task's training leads", learners::make_reptile},
    LearnerEntry{"proto", "learner", "proto", "an embedding in which each class lies around its mean", learners::make_proto},
    LearnerEntry{"pooled", "pooled", "pooled", "one network for all training tasks, not adapted", learners::make_pooled},
    LearnerEntry{"pooled-finetuned", "pooled", "pooled", "the pooled network, fine-tuned on the support", learners::make_pooled_finetuned},
};

void check_steps(const char* what, std::size_t steps) {
  if (steps > 1000) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(steps) + "; it must be 0 to 1000");
  }
}

}  // namespace

void LearnerOptions::validate() const {
  encoder.validate();
  if (embedding < 1 || embedding > 65536) {
    throw ArgumentError("the embedding's width is " + std::to_string(embedding) + "; it must be 1 to 65536");
  }
  check_steps("the number of inner steps", inner_steps);
  check_steps("the number of fine-tuning steps", finetune_steps);
  if (!(inner_rate > 0) || !std::isfinite(inner_rate)) {
    throw ArgumentError("the inner rate is " + std::to_string(inner_rate) + "; it must be a number above 0");
  }
  if (!(inner_momentum >= 0) || !(inner_momentum < 1)) {
    throw ArgumentError("the inner momentum is " + std::to_string(inner_momentum) + "; it must be 0 to below 1");
  }
}

std::span<const LearnerEntry> learner_table() { return kLearners; }

const LearnerEntry* find_learner(std::string_view name) {
  for (const LearnerEntry& entry : kLearners) {
    if (entry.name == name) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace oddshot
