#include "oddshot/learners/learner.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "learners/anil.h"
#include "learners/committee.h"
#include "learners/fomaml.h"
#include "learners/gate.h"
#include "learners/imaml.h"
#include "learners/in_context.h"
#include "learners/learned_optimizer.h"
#include "learners/maml.h"
#include "learners/meta_sgd.h"
#include "learners/pooled.h"
#include "learners/proto.h"
#include "learners/reptile.h"
#include "learners/ridge.h"
#include "learners/score_net.h"
#include "learners/siamese.h"
#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array kLearners{
    LearnerEntry{"committee", "learner", "committee", "learners of different make and the plain mean of the scores, with one voice each",
                 learners::make_committee},
    LearnerEntry{"score-net", "learner", "score-net", "a network that weighs a row's scores, given how the known anomalies score",
                 learners::make_score_net},
    LearnerEntry{"gate", "learner", "gate", "a network that decides for each task how much each score counts", learners::make_gate},
    LearnerEntry{"maml", "learner", "maml", "a start from which a few gradient steps make a detector; exact second order",
                 learners::make_maml},
    LearnerEntry{"fomaml", "learner", "fomaml", "MAML without second order: half the cost", learners::make_fomaml},
    LearnerEntry{"meta-sgd", "learner", "meta-sgd", "MAML with a learned rate for every parameter", learners::make_meta_sgd},
    LearnerEntry{"anil", "learner", "anil", "MAML that adapts the last layer alone", learners::make_anil},
    LearnerEntry{"reptile", "learner", "reptile", "a start moved towards where each task's training leads", learners::make_reptile},
    LearnerEntry{"imaml", "learner", "imaml", "a start near which each task's best parameters lie; implicit gradient",
                 learners::make_imaml},
    LearnerEntry{"learned-optimizer", "learner", "learned-optimizer", "a start and a small network that makes gradients into steps",
                 learners::make_learned_optimizer},
    LearnerEntry{"siamese", "learner", "siamese", "an embedding in which rows of one class lie near each other, others apart",
                 learners::make_siamese},
    LearnerEntry{"proto", "learner", "proto", "an embedding in which each class lies around its mean", learners::make_proto},
    LearnerEntry{"ridge", "learner", "ridge", "an embedding in which ridge regression separates the classes, solved at once",
                 learners::make_ridge},
    LearnerEntry{"in-context", "learner", "in-context", "a network that reads the support and scores a row, without inner steps",
                 learners::make_in_context},
    LearnerEntry{"pooled", "pooled", "pooled", "one network for all training tasks, not adapted", learners::make_pooled},
    LearnerEntry{"pooled-finetuned", "pooled", "pooled", "the pooled network, fine-tuned on the support", learners::make_pooled_finetuned},
};

constexpr std::array kMetrics{Choice<Metric>{Metric::kEuclidean, "euclidean"}, Choice<Metric>{Metric::kCosine, "cosine"},
                              Choice<Metric>{Metric::kDiagonal, "diagonal"}};
constexpr std::array kContrasts{Choice<Contrast>{Contrast::kLinear, "linear"}, Choice<Contrast>{Contrast::kSquared, "squared"}};
constexpr std::array kMinings{Choice<Mining>{Mining::kAll, "all"}, Choice<Mining>{Mining::kRandom, "random"},
                              Choice<Mining>{Mining::kSemiHard, "semi-hard"}};

void check_steps(const char* what, std::size_t steps) {
  if (steps > 1000) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(steps) + "; it must be 0 to 1000");
  }
}

void check_count(const char* what, std::size_t count, std::size_t most) {
  if (count < 1 || count > most) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(count) + "; it must be 1 to " + std::to_string(most));
  }
}

void check_committee(const std::vector<std::string>& names) {
  if (names.size() > 8) throw ArgumentError("a committee of " + std::to_string(names.size()) + " learners; it may have 8");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const LearnerEntry* entry = find_learner(names[i]);
    if (entry == nullptr) throw ArgumentError("the committee's \"" + names[i] + "\" is no learner");
    if (entry->make == learners::make_committee || entry->kind != "learner") {
      throw ArgumentError("\"" + names[i] + "\" cannot be in a committee");
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ArgumentError("the committee has \"" + names[i] + "\" twice");
    }
  }
}

void check_positive(const char* what, float value) {
  if (!(value > 0) || !std::isfinite(value)) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(value) + "; it must be a number above 0");
  }
}

}  // namespace

std::string_view to_string(Metric metric) { return name_of(kMetrics, metric, "metric"); }
std::string_view to_string(Contrast contrast) { return name_of(kContrasts, contrast, "contrastive loss"); }
std::string_view to_string(Mining mining) { return name_of(kMinings, mining, "mining"); }
Metric parse_metric(std::string_view name) { return choice_of(kMetrics, name, "metric"); }
Contrast parse_contrast(std::string_view name) { return choice_of(kContrasts, name, "contrastive loss"); }
Mining parse_mining(std::string_view name) { return choice_of(kMinings, name, "mining"); }

void LearnerOptions::validate() const {
  encoder.validate();
  check_count("the embedding's width", embedding, 65536);
  check_steps("the number of inner steps", inner_steps);
  check_steps("the number of fine-tuning steps", finetune_steps);
  check_positive("the inner rate", inner_rate);
  if (!(inner_momentum >= 0) || !(inner_momentum < 1)) {
    throw ArgumentError("the inner momentum is " + std::to_string(inner_momentum) + "; it must be 0 to below 1");
  }
  check_count("the number of prototypes", prototypes, 64);
  check_count("the number of conjugate-gradient steps", conjugate_steps, 1000);
  check_count("the width of the learned optimiser", optimizer_width, 1024);
  check_count("the number of members", members, 32);
  check_committee(committee);
  check_positive("the margin", margin);
  check_positive("the proximity", proximity);
  to_string(metric);
  to_string(contrast);
  to_string(mining);
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
