// Reasons and exports of a detector, as a user asks for them.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"
#include "oddshot/tasks/simulator.h"
#include "program.h"

namespace oddshot::testing {
namespace {

// The simulator's payments as a CSV file with a label column: some normal ones, then some of one kind of fraud.
std::string payments(std::size_t normals, std::size_t frauds) {
  const Table table = simulate_payment_fraud({.customers = 500, .seed = 5});
  const Column& pattern = table.column("pattern");
  std::vector<std::size_t> rows;
  std::string kind;
  std::size_t wanted[2] = {normals, frauds};
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string& name = pattern.categories[static_cast<std::size_t>(pattern.codes[r])];
    if (name != "none" && kind.empty()) kind = name;
    if (name != "none" && name != kind) continue;
    if (wanted[name == "none" ? 0 : 1] == 0) continue;
    --wanted[name == "none" ? 0 : 1];
    rows.push_back(r);
  }
  std::string csv;
  for (const Column& column : table.columns) csv += column.name + ",";
  csv += "label\n";
  for (const std::size_t r : rows) {
    for (const Column& column : table.columns) {
      if (column.kind == ColumnKind::kNumeric) {
        if (column.numbers[r] == column.numbers[r]) csv += std::to_string(column.numbers[r]);
      } else if (column.codes[r] >= 0) {
        csv += column.categories[static_cast<std::size_t>(column.codes[r])];
      }
      csv += ',';
    }
    csv += pattern.categories[static_cast<std::size_t>(pattern.codes[r])] == "none" ? "normal\n" : "anomaly\n";
  }
  return csv;
}

class Payments : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string model = (folder_ / "model.safetensors").string();
    const Outcome trained = run_program({"train", "payment-fraud", "--learner", "score-net", "--steps", "5", "--episodes", "8",
                                         "--tasks-per-step", "2", "--hidden", "8", "--augment", "none", "-o", model});
    ASSERT_EQ(trained.status, 0) << trained.err;
    rows_ = folder_.write("rows.csv", payments(60, 5));
    detector_ = (folder_ / "detector.safetensors").string();
    const Outcome adapted = run_program({"adapt", model, rows_, "--label-column", "label", "-o", detector_});
    ASSERT_EQ(adapted.status, 0) << adapted.err;
  }

  Folder folder_;
  std::string rows_, detector_;
};

TEST_F(Payments, AreExplainedByColumnsAndKnownRows) {
  const Outcome card = run_program({"explain", detector_, rows_, "--row", "4", "--columns", "4"});
  ASSERT_EQ(card.status, 0) << card.err;
  EXPECT_TRUE(card.out.starts_with("row 4: score ")) << card.out;
  EXPECT_NE(card.out.find("known anomal"), std::string::npos) << card.out;
  EXPECT_NE(card.out.find("nearest normal row 4: 100% alike"), std::string::npos) << "itself, by the same number: " << card.out;
  const Outcome highest = run_program({"explain", detector_, rows_, "--top", "2"});
  ASSERT_EQ(highest.status, 0) << highest.err;
  EXPECT_NE(highest.out.find("looks like known anomaly"), std::string::npos) << highest.out;
  const Outcome json = run_program({"explain", detector_, rows_, "--row", "4", "--row", "62", "--json", "--evaluations", "64"});
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(json.out.front(), '[');
  EXPECT_NE(json.out.find("\"row\": 62"), std::string::npos) << json.out;
}

TEST_F(Payments, AreExportedAndRefusedInASentence) {
  const std::string onnx = (folder_ / "d.onnx").string();
  const Outcome done = run_program({"export", detector_, "-o", onnx});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_NE(read(onnx).find("LabelEncoder"), std::string::npos);
  const Outcome format = run_program({"export", detector_, "--format", "pmml", "-o", onnx});
  EXPECT_EQ(format.status, 2);
  EXPECT_NE(format.err.find("pmml"), std::string::npos) << format.err;
  for (const char* row : {"0", "66"}) {
    const Outcome beyond = run_program({"explain", detector_, rows_, "--row", row});
    EXPECT_EQ(beyond.status, 2);
    EXPECT_NE(beyond.err.find("has rows 1 to 65"), std::string::npos) << beyond.err;
  }
  EXPECT_EQ(run_program({"explain", detector_, rows_, "--evaluations", "1"}).status, 2);
}

}  // namespace
}  // namespace oddshot::testing
