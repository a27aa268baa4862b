// Probabilities: the map is found where it is known, and is calibrated on tasks that were held out.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "evaluation/fit_profile.h"
#include "evaluation/reliability.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {
namespace {

constexpr double kShare = 0.1;

// Scores of 400 normals, standard normal, and 100 anomalies about 2: the log-odds at equal classes are 2 x - 2.
std::optional<JudgedDraw> drawn(std::uint64_t index, float shift = 2) {
  Stream stream(3, Purpose::kTest, index);
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < 500; ++i) {
    labels.push_back(i < 400 ? 0 : 1);
    scores.push_back(stream.normal() + (i < 400 ? 0 : shift));
  }
  return judged(scores, labels);
}

std::vector<JudgedDraw> draws(std::size_t count, std::uint64_t first, float shift = 2) {
  std::vector<JudgedDraw> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(drawn(first + i, shift).value());
  return out;
}

TEST(FitLogOdds, FindsThePosteriorWhereItIsKnown) {
  ScoreProfile::AtShots fit;
  fit_log_odds(draws(20, 0), fit);
  const JudgedDraw fresh = drawn(1000).value();
  for (const double x : {-1.0, 0.0, 1.0, 2.0, 3.0}) {
    const double truth = 1 / (1 + std::exp(-(2 * x - 2 + std::log(kShare / (1 - kShare)))));
    // Far out the log-odds rise with the logarithm of the distance, where these rise with the distance: the map is cautious there.
    EXPECT_NEAR(fit.probability(fresh.scale, x, kShare), truth, x > 2 ? 0.2 : 0.05) << x;
  }
}

TEST(FitLogOdds, NeverFallsWithTheScore) {
  ScoreProfile::AtShots fit;
  fit_log_odds(draws(20, 0, -3), fit);  // anomalies score below the normals
  EXPECT_EQ(fit.of_score, 0);
  EXPECT_EQ(fit.of_tail, 0);
  EXPECT_NEAR(fit.probability(drawn(5).value().scale, 9, kShare), kShare, 1e-6);
}

TEST(FitLogOdds, IsFiniteWhereTheClassesAreApart) {
  ScoreProfile::AtShots fit;
  fit_log_odds(draws(5, 0, 1000), fit);
  EXPECT_TRUE(std::isfinite(fit.intercept) && std::isfinite(fit.of_score) && std::isfinite(fit.of_tail));
  EXPECT_GT(fit.probability(drawn(9).value().scale, 1000, kShare), 0.9);
  EXPECT_LT(fit.probability(drawn(9).value().scale, 0, kShare), 0.01);
}

TEST(Judged, HalfOfTheNormalsCalibrateAndAreNotJudged) {
  const JudgedDraw draw = drawn(1).value();
  EXPECT_EQ(draw.scores.size(), 300U);
  EXPECT_FALSE(judged(std::vector<float>{1, 2, 3}, std::vector<std::uint8_t>{0, 0, 1}).has_value());
}

TEST(Reliability, CountsRowsByTenths) {
  ReliabilityCounts counts;
  EXPECT_FALSE(counts.result().has_value());
  for (int i = 0; i < 10; ++i) counts.add(0.05, i == 0);
  for (int i = 0; i < 10; ++i) counts.add(0.95, i < 5);
  counts.add(1, true);
  const Reliability found = counts.result().value();
  ASSERT_EQ(found.bins.size(), 10U);
  EXPECT_EQ(found.bins[0].rows, 10U);
  EXPECT_DOUBLE_EQ(found.bins[0].share, 0.1);
  EXPECT_EQ(found.bins[9].rows, 11U);
  EXPECT_DOUBLE_EQ(found.bins[9].probability, (10 * 0.95 + 1) / 11);
  EXPECT_DOUBLE_EQ(found.share, 7.0 / 21);
  EXPECT_NEAR(found.error, (10 * 0.05 + (10 * 0.95 + 1 - 6)) / 21, 1e-12);
}

// The simulated suite: its held-out kinds play no part in training.
class OnHeldOutTasks : public ::testing::Test {
 protected:
  static Reliability judge(const MetaModel& model) {
    EvaluationOptions options;
    options.shots = {5};
    options.repeats = 5;
    std::vector<std::unique_ptr<Method>> methods;
    methods.push_back(learner_method(model));
    ThreadPool pool(2);
    return evaluate("s", {}, suite().held_out, methods, options, pool).methods.at(0).reliability.value();
  }
  static const TaskSuite& suite() {
    static const TaskSuite simulated = encode(read_suite(load_manifest(find_manifest("payment-fraud")), {}));
    return simulated;
  }
  static MetaModel trained(const std::filesystem::path& file = {}) {
    TrainingOptions training;
    training.steps = 150;
    training.episodes = 200;
    training.tasks_per_step = 8;
    training.shots = {5};
    training.augment = AugmentOptions::none();
    LearnerOptions options;
    options.encoder.hidden = {16};
    ThreadPool pool(2);
    return train_model("score-net", options, training, suite(), pool, {}, file, true);
  }
};

TEST_F(OnHeldOutTasks, AModelTrainedBeforeProfilesWereKeptGetsOne) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "oddshot_profile_test.safetensors";
  std::filesystem::remove(file);
  const MetaModel model = trained(file);
  MetaModel old = model;
  old.profile.reset();
  save_model(old, file);
  EXPECT_EQ(trained(file).profile, model.profile);
  EXPECT_EQ(load_model(file).profile, model.profile);
  std::filesystem::remove(file);
}

TEST_F(OnHeldOutTasks, ProbabilitiesAreCalibratedAndSaySomething) {
  const MetaModel model = trained();
  ASSERT_TRUE(model.profile.has_value());
  const Reliability found = judge(model);
  RecordProperty("error", std::to_string(found.error));
  EXPECT_LT(found.error, 0.05);
  std::size_t sure = 0;
  for (const std::size_t bin : {std::size_t{8}, std::size_t{9}}) sure += found.bins[bin].rows;
  EXPECT_GT(sure, 100U);
  EXPECT_GT(found.bins[9].share, 0.7);
  EXPECT_LT(found.bins[0].share, 0.05);
  // What is off is seen: a map that takes anomalies for ten times as many.
  MetaModel off = model;
  for (ScoreProfile::AtShots& at : off.profile->shots) at.intercept += std::log(10.0);
  EXPECT_GT(judge(off).error, 0.05);
}

}  // namespace
}  // namespace oddshot
