#include "oddshot/evaluation/metrics.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Scores = std::vector<float>;
using Labels = std::vector<std::uint8_t>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
// Sums of at most some hundred terms in [0, 1], added in another order than scikit-learn's.
constexpr double kTolerance = 1e-13;

nlohmann::json golden_cases() {
  std::ifstream file(std::filesystem::path(ODDSHOT_SOURCE_DIR) / "tests/evaluation/golden/metrics.json");
  return nlohmann::json::parse(file).at("cases");
}

struct GoldenCase {
  explicit GoldenCase(const nlohmann::json& json) : values(json), scores(json.at("scores")), labels(json.at("labels")) {}
  std::string name() const { return values.at("name"); }
  // Whether a metric is what scikit-learn says, undefined included.
  void expect(const std::string& key, std::optional<double> ours) const {
    const nlohmann::json& theirs = values.at(key);
    ASSERT_EQ(ours.has_value(), !theirs.is_null()) << key << " of " << name();
    if (ours) {
      EXPECT_NEAR(*ours, theirs.get<double>(), kTolerance) << key << " of " << name();
    }
  }
  void expect_curve(const std::string& key, const std::vector<CurvePoint>& ours) const {
    const nlohmann::json& theirs = values.at(key);
    ASSERT_EQ(ours.size(), theirs.size()) << key << " of " << name();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_NEAR(ours[i].x, theirs[i][0].get<double>(), kTolerance) << key << " of " << name() << ", point " << i;
      EXPECT_NEAR(ours[i].y, theirs[i][1].get<double>(), kTolerance) << key << " of " << name() << ", point " << i;
    }
  }

  nlohmann::json values;
  Scores scores;
  Labels labels;
};

TEST(Metrics, RankingMetricsAgreeWithScikitLearn) {
  for (const auto& json : golden_cases()) {
    const GoldenCase golden(json);
    golden.expect("auroc", auroc(golden.scores, golden.labels));
    golden.expect("average_precision", average_precision(golden.scores, golden.labels));
    golden.expect("recall_at_1_percent", recall_at_false_alarms(golden.scores, golden.labels, 0.01));
    golden.expect("recall_at_20_percent", recall_at_false_alarms(golden.scores, golden.labels, 0.2));
  }
}

TEST(Metrics, MetricsAtAThresholdAgreeWithScikitLearn) {
  for (const auto& json : golden_cases()) {
    const GoldenCase golden(json);
    const Confusion counts = confusion(golden.scores, golden.labels, json.at("threshold"));
    golden.expect("accuracy", counts.accuracy());
    golden.expect("precision", counts.precision());
    golden.expect("recall", counts.recall());
    golden.expect("f1", counts.f1());
  }
}

TEST(Metrics, CurvesAgreeWithScikitLearn) {
  for (const auto& json : golden_cases()) {
    const GoldenCase golden(json);
    golden.expect_curve("roc", roc_curve(golden.scores, golden.labels));
    golden.expect_curve("precision_recall", precision_recall_curve(golden.scores, golden.labels));
  }
}

struct Degenerate {
  const char* name;
  Scores scores;
  Labels labels;
  std::optional<double> auroc, average_precision, recall_at_1_percent;
};

