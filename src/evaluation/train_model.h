// The pieces of training on a suite that train_model and `auto` share.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/experts/input_space.h"
#include "oddshot/training/episodes.h"

namespace oddshot {

// What a suite's training tasks give to learn from. Must not be moved: episodes refer to their sources and space.
class TrainingMaterial {
 public:
  TrainingMaterial(const TaskSuite& suite, const TrainingOptions& training, ThreadPool& pool);
  TrainingMaterial(const TrainingMaterial&) = delete;
  TrainingMaterial& operator=(const TrainingMaterial&) = delete;

  const InputSpace& space() const { return space_; }
  const Episodes& episodes() const { return episodes_; }

 private:
  InputSpace space_;
  std::vector<TaskSource> sources_;
  Episodes episodes_;
};

// A model before its training: all but params, losses and steps. options.encoder.inputs is set by the suite and the space.
MetaModel blank_model(std::string_view learner, const LearnerOptions& options, const TrainingOptions& training, const TaskSuite& suite);

}  // namespace oddshot
