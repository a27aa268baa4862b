// Suites of tables, and a model adapted to a table of one's own, as a user has them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"
#include "program.h"

namespace oddshot::testing {
namespace {

constexpr const char* kManifest = R"(name = "several"
[columns]
label = "label"
normal = "normal"
[tables]
[tasks]
cut = "table"
minimum_anomalies = 5
training = ["a", "b"]
held_out = ["c"]
)";

// `columns` numbers a row, the anomalies far off in the last; every eighth row is one.
std::string table(std::size_t columns, std::size_t rows, std::uint64_t seed) {
  Stream stream(seed, Purpose::kTest, columns);
  std::string csv;
  for (std::size_t c = 0; c < columns; ++c) csv += "x" + std::to_string(c) + ",";
  csv += "note,label\n";
  for (std::size_t r = 0; r < rows; ++r) {
    const bool anomaly = r % 8 == 7;
    for (std::size_t c = 0; c < columns; ++c) {
      csv += std::to_string(stream.normal() + (anomaly && c + 1 == columns ? 6.0F : 0.0F)) + ",";
    }
    csv += (r % 2 == 0 ? "\"big, red\"," : "small,") + std::string(anomaly ? "anomaly" : "normal") + "\n";
  }
  return csv;
}

// A folder with a suite of three tables, and what trains on it quickly.
class Tables : public ::testing::Test {
 protected:
  Tables() {
    manifest_ = folder_.write("several.toml", kManifest);
    folder_.write("a.csv", table(2, 160, 1));
    folder_.write("b.csv", table(4, 160, 2));
    folder_.write("c.csv", table(3, 160, 3));
  }
  std::vector<std::string> words(const std::string& command, const std::vector<std::string>& more) const {
    std::vector<std::string> all{command, manifest_, "--steps", "40", "--episodes", "24", "--tasks-per-step", "4", "--hidden", "8"};
    all.insert(all.end(), {"--shots", "0,3", "--normals", "40"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // The path of a model of any table.
  std::string train() const {
    const std::string model = (folder_ / "model.safetensors").string();
    const Outcome outcome = run_program(words("train", {"-o", model}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return model;
  }

  Folder folder_;
  std::string manifest_;
};

void expect_one_line(const Outcome& outcome, int status, const std::string& words) {
  EXPECT_EQ(outcome.status, status) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
}

TEST_F(Tables, AreLearnedInTableSpaceAndJudgedBesideSimpleMethods) {
  const std::string folder = (folder_ / "out").string();
  const Outcome run =
      run_program(words("run", {"--repeats", "2", "--query-normals", "60", "--baselines", "knn,knn@rank,mlp-scratch", "-o", folder}));
  ASSERT_EQ(run.status, 0) << run.err;
  for (const char* method : {"auto", "knn", "knn@rank", "mlp-scratch"}) EXPECT_NE(run.out.find(method), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("pooled"), std::string::npos) << run.out;
  const std::string model = folder + "/models/auto.safetensors";
  const Outcome evaluated = run_program({"evaluate", manifest_, model, "--shots", "3", "--normals", "40", "--repeats", "2",
                                         "--query-normals", "60", "--baselines", "knn", "-o", folder});
  EXPECT_EQ(evaluated.status, 0) << evaluated.err;
  const std::string inspected = run_program({"inspect", model}).out;
  EXPECT_NE(inspected.find("those of any table"), std::string::npos) << inspected;
  EXPECT_NE(inspected.find("gate"), std::string::npos) << inspected;
  const Outcome checked = run_program({"suite", "check", manifest_});
  EXPECT_NE(checked.out.find("training tables (2)"), std::string::npos) << checked.out;
}

TEST_F(Tables, AModelOfAnyTableIsJudgedOnASuiteOfOne) {
  const Outcome outcome = run_program({"evaluate", "payment-fraud", train(), "--shots", "3", "--repeats", "1", "--query-normals", "60",
                                       "--baselines", "knn", "-o", (folder_ / "out").string()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("auto"), std::string::npos) << outcome.out;
}

// A suite of kinds none of which is there to learn from.
TEST_F(Tables, WithoutTrainingTasksAutoIsTheModelThatShips) {
  folder_.write("one.csv", table(4, 400, 7));
  const std::string manifest = folder_.write("one.toml", R"(name = "one"
[columns]
label = "label"
normal = "normal"
[[files]]
path = "one.csv"
[tasks]
cut = "label"
held_out = ["*"]
)");
  const std::string folder = (folder_ / "out").string();
  const std::vector<std::string> sizes{"--shots", "0,3", "--normals", "40", "--repeats", "2", "--query-normals", "60"};
  std::vector<std::string> words{"run", manifest, "--baselines", "knn", "-o", folder};
  words.insert(words.end(), sizes.begin(), sizes.end());
  const Outcome run = run_program(words);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_NE(run.out.find("auto"), std::string::npos) << run.out;
  EXPECT_NE(run_program({"inspect", folder + "/models/auto.safetensors"}).out.find("those of any table"), std::string::npos);
  words.insert(words.end(), {"--learner", "proto"});
  const Outcome refused = run_program(words);
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("has no training tasks that learner \"proto\" could learn from"), std::string::npos) << refused.err;
}

TEST_F(Tables, WhatHasNoUseOnThemIsRefusedInASentence) {
  const std::string file = (folder_ / "m").string();
  expect_one_line(run_program(words("train", {"--space", "scores", "-o", file})), 2, "they take space \"table\", the default");
  expect_one_line(run_program(words("train", {"--space", "table", "--augment", "clusters=1", "-o", file})), 1, "--augment none");
  const std::string model = train();
  for (const char* baseline : {"pooled", "knn@whitened", "mean-score"}) {
    const Outcome outcome =
        run_program({"evaluate", manifest_, model, "--shots", "3", "--normals", "40", "--baselines", baseline, "-o", file});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find(baseline), std::string::npos) << outcome.err;
  }
}

TEST_F(Tables, AModelAdaptsToATableOfOnesOwn) {
  const std::string model = train();
  const std::string rows = folder_.write("rows.csv", table(5, 120, 4));
  const std::string detector = (folder_ / "detector.safetensors").string();
  const Outcome adapted = run_program({"adapt", model, rows, "--label-column", "label", "-o", detector});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_NE(adapted.out.find("105 normal, 15 anomalies"), std::string::npos) << adapted.out;
  EXPECT_NE(adapted.out.find("AUROC"), std::string::npos) << adapted.out;
  EXPECT_NE(run_program({"inspect", detector}).out.find("detector, adapted to 105 normal rows and 15 anomalies"), std::string::npos);

  const std::string fresh =
      folder_.write("fresh.csv", "label,x4,x3,x2,x1,x0,note\n?,0,0,0,0,0,\"big, red\"\n,8.50,0,0,0,0,\"so-called \"\"x\"\"\"\n");
  const Outcome scored = run_program({"score", detector, fresh});
  ASSERT_EQ(scored.status, 0) << scored.err;
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < scored.out.size(); begin = scored.out.find('\n', begin) + 1) {
    lines.push_back(scored.out.substr(begin, scored.out.find('\n', begin) - begin));
  }
  ASSERT_EQ(lines.size(), 3U) << scored.out;
  EXPECT_EQ(lines[0], "label,x4,x3,x2,x1,x0,note,score,p_value");
  EXPECT_TRUE(lines[1].starts_with("?,0,0,0,0,0,\"big, red\",")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with(",8.50,0,0,0,0,\"so-called \"\"x\"\"\",")) << lines[2];
  const auto score_of = [](const std::string& line) { return std::stof(line.substr(line.rfind(',', line.rfind(',') - 1) + 1)); };
  EXPECT_GT(score_of(lines[2]), score_of(lines[1])) << scored.out;

  const std::string file = (folder_ / "scores.csv").string();
  ASSERT_EQ(run_program({"score", detector, fresh, "--columns", "note,x0", "-o", file}).status, 0);
  EXPECT_TRUE(read(file).starts_with("note,x0,score,p_value\n\"big, red\",0,")) << read(file);
  EXPECT_TRUE(run_program({"score", detector, fresh, "--columns", "none"}).out.starts_with("score,p_value\n"));
}

TEST_F(Tables, ADetectorTellsAlertsAtTheRateItWasAskedForOrAnother) {
  const std::string model = train();
  const std::string rows = folder_.write("rows.csv", table(5, 160, 4));
  const std::string detector = (folder_ / "detector.safetensors").string();
  const Outcome adapted = run_program({"adapt", model, rows, "--label-column", "label", "--max-false-alarms", "0.05", "-o", detector});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_NE(adapted.out.find("by 46 normal rows, held back from adapting"), std::string::npos) << adapted.out;
  EXPECT_NE(adapted.out.find("5% of normal rows at most, guaranteed"), std::string::npos) << adapted.out;
  EXPECT_NE(adapted.err.find("46 of 140 normal rows are held back"), std::string::npos) << adapted.err;

  const auto alerts = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all{"score", detector, rows, "--columns", "none"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome scored = run_program(all);
    EXPECT_TRUE(scored.out.starts_with("score,p_value,alert\n")) << scored.err << scored.out;
    std::size_t count = 0;
    for (std::size_t at = scored.out.find(",1\n"); at != std::string::npos; at = scored.out.find(",1\n", at + 1)) ++count;
    return count;
  };
  EXPECT_GE(alerts({}), 15U);  // of 20 anomalies far off
  EXPECT_LE(alerts({}), 40U);
  EXPECT_GT(alerts({"--max-false-alarms", "0.5"}), alerts({}));
  expect_one_line(run_program({"score", detector, rows, "--max-false-alarms", "0.001"}), 1, "needs 999 normal rows to calibrate by");
  expect_one_line(run_program({"adapt", model, rows, "--label-column", "label", "--max-false-alarms", "0.001", "-o", detector}), 1,
                  "needs 999 normal rows to calibrate by");
  expect_one_line(run_program({"adapt", model, rows, "--label-column", "label", "--max-false-alarms", "5", "-o", detector}), 2,
                  "it must be above 0 and below 1");
  expect_one_line(run_program({"adapt", model, rows, "--label-column", "label", "--calibration", "magic", "-o", detector}), 2,
                  "choose one of auto, held-back");
}

TEST_F(Tables, TheModelThatShipsAdaptsToATableOfOnesOwn) {
  const std::string rows = folder_.write("rows.csv", table(5, 120, 4));
  const std::string detector = (folder_ / "detector.safetensors").string();
  const std::vector<std::string> rest{"--label-column", "label", "-o", detector};
  std::string scores;
  for (const std::vector<std::string>& files : {std::vector<std::string>{"--model", "universal", rows},
                                                std::vector<std::string>{"universal", rows}, std::vector<std::string>{rows}}) {
    std::filesystem::remove(detector);
    std::vector<std::string> all{"adapt"};
    all.insert(all.end(), files.begin(), files.end());
    all.insert(all.end(), rest.begin(), rest.end());
    const Outcome adapted = run_program(all);
    ASSERT_EQ(adapted.status, 0) << adapted.err;
    const std::string now = run_program({"score", detector, rows, "--columns", "none"}).out;
    EXPECT_TRUE(scores.empty() || scores == now);
    scores = now;
  }
  expect_one_line(run_program({"adapt", "--model", "universal", "universal", rows, "--label-column", "label", "-o", detector}), 2,
                  "--model");
  expect_one_line(run_program({"adapt", "universall", rows, "--label-column", "label", "-o", detector}), 1, "did you mean universal?");
  EXPECT_NE(run_program({"inspect", "universal"}).out.find("those of any table"), std::string::npos);
}

TEST_F(Tables, WrongRowsAreRefusedInOneLine) {
  const std::string model = train();
  const std::string rows = folder_.write("rows.csv", table(5, 120, 4));
  const std::string detector = (folder_ / "detector.safetensors").string();
  const auto adapt = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all{"adapt", model, rows, "-o", detector};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  };
  expect_one_line(adapt({"--label-column", "lable"}), 1, "did you mean \"label\"?");
  expect_one_line(adapt({"--label-column", "label", "--anomaly-value", "bad"}), 1, "rows.csv:9, column \"label\": \"anomaly\" is neither");
  expect_one_line(adapt({}), 2, "--label-column");
  EXPECT_FALSE(std::filesystem::exists(detector));
  ASSERT_EQ(adapt({"--label-column", "label"}).status, 0);
  const std::string lacking = folder_.write("lacking.csv", "x0,x1,x2,x33,x4,note\n0,0,0,0,0,small\n");
  expect_one_line(run_program({"score", detector, lacking}), 1, "\"x3\"");
  const std::string own = folder_.write("own.csv", "x0,x1,x2,x3,x4,note,score\n0,0,0,0,0,small,1\n");
  expect_one_line(run_program({"score", detector, own}), 1, "name the columns to keep");
  expect_one_line(run_program({"score", model, rows}), 1, "oddshot adapt");
}

// Adapted detectors, streams through them, and labels that come later.
class Detectors : public Tables {
 protected:
  // A detector of 160 rows of five numbers and a note.
  std::string adapt(const std::vector<std::string>& more = {}) {
    const std::string detector = (folder_ / "detector.safetensors").string();
    rows_ = folder_.write("rows.csv", table(5, 160, 4));
    std::vector<std::string> all{"adapt", train(), rows_, "--label-column", "label", "-o", detector};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return detector;
  }
  static std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

  std::string rows_;
};

TEST_F(Detectors, ScoreWhatComesThroughAPipe) {
  const std::string detector = adapt();
  const Outcome direct = run_program({"score", detector, rows_});
  ASSERT_EQ(direct.status, 0) << direct.err;
  EXPECT_EQ(lines(direct.out), 161U);
  EXPECT_EQ(run_program({"score", detector, "-"}, {}, rows_).out, direct.out);
  const Outcome json = run_program({"score", detector, "-", "--output-format", "jsonl", "--columns", "x0,note"}, {}, rows_);
  EXPECT_EQ(lines(json.out), 160U);
  EXPECT_TRUE(json.out.starts_with("{\"x0\":")) << json.out.substr(0, 100);
  const std::string file = folder_.write("rows.jsonl", json.out);
  const Outcome again = run_program({"score", detector, "-", "--columns", "none"}, {}, file);
  EXPECT_EQ(again.status, 1);  // x1 is gone
  EXPECT_NE(again.err.find("x1"), std::string::npos) << again.err;
}

TEST_F(Detectors, ParquetAndArrowAreNotMadeOfText) {
  const Outcome outcome = run_program({"score", adapt(), rows_, "-o", (folder_ / "scores.parquet").string()});
  expect_one_line(outcome, 1, "write csv or jsonl");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "scores.parquet"));
}

TEST_F(Detectors, ABatchHasAFalseDiscoveryRate) {
  const std::string detector = adapt();
  const Outcome outcome = run_program({"score", detector, rows_, "--columns", "label", "--fdr", "0.3"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("label,score,p_value,alert\n")) << outcome.out;
  EXPECT_EQ(run_program({"score", detector, "-", "--columns", "label", "--fdr", "0.3"}, {}, rows_).out, outcome.out) << "a stream too";
  expect_one_line(run_program({"score", detector, rows_, "--fdr", "0.3", "--follow"}), 2, "so they cannot be followed");
  expect_one_line(run_program({"score", detector, rows_, "--fdr", "0"}), 2, "above 0");
  expect_one_line(run_program({"score", detector, rows_, "--fdr", "0.1", "--max-false-alarms", "0.1"}), 1, "not by both");
}

TEST_F(Detectors, SayWhyOfAlertsBesideTheScore) {
  const std::string detector = adapt({"--max-false-alarms", "0.05"});
  std::string csv = table(5, 16, 21);  // anomalies are rows 7 and 15, far off in x4
  const std::string rows = folder_.write("few.csv", csv);
  const Outcome alerts = run_program({"score", detector, rows, "--columns", "label", "--reasons", "alerts"});
  ASSERT_EQ(alerts.status, 0) << alerts.err;
  EXPECT_TRUE(alerts.out.starts_with("label,score,p_value,alert,reasons\n")) << alerts.out;
  std::size_t reasons = 0;
  std::istringstream in(alerts.out);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("anomaly")) {
      EXPECT_NE(line.find(",1,x4="), std::string::npos) << line;
    }
    if (line.find(",0,") != std::string::npos) {
      EXPECT_TRUE(line.ends_with(",0,")) << line;
    }
    reasons += line.find("=") == std::string::npos ? 0 : 1;
  }
  EXPECT_GE(reasons, 2U) << alerts.out;
  // The same columns in JSON, from a pipe; and of every row, however many at a time.
  const Outcome json = run_program({"score", detector, "-", "--columns", "none", "--output-format", "jsonl", "--reasons", "all"}, {}, rows);
  EXPECT_NE(json.out.find("\"reasons\":\"x4="), std::string::npos) << json.err << json.out;
  const Outcome limited = run_program({"score", detector, rows, "--columns", "none", "--reasons", "all", "--reasons-limit", "5"});
  EXPECT_NE(limited.err.find("reasons: of the first 5 rows; 11 more have none"), std::string::npos) << limited.err;
  EXPECT_EQ(limited.status, 0);
}

