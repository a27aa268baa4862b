// The ablation of score space: what the score network loses when it is trained and judged without a family of scores, or without a view.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {

// Columns of score space that go together.
struct ScoreGroup {
  std::string name;                    // "whitened" of views, "nearest" of families
  std::vector<std::uint32_t> columns;  // rising
};
// By what stands before the "/" of names such as "whitened/nearest-5", and by what stands after it without a last "-" and number.
// Throws ArgumentError for a name without "/".
std::vector<ScoreGroup> views_of(std::span<const std::string> names);
std::vector<ScoreGroup> families_of(std::span<const std::string> names);

struct AblationRow {
  enum class Without : std::uint8_t { kNothing, kSeed, kView, kFamily };
  Without without = Without::kNothing;  // kSeed: nothing, but another start of the network, to tell differences from luck
  std::string name;                     // of the view or family
  std::size_t columns = 0;              // left out
  double auprc = 0;                     // mean over held-out tasks
  double error = 0;                     // of the difference to the row of kNothing: standard error over tasks; 0 with one task
};

// Trains the score network on everything, and again without each view and each family, and judges all on the same draws of the held-out
// tasks at the one number of shots in the plan's evaluation. Columns left out are 0 in every row, which is what they are where they have
// nothing to say. Rows: everything, another seed, the views, the families.
// `progress` (may be empty) gets what is being done, and the share done. Throws ArgumentError if the plan names another number of shots
// than one or another space than scores.   One making of the training episodes, and one training for each row.
std::vector<AblationRow> ablation(const ExperimentPlan& plan, const TaskSuite& suite, ThreadPool& pool,
                                  const std::function<void(const std::string&, double)>& progress = {});

}  // namespace oddshot
