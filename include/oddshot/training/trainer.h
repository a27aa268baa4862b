// The meta-training loop: episodes of training tasks over threads, gradients summed in task order, one Adam step.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "oddshot/base/aligned.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/learners/learner.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// The outer loop's step: Adam, or the plain gradient (with which Reptile is as published).
enum class Optimizer : std::uint8_t { kAdam, kSgd };
std::string_view to_string(Optimizer optimizer);
Optimizer parse_optimizer(std::string_view name);  // throws ArgumentError naming the choices

struct TrainingOptions {
  std::uint64_t steps = 300;        // outer steps, 0 to 1e9
  std::size_t tasks_per_step = 32;  // episodes an outer step averages over, 1 to 4096
  float rate = 1e-3F;               // the optimiser's step size, > 0; falls to a tenth along a cosine
  Optimizer optimizer = Optimizer::kAdam;
  float clip = 5.0F;                                                                           // largest norm of the averaged gradient, > 0
  std::vector<std::size_t> shots = {5};                                                        // each episode draws one of these
  EpisodeSpec episode{.shots = 5, .normals = 50, .query_normals = 64, .query_anomalies = 64};  // .shots is set from `shots`
  std::uint64_t seed = 1;

  void validate() const;  // throws ArgumentError naming field, value and range
};

// All that a later continuation needs: training from here gives the bits that uninterrupted training gives.
struct TrainingState {
  std::uint64_t step = 0;       // outer steps done
  AlignedVector<float> params;  // [layout.size()]
  AlignedVector<float> adam_m;  // first moment, same size
  AlignedVector<float> adam_v;  // second moment, same size
  std::vector<float> losses;    // mean episode loss of each step done
};

struct TrainingProgress {
  std::uint64_t step = 0;
  std::uint64_t steps = 0;
  float loss = 0;               // mean over the latest steps (at most 50)
  double tasks_per_second = 0;  // since this call of train() began
  double seconds_left = 0;
};

// A start at step 0.
TrainingState start_training(const Learner& learner, const TrainingOptions& options);

// Continues `state` to options.steps. Between steps: calls `progress` (may be empty), and returns early, with a state to resume from, once
// `stop` is true (may be null). The result depends on learner, tasks, options and state alone, whatever the pool's size. Throws
// NumericError naming step, task and tensor if a loss or gradient is not finite; `state` is then that of the last good step.
void train(const Learner& learner, std::span<const Task> tasks, const TrainingOptions& options, TrainingState& state, ThreadPool& pool,
           const std::function<void(const TrainingProgress&)>& progress = {}, const std::atomic<bool>* stop = nullptr);

}  // namespace oddshot