TEST_F(Detectors, ReasonsThatCannotBeGivenAreRefused) {
  const std::string detector = adapt();
  expect_one_line(run_program({"score", detector, rows_, "--reasons", "alerts"}), 2, "nothing says which rows are alerts");
  expect_one_line(run_program({"score", detector, rows_, "--reasons", "why"}), 2, "none of alerts, all, none");
  expect_one_line(run_program({"score", detector, rows_, "--reasons", "all", "--evaluations", "1"}), 2, "64 to 10000000");
}

TEST_F(Detectors, TellHowProbableAnAnomalyIsWhereAShareOfRowsAre) {
  const std::string detector = adapt({"--no-fall-back"});
  const auto column = [&](const std::string& share) {
    const Outcome outcome = run_program({"score", detector, rows_, "--columns", "none", "--probability", share});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(outcome.out.starts_with("score,p_value,probability\n")) << outcome.out;
    std::vector<double> values;
    std::istringstream in(outcome.out);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) values.push_back(std::stod(line.substr(line.rfind(',') + 1)));
    return values;
  };
  const std::vector<double> few = column("0.01"), many = column("0.3");
  ASSERT_EQ(few.size(), 160U);
  double normal = 0, anomaly = 0;
  for (std::size_t r = 0; r < few.size(); ++r) {
    EXPECT_GE(few[r], 0);
    EXPECT_LE(many[r], 1);
    EXPECT_LT(few[r], many[r]);
    (r % 8 == 7 ? anomaly : normal) += many[r];
  }
  EXPECT_GT(anomaly / 20, 0.6);
  EXPECT_LT(normal / 140, 0.2);
  expect_one_line(run_program({"score", detector, rows_, "--probability", "2"}), 2, "above 0 and below 1");
  EXPECT_NE(run_program({"inspect", detector}).out.find("they become probabilities"), std::string::npos);
}

