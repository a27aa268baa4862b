// The thresholds that training tasks suggest.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/progress.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

// For each method the threshold with the largest mean F1 over `options.threshold_repeats` episodes of every training task: [methods];
// nothing if no training task has rows enough, which `notes` then says. Tells `progress` of training.size() * threshold_repeats pieces.
std::vector<std::optional<float>> suggest_thresholds(std::span<const Task> training, std::span<const Method* const> methods,
                                                     const EvaluationOptions& options, std::size_t shots, ThreadPool& pool,
                                                     Progress& progress, std::vector<std::string>& notes);

}  // namespace oddshot
