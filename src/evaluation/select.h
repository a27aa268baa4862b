// The learner "auto": what to use, chosen by leaving training tasks out.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/train_model.h"

namespace oddshot {

// What auto rests on where there are too few training tasks to leave any out, and what has to be beaten clearly where there are enough.
// In table space it is "gate", and stands without a trial.
std::string_view default_learner(Space space);
// With so many training kinds or fewer, auto makes pseudo-tasks in more ways, unless told how.
inline constexpr std::size_t kFewKinds = 2;

// The learner to train, and which method serves which number of shots. Candidates are trained, or merely adapted, on folds of the training
// tasks (oddshot/tasks/folds.h) and judged by the mean AUPRC on the tasks left out. Differences there are noisy, so what is known to be
// good is replaced only by what is better at the 5% level of a paired t-test over tasks:
//   the learner          default_learner(), or another by its mean over shots
//   at so many shots     that learner, or the best of the simple methods
// In table space nothing is tried. Nothing if hooks.stop said so meanwhile.
std::optional<std::pair<std::string, Selection>> select_method(const LearnerOptions& options, const TrainingOptions& training,
                                                               const TaskSuite& suite, ThreadPool& pool, const TrainingHooks& hooks);

}  // namespace oddshot
