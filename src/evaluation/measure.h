// One method on one draw.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "evaluation/draws.h"
#include "evaluation/metric_fields.h"
#include "oddshot/learners/learner.h"

namespace oddshot {

// Scores of a draw's query [Q], and how long they took.
struct ScoredDraw {
  std::vector<float> scores;
  double adapt_ms = 0;
  double score_seconds = 0;
};

// Adapts to the draw's support by so many inner steps, and scores its query; what methods of one space share is done once a draw, and
// counts for each of them. An error is rethrown with the names of method and
// draw before it. Throws NumericError for a NaN score.
ScoredDraw adapt_and_score(const Method& method, Draw& draw, std::size_t steps = Learner::kAllSteps);

// Every metric; those at the threshold are nothing without one.
MetricValues measure(const ScoredDraw& scored, const Draw& draw, std::optional<float> threshold);

}  // namespace oddshot
