// The metrics as a table, so that what is done to one is done to all.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

struct MetricField {
  const char* name;  // in results.json
  std::optional<Interval> MethodResult::* interval;
  std::optional<double> TaskResult::* task;
  std::vector<std::optional<double>> RepeatMetrics::* repeats;
  bool at_threshold;  // needs a threshold
};

inline constexpr std::array<MetricField, 7> kMetrics = {{
    {"auroc", &MethodResult::auroc, &TaskResult::auroc, &RepeatMetrics::auroc, false},
    {"auprc", &MethodResult::auprc, &TaskResult::auprc, &RepeatMetrics::auprc, false},
    {"accuracy", &MethodResult::accuracy, &TaskResult::accuracy, &RepeatMetrics::accuracy, true},
    {"precision", &MethodResult::precision, &TaskResult::precision, &RepeatMetrics::precision, true},
    {"recall", &MethodResult::recall, &TaskResult::recall, &RepeatMetrics::recall, true},
    {"f1", &MethodResult::f1, &TaskResult::f1, &RepeatMetrics::f1, true},
    {"recall_at_1_percent_false_alarms", &MethodResult::recall_at_1_percent, &TaskResult::recall_at_1_percent,
     &RepeatMetrics::recall_at_1_percent, false},
}};
inline constexpr std::size_t kAuprc = 1;  // its place in kMetrics

// One value a metric, in the order of kMetrics; nothing where undefined.
using MetricValues = std::array<std::optional<double>, kMetrics.size()>;

}  // namespace oddshot
