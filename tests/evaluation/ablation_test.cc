// The ablation of score space.
#include "oddshot/evaluation/ablation.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/experts/score_space.h"

namespace oddshot {
namespace {

// The simulated suite, which needs no data from outside, and a short training.
const TaskSuite& suite() {
  static const TaskSuite simulated = encode(read_suite(load_manifest(find_manifest("payment-fraud")), {}));
  return simulated;
}

ExperimentPlan short_plan() {
  ExperimentPlan plan;
  plan.learner.encoder.hidden = {8};
  plan.learner.members = 1;
  plan.training.steps = 4;
  plan.training.episodes = 20;
  plan.training.tasks_per_step = 4;
  plan.training.shots = {5};
  plan.training.episode.normals = 20;
  plan.training.augment = AugmentOptions::none();
  plan.evaluation.shots = {5};
  plan.evaluation.normals = 20;
  plan.evaluation.repeats = 2;
  plan.evaluation.query_normals = 200;
  return plan;
}

std::vector<std::string> names_of(const std::vector<ScoreGroup>& groups) {
  std::vector<std::string> names;
  for (const ScoreGroup& group : groups) names.push_back(group.name);
  return names;
}

TEST(ScoreGroups, AreReadOffTheNames) {
  const std::vector<std::string> names = {"plain/nearest-1", "plain/nearest-20", "plain/log-ratio", "rank/nearest-1", "rank/log-ratio"};
  const auto views = views_of(names);
  EXPECT_EQ(names_of(views), (std::vector<std::string>{"plain", "rank"}));
  EXPECT_EQ(views[1].columns, (std::vector<std::uint32_t>{3, 4}));
  const auto families = families_of(names);
  EXPECT_EQ(names_of(families), (std::vector<std::string>{"nearest", "log-ratio"}));
  EXPECT_EQ(families[0].columns, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_THROW(views_of(std::vector<std::string>{"nearest-1"}), ArgumentError);
}

TEST(ScoreGroups, HoldEveryColumnOfScoreSpaceOnce) {
  const ScoreSpace space(suite().views.spans(), suite().reference);
  for (const auto& groups : {views_of(space.names()), families_of(space.names())}) {
    std::vector<std::uint32_t> columns;
    for (const ScoreGroup& group : groups) columns.insert(columns.end(), group.columns.begin(), group.columns.end());
    std::ranges::sort(columns);
    ASSERT_EQ(columns.size(), space.width());
    for (std::size_t i = 0; i < columns.size(); ++i) EXPECT_EQ(columns[i], i);
  }
}

TEST(Ablation, HasARowForEverythingAnotherSeedEachViewAndEachFamily) {
  ThreadPool pool(2);
  const auto rows = ablation(short_plan(), suite(), pool);
  const ScoreSpace space(suite().views.spans(), suite().reference);
  const auto views = views_of(space.names());
  const auto families = families_of(space.names());
  ASSERT_EQ(rows.size(), 2 + views.size() + families.size());
  EXPECT_EQ(rows[0].without, AblationRow::Without::kNothing);
  EXPECT_EQ(rows[0].columns, 0U);
  EXPECT_EQ(rows[1].without, AblationRow::Without::kSeed);
  EXPECT_NE(rows[1].auprc, rows[0].auprc);
  for (std::size_t v = 0; v < views.size(); ++v) EXPECT_EQ(rows[2 + v].name, views[v].name);
  for (std::size_t f = 0; f < families.size(); ++f) EXPECT_EQ(rows[2 + views.size() + f].name, families[f].name);
  // Every one was trained and judged on other columns.
  for (std::size_t i = 2; i < rows.size(); ++i) {
    EXPECT_GT(rows[i].columns, 0U);
    EXPECT_NE(rows[i].auprc, rows[0].auprc) << rows[i].name;
    EXPECT_GT(rows[i].error, 0) << rows[i].name;
  }
}

TEST(Ablation, DoesNotDependOnThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const auto a = ablation(short_plan(), suite(), one);
  const auto b = ablation(short_plan(), suite(), three);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].auprc, b[i].auprc) << a[i].name;
}

TEST(Ablation, RefusesOtherSpacesAndSeveralNumbersOfShots) {
  ThreadPool pool(1);
  ExperimentPlan plan = short_plan();
  plan.training.space = Space::kRaw;
  EXPECT_THROW(ablation(plan, suite(), pool), ArgumentError);
  plan = short_plan();
  plan.evaluation.shots = {1, 5};
  EXPECT_THROW(ablation(plan, suite(), pool), ArgumentError);
}

}  // namespace
}  // namespace oddshot
