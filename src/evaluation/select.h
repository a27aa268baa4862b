// The learner "auto": what to use, chosen by leaving training tasks out.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/train_model.h"

namespace oddshot {

// What auto rests on where there are too few training tasks to leave any out, and what has to be beaten clearly where there are enough.
inline constexpr std::string_view kDefaultLearner = "score-net";

// The learner to train, and which method serves which number of shots. Candidates are trained, or merely adapted, on folds of the training
// tasks (oddshot/tasks/folds.h) and judged by the mean AUPRC on the tasks left out. Differences there are noisy, so what is known to be
// good is replaced only by what is better by more than the standard error of the difference over tasks:
//   the learner          kDefaultLearner, or another by its mean over shots
//   at so many shots     that learner, or the best of the simple methods
// Nothing if hooks.stop said so meanwhile.
std::optional<std::pair<std::string, Selection>> select_method(const LearnerOptions& options, const TrainingOptions& training,
                                                               const TaskSuite& suite, ThreadPool& pool, const TrainingHooks& hooks);

}  // namespace oddshot