TEST(Metrics, DegenerateInputsGiveWhatTheTableSays) {
  const std::optional<double> none;
  const Degenerate table[] = {
      {"no rows", {}, {}, none, none, none},
      {"one normal row", {1}, {0}, none, none, none},
      {"one anomaly", {1}, {1}, none, none, none},
      {"normals only", {1, 2, 3}, {0, 0, 0}, none, none, none},
      {"anomalies only", {1, 2, 3}, {1, 1, 1}, none, none, none},
      {"all tied", {4, 4, 4, 4}, {0, 1, 0, 0}, 0.5, 0.25, 0.0},
      {"all zero, both signs", {0.0F, -0.0F}, {1, 0}, 0.5, 0.5, 0.0},
      {"perfect", {0, 0, 7}, {0, 0, 1}, 1.0, 1.0, 1.0},
      {"upside down", {1, 1, 0}, {0, 0, 1}, 0.0, 1.0 / 3, 0.0},
      {"infinities in order", {-kInfinity, 0, kInfinity}, {0, 0, 1}, 1.0, 1.0, 1.0},
      {"all minus infinity", {-kInfinity, -kInfinity}, {0, 1}, 0.5, 0.5, 0.0},
      {"infinities tied", {kInfinity, kInfinity, 0}, {0, 1, 0}, 0.75, 0.5, 0.0},
      {"large and close", {1e8F, 1e8F + 8}, {0, 1}, 1.0, 1.0, 1.0},
      {"denormal and close", {1e-44F, 2e-44F}, {0, 1}, 1.0, 1.0, 1.0},
  };
  for (const Degenerate& row : table) {
    EXPECT_EQ(auroc(row.scores, row.labels), row.auroc) << row.name;
    EXPECT_EQ(average_precision(row.scores, row.labels), row.average_precision) << row.name;
    EXPECT_EQ(recall_at_false_alarms(row.scores, row.labels, 0.01), row.recall_at_1_percent) << row.name;
    EXPECT_EQ(roc_curve(row.scores, row.labels).empty(), !row.auroc.has_value()) << row.name;
    EXPECT_EQ(precision_recall_curve(row.scores, row.labels).empty(), !row.auroc.has_value()) << row.name;
  }
}

TEST(Metrics, WrongInputIsRefusedAndNamed) {
  const Scores scores = {0, kNan};
  const Labels labels = {0, 1};
  try {
    auroc(scores, labels);
    FAIL() << "a NaN score was accepted";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("row 1"), std::string::npos) << error.what();
  }
  EXPECT_THROW(confusion(scores, labels, 0), NumericError);
  EXPECT_THROW(confusion(Scores{0, 1}, labels, kNan), NumericError);
  EXPECT_THROW(average_precision(Scores{0}, labels), ShapeError);
  EXPECT_THROW(confusion(Scores{0}, labels, 0), ShapeError);
  EXPECT_THROW(roc_curve(Scores{0, 1}, Labels{0, 2}), ArgumentError);
  for (const double rate : {-0.1, 1.1, static_cast<double>(kNan)}) {
    EXPECT_THROW(recall_at_false_alarms(Scores{0, 1}, labels, rate), ArgumentError) << rate;
  }
}

TEST(RecallAtFalseAlarms, HoldsItsRateExactly) {
  // Anomalies at 1000 - 10 k among normals 0..999: an alarm rate of k% lets in 10 k normals.
  Scores scores;
  Labels labels;
  for (int i = 0; i < 1000; ++i) {
    scores.push_back(static_cast<float>(i));
    labels.push_back(0);
  }
  for (int k = 0; k < 100; ++k) {
    scores.push_back(static_cast<float>(1000 - 10 * k) - 0.5F);
    labels.push_back(1);
  }
  for (int k = 0; k < 100; ++k) {
    EXPECT_EQ(recall_at_false_alarms(scores, labels, k / 100.0), (k + 1) / 100.0) << k << "%";
  }
}

TEST(RecallAtFalseAlarms, IsOneWhereEveryAlarmIsAllowed) { EXPECT_EQ(recall_at_false_alarms(Scores{3, 2, 1}, Labels{0, 0, 1}, 1.0), 1.0); }

TEST(Confusion, CallsARowAtTheThresholdAnAnomaly) {
  const Confusion counts = confusion(Scores{1, 1, 0.5F, 2}, Labels{0, 1, 1, 0}, 1);
  EXPECT_EQ(counts.true_positives, 1U);
  EXPECT_EQ(counts.false_positives, 2U);
  EXPECT_EQ(counts.false_negatives, 1U);
  EXPECT_EQ(counts.true_negatives, 0U);
}

