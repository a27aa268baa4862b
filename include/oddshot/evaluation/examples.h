// Anomalies that the best learner caught and missed, explained: for the report.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {

// Of each task that `result` has curves of, at the number of shots that they are of: the anomaly that the best learner ranks first, if it
// is caught, and the one that it ranks last, if it is missed. The methods are those that were evaluated on this suite. Empty for a suite of
// tables, whose columns differ, or without a learner. The same for any number of threads.
std::vector<ExplainedAnomaly> explained_examples(const EvaluationResult& result, const TaskSuite& suite,
                                                 std::span<const std::unique_ptr<Method>> methods, ThreadPool& pool);

}  // namespace oddshot
