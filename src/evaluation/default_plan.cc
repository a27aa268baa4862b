// The settings that stand where nothing else is chosen: one place for every face.
#include <string>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/experts/table_space.h"

namespace oddshot {
namespace {

constexpr std::size_t kRepeatsOfTables = 3;  // of a suite of tables, of which there are many

}  // namespace

Space default_space(bool of_tables) { return of_tables ? Space::kTable : Space::kScores; }

ExperimentPlan default_plan(Space space, bool of_tables) {
  if (of_tables && space != Space::kTable) {
    throw ArgumentError("space \"" + std::string(to_string(space)) +
                        "\": the tables of this suite have no columns in common; they take space \"table\", the default");
  }
  ExperimentPlan plan;
  if (space == Space::kRaw) use_raw_settings(plan.learner, plan.training);
  plan.training.space = space;
  if (space == Space::kTable) {
    plan.training.augment = parse_augment("none");
    plan.evaluation.normals = TableSpace::kMostNormals;
    plan.evaluation.shots = {0, 1, 5, 10, 20};  // a table of one's own may have no known anomaly
  }
  if (of_tables) plan.evaluation.repeats = kRepeatsOfTables;
  plan.train_as_judged();
  return plan;
}

void ExperimentPlan::train_as_judged() {
  training.seed = evaluation.seed;
  training.shots = evaluation.shots;
  training.episode.normals = evaluation.normals;
}

}  // namespace oddshot
