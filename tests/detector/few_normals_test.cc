// Supports of fewer than ten normals, down to one: every learner and space adapts, scores, explains, is kept and updated, and what so few
// rows leave unknown is said.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "detector/rows_of_tables.h"
#include "detector/stand_ins.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/explain.h"
#include "oddshot/detector/probability.h"
#include "oddshot/evaluation/metrics.h"
#include "oddshot/experts/input_space.h"
#include "oddshot/model_io/shipped_models.h"
#include "sample_table.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals[] = {1, 2, 3, 5, 9};
constexpr std::size_t kAnomalies[] = {0, 1, 5};

// Normals, then anomalies: "x" far off in anomalies, "y" noise about 300, "kind" a category; "same" has one value.
Table rows(std::size_t normals, std::size_t anomalies, std::uint64_t seed = 1) {
  Column x{.name = "x", .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
  Column y = x, same = x;
  y.name = "y";
  same.name = "same";
  Column kind{.name = "kind", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"a", "b"}};
  Column label{.name = "label", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"normal", "anomaly"}};
  Stream stream(seed, Purpose::kTest, 0);
  for (std::size_t r = 0; r < normals + anomalies; ++r) {
    x.numbers.push_back(2 + stream.normal() + (r < normals ? 0.0F : 20.0F));
    y.numbers.push_back(300 + stream.normal());
    kind.codes.push_back(static_cast<std::int32_t>(stream.below(2)));
    same.numbers.push_back(7);
    label.codes.push_back(r < normals ? 0 : 1);
  }
  return {.columns = {x, y, kind, same, label}, .sources = {}};
}

Table some(const Table& table, std::uint32_t first, std::uint32_t count) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t r = first; r < first + count; ++r) chosen.push_back(r);
  return selected_rows(table, names, chosen);
}

// A model of these columns, with the parameters that training starts from, and 40 of its training normals.
MetaModel own_model(const std::string& learner, Space space) {
  static const Table table = rows(200, 20, 9);
  std::vector<std::uint32_t> normals, anomalies;
  for (std::uint32_t r = 0; r < 220; ++r) (r < 200 ? normals : anomalies).push_back(r);
  MetaModel model;
  model.learner = learner;
  model.preprocessor = Preprocessor::fit(table, std::vector<std::string>{"x", "y", "kind"}, normals, anomalies);
  const Matrix fitted = model.preprocessor.transform(table, normals);
  model.views = Views::fit(fitted, model.preprocessor.feature_kinds());
  model.reference = copied(model.views.transform(fitted).view().slice(0, 40));
  model.learner_options.members = 1;
  model.learner_options.encoder.hidden = {4};
  model.learner_options.encoder.inputs = InputSpace::width_of(space, model.preprocessor.width(), model.views.spans().size());
  const auto made = find_learner(learner)->make(model.learner_options);
  model.learner_options = made->options();
  model.params.resize(made->layout().size());
  made->initialise(model.params, Stream(1, Purpose::kTest, 0));
  model.suite = "sample";
  model.training_tasks = {"one"};
  model.training.space = space;
  model.training.augment = AugmentOptions::none();
  model.training.steps = 0;
  model.oddshot_version = "0.1.0";
  return model;
}

MetaModel model_in(const std::string& learner, Space space) {
  return space == Space::kTable ? table_model(learner) : own_model(learner, space);
}

AdaptOptions options() {
  AdaptOptions given;
  given.label = "label";
  return given;
}

template <class E>
std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}

