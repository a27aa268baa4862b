// The meta-training loop: episodes of training tasks over threads, gradients summed in task order, one step of the optimiser.
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
#include "oddshot/tasks/augment.h"
#include "oddshot/tasks/task.h"
#include "oddshot/training/episodes.h"

namespace oddshot {

// The outer loop's step: Adam, or the plain gradient (with which Reptile is as published).
enum class Optimizer : std::uint8_t { kAdam, kSgd };
std::string_view to_string(Optimizer optimizer);
Optimizer parse_optimizer(std::string_view name);  // throws ArgumentError naming the choices

struct TrainingOptions {
  Space space = Space::kScores;      // what learners see of a row
  ScoreList scores = kLatestScores;  // which scores, in a space of scores
  std::uint64_t steps = 400;         // outer steps, 0 to 1e9
  std::size_t tasks_per_step = 32;   // episodes an outer step averages over, 1 to 4096
  std::size_t episodes = 1600;       // made once, to be drawn from at every step; 0: each step draws its own. At most 1e6
  // Share of the columns that an episode does without, in support and query alike, anew at every use; 0 to below 1. What is learned then
  // leans on no single score: those that tell the known kinds apart best need not serve the next.
  float dropout = 0.15F;
  float rate = 3e-3F;   // the optimiser's step size, > 0; falls to a tenth along a cosine
  float warmup = 0.1F;  // share of the steps over which the rate first rises in a straight line, 0 to below 1
  Optimizer optimizer = Optimizer::kAdam;
  float clip = 5.0F;  // largest norm of the averaged gradient, > 0
  // Each step first takes rate * weight_decay of every parameter, 0 to 1: apart from the gradient and its moments (AdamW).
  // Source: Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2.
  float weight_decay = 0.03F;
  std::vector<std::size_t> shots = {0, 1, 5, 10, 20};                                          // each episode draws one of these
  EpisodeSpec episode{.shots = 5, .normals = 50, .query_normals = 64, .query_anomalies = 64};  // .shots is set from `shots`
  AugmentOptions augment;                                                                      // for those who make the sources of train()
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
// `stop` is true (may be null). The result depends on learner, episodes, options and state alone, whatever the pool's size. Throws
// NumericError naming step, task and tensor if a loss or gradient is not finite; `state` is then that of the last good step.
void train(const Learner& learner, const Episodes& episodes, const TrainingOptions& options, TrainingState& state, ThreadPool& pool,
           const std::function<void(const TrainingProgress&)>& progress = {}, const std::atomic<bool>* stop = nullptr);
// The same on the plain columns of the tasks of weighted sources, whatever options.space is, and of one source. Throws ArgumentError if no
// source has both a weight and a task.
void train(const Learner& learner, std::span<const TaskSource> sources, const TrainingOptions& options, TrainingState& state,
           ThreadPool& pool, const std::function<void(const TrainingProgress&)>& progress = {}, const std::atomic<bool>* stop = nullptr);
void train(const Learner& learner, std::span<const Task> tasks, const TrainingOptions& options, TrainingState& state, ThreadPool& pool,
           const std::function<void(const TrainingProgress&)>& progress = {}, const std::atomic<bool>* stop = nullptr);

}  // namespace oddshot
