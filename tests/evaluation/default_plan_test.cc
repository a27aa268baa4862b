// The settings that stand where nothing else is chosen.
#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/experts/table_space.h"

namespace oddshot {
namespace {

TEST(DefaultPlan, OfScoresIsThePlanAsItIsMade) {
  ExperimentPlan wanted;
  wanted.train_as_judged();
  const ExperimentPlan plan = default_plan(Space::kScores);
  EXPECT_EQ(training_settings(plan.learner, plan.training), training_settings(wanted.learner, wanted.training));
  EXPECT_EQ(plan.evaluation.shots, EvaluationOptions().shots);
  EXPECT_EQ(plan.evaluation.repeats, EvaluationOptions().repeats);
}

TEST(DefaultPlan, OfRawColumnsHasTheirSettings) {
  ExperimentPlan wanted;
  use_raw_settings(wanted.learner, wanted.training);
  wanted.train_as_judged();
  const ExperimentPlan plan = default_plan(Space::kRaw);
  EXPECT_EQ(training_settings(plan.learner, plan.training), training_settings(wanted.learner, wanted.training));
}

TEST(DefaultPlan, OfTablesLearnsWithoutAnomaliesTooAndFromRealTasksAlone) {
  const ExperimentPlan plan = default_plan(Space::kTable, true);
  EXPECT_EQ(plan.training.space, Space::kTable);
  EXPECT_EQ(plan.training.shots, (std::vector<std::size_t>{0, 1, 5, 10, 20}));
  EXPECT_EQ(plan.training.episode.normals, TableSpace::kMostNormals);
  EXPECT_EQ(to_string(plan.training.augment), to_string(parse_augment("none")));
  EXPECT_LT(plan.evaluation.repeats, default_plan(Space::kTable).evaluation.repeats);
}

TEST(DefaultPlan, TablesHaveNoOtherSpace) {
  EXPECT_EQ(default_space(true), Space::kTable);
  EXPECT_EQ(default_space(false), Space::kScores);
  EXPECT_THROW(default_plan(Space::kRaw, true), ArgumentError);
}

TEST(DefaultPlan, TrainingDrawsAsEvaluationDoes) {
  ExperimentPlan plan;
  plan.evaluation.seed = 9;
  plan.evaluation.shots = {3};
  plan.evaluation.normals = 21;
  plan.train_as_judged();
  EXPECT_EQ(plan.training.seed, 9U);
  EXPECT_EQ(plan.training.shots, (std::vector<std::size_t>{3}));
  EXPECT_EQ(plan.training.episode.normals, 21U);
}

}  // namespace
}  // namespace oddshot
