// What is drawn of single draws: adaptation by inner steps, ROC and precision-recall curves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/progress.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

// The held-out tasks and methods that are evaluated at one number of shots.
struct Field {
  std::size_t shots = 0;
  std::vector<const Method*> methods;
  std::vector<std::size_t> tasks;  // indices among the held-out ones
};

// How many inner steps a curve of adaptation shows: 0 to all of them.
std::vector<std::size_t> shown_steps(std::size_t inner_steps);

// One curve for each method that has inner steps. Tells `progress` of field.tasks.size() pieces.
std::vector<AdaptationCurve> adaptation_curves(std::span<const Task> held_out, const Field& field, const EvaluationOptions& options,
                                               ThreadPool& pool, Progress& progress);

// `results` are those of `field`, in the order of its methods, each with the tasks of the field.
std::vector<TaskCurves> task_curves(std::span<const Task> held_out, const Field& field, std::span<const MethodResult> results,
                                    const EvaluationOptions& options, ThreadPool& pool);

}  // namespace oddshot
