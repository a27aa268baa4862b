// Rows unlike those that a model was trained on are told of, and rows like them are not.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/probability.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/tasks/suite.h"
#include "sample_table.h"

namespace oddshot {
namespace {

// The simulated suite, a model of its training tasks, and labelled rows of a held-out one.
class Familiarity : public ::testing::Test {
 protected:
  static const SuiteRows& rows() {
    static const SuiteRows read = read_suite(load_manifest(find_manifest("payment-fraud")), {});
    return read;
  }
  static const MetaModel& model() {
    static const MetaModel trained = [] {
      TrainingOptions training;
      training.steps = 100;
      training.episodes = 100;
      training.tasks_per_step = 8;
      training.shots = {0, 5};
      training.augment = AugmentOptions::none();
      LearnerOptions options;
      options.encoder.hidden = {8};
      ThreadPool pool(2);
      return train_model("score-net", options, training, encode(rows()), pool);
    }();
    return trained;
  }
  static Table labelled(std::size_t normals, std::size_t anomalies) {
    const TaskRows& task = rows().held_out.front();
    std::vector<std::uint32_t> chosen(task.normals.begin(), task.normals.begin() + static_cast<std::ptrdiff_t>(normals));
    chosen.insert(chosen.end(), task.anomalies.begin(), task.anomalies.begin() + static_cast<std::ptrdiff_t>(anomalies));
    std::vector<std::string> columns = model().preprocessor.schema_columns();
    Table table = selected_rows(rows().table, columns, chosen);
    Column label{.name = "what", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"normal", "anomaly"}};
    for (std::size_t r = 0; r < chosen.size(); ++r) label.codes.push_back(r < normals ? 0 : 1);
    table.columns.push_back(std::move(label));
    return table;
  }
  static AdaptOptions options() {
    AdaptOptions given;
    given.label = "what";
    given.fall_back = false;
    return given;
  }
  // The note on unlike rows, or empty.
  static std::string note(const Table& table, const AdaptOptions& given = options()) {
    const Detector detector = Detector::adapt(model(), table, given);
    for (const std::string& one : detector.notes()) {
      if (one.find("unlike those") != std::string::npos) return one;
    }
    return {};
  }
};

TEST_F(Familiarity, RowsLikeThoseTrainedOnAreNoNews) { EXPECT_EQ(note(labelled(100, 5)), ""); }

TEST_F(Familiarity, AColumnBeyondAllTrainingRowsIsNamed) {
  Table table = labelled(100, 5);
  const std::string column = model().preprocessor.numeric_columns().front();
  for (Column& one : table.columns) {
    if (one.name == column) {
      for (float& value : one.numbers) value = 1e6F + 1e3F * value;
    }
  }
  const std::string said = note(table);
  EXPECT_NE(said.find("1 of "), std::string::npos) << said;
  EXPECT_NE(said.find("\"" + column + "\""), std::string::npos) << said;
  EXPECT_NE(said.find("the model serves all the same, as asked"), std::string::npos) << said;
}

TEST_F(Familiarity, AnomaliesThatDoNotStandOutAreTold) {
  Table table = labelled(200, 0);
  Column& label = table.columns.back();
  for (std::size_t r = 0; r < 8; ++r) label.codes[r * 20] = 1;  // normal rows
  EXPECT_NE(note(table).find("stand out less"), std::string::npos) << note(table);
  AdaptOptions falls_back = options();
  falls_back.fall_back = true;
  const std::string said = note(table, falls_back);
  EXPECT_NE(said.find("no simple method tells these rows apart clearly better"), std::string::npos) << said;
}

TEST_F(Familiarity, ProbabilitiesComeWithAProfileAndACalibrationAlone) {
  const Detector detector = Detector::adapt(model(), labelled(100, 5), options());
  const AnomalyProbability probability(detector, 0.1);
  const std::vector<float>& normals = detector.calibration().scores();
  EXPECT_LT(probability(*std::ranges::min_element(normals)), 0.1);
  EXPECT_GT(probability(*std::ranges::max_element(normals) + 100), 0.5);
  EXPECT_THROW(AnomalyProbability(detector, 0), ArgumentError);
  EXPECT_THROW(AnomalyProbability(detector, 1), ArgumentError);
  AdaptOptions none = options();
  none.calibration = CalibrationScheme::kNone;
  EXPECT_THROW(AnomalyProbability(Detector::adapt(model(), labelled(100, 5), none), 0.1), ArgumentError);
  AdaptOptions sample;
  sample.label = "label";
  EXPECT_THROW(AnomalyProbability(Detector::adapt(table_model(), sample_table(), sample), 0.1), ArgumentError);
}

TEST_F(Familiarity, AProfileGoesWithTheDetectorsFile) {
  const Detector detector = Detector::adapt(model(), labelled(100, 5), options());
  const Detector again = parse_detector(serialise(detector), "d");
  EXPECT_EQ(again.model().profile, model().profile);
  EXPECT_EQ(AnomalyProbability(again, 0.2)(3), AnomalyProbability(detector, 0.2)(3));
}

}  // namespace
}  // namespace oddshot
