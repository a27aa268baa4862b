// Detectors with a calibration: which rows it is of, what adapting promises, and that the promise is kept.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/detector/detector.h"
#include "sample_table.h"

namespace oddshot {
namespace {

AdaptOptions options(CalibrationScheme scheme = CalibrationScheme::kAuto, std::optional<double> rate = std::nullopt) {
  AdaptOptions given;
  given.label = "label";
  given.calibration = scheme;
  given.max_false_alarms = rate;
  return given;
}

// Rows of two numbers that hang together, and a weight; the anomalies come last.
Table rows(std::size_t normals, std::size_t anomalies, Stream stream) {
  Column a{.name = "a", .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
  Column b = a, weight = a, label = a;
  b.name = "b";
  weight.name = "weight";
  label = {.name = "label", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"normal", "anomaly"}};
  for (std::size_t r = 0; r < normals + anomalies; ++r) {
    const bool odd = r >= normals;
    const float x = stream.normal();
    a.numbers.push_back(x);
    b.numbers.push_back(x + 0.3F * stream.normal() + (odd ? 3.0F : 0.0F));
    weight.numbers.push_back(x > 0 ? 3.0F : 1.0F);
    label.codes.push_back(odd ? 1 : 0);
  }
  return {.columns = {a, b, weight, label}, .sources = {}};
}

Detector adapted(const Table& table, const AdaptOptions& given) { return Detector::adapt(table_model(), table, given); }

std::string complaint(const Table& table, const AdaptOptions& given) {
  try {
    adapted(table, given);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(CalibratedDetector, HoldsNormalsBackWhereThereAreEnough) {
  const Detector detector = adapted(rows(300, 5, Stream(1, Purpose::kTest, 0)), options());
  EXPECT_EQ(detector.calibration().scheme(), CalibrationScheme::kHeldBack);
  EXPECT_EQ(detector.calibration().size(), 100U);
  EXPECT_EQ(detector.normals(), 200U);
  EXPECT_EQ(detector.anomalies(), 5U);
}

TEST(CalibratedDetector, CrossFitsWhereNormalsAreFew) {
  const Detector detector = adapted(rows(60, 5, Stream(1, Purpose::kTest, 0)), options());
  EXPECT_EQ(detector.calibration().scheme(), CalibrationScheme::kCrossFitted);
  EXPECT_EQ(detector.calibration().size(), 60U);
  EXPECT_EQ(detector.normals(), 60U);
  EXPECT_EQ(detector.rows().held_back.rows(), 0U);
}

TEST(CalibratedDetector, HoldsBackWhatARateNeeds) {
  const Detector detector = adapted(rows(60, 5, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kAuto, 0.05));
  EXPECT_EQ(detector.calibration().scheme(), CalibrationScheme::kHeldBack);
  EXPECT_EQ(detector.calibration().size(), 20U);
  EXPECT_EQ(detector.max_false_alarms(), 0.05);
  const Detector large = adapted(rows(1500, 0, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kAuto, 0.001));
  EXPECT_EQ(large.calibration().size(), 999U);
  EXPECT_EQ(large.normals(), 501U);
}

TEST(CalibratedDetector, SaysHowManyRowsATooSmallRateNeeds) {
  EXPECT_EQ(complaint(rows(60, 5, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kAuto, 0.01)),
            "a false-alarm rate of 0.01 needs 99 normal rows to calibrate by (99 in all), and there are 60 (60 in all), which can promise "
            "0.0164: give more rows, or ask for no less than that");
  EXPECT_EQ(complaint(rows(60, 5, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kAuto, 2.0)),
            "the false-alarm rate is 2; it must be above 0 and below 1");
  EXPECT_NE(complaint(rows(60, 5, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kNone, 0.1)).find("none is asked for"),
            std::string::npos);
}

TEST(CalibratedDetector, CanDoWithout) {
  const Detector detector = adapted(rows(400, 5, Stream(1, Purpose::kTest, 0)), options(CalibrationScheme::kNone));
  EXPECT_FALSE(detector.calibration().present());
  EXPECT_EQ(detector.normals(), 400U);
}

TEST(CalibratedDetector, WeighsItsCalibratorsByTheColumnThatIsNoFeature) {
  AdaptOptions given = options();
  given.weight = "weight";
  const Detector detector = adapted(rows(60, 5, Stream(1, Purpose::kTest, 0)), given);
  EXPECT_TRUE(detector.calibration().weighted());
  EXPECT_EQ(std::ranges::count(detector.preprocessor().schema_columns(), "weight"), 0);
  Table table = rows(60, 5, Stream(1, Purpose::kTest, 0));
  table.columns[2].numbers[3] = -1;
  EXPECT_EQ(complaint(table, given), "row 3, column \"weight\": a weight must be a number of 0 or more, not -1");
}

TEST(CalibratedDetector, TreatsTheValueUnknownAsNoLabel) {
  Table table = rows(60, 5, Stream(1, Purpose::kTest, 0));
  table.columns[3].categories.emplace_back("unknown");
  table.columns[3].codes[0] = 2;
  const Detector detector = adapted(table, options());
  EXPECT_EQ(detector.normals(), 59U);
  EXPECT_EQ(std::ranges::count(detector.notes(), "1 rows without a label are not used"), 1);
}

TEST(CalibratedDetector, DoesNotDependOnTheNumberOfThreads) {
  const Table table = rows(60, 5, Stream(1, Purpose::kTest, 0));
  ThreadPool one(1), three(3);
  EXPECT_EQ(Detector::adapt(table_model(), table, options(), one).calibration().scores(),
            Detector::adapt(table_model(), table, options(), three).calibration().scores());
}

// Draws of a support and of rows to score, all of them normal: of 40 x 200 rows with a rate of 0.1. Alerts of one draw hang together (they
// share a threshold, whose rate varies as Beta(k, n + 1 - k)), so the standard error is that of draws, not of rows.
double share_of_alerts(std::size_t normals, CalibrationScheme scheme, double& error) {
  ThreadPool pool(1);
  constexpr std::size_t kDraws = 40;
  std::vector<double> shares;
  for (std::size_t i = 0; i < kDraws; ++i) {
    const Detector detector = adapted(rows(normals, 3, Stream(5, Purpose::kTest, 2 * i)), options(scheme, 0.1));
    const std::vector<float> scores = detector.score(rows(200, 0, Stream(5, Purpose::kTest, 2 * i + 1)), pool);
    const float threshold = detector.calibration().threshold(0.1);
    shares.push_back(static_cast<double>(std::ranges::count_if(scores, [&](float s) { return s > threshold; })) / 200);
  }
  double mean = 0, square = 0;
  for (const double share : shares) mean += share / kDraws;
  for (const double share : shares) square += (share - mean) * (share - mean) / (kDraws - 1);
  error = std::sqrt(square / kDraws);
  return mean;
}

TEST(CalibratedDetector, AlertsAsManyNormalsAsAskedFor) {
  for (const auto& [normals, scheme] :
       {std::pair(std::size_t{40}, CalibrationScheme::kHeldBack), std::pair(std::size_t{40}, CalibrationScheme::kCrossFitted),
        std::pair(std::size_t{15}, CalibrationScheme::kCrossFitted)}) {
    double error = 0;
    const double share = share_of_alerts(normals, scheme, error);
    EXPECT_LE(share, 0.1 + 3 * error) << normals << " " << to_string(scheme) << " " << error;
    EXPECT_GE(share, 0.03) << normals << " " << to_string(scheme) << " " << error;
  }
}

}  // namespace
}  // namespace oddshot
