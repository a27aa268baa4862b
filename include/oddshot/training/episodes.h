// The episodes of a training: drawn from weighted sources of tasks, as a learner sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/experts/input_space.h"
#include "oddshot/tasks/augment.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

struct TrainingOptions;

// Each episode draws a source by weight, one of its tasks evenly, and a number of shots: of those in the options that the task has the
// anomalies for. Which episode stands at a step and position depends on sources and options alone. Const methods may be called
// concurrently.
class Episodes {
 public:
  // Drawn anew at every position where options.episodes is 0. Otherwise so many are made here, once, over the pool's threads, and each
  // position takes one of them at random: what is dear to make (scores) is made but once. Sources and space must live on.
  // Throws ArgumentError if no source has both a weight and a task, or a task is too small for the fewest shots.
  Episodes(std::span<const TaskSource> sources, const TrainingOptions& options, const InputSpace& space, ThreadPool& pool);

  // The episode at `position` of `step`, without the columns that dropout takes (they are 0); it lies in `room`, or here.
  const Episode& at(std::uint64_t step, std::size_t position, Episode& room) const;

  // The same episodes with these columns 0 in every row, as if what they tell were not known. Sources and space must live on.
  Episodes without(std::span<const std::uint32_t> columns) const;

 private:
  Episode draw(std::uint64_t index) const;

  std::span<const TaskSource> sources_;
  const InputSpace& space_;
  std::vector<std::size_t> shots_;  // rising, each as often as the options name it
  EpisodeSpec spec_;
  std::uint64_t seed_;
  std::size_t tasks_per_step_;
  float dropout_;
  std::vector<std::uint32_t> left_out_;  // columns that are 0
  std::vector<Episode> made_;
};

}  // namespace oddshot
