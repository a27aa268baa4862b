#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "evaluation/toy.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {
namespace {

using nlohmann::json;
using toy::make_tasks;
using toy::method;
using toy::methods;

EvaluationResult toy_result(unsigned threads, std::uint64_t seed = 1) {
  ThreadPool pool(threads);
  EvaluationOptions options = toy::small_options();
  options.shots = {0, 2};
  options.seed = seed;
  const toy::RowScore stepped = [](toy::Row row, std::size_t steps) {
    return toy::noisy(row, 0) - static_cast<float>(steps) * row[toy::kNoise] / 9;
  };
  return evaluate("toy", make_tasks(3, 0), make_tasks(4, 10),
                  methods(method("stepped", "learner", stepped, 0, 3), std::make_unique<toy::RandomMethod>(),
                          method("flat", "expert", toy::constant), method("shy", "pooled", toy::noisy, 1)),
                  options, pool);
}

RunSettings toy_settings() {
  RunSettings settings;
  settings.title = "Toys";
  settings.domain = "other";
  settings.training_tasks = {"task-0", "task-1", "task-2"};
  settings.settings = {{"steps", "400"}, {"learner", "stepped"}};
  settings.notes = {"column x is constant and was dropped"};
  settings.training_seconds = 1.5;
  return settings;
}

// Every key of every object within.
void collect_keys(const json& value, std::set<std::string>& keys) {
  for (const auto& [key, inner] : value.items()) {
    if (value.is_object()) keys.insert(key);
    if (inner.is_structured()) collect_keys(inner, keys);
  }
}

std::string without_timings(const EvaluationResult& result) {
  json results = json::parse(results_json(result, toy_settings()));
  results.erase("timings");
  for (json& m : results["methods"]) {
    m.erase("adapt_ms");
    m.erase("score_rows_per_s");
  }
  return results.dump();
}

TEST(ResultsJson, OnlyTimingsVaryWithThreads) {
  const EvaluationResult one = toy_result(1);
  for (const unsigned threads : {1U, 2U, 4U}) {
    const EvaluationResult more = toy_result(threads);
    EXPECT_EQ(without_timings(more), without_timings(one)) << threads << " threads";
    ASSERT_EQ(more.curves.size(), one.curves.size());
    for (std::size_t i = 0; i < one.curves.size(); ++i) {
      EXPECT_EQ(more.curves[i].task, one.curves[i].task);
      ASSERT_EQ(more.curves[i].roc.size(), one.curves[i].roc.size());
      for (std::size_t p = 0; p < one.curves[i].roc.size(); ++p) {
        EXPECT_EQ(more.curves[i].roc[p].x, one.curves[i].roc[p].x);
        EXPECT_EQ(more.curves[i].roc[p].y, one.curves[i].roc[p].y);
      }
    }
  }
}

TEST(ResultsJson, AnotherSeedGivesOtherResults) { EXPECT_NE(without_timings(toy_result(2, 1)), without_timings(toy_result(2, 2))); }

TEST(ResultsJson, HoldsWhatWasMeasured) {
  const EvaluationResult result = toy_result(2);
  const json results = json::parse(results_json(result, toy_settings()));
  EXPECT_EQ(results["suite"], "toy");
  EXPECT_EQ(results["seed"], 1);
  EXPECT_EQ(results["shots"], json::array({0, 2}));
  EXPECT_EQ(results["normals"], 10);
  EXPECT_EQ(results["repeats"], 4);
  EXPECT_EQ(results["settings"]["steps"], "400");
  EXPECT_EQ(results["timings"]["training_seconds"], 1.5);
  ASSERT_EQ(results["methods"].size(), 7U);
  const json& first = results["methods"][0];
  EXPECT_EQ(first["name"], "stepped");
  EXPECT_EQ(first["kind"], "learner");
  EXPECT_EQ(first["shots"], 0);
  EXPECT_EQ(first["auprc"]["mean"].get<double>(), result.methods[0].auprc->mean);
  EXPECT_EQ(first["f1"]["high"].get<double>(), result.methods[0].f1->high);
  EXPECT_EQ(first["threshold"].get<float>(), *result.methods[0].threshold);
  EXPECT_EQ(first["best_baseline"], "random");
  EXPECT_EQ(first["auprc_over_best_baseline"]["low"].get<double>(), result.methods[0].auprc_over_best_baseline->low);
  EXPECT_EQ(first["adapt_ms"].get<double>(), result.methods[0].adapt_ms);
  ASSERT_EQ(first["tasks"].size(), 4U);
  EXPECT_EQ(first["tasks"][3]["task"], "task-13");
  EXPECT_EQ(first["tasks"][3]["auroc"].get<double>(), *result.methods[0].tasks[3].auroc);
  EXPECT_EQ(results["adaptation"][0]["steps"], json::array({0, 1, 2, 3}));
  EXPECT_EQ(results["adaptation"][0]["auprc"].get<std::vector<double>>(), result.adaptation[0].auprc);
  EXPECT_EQ(results["notes"][0], "0 shots: shy is left out: it needs at least 1");
}

TEST(ResultsJson, UndefinedIsNull) {
  ThreadPool pool(1);
  const auto result = evaluate("toy", {}, make_tasks(2, 10), methods(method("best", "learner", toy::perfect)), toy::small_options(), pool);
  const json results = json::parse(results_json(result, {}));
  const json& best = results["methods"][0];
  EXPECT_TRUE(best.at("f1").is_null());
  EXPECT_TRUE(best.at("threshold").is_null());
  EXPECT_TRUE(best.at("best_baseline").is_null());
  EXPECT_TRUE(best.at("auprc_over_best_baseline").is_null());
  EXPECT_TRUE(best.at("tasks")[0].at("precision").is_null());
  EXPECT_EQ(best.at("auroc").at("mean"), 1.0);
}

TEST(ResultsJson, EveryFieldIsDocumented) {
  std::ifstream file(std::filesystem::path(ODDSHOT_SOURCE_DIR) / "docs/results.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  json results = json::parse(results_json(toy_result(1), toy_settings()));
  results.erase("settings");
  std::set<std::string> keys = {"settings"};
  collect_keys(results, keys);
  EXPECT_GT(keys.size(), 40U);
  for (const std::string& key : keys) EXPECT_NE(page.find("`" + key + "`"), std::string::npos) << key;
}

TEST(ResultsJson, ANameThatIsNoUtf8DoesNotSpoilTheFile) {
  ThreadPool pool(1);
  std::vector<Task> held_out = make_tasks(2, 10);
  held_out[0].name = "caf\xE9 \"1\"";
  const auto result = evaluate("toy", {}, held_out, methods(method("best", "learner", toy::perfect)), toy::small_options(), pool);
  const json results = json::parse(results_json(result, {}));
  EXPECT_EQ(results["methods"][0]["tasks"][0]["task"], "caf\xEF\xBF\xBD \"1\"");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(ResultsTable, MarksTheBestOfEachNumberOfShotsAndAligns) {
  EvaluationResult result;
  result.options.shots = {1, 5};
  const auto add = [&](const char* name, const char* kind, std::size_t shots, double auprc) {
    MethodResult m;
    m.name = name;
    m.kind = kind;
    m.shots = shots;
    m.auprc = Interval{auprc, auprc - 0.05, auprc + 0.05};
    m.tasks.resize(3);
    result.methods.push_back(m);
  };
  add("maml", "learner", 1, 0.8);
  add("isolation-forest", "expert", 1, 0.9);
  add("maml", "learner", 5, 0.95);
  add("isolation-forest", "expert", 5, 0.9);
  result.methods[2].auprc_over_best_baseline = Interval{0.05, 0.02, 0.08};
  result.methods[2].best_baseline = "isolation-forest";
  result.notes = {"something was left out"};
  const std::vector<std::string> lines = lines_of(results_table(result));
  const std::vector<std::string> expected = {
      "1 shot and 50 normals; 3 held-out tasks, 20 draws each",
      "  method            kind        AUPRC  95% interval    AUROC     F1  recall@1%   adapt ms",
      "  maml              learner     0.800  0.750 to 0.850      -      -          -       0.00",
      "* isolation-forest  expert      0.900  0.850 to 0.950      -      -          -       0.00",
      "",
      "5 shots and 50 normals; 3 held-out tasks, 20 draws each",
      "  method            kind        AUPRC  95% interval    AUROC     F1  recall@1%   adapt ms",
      "* maml              learner     0.950  0.900 to 1.000      -      -          -       0.00",
      "  isolation-forest  expert      0.900  0.850 to 0.950      -      -          -       0.00",
      "  maml over isolation-forest (the best baseline), paired: +0.050 (+0.020 to +0.080)",
      "",
      "note: something was left out",
  };
  EXPECT_EQ(lines, expected);
}

}  // namespace
}  // namespace oddshot