bool notes_hold(const Detector& detector, const std::string& words) {
  return std::ranges::any_of(detector.notes(), [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

class FewNormals : public ::testing::Test {
 protected:
  Detector adapt(const MetaModel& model, const Table& table, const AdaptOptions& given = options()) {
    return Detector::adapt(model, table, given, pool_);
  }
  // Everything that can be done with a detector of so few rows.
  void expect_usable(const MetaModel& model, std::size_t normals, std::size_t anomalies) {
    SCOPED_TRACE(
        fmt::format("{} in space {}, {} normals, {} anomalies", model.learner, to_string(model.training.space), normals, anomalies));
    const Table table = rows(normals, anomalies);
    const Table fresh = rows(20, 20, 3);
    const Detector detector = adapt(model, table);
    EXPECT_EQ(detector.normals(), normals);
    EXPECT_EQ(detector.anomalies(), anomalies);
    const std::vector<float> scores = detector.score(fresh, pool_);
    for (const float score : scores) EXPECT_TRUE(std::isfinite(score));
    EXPECT_EQ(parse_detector(serialise(detector), "d").score(fresh, pool_), scores);
    const bool calibrated = normals > 1 || model.training.space != Space::kTable;
    ASSERT_EQ(detector.calibration().present(), calibrated);
    if (calibrated) {
      EXPECT_EQ(detector.calibration().size(), normals);
      EXPECT_DOUBLE_EQ(detector.calibration().smallest_rate(), 1 / static_cast<double>(normals + 1));
      EXPECT_GE(detector.calibration().p_value(1e30F), 1 / static_cast<double>(normals + 1));
    }
    EXPECT_TRUE(notes_hold(detector, "of how normal rows vary"));
    EXPECT_TRUE(notes_hold(detector, calibrated ? "no p-value can be below" : "there are no p-values"));
    const auto auroc = detector.left_out_auroc(pool_);
    EXPECT_TRUE(!auroc || (*auroc >= 0 && *auroc <= 1));
  }

  ThreadPool pool_{2};
};

TEST_F(FewNormals, AreEnoughInEverySpace) {
  for (const Space space : {Space::kScores, Space::kRaw, Space::kBoth, Space::kTable}) {
    const MetaModel model = model_in("score-net", space);
    for (const std::size_t normals : kNormals) {
      for (const std::size_t anomalies : kAnomalies) expect_usable(model, normals, anomalies);
    }
  }
}

TEST_F(FewNormals, AreEnoughForEveryLearner) {
  for (const LearnerEntry& entry : learner_table()) {
    for (const Space space : {Space::kScores, Space::kRaw, Space::kTable}) {
      if (space == Space::kRaw && entry.name == "committee") continue;  // of scores alone
      const MetaModel model = model_in(std::string(entry.name), space);
      const std::size_t minimum = entry.make(model.learner_options)->minimum_shots();
      for (const std::size_t normals : {std::size_t{1}, std::size_t{3}}) {
        for (const std::size_t anomalies : {std::size_t{0}, std::size_t{5}}) {
          if (anomalies >= minimum) expect_usable(model, normals, anomalies);
        }
      }
    }
  }
}

TEST_F(FewNormals, AreEnoughForTheModelThatShips) {
  const MetaModel model = load_model(find_model("universal"));
  for (const std::size_t normals : kNormals) {
    for (const std::size_t anomalies : kAnomalies) expect_usable(model, normals, anomalies);
  }
}

// Rows of which a person would say at once what they are: on average over draws.
TEST_F(FewNormals, TellWhatIsFarOff) {
  const MetaModel model = load_model(find_model("universal"));
  const Table fresh = rows(50, 50, 3);
  std::vector<std::uint8_t> labels(100, 0);
  std::fill(labels.begin() + 50, labels.end(), std::uint8_t{1});
  for (const std::size_t normals : kNormals) {
    for (const std::size_t anomalies : kAnomalies) {
      // By single draws much worse: two rows that happen to lie close say that all others are odd.
      double sum = 0;
      for (const std::uint64_t seed : {1, 2, 4, 5, 6})  // 3 draws the fresh rows
        sum += *auroc(adapt(model, rows(normals, anomalies, seed)).score(fresh, pool_), labels);
      EXPECT_GT(sum / 5, 0.8) << normals << " normals, " << anomalies << " anomalies";
    }
  }
}

TEST_F(FewNormals, KeepColumnsThatSoFewRowsAgreeIn) {
  const MetaModel model = table_model();
  EXPECT_EQ(adapt(model, rows(1, 0)).preprocessor().schema_columns(), (std::vector<std::string>{"x", "y", "kind", "same"}));
  EXPECT_EQ(adapt(model, rows(9, 5)).preprocessor().schema_columns(), (std::vector<std::string>{"x", "y", "kind", "same"}));
  EXPECT_EQ(adapt(model, rows(10, 5)).preprocessor().schema_columns(), (std::vector<std::string>{"x", "y", "kind"}));
  Table empty = rows(2, 0);
  std::ranges::fill(empty.columns[1].numbers, std::nanf(""));
  const Detector detector = adapt(model, empty);
  EXPECT_EQ(detector.preprocessor().schema_columns(), (std::vector<std::string>{"x", "kind", "same"}));
  EXPECT_TRUE(notes_hold(detector, "\"y\" is left out: it has no value in any known row"));
}

TEST_F(FewNormals, MayHoldAnyNumbers) {
  const MetaModel model = table_model();
  for (const float value : {0.0F, -0.0F, 1e-38F, -1e30F, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}) {
    for (const std::size_t normals : {std::size_t{1}, std::size_t{2}}) {
      Table table = rows(normals, 1);
      std::ranges::fill(table.columns[0].numbers, value);
      for (const float score : adapt(model, table).score(rows(5, 5, 3), pool_)) EXPECT_TRUE(std::isfinite(score)) << value;
    }
  }
}

TEST_F(FewNormals, AreExplainedByThemselves) {
  for (const MetaModel& model : {load_model(find_model("universal")), own_model("score-net", Space::kScores)}) {
    for (const std::size_t normals : {std::size_t{1}, std::size_t{3}}) {
      const Detector detector = adapt(model, rows(normals, 1));
      const std::vector<std::uint32_t> asked = {0, 30};
      for (const Explanation& one : explain(detector, rows(20, 20, 3), asked, {}, pool_)) {
        double sum = 0;
        for (const ColumnShare& share : one.columns) sum += share.share;
        EXPECT_NEAR(sum, one.score - one.baseline, 1e-4);
        EXPECT_EQ(one.normals.size(), normals) << "rows made up are not named";
      }
    }
  }
}

TEST_F(FewNormals, AreWhatAnUpdateLeavesAndAddsTo) {
  const Table table = rows(5, 1), fresh = rows(20, 20, 3);
  for (const MetaModel& model : {table_model(), own_model("score-net", Space::kScores)}) {
    const Detector one = adapt(model, some(table, 0, 1));
    const Detector grown = one.updated(some(table, 1, 5), pool_);
    EXPECT_EQ(grown.score(fresh, pool_), adapt(model, table).score(fresh, pool_));
    const Detector shrunk = grown.without(some(table, 1, 5), pool_);
    EXPECT_EQ(shrunk.normals(), 1U);
    EXPECT_EQ(shrunk.anomalies(), 0U);
    EXPECT_EQ(shrunk.score(fresh, pool_), one.score(fresh, pool_));
    EXPECT_NE(complaint<ArgumentError>([&] { one.without(some(table, 0, 1), pool_); }).find("0 of 0 rows are known to be normal"),
              std::string::npos);
  }
}

TEST_F(FewNormals, FromTenOnNothingStandsBeside) {
  for (const MetaModel& model : {table_model(), own_model("score-net", Space::kScores)}) {
    const Detector nine = adapt(model, rows(9, 2)), ten = adapt(model, rows(10, 2));
    const OwnedSupport whole = with_stand_ins(model, ten.preprocessor(), ten.support());
    EXPECT_EQ(whole.labels, ten.rows().labels);
    EXPECT_TRUE(std::ranges::equal(std::span(whole.rows.data(), whole.rows.rows() * whole.rows.cols()),
                                   std::span(ten.support().rows.data, ten.support().rows.rows * ten.support().rows.cols)));
    EXPECT_FALSE(notes_hold(ten, "beside"));
    EXPECT_EQ(with_stand_ins(model, nine.preprocessor(), nine.support()).labels.size(), 12U);
    EXPECT_TRUE(notes_hold(nine, "stands beside"));
  }
}

TEST_F(FewNormals, SayWhatTheyCannotTell) {
  const MetaModel model = table_model();
  AdaptOptions rate = options();
  rate.max_false_alarms = 0.01;
  EXPECT_NE(complaint<ArgumentError>([&] {
              adapt(model, rows(3, 1), rate);
            }).find("needs 99 normal rows to calibrate by (99 in all), and there are 3 (3 in all), which can promise 0.25"),
            std::string::npos);
  EXPECT_NE(complaint<ArgumentError>([&] { adapt(model, rows(1, 1), rate); }).find("there are 0 (1 in all), which can promise none"),
            std::string::npos);
  rate.max_false_alarms = 0.25;
  EXPECT_EQ(adapt(model, rows(3, 1), rate).calibration().size(), 3U);
  EXPECT_NE(complaint<ArgumentError>([&] { adapt(model, rows(0, 5)); }).find("0 of 5 rows are known to be normal"), std::string::npos);
  AdaptOptions held_back = options();
  held_back.calibration = CalibrationScheme::kHeldBack;
  EXPECT_TRUE(notes_hold(adapt(model, rows(5, 1), held_back), "5 normal rows are too few to hold any back"));
  AdaptOptions trimmed = options();
  trimmed.trim = 0.1;
  EXPECT_TRUE(notes_hold(adapt(model, rows(5, 1), trimmed), "with 5 normal rows none is left out as least normal"));
  EXPECT_FALSE(adapt(model, rows(1, 0)).left_out_auroc(pool_));
  EXPECT_FALSE(adapt(model, rows(1, 5)).left_out_auroc(pool_)) << "without it there is no normal row";
  const Detector universal = adapt(load_model(find_model("universal")), rows(9, 1));
  EXPECT_NE(complaint<ArgumentError>([&] { AnomalyProbability(universal, 0.1); }).find("at least 10 normal rows"), std::string::npos);
}

}  // namespace
}  // namespace oddshot