TEST(Confusion, UndefinedRatiosAreNothing) {
  EXPECT_EQ(Confusion{}.accuracy(), std::nullopt);
  const Confusion no_anomaly{.false_positives = 2, .true_negatives = 3};
  EXPECT_EQ(no_anomaly.recall(), std::nullopt);
  EXPECT_EQ(no_anomaly.f1(), std::nullopt);
  EXPECT_EQ(no_anomaly.precision(), 0.0);
  const Confusion none_called{.true_negatives = 3, .false_negatives = 1};
  EXPECT_EQ(none_called.precision(), std::nullopt);
  EXPECT_EQ(none_called.f1(), 0.0);
}

double mean_f1(const std::vector<ScoredEpisode>& episodes, float threshold) {
  double sum = 0;
  for (const ScoredEpisode& episode : episodes) sum += confusion(episode.scores, episode.labels, threshold).f1().value();
  return sum / static_cast<double>(episodes.size());
}

TEST(BestF1Threshold, NoScoreIsABetterThreshold) {
  std::uint32_t state = 1;
  const auto below = [&state](std::uint32_t n) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % n;
  };
  for (int round = 0; round < 50; ++round) {
    std::vector<ScoredEpisode> episodes(1 + below(4));
    for (ScoredEpisode& episode : episodes) {
      for (std::uint32_t i = 0; i < 2 + below(30); ++i) {
        const std::uint8_t label = i < 2 ? static_cast<std::uint8_t>(i) : below(3) == 0;
        episode.labels.push_back(label);
        episode.scores.push_back(static_cast<float>(below(20)) + 4.0F * label);
      }
    }
    const std::optional<float> threshold = best_f1_threshold(episodes);
    ASSERT_TRUE(threshold);
    const double best = mean_f1(episodes, *threshold);
    for (const ScoredEpisode& episode : episodes) {
      for (const float score : episode.scores) EXPECT_LE(mean_f1(episodes, score), best + 1e-11) << "round " << round;
    }
  }
}

TEST(BestF1Threshold, LiesMidwayBetweenTheScoresItParts) {
  EXPECT_EQ(best_f1_threshold(std::vector<ScoredEpisode>{{{0, 1, 5, 6}, {0, 0, 1, 1}}}), 3.0F);
}

TEST(BestF1Threshold, PartsNeighbouringAndInfiniteScores) {
  const float next = std::nextafter(1.0F, 2.0F);
  EXPECT_EQ(best_f1_threshold(std::vector<ScoredEpisode>{{{1, next}, {0, 1}}}), next);
  const std::vector<ScoredEpisode> infinite = {{{-kInfinity, kInfinity}, {0, 1}}};
  EXPECT_EQ(mean_f1(infinite, best_f1_threshold(infinite).value()), 1.0);
}

TEST(BestF1Threshold, IsTheHighestOfEquallyGood) {
  // F1 is 2/3 both with the first anomaly alone and with all four rows called.
  EXPECT_EQ(best_f1_threshold(std::vector<ScoredEpisode>{{{8, 6, 4, 2}, {1, 0, 0, 1}}}), 7.0F);
}

TEST(BestF1Threshold, IsNothingForNoEpisodes) { EXPECT_EQ(best_f1_threshold({}), std::nullopt); }

TEST(BestF1Threshold, RefusesAnEpisodeOfOneClass) {
  EXPECT_THROW(best_f1_threshold(std::vector<ScoredEpisode>{{{0, 1}, {0, 1}}, {{1}, {1}}}), ArgumentError);
  EXPECT_THROW(best_f1_threshold(std::vector<ScoredEpisode>{{{}, {}}}), ArgumentError);
}

TEST(Curves, TheAreaUnderTheRocCurveIsTheAuroc) {
  for (const auto& json : golden_cases()) {
    const GoldenCase golden(json);
    const std::vector<CurvePoint> curve = roc_curve(golden.scores, golden.labels);
    double sum = 0;
    for (std::size_t i = 1; i < curve.size(); ++i) sum += (curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y) / 2;
    EXPECT_NEAR(sum, auroc(golden.scores, golden.labels).value(), kTolerance) << golden.name();
  }
}

}  // namespace
}  // namespace oddshot
