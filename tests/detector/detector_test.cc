// What adapting makes of a table: which rows and columns serve, what is refused, and that scores are the model's.
#include "oddshot/detector/detector.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/data/views.h"
#include "oddshot/evaluation/methods.h"
#include "sample_table.h"

namespace oddshot {
namespace {

AdaptOptions options(std::vector<std::string> normal = {"normal"}, std::vector<std::string> anomaly = {"anomaly"},
                     std::vector<std::string> ignored = {}) {
  AdaptOptions given;
  given.label = "label";
  given.normal = std::move(normal);
  given.anomaly = std::move(anomaly);
  given.ignored = std::move(ignored);
  return given;
}

Detector adapted(const AdaptOptions& given = options()) { return Detector::adapt(table_model(), sample_table(), given); }

template <class E, class F>
std::string message_of(const F& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}
template <class E>
std::string complaint(const Table& table, const AdaptOptions& given, const MetaModel& model = table_model()) {
  return message_of<E>([&] { Detector::adapt(model, table, given); });
}

bool notes(const Detector& detector, const std::string& note) {
  return std::ranges::find(detector.notes(), note) != detector.notes().end();
}

// The first rows of each column.
Table head(Table table, std::size_t rows) {
  for (Column& column : table.columns) {
    if (column.kind == ColumnKind::kNumeric) {
      column.numbers.resize(rows);
    } else {
      column.codes.resize(rows);
    }
  }
  return table;
}

TEST(Adapt, TakesKnownRowsAndLeavesOthersOut) {
  const Detector detector = adapted();
  EXPECT_EQ(detector.normals(), 60U);
  EXPECT_EQ(detector.anomalies(), 10U);
  EXPECT_TRUE(notes(detector, "10 rows without a label are not used"));
}

TEST(Adapt, LeavesColumnsOutThatTellNothingAndSaysSo) {
  const Detector detector = adapted();
  EXPECT_EQ(detector.preprocessor().schema_columns(), (std::vector<std::string>{"amount", "speed", "kind"}));
  EXPECT_TRUE(notes(detector, "\"id\" is left out: it looks like an identifier, with 80 values in 80 rows"));
  EXPECT_TRUE(notes(detector, "\"row\" is left out: it counts the rows"));
  EXPECT_TRUE(notes(detector, "\"same\" is left out: it is the same in all known rows"));
}

TEST(Adapt, LeavesIgnoredColumnsOut) {
  const Detector detector = adapted(options({"normal"}, {"anomaly"}, {"kind"}));
  EXPECT_EQ(detector.preprocessor().schema_columns(), (std::vector<std::string>{"amount", "speed"}));
}

TEST(Adapt, WorksOnNormalRowsAlone) {
  const Detector detector = adapted(options({"normal", "anomaly"}, {}));
  EXPECT_EQ(detector.normals(), 70U);
  EXPECT_EQ(detector.anomalies(), 0U);
  ThreadPool pool(1);
  EXPECT_EQ(detector.left_out_auroc(pool), std::nullopt);
}

TEST(Adapt, KeepsAsManyRowsOfAClassAsServe) {
  Table table = sample_table();
  for (Column& column : table.columns) {
    for (std::size_t r = 0; r < 600; ++r) {  // normal rows; the label of row 0 is normal
      if (column.kind == ColumnKind::kNumeric) {
        column.numbers.push_back(std::isnan(column.numbers[r]) ? 0 : column.numbers[r] + 0.01F * static_cast<float>(r));
      } else {
        column.codes.push_back(column.name == "label" ? 0 : column.codes[r]);
      }
    }
  }
  AdaptOptions given = options();
  given.calibration = CalibrationScheme::kNone;
  const Detector detector = Detector::adapt(table_model(), table, given);
  EXPECT_EQ(detector.normals(), kLargestSupportClass);
  EXPECT_TRUE(notes(detector, "of 660 normal rows 512 are kept, evenly spaced"));
}

TEST(Adapt, RefusesWhatItCannotLearnFrom) {
  const Table table = sample_table();
  AdaptOptions misspelt = options();
  misspelt.label = "lable";
  EXPECT_NE(complaint<ArgumentError>(table, misspelt).find("\"label\""), std::string::npos);
  EXPECT_EQ(
      complaint<FormatError>(table, options({"normal"}, {"fraud"})),
      "row 7, column \"label\": \"anomaly\" is neither a normal value (\"normal\") nor an anomalous one (\"fraud\"); name it as one of "
      "them, or leave it empty where it is not known");
  EXPECT_EQ(complaint<ArgumentError>(table, options({"normal"}, {"normal"})), "label value \"normal\" is both normal and anomalous");
  EXPECT_EQ(complaint<ArgumentError>(table, options({}, {"anomaly"})), "no label value means normal: name at least one");
  EXPECT_EQ(complaint<ArgumentError>(head(table, 9), options({"usual"}, {"anomaly", "normal"})),
            "0 of 9 rows are known to be normal (column \"label\": \"usual\"); adapting needs at least 1");
  EXPECT_NE(complaint<ArgumentError>(table, options({"normal"}, {"anomaly"}, {"kin"})).find("\"kind\""), std::string::npos);
  EXPECT_EQ(complaint<ArgumentError>(table, options({"normal"}, {"anomaly"}, {"amount", "speed", "kind", "same", "row"})),
            "no column is left to tell rows apart by: \"id\" is left out: it looks like an identifier, with 80 values in 80 rows");
  EXPECT_EQ(complaint<ArgumentError>(table, options({"normal", "anomaly"}, {}), table_model("ridge")),
            "learner ridge needs at least 1 labelled anomaly, and there are 0");
}

TEST(Adapt, RefusesACheckpoint) {
  MetaModel model = table_model();
  model.training.steps = 10;
  model.adam_m = model.params;
  model.adam_v = model.params;
  EXPECT_EQ(complaint<ArgumentError>(sample_table(), options(), model),
            "the model is a checkpoint after step 0 of 10; finish it with oddshot train --resume");
}

TEST(Detector, GivesTheScoresOfItsModelAdaptedToItsRows) {
  const Detector detector = adapted();
  const Table table = sample_table();
  ThreadPool pool(2);
  const std::vector<float> scores = detector.score(table, pool);
  ASSERT_EQ(scores.size(), table.rows());
  const std::vector<std::uint32_t> some = {7, 8};
  Matrix rows = detector.preprocessor().transform(table, some);
  clip_numeric(rows, detector.preprocessor().feature_kinds(), 8);
  std::vector<float> expected(2);
  learner_method(detector.model())->adapt(detector.support(), Stream(1, Purpose::kForest, 0))->score(rows, expected);
  EXPECT_EQ(scores[7], expected[0]);
  EXPECT_EQ(scores[8], expected[1]);
}

TEST(Detector, ScoresARowByItselfAsAmongOthersAndOnAnyNumberOfThreads) {
  const Detector detector = adapted();
  const Table table = sample_table();
  ThreadPool one(1), three(3);
  const std::vector<float> all = detector.score(table, three);
  EXPECT_EQ(all, detector.score(table, one));
  EXPECT_EQ(detector.score(head(table, 1), one).front(), all.front());
}

TEST(Detector, NamesAColumnThatRowsToScoreLack) {
  const Detector detector = adapted();
  Table table = sample_table();
  table.columns[0].name = "amout";
  ThreadPool pool(1);
  const std::string message = message_of<FormatError>([&] { detector.score(table, pool); });
  EXPECT_NE(message.find("\"amount\" is missing"), std::string::npos) << message;
  EXPECT_NE(message.find("\"amout\""), std::string::npos) << message;
}

// With one anomaly there is one fold that scores it, by an adapting to none: a learner that needs one has no answer.
TEST(LeftOutAuroc, IsThatOfRowsWhichTheAdaptingHasNotSeen) {
  ThreadPool pool(1);
  const Detector detector = adapted();
  const std::optional<double> auroc = detector.left_out_auroc(pool);
  ASSERT_TRUE(auroc);
  const Detector loaded = parse_detector(serialise(detector), "detector");
  EXPECT_EQ(loaded.left_out_auroc(pool), auroc) << "what adapting saw of the folds is what going through them anew sees";
  Table table = sample_table();
  bool first = true;
  for (auto& code : table.columns.back().codes) {
    if (code == 1 && !std::exchange(first, false)) code = Column::kMissingCode;
  }
  EXPECT_TRUE(Detector::adapt(table_model(), table, options()).left_out_auroc(pool));
  EXPECT_FALSE(Detector::adapt(table_model("ridge"), table, options()).left_out_auroc(pool));
}

}  // namespace
}  // namespace oddshot
