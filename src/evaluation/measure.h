// One method on one draw.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "evaluation/draws.h"
#include "evaluation/metric_fields.h"

namespace oddshot {

// Scores of a draw's query [Q], and how long they took.
struct ScoredDraw {
  std::vector<float> scores;
  double adapt_ms = 0;
  double score_seconds = 0;
};

// Adapts to the draw's support (by so many inner steps, or by all) and scores its query. An error is rethrown with the names of method and
// draw before it. Throws NumericError for a NaN score.
ScoredDraw adapt_and_score(const Method& method, const Draw& draw, std::optional<std::size_t> steps = std::nullopt);

// Every metric; those at the threshold are nothing without one.
MetricValues measure(const ScoredDraw& scored, const Draw& draw, std::optional<float> threshold);

}  // namespace oddshot