TEST_F(Detectors, SayAsJsonWhatTheyLearned) {
  adapt();
  const std::string detector = (folder_ / "other.safetensors").string();
  const Outcome adapted = run_program(
      {"adapt", (folder_ / "model.safetensors").string(), rows_, "--label-column", "label", "--forget-rows", "--json", "-o", detector});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  const auto said = nlohmann::json::parse(adapted.out);
  EXPECT_EQ(said.at("normals"), 140);
  EXPECT_EQ(said.at("anomalies"), 20);
  EXPECT_EQ(said.at("rows_kept"), false);
  EXPECT_EQ(said.at("calibration").at("scheme"), "cross-fitted");
  EXPECT_TRUE(said.at("left_out_auroc").is_number());
  EXPECT_TRUE(said.at("notes").is_array());
  EXPECT_EQ(adapted.err, "");
  const std::string kept = (folder_ / "detector.safetensors").string();
  const auto updated =
      nlohmann::json::parse(run_program({"update", kept, "--labels", folder_.write("more.csv", table(5, 40, 9)), "--json"}).out);
  EXPECT_EQ(updated.at("added"), 40);
  EXPECT_EQ(updated.at("rows_kept"), true);
  EXPECT_NE(
      run_program({"adapt", (folder_ / "model.safetensors").string(), rows_, "--label-column", "label", "--forget-rows", "-o", detector})
          .out.find("encoded alone"),
      std::string::npos);
}

