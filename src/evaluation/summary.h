// From what was measured on every draw to what is reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/metric_fields.h"
#include "evaluation/reliability.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

// One method on one draw.
struct Measurement {
  MetricValues values;
  double adapt_ms = 0;
  double score_seconds = 0;
  ReliabilityCounts reliability;  // empty where the method has no profile
};

// All methods on one draw.
struct MeasuredDraw {
  std::size_t query_rows = 0;
  std::size_t query_anomalies = 0;
  std::vector<Measurement> methods;
};

// All draws at one number of shots.
struct Measured {
  std::size_t shots = 0;
  std::size_t repeats = 0;
  std::vector<const Method*> methods;
  std::vector<std::optional<float>> thresholds;  // [methods]
  std::vector<std::string> tasks;                // names
  std::vector<MeasuredDraw> draws;               // [tasks x repeats] row-major

  const MeasuredDraw& draw(std::size_t task, std::size_t repeat) const { return draws[task * repeats + repeat]; }
};

// In the order of the methods; each with its intervals and, if it is a learner, its comparison with the best baseline.
std::vector<MethodResult> summarise(const Measured& measured, std::uint64_t seed, ThreadPool& pool);

// The learner (or, if not `learner`, the baseline) with the highest mean AUPRC, the first of equals; nothing if there is none.
std::optional<std::size_t> best_method(std::span<const MethodResult> results, bool learner);

inline bool is_learner(const MethodResult& result) { return result.kind == "learner"; }

}  // namespace oddshot
