// The promise on real data: of every shipped suite's normals, as many are alerts as asked for, and no more.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/detector/detector.h"
#include "oddshot/tasks/suite.h"
#include "sample_table.h"
#include "tasks/column_values.h"

namespace oddshot {
namespace {

constexpr double kRate = 0.1;
constexpr std::size_t kNormals = 60;  // to adapt to and calibrate by
constexpr std::size_t kShots = 3;
constexpr std::size_t kJudged = 300;  // other normals
constexpr std::size_t kDraws = 8;

std::vector<std::string> suites_of_one_table() {
  std::vector<std::string> names = shipped_suites();
  std::erase_if(names, [](const std::string& name) {
    return name == "tep-windows" || load_manifest(find_manifest(name)).cut == Cut::kTable;  // the rows of "tep"
  });
  return names;
}

struct Rate {
  double mean = 0;   // share of alerts among the judged normals, over draws
  double error = 0;  // its standard error if the promise holds exactly: a threshold's true rate varies as Beta(k, n + 1 - k)
};

class OnSuite : public ::testing::TestWithParam<std::string> {
 protected:
  Rate realised(const SuiteRows& rows, CalibrationScheme scheme) {
    const TaskRows& task = rows.held_out.front();
    AdaptOptions options;
    options.label = rows.manifest.label;
    options.normal = rows.manifest.normal;
    options.anomaly.clear();
    for (const std::string& word : words_of(rows.table.column(options.label)).words) {
      if (std::ranges::find(options.normal, word) == options.normal.end()) options.anomaly.push_back(word);
    }
    options.unknown.clear();
    options.calibration = scheme;
    options.max_false_alarms = kRate;
    options.fall_back = false;
    std::vector<std::string> columns = rows.feature_columns;
    columns.push_back(options.label);
    Rate rate;
    double expected = 0;
    std::size_t n = 0;
    for (std::size_t i = 0; i < kDraws; ++i) {
      Stream stream(i, Purpose::kTest, 77);
      std::vector<std::uint32_t> normals = task.normals;
      stream.shuffle(std::span(normals));
      const std::size_t judged = std::min(kJudged, normals.size() - kNormals);
      std::vector<std::uint32_t> support(normals.begin(), normals.begin() + kNormals);
      support.insert(support.end(), task.anomalies.begin(), task.anomalies.begin() + kShots);
      const std::vector<std::uint32_t> others(normals.begin() + kNormals, normals.begin() + static_cast<std::ptrdiff_t>(kNormals + judged));
      const Detector detector = Detector::adapt(table_model(), selected_rows(rows.table, columns, support), options, pool_);
      const float threshold = detector.calibration().threshold(kRate);
      n = detector.calibration().size();
      expected = detector.calibration().guaranteed_rate(kRate);
      const std::vector<float> scores = detector.score(selected_rows(rows.table, columns, others), pool_);
      const auto alerts = static_cast<double>(std::ranges::count_if(scores, [&](float s) { return s > threshold; }));
      rate.mean += alerts / static_cast<double>(judged) / kDraws;
    }
    const double variance = expected * (1 - expected);
    rate.error = std::sqrt((variance / static_cast<double>(n + 2) + variance / kJudged) / kDraws);
    return rate;
  }

  ThreadPool pool_;
};

TEST_P(OnSuite, AsManyNormalsAreAlertsAsAskedForAtMost) {
  std::optional<SuiteRows> rows;
  try {
    rows = read_suite(load_manifest(find_manifest(GetParam())), {.folder = {}, .download = false});
  } catch (const IoError& error) {
    GTEST_SKIP() << "NOT TESTED: no real data of " << GetParam() << ": " << error.what();
  }
  for (const CalibrationScheme scheme : {CalibrationScheme::kHeldBack, CalibrationScheme::kCrossFitted}) {
    const Rate rate = realised(*rows, scheme);
    RecordProperty(std::string(to_string(scheme)), std::to_string(rate.mean));
    EXPECT_LE(rate.mean, kRate + 3 * rate.error) << to_string(scheme) << " " << rate.error;
    // Rows that are equal have equal scores, and then none of them may be an alert: a suite of many such rows has fewer.
    EXPECT_GE(rate.mean, 0.01) << to_string(scheme);
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, OnSuite, ::testing::ValuesIn(suites_of_one_table()), [](const auto& suite) {
  std::string name = suite.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace oddshot