TEST_F(Detectors, AHeaderAloneIsATableWithoutRows) {
  const std::string detector = adapt();
  const std::string empty = folder_.write("empty.csv", "x0,x1,x2,x3,x4,note\n");
  const Outcome outcome = run_program({"score", detector, empty});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "x0,x1,x2,x3,x4,note,score,p_value\n");
  expect_one_line(outcome, 0, "a table without rows");
  expect_one_line(run_program({"score", detector, folder_.write("nothing.csv", "")}), 1, "the file is empty");
}

TEST_F(Detectors, ColumnsThatAreNotNeededMayHoldAnything) {
  const std::string detector = adapt();
  const std::string rows = folder_.write("junk.csv", "junk,x0,x1,x2,x3,x4,note,more\ninf,0,0,0,0,0,small,1\n1e999,0,0,0,0,6,small,x\n");
  const Outcome scored = run_program({"score", detector, rows});
  EXPECT_EQ(scored.status, 0) << scored.err;
  EXPECT_NE(scored.out.find("\n1e999,0,"), std::string::npos) << scored.out;
  const Outcome explained = run_program({"explain", detector, rows, "--row", "2"});
  EXPECT_EQ(explained.status, 0) << explained.err;
  EXPECT_NE(explained.out.find("x4"), std::string::npos) << explained.out;
  const std::string labelled = folder_.write("new.csv", "junk,x0,x1,x2,x3,x4,note,label\ninf,0,0,0,0,0,small,normal\n");
  EXPECT_EQ(run_program({"update", detector, "--labels", labelled}).status, 0);
  EXPECT_EQ(run_program({"update", detector, "--withdraw", labelled}).status, 0);
}

