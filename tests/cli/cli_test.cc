// What a user sees: exit status, one clear line for what is wrong, files where they were asked for, and the same numbers every time.
#include <algorithm>
#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "oddshot/model_io/model_file.h"
#include "program.h"

namespace oddshot::testing {
namespace {

using Json = nlohmann::json;

// The simulator's suite, small enough for a test.
std::vector<std::string> small_run(const std::filesystem::path& output, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"run",     "payment-fraud", "--steps",   "20", "--tasks-per-step", "8",  "--hidden", "16",
                                 "--shots", "1,5",           "--repeats", "2",  "--normals",        "20", "-o",       output.string()};
  words.insert(words.end(), {"--episodes", "60", "--query-normals", "200", "--query-anomalies", "40"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void expect_one_line(const Outcome& outcome, int status, const std::vector<std::string>& names) {
  EXPECT_EQ(outcome.status, status) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.err.rfind("oddshot: ", 0), 0U) << outcome.err;
  for (const std::string& name : names) {
    EXPECT_NE(outcome.err.find(name), std::string::npos) << "\"" << name << "\" is not named in: " << outcome.err;
  }
}

// results.json without what may differ from run to run.
Json without_timings(Json json) {
  if (json.is_object()) {
    for (const char* timing : {"adapt_ms", "score_rows_per_s", "training_seconds", "evaluation_seconds", "seconds", "timings"}) {
      json.erase(timing);
    }
  }
  if (json.is_structured()) {
    for (auto& item : json) {
      item = without_timings(item);
    }
  }
  return json;
}

TEST(CommandLine, AnswersHelpAndVersion) {
  const Outcome help = run_program({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("oddshot run payment-fraud"), std::string::npos);
  EXPECT_LE(std::count(help.out.begin(), help.out.end(), '\n'), 24);  // a screen
  EXPECT_EQ(run_program({"--version"}).out.rfind("oddshot ", 0), 0U);
  for (const char* command : {"run", "train", "evaluate", "suite", "inspect", "bench"}) {
    EXPECT_EQ(run_program({command, "--help"}).status, 0) << command;
  }
}

TEST(CommandLine, ListsItsLearnersAsAnOptionTakesThem) {
  const Outcome outcome = run_program({"learners"});
  EXPECT_EQ(outcome.out.rfind("committee,score-net,gate,maml,", 0), 0U) << outcome.out;
  EXPECT_NE(run_program({"learners", "--explain"}).out.find("proto "), std::string::npos);
}

TEST(CommandLine, ListsItsBaselinesAsAnOptionTakesThem) {
  const Outcome outcome = run_program({"baselines"});
  EXPECT_EQ(outcome.out.rfind("robust-z,ecod,", 0), 0U) << outcome.out;
  EXPECT_NE(run_program({"baselines", "--explain"}).out.find("\nxgboost "), std::string::npos);
}

TEST(CommandLine, WritesAnAblationAsRowsOfCommas) {
  const Outcome outcome = run_program({"ablation", "payment-fraud", "--steps", "2", "--episodes", "10", "--repeats", "1"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out.rfind("without,name,columns,auprc,difference,error\neverything,,0,0.", 0), 0U) << outcome.out;
  EXPECT_NE(outcome.out.find("\nview,whitened,"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\nfamily,nearest,"), std::string::npos) << outcome.out;
}

TEST(CommandLine, MeasuresTheMachineForPeopleAndPrograms) {
  const std::vector<std::string> quick{"bench", "--seconds", "0.01", "--tasks", "2", "--workload"};
  const auto with = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> words = quick;
    words.insert(words.end(), more);
    return run_program(words);
  };
  const Outcome table = with({"w1,score"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_NE(table.out.find("w1 "), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("multiply-add peak of 1 thread"), std::string::npos) << table.out;
  const Outcome one = with({"score", "--json"});
  const Json json = Json::parse(one.out);
  for (const char* field : {"ms_per_step", "gflops", "fma_peak_gflops", "share_of_peak", "p50_us", "p99_us", "rows_per_s"}) {
    EXPECT_GT(json.at(field).get<double>(), 0) << field;
  }
  EXPECT_EQ(json.at("workload"), "score");
  EXPECT_EQ(json.at("threads"), 1);
}

TEST(CommandLine, RefusesWrongUsageInOneLine) {
  const struct {
    std::vector<std::string> words;
    std::vector<std::string> named;
  } cases[] = {
      {{}, {"subcommand"}},
      {{"runn"}, {"runn", "run"}},
      {{"run"}, {"SUITE"}},
      {{"run", "nsl-kdd", "--lerner", "maml"}, {"--lerner", "--learner"}},
      {{"run", "nsl-kdd", "--learner", "mamml"}, {"mamml", "\"maml\""}},
      {{"run", "nsl-kdd", "--learner", "maml,maml"}, {"maml", "twice"}},
      {{"run", "nsl-kdd", "--learner", "maml,"}, {"learner"}},
      {{"run", "nsl-kdd", "--baselines", "svm"}, {"svm"}},
      {{"run", "nsl-kdd", "--learner", "none", "--baselines", "none"}, {"nothing"}},
      {{"run", "nsl-kdd", "--shots", "five"}, {"--shots", "five"}},
      {{"run", "nsl-kdd", "--shots", "1,-5"}, {"--shots", "-5"}},
      {{"run", "nsl-kdd", "--shots", ""}, {"--shots"}},
      {{"run", "nsl-kdd", "--shots", "5,5"}, {"5"}},
      {{"run", "nsl-kdd", "--shots", "99999999999999999999999"}, {"--shots"}},
      {{"run", "nsl-kdd", "--repeats", "0"}, {"repeats", "0"}},
      {{"run", "nsl-kdd", "--normals", "0"}, {"normals", "0"}},
      {{"run", "nsl-kdd", "--query-normals", "0"}, {"0"}},
      {{"run", "nsl-kdd", "--steps", "-1"}, {"--steps", "-1"}},
      {{"run", "nsl-kdd", "--steps", "9999999999999"}, {"9999999999999"}},
      {{"run", "nsl-kdd", "--tasks-per-step", "0"}, {"0"}},
      {{"run", "nsl-kdd", "--rate", "nan"}, {"rate"}},
      {{"run", "nsl-kdd", "--inner-rate", "0"}, {"inner rate"}},
      {{"run", "nsl-kdd", "--inner-rate", "much"}, {"--inner-rate", "much"}},
      {{"run", "nsl-kdd", "--inner-steps", "1001"}, {"1001", "1000"}},
      {{"run", "nsl-kdd", "--hidden", "64,0"}, {"0", "65536"}},
      {{"run", "nsl-kdd", "--activation", "sine"}, {"sine", "relu"}},
      {{"run", "nsl-kdd", "--threads", "1000000"}, {"threads", "1024"}},
      {{"train", "nsl-kdd"}, {"--output"}},
      {{"train", "nsl-kdd", "--learner", "maml,proto", "-o", "m"}, {"--learner", "2"}},
      {{"evaluate", "nsl-kdd"}, {"MODEL"}},
      {{"suite"}, {"subcommand"}},
      {{"inspect"}, {"FILE"}},
      {{"ablation", "nsl-kdd", "--shots", "1,5"}, {"1,5", "one number"}},
      {{"bench", "--workload", "w5"}, {"w5", "w4"}},
      {{"bench", "--support", "1"}, {"support", "1"}},
      {{"bench", "--hidden", "0"}, {"0", "65536"}},
      {{"bench", "--seconds", "-1"}, {"-1"}},
  };
  for (const auto& one : cases) {
    std::string line;
    for (const std::string& word : one.words) {
      line += word + " ";
    }
    SCOPED_TRACE(line);
    expect_one_line(run_program(one.words), 2, one.named);
  }
}

// A manifest of one's own over one file, whose text is given.
struct OwnSuite {
  explicit OwnSuite(const std::string& rows, const std::string& extra = "") {
    data = folder.write("rows.csv", rows);
    manifest = folder.write("own.toml",
                            "name = \"own\"\ntitle = \"Own rows\"\n[[files]]\npath = \"rows.csv\"\n[columns]\nlabel = \"kind\"\nnormal = "
                            "\"normal\"\n" +
                                extra + "[tasks]\ncut = \"label\"\ntraining = [\"a\"]\nheld_out = [\"b\"]\nminimum_anomalies = 5\n");
  }
  Outcome check() const { return run_program({"suite", "check", manifest, "--data", folder.path().string(), "--no-download"}); }

  Folder folder;
  std::string data;
  std::string manifest;
};

std::string good_rows() {
  std::string rows = "x,y,kind\n";
  for (int i = 0; i < 120; ++i) {
    rows += std::to_string(i * 7 % 31) + "," + std::to_string(i * 5 % 17) + "," + (i < 80 ? "normal" : i < 100 ? "a" : "b") + "\n";
  }
  return rows;
}

TEST(CommandLine, ChecksASuiteOfOnesOwn) {
  const OwnSuite suite(good_rows());
  const Outcome outcome = suite.check();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("held-out tasks (1)"), std::string::npos) << outcome.out;
}

TEST(CommandLine, RefusesWrongInputInOneLine) {
  expect_one_line(run_program({"run", "no-such-suite"}), 1, {"no-such-suite"});
  expect_one_line(run_program({"inspect", "/no/such/file"}), 1, {"/no/such/file"});
  {
    const Folder empty;
    expect_one_line(run_program({"run", "nsl-kdd", "--data", empty.path().string(), "--no-download", "-o", (empty / "out").string()}), 1,
                    {"KDDTrain+_20Percent.txt", empty.path().string()});
    expect_one_line(run_program({"inspect", empty.write("model.safetensors", "not a model")}), 1, {"model.safetensors"});
    expect_one_line(run_program({"evaluate", "payment-fraud", empty.write("m", "12345678 damaged")}), 1, {"/m"});
    const std::string blocked = empty.write("file", "");
    expect_one_line(run_program(small_run(blocked)), 1, {blocked});
  }
  const auto refused = [](const std::string& rows, const std::vector<std::string>& named, const std::string& extra = "") {
    const OwnSuite suite(rows, extra);
    expect_one_line(suite.check(), 1, named);
  };
  refused("", {"rows.csv"});
  refused("x,y,kind\n", {"rows.csv"});
  refused("x,y,kind\n1,2,normal\n1,normal\n", {"rows.csv", "3"});
  refused(good_rows() + "inf,1,normal\n", {"rows.csv:122", "x", "inf"});
  refused(good_rows() + "text,1,normal\n", {"rows.csv:122", "x", "text"}, "numeric = [\"x\"]\n");
  refused("x,y\n1,2\n", {"kind"});
  refused("x,y,kind\n1,2,a\n3,4,a\n", {"normal"});                     // one class
  refused("x,y,kind\n1,2,normal\n3,4,normal\n", {"a"});                // the other
  refused("x,y,kind\n1,2,normal\n1,2,normal\n1,2,b\n", {"anomal"});    // too few
  refused(good_rows(), {"own.toml", "colour"}, "colour = \"red\"\n");  // unknown key
  refused(good_rows(), {"z"}, "ignored = [\"z\"]\n");                  // unknown column
}

TEST(Run, WritesReportResultsAndModels) {
  const Folder folder;
  const Outcome outcome = run_program(small_run(folder.path(), {"--learner", "maml,proto"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("SIMULATED"), std::string::npos);
  EXPECT_NE(outcome.out.find("isolation-forest"), std::string::npos);
  EXPECT_NE(read(folder / "report.html").find("</html>"), std::string::npos);
  const Json results = Json::parse(read(folder / "results.json"));
  EXPECT_EQ(results["suite"], "payment-fraud");
  EXPECT_EQ(results["shots"], Json({1, 5}));
  const std::string baselines = run_program({"baselines"}).out;
  EXPECT_EQ(results["methods"].size(), 2 * (2 + static_cast<std::size_t>(std::ranges::count(baselines, ',')) + 1));
  for (const Json& method : results["methods"]) {
    EXPECT_TRUE(method["auroc"]["mean"].is_number()) << method["name"];
    EXPECT_FALSE(method["tasks"].empty()) << method["name"];
  }
  EXPECT_EQ(load_model(folder / "models/maml.safetensors").learner, "maml");
  const Outcome inspected = run_program({"inspect", (folder / "models/proto.safetensors").string()});
  EXPECT_EQ(inspected.status, 0);
  EXPECT_NE(inspected.out.find("proto"), std::string::npos);
  EXPECT_TRUE(Json::accept(run_program({"inspect", (folder / "models/maml.safetensors").string(), "--json"}).out));
}

TEST(Run, GivesTheSameNumbersForAnyNumberOfThreads) {
  const Folder one;
  const Folder three;
  ASSERT_EQ(run_program(small_run(one.path(), {"--threads", "1", "--learner", "maml", "--baselines", "knn,pooled"})).status, 0);
  ASSERT_EQ(run_program(small_run(three.path(), {"--threads", "3", "--learner", "maml", "--baselines", "knn,pooled"})).status, 0);
  EXPECT_EQ(without_timings(Json::parse(read(one / "results.json"))), without_timings(Json::parse(read(three / "results.json"))));
  const MetaModel a = load_model(one / "models/maml.safetensors");
  EXPECT_EQ(a.params, load_model(three / "models/maml.safetensors").params);
  const Folder other;
  ASSERT_EQ(run_program(small_run(other.path(), {"--seed", "2", "--learner", "maml", "--baselines", "knn"})).status, 0);
  EXPECT_NE(a.params, load_model(other / "models/maml.safetensors").params);
}

TEST(Evaluate, GivesWhatRunGivesForTheSameModel) {
  const Folder folder;
  ASSERT_EQ(run_program(small_run(folder.path(), {"--learner", "proto", "--baselines", "knn,pooled"})).status, 0);
  const Outcome outcome = run_program({"evaluate", "payment-fraud", (folder / "models/proto.safetensors").string(), "--shots", "1,5",
                                       "--normals", "20", "--repeats", "2", "--query-normals", "200", "--query-anomalies", "40",
                                       "--baselines", "knn,pooled", "-o", (folder / "again").string()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(without_timings(Json::parse(read(folder / "results.json"))["methods"]),
            without_timings(Json::parse(read(folder / "again/results.json"))["methods"]));
}

TEST(Evaluate, RefusesACheckpointAndModelsOfOtherFeatures) {
  const Folder folder;
  const OwnSuite own(good_rows());
  const std::string a = (folder / "a").string();
  const std::string b = (folder / "b").string();
  ASSERT_EQ(
      run_program({"train", "payment-fraud", "--learner", "proto", "--steps", "2", "--episodes", "40", "--hidden", "8", "-o", a}).status,
      0);
  const Outcome trained = run_program({"train", own.manifest, "--data", own.folder.path().string(), "--learner", "proto", "--steps", "2",
                                       "--episodes", "40", "--hidden", "8", "--shots", "2", "--normals", "10", "-o", b});
  ASSERT_EQ(trained.status, 0) << trained.err;
  expect_one_line(run_program({"evaluate", "payment-fraud", a, b}), 1, {a, b, "features"});
  expect_one_line(run_program({"evaluate", "payment-fraud", b}), 1, {"x"});  // the simulator has no column x
}

TEST(Train, ChoosesByLeavingTasksOutUnlessToldWhatToTrain) {
  const Folder folder;
  const std::string file = (folder / "model").string();
  const std::vector<std::string> words = {"train", "payment-fraud", "--steps", "2",  "--episodes", "40", "--hidden",
                                          "8",     "--shots",       "0,5",     "-o", file};
  const Outcome outcome = run_program(words);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("fold 3 of 3"), std::string::npos) << outcome.err;
  const MetaModel model = load_model(file);
  ASSERT_TRUE(model.selection.has_value());
  const Outcome inspected = run_program({"inspect", file});
  EXPECT_NE(inspected.out.find("chosen by leaving 9 training tasks out"), std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find(model.selection->chosen[1]), std::string::npos);
  EXPECT_NE(inspected.out.find("written by Oddshot 0."), std::string::npos) << inspected.out;
  // A finished model is taken as it is; one of another learner is not taken for it.
  auto again = words;
  again.push_back("--resume");
  EXPECT_EQ(run_program(again).status, 0);
  EXPECT_EQ(load_model(file).training_seconds, model.training_seconds);
  again.insert(again.end(), {"--learner", "maml"});
  expect_one_line(run_program(again), 1, {"auto", "maml"});
}

TEST(Train, GoesOnBitForBitAfterAnInterrupt) {
  const Folder folder;
  const auto words = [&](const std::string& steps, const std::string& file) {
    return std::vector<std::string>{"train", "payment-fraud", "--learner", "maml",     "--steps", steps, "--tasks-per-step",
                                    "4",     "--episodes",    "40",        "--hidden", "16",      "-o",  file};
  };
  const std::string file = (folder / "interrupted").string();
  // A machine may be too fast for the first of these to be interrupted halfway.
  for (const char* steps : {"1000", "5000", "25000"}) {
    std::filesystem::remove(file);
    const Outcome interrupted = run_program(words(steps, file), "step ");
    if (interrupted.status == 0) {
      continue;
    }
    ASSERT_EQ(interrupted.status, 130) << interrupted.err;
    EXPECT_NE(interrupted.err.find("--resume"), std::string::npos);
    const MetaModel checkpoint = load_model(file);
    EXPECT_TRUE(checkpoint.adam_m.has_value());
    expect_one_line(run_program({"evaluate", "payment-fraud", file}), 1, {file, "--resume"});

    auto other = words(steps, file);
    other.insert(other.end(), {"--resume", "--inner-rate", "0.3"});
    expect_one_line(run_program(other), 1, {"inner-rate", "0.3"});

    auto resumed = words(steps, file);
    resumed.push_back("--resume");
    ASSERT_EQ(run_program(resumed).status, 0);
    const std::string whole = (folder / "whole").string();
    ASSERT_EQ(run_program(words(steps, whole)).status, 0);
    const MetaModel a = load_model(file);
    const MetaModel b = load_model(whole);
    EXPECT_EQ(a.params, b.params);
    EXPECT_EQ(a.losses, b.losses);
    EXPECT_FALSE(a.adam_m.has_value());
    return;
  }
  FAIL() << "no training could be interrupted";
}

}  // namespace
}  // namespace oddshot::testing