// The model that ships, and a handful of rows.
TEST_F(Detectors, AFewNormalRowsAreEnoughAndWhatTheyLeaveUnknownIsSaid) {
  const std::string detector = (folder_ / "few.safetensors").string();
  const auto adapt_to = [&](const std::string& name, const std::string& rows, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"adapt", folder_.write(name, "a,b,kind,label\n" + rows), "--label-column", "label", "-o", detector};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  };
  expect_one_line(adapt_to("none.csv", "9,40,y,anomaly\n"), 1,
                  "0 of 1 rows are known to be normal (column \"label\": \"normal\"); adapting needs at least 1");

  const Outcome one = adapt_to("one.csv", "1,20,x,normal\n9,40,y,anomaly\n");
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_NE(one.err.find("1 normal row says nothing of how normal rows vary: 9 rows made up around it stand beside it"), std::string::npos)
      << one.err;
  EXPECT_NE(one.err.find("there are no p-values"), std::string::npos) << one.err;
  EXPECT_NE(one.out.find("rows       1 normal, 1 anomaly"), std::string::npos) << one.out;
  EXPECT_NE(one.out.find("AUROC      not known: of 1 normal row and 1 anomaly"), std::string::npos) << one.out;
  const std::string fresh = folder_.write("fresh.csv", "a,b,kind\n1.1,20.5,x\n8.5,41,y\n");
  const Outcome scored = run_program({"score", detector, fresh, "--columns", "none"});
  ASSERT_EQ(scored.status, 0) << scored.err;
  ASSERT_TRUE(scored.out.starts_with("score\n")) << scored.out;
  const std::size_t second = scored.out.find('\n', 6);
  EXPECT_LT(std::stod(scored.out.substr(6)), std::stod(scored.out.substr(second))) << scored.out;
  expect_one_line(run_program({"score", detector, fresh, "--max-false-alarms", "0.1"}), 1, "adapt it anew, to 2 normal rows or more");
  EXPECT_EQ(run_program({"explain", detector, fresh}).status, 0);
  EXPECT_EQ(run_program({"inspect", detector}).status, 0);
  expect_one_line(adapt_to("one.csv", "1,20,x,normal\n", {"--max-false-alarms", "0.1"}), 1,
                  "needs 9 normal rows to calibrate by (9 in all), and there are 0 (1 in all)");

  ASSERT_EQ(adapt_to("one.csv", "1,20,x,normal\n9,40,y,anomaly\n").status, 0);
  const Outcome more =
      run_program({"update", detector, "--labels", folder_.write("more.csv", "a,b,kind,label\n1.2,21,x,normal\n0.8,19,x,normal\n")});
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_NE(more.out.find("p-values   by 3 normal rows"), std::string::npos) << more.out;
  EXPECT_NE(more.err.find("no p-value can be below 0.25; a rate of false alarms of 5% takes 19 normal rows, one of 1% takes 99"),
            std::string::npos)
      << more.err;
  EXPECT_NE(run_program({"score", detector, fresh, "--max-false-alarms", "0.25"}).out.find(",alert\n"), std::string::npos);
  ASSERT_EQ(run_program({"update", detector, "--withdraw", (folder_ / "more.csv").string()}).status, 0);
  EXPECT_EQ(run_program({"score", detector, fresh, "--columns", "none"}).out, scored.out);
  const Outcome last = run_program({"update", detector, "--withdraw", folder_.write("last.csv", "a,b,kind\n1,20,x\n")});
  EXPECT_EQ(last.status, 1);
  EXPECT_NE(last.err.find("0 of 1 rows are known to be normal"), std::string::npos) << last.err;
  EXPECT_EQ(run_program({"score", detector, fresh, "--columns", "none"}).out, scored.out) << "the detector is as it was";
}

TEST_F(Detectors, TellOfDrift) {
  const std::string detector = adapt();
  std::string csv = "x0,x1,x2,x3,x4,note\n";
  for (int r = 0; r < 300; ++r) csv += "9,0,0,0,0,new\n";
  const std::string other = folder_.write("other.csv", csv);
  const Outcome outcome = run_program({"score", detector, other, "--watch", "--columns", "none"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("shifted"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out.find("shifted"), std::string::npos);
  EXPECT_NE(run_program({"score", detector, other, "--watch", "--json", "--columns", "none"}).err.find("\"psi\""), std::string::npos);
}

TEST_F(Detectors, LearnLabelsThatComeLaterAndForgetThoseWithdrawn) {
  const std::string detector = adapt();
  const std::string before = run_program({"score", detector, rows_}).out;
  const std::string more = folder_.write("more.csv", table(5, 40, 9));
  const Outcome updated = run_program({"update", detector, "--labels", more});
  ASSERT_EQ(updated.status, 0) << updated.err;
  EXPECT_NE(updated.out.find("40 rows added, 0 removed"), std::string::npos) << updated.out;
  EXPECT_NE(updated.out.find("175 normal, 25 anomalies"), std::string::npos) << updated.out;
  EXPECT_NE(run_program({"score", detector, rows_}).out, before);
  const Outcome withdrawn = run_program({"update", detector, "--withdraw", more});
  ASSERT_EQ(withdrawn.status, 0) << withdrawn.err;
  EXPECT_NE(withdrawn.out.find("0 rows added, 40 removed"), std::string::npos) << withdrawn.out;
  EXPECT_EQ(run_program({"score", detector, rows_}).out, before);
  const Outcome inspected = run_program({"inspect", detector});
  EXPECT_NE(inspected.out.find("withdrawn"), std::string::npos) << inspected.out;
  expect_one_line(run_program({"update", detector, "--withdraw", more}), 1, "knows no such row");
  expect_one_line(run_program({"update", detector}), 2, "--labels");
}

TEST_F(Detectors, ThatForgetTheirRowsKeepTheirLabels) {
  const std::string detector = adapt({"--forget-rows"});
  expect_one_line(run_program({"update", detector, "--labels", rows_}), 1, "has not kept the rows");
}

// A model of one table's columns has its own preprocessor: rows with those columns, and no others.
TEST_F(Tables, AModelOfASuiteAdaptsToRowsWithItsColumns) {
  const std::string model = (folder_ / "model.safetensors").string();
  const Outcome trained = run_program({"train", "payment-fraud", "--learner", "score-net", "--steps", "5", "--episodes", "8",
                                       "--tasks-per-step", "2", "--hidden", "8", "--augment", "none", "-o", model});
  ASSERT_EQ(trained.status, 0) << trained.err;
  const std::string rows = folder_.write("rows.csv", table(5, 120, 4));
  const Outcome other = run_program({"adapt", model, rows, "--label-column", "label", "-o", (folder_ / "d").string()});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.err.find("rows.csv"), std::string::npos) << other.err;
}

}  // namespace
}  // namespace oddshot::testing
