#include "oddshot/evaluation/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include "evaluation/toy.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using toy::make_tasks;
using toy::method;
using toy::methods;
using toy::small_options;

const MethodResult& find(const EvaluationResult& result, const std::string& name, std::size_t shots) {
  const auto found =
      std::find_if(result.methods.begin(), result.methods.end(), [&](const auto& m) { return m.name == name && m.shots == shots; });
  if (found == result.methods.end()) throw std::out_of_range(name);
  return *found;
}

bool any_note(const EvaluationResult& result, const std::string& part) {
  return std::any_of(result.notes.begin(), result.notes.end(), [&](const auto& note) { return note.find(part) != std::string::npos; });
}

// The message of the E that `work` throws.
template <class E, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

void expect_exactly(const std::optional<Interval>& interval, double value) {
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->mean, value);
  EXPECT_EQ(interval->low, value);
  EXPECT_EQ(interval->high, value);
}

TEST(Evaluate, APerfectScorerGetsOneEverywhere) {
  ThreadPool pool(2);
  const auto result =
      evaluate("toy", make_tasks(3, 0), make_tasks(3, 10), methods(method("best", "learner", toy::perfect)), small_options(), pool);
  const MethodResult& best = find(result, "best", 2);
  for (const auto& metric : {best.auroc, best.auprc, best.accuracy, best.precision, best.recall, best.f1, best.recall_at_1_percent}) {
    expect_exactly(metric, 1.0);
  }
  EXPECT_EQ(best.threshold, 0.5F);
  EXPECT_EQ(best.undefined, 0U);
  EXPECT_GT(best.score_rows_per_s, 0);
}

TEST(Evaluate, AConstantScorerGetsChance) {
  ThreadPool pool(1);
  const auto result =
      evaluate("toy", make_tasks(3, 0), make_tasks(3, 10), methods(method("flat", "expert", toy::constant)), small_options(), pool);
  const MethodResult& flat = find(result, "flat", 2);
  expect_exactly(flat.auroc, 0.5);
  expect_exactly(flat.auprc, 0.25);
  expect_exactly(flat.recall_at_1_percent, 0.0);
  EXPECT_EQ(flat.tasks.front().prevalence, 0.25);
  // Everything is called an anomaly, since that is the best F1 there is.
  expect_exactly(flat.recall, 1.0);
  expect_exactly(flat.precision, 0.25);
  EXPECT_NEAR(flat.f1->mean, 0.4, 1e-12);
}

TEST(Evaluate, ListsByShotsThenInTheOrderOfTheMethods) {
  ThreadPool pool(2);
  EvaluationOptions options = small_options();
  options.shots = {3, 1};
  const auto result = evaluate("toy", make_tasks(2, 0), make_tasks(2, 10),
                               methods(method("b", "learner", toy::noisy), method("a", "expert", toy::noisy)), options, pool);
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& m : result.methods) order.emplace_back(m.shots, m.name);
  const std::vector<std::pair<std::size_t, std::string>> expected = {{3, "b"}, {3, "a"}, {1, "b"}, {1, "a"}};
  EXPECT_EQ(order, expected);
}

TEST(Evaluate, ATasksResultIsTheMeanOfItsRepeats) {
  ThreadPool pool(2);
  const auto result =
      evaluate("toy", make_tasks(2, 0), make_tasks(3, 10), methods(method("noisy", "expert", toy::noisy)), small_options(), pool);
  const MethodResult& noisy = find(result, "noisy", 2);
  double mean = 0;
  for (std::size_t t = 0; t < 3; ++t) {
    ASSERT_EQ(noisy.repeats[t].auprc.size(), 4U);
    double sum = 0;
    for (const auto& value : noisy.repeats[t].auprc) sum += value.value();
    EXPECT_DOUBLE_EQ(noisy.tasks[t].auprc.value(), sum / 4);
    mean += sum / 12;
  }
  EXPECT_DOUBLE_EQ(noisy.auprc->mean, mean);
  EXPECT_LT(noisy.auprc->low, mean);
  EXPECT_GT(noisy.auprc->high, mean);
}

// The draws a recorder sees when evaluated beside others.
std::multiset<toy::Seen> draws_seen(std::vector<std::unique_ptr<Method>> others, unsigned threads, std::size_t repeats = 4) {
  ThreadPool pool(threads);
  auto recorder = std::make_unique<toy::Recorder>("recorder");
  const toy::Recorder& seen = *recorder;
  others.push_back(std::move(recorder));
  EvaluationOptions options = small_options();
  options.repeats = repeats;
  evaluate("toy", {}, make_tasks(3, 10), others, options, pool);
  return seen.draws();
}

TEST(Evaluate, EveryMethodSeesTheSameDrawsWhateverTheOthers) {
  ThreadPool pool(2);
  auto first = std::make_unique<toy::Recorder>("first");
  auto second = std::make_unique<toy::Recorder>("second", "supervised");
  const toy::Recorder &a = *first, &b = *second;
  const auto both = methods(std::move(first), std::move(second));
  evaluate("toy", make_tasks(2, 0), make_tasks(3, 10), both, small_options(), pool);
  // The curves of the best baseline draw again what was drawn before.
  const auto distinct = [](const std::multiset<toy::Seen>& draws) { return std::set<toy::Seen>(draws.begin(), draws.end()); };
  EXPECT_EQ(distinct(a.draws()), distinct(b.draws()));
  EXPECT_EQ(distinct(draws_seen({}, 1)), distinct(draws_seen(methods(method("x", "learner", toy::perfect)), 2)));
}

TEST(Evaluate, MoreRepeatsKeepTheDrawsOfFewer) {
  const auto few = draws_seen({}, 1, 2);
  const auto many = draws_seen({}, 1, 5);
  EXPECT_TRUE(std::all_of(few.begin(), few.end(), [&](const auto& draw) { return many.contains(draw); }));
  EXPECT_EQ(std::set<toy::Seen>(many.begin(), many.end()).size(), 15U) << "5 repeats of 3 tasks";
}

TEST(Evaluate, TasksAreDrawnFromIndependently) {
  const auto draws = draws_seen({}, 1);
  std::set<std::vector<float>> supports;  // row numbers, whatever the task
  for (const toy::Seen& draw : std::set<toy::Seen>(draws.begin(), draws.end())) {
    std::vector<float> rows;
    for (const auto& [task, row] : draw.support) rows.push_back(row);
    EXPECT_TRUE(supports.insert(rows).second) << "two tasks of the same size gave the same rows";
  }
  EXPECT_EQ(supports.size(), 12U);
}

TEST(Evaluate, SupportAndQueryShareNoRow) {
  const auto draws = draws_seen({}, 2);
  ASSERT_FALSE(draws.empty());
  for (const toy::Seen& draw : draws) {
    EXPECT_EQ(draw.support.size(), 12U);
    EXPECT_EQ(draw.query.size(), 40U);
    std::set<std::pair<float, float>> rows(draw.support.begin(), draw.support.end());
    rows.insert(draw.query.begin(), draw.query.end());
    EXPECT_EQ(rows.size(), 52U);
  }
}

TEST(Evaluate, TrainingTasksServeThresholdsAlone) {
  ThreadPool pool(1);
  EvaluationOptions options = small_options();
  auto recorder = std::make_unique<toy::Recorder>("recorder");
  const toy::Recorder& seen = *recorder;
  const auto list = methods(std::move(recorder));
  const auto result = evaluate("toy", make_tasks(3, 0), make_tasks(2, 10), list, options, pool);
  std::set<float> training_seen;
  std::size_t training_draws = 0;
  for (const toy::Seen& draw : seen.draws()) {
    const float id = draw.support.front().first;
    if (id >= 10) continue;
    training_seen.insert(id);
    ++training_draws;
  }
  EXPECT_EQ(training_seen, (std::set<float>{0, 1, 2}));
  EXPECT_EQ(training_draws, 3 * options.threshold_repeats);
  for (const TaskResult& task : result.methods.front().tasks) EXPECT_TRUE(task.task == "task-10" || task.task == "task-11") << task.task;
}

TEST(Evaluate, ThresholdsDoNotDependOnHeldOutTasks) {
  ThreadPool pool(2);
  // Scores of held-out tasks are shifted by their id, so that a look at them would move the threshold.
  const toy::RowScore shifted = [](toy::Row row, std::size_t) {
    return row[toy::kLabel] + 3 * row[toy::kNoise] + (row[toy::kTaskId] >= 10 ? row[toy::kTaskId] : 0);
  };
  const auto training = make_tasks(3, 0);
  const auto threshold = [&](std::size_t first) {
    const auto result =
        evaluate("toy", training, make_tasks(3, first), methods(method("shifted", "expert", shifted)), small_options(), pool);
    return result.methods.front().threshold;
  };
  ASSERT_TRUE(threshold(10));
  EXPECT_LE(*threshold(10), 4.0F);
  EXPECT_EQ(threshold(10), threshold(500));
}

TEST(Evaluate, WithoutTrainingTasksThereIsNoThreshold) {
  ThreadPool pool(1);
  const auto result = evaluate("toy", {}, make_tasks(2, 10), methods(method("best", "learner", toy::perfect)), small_options(), pool);
  const MethodResult& best = result.methods.front();
  EXPECT_EQ(best.threshold, std::nullopt);
  EXPECT_FALSE(best.f1);
  EXPECT_FALSE(best.tasks.front().precision);
  EXPECT_TRUE(best.auprc);
  EXPECT_EQ(best.undefined, 8U);
  EXPECT_TRUE(any_note(result, "no training task suggests a threshold"));
}

TEST(Evaluate, TrainingTasksTooSmallForAThresholdAreNoted) {
  ThreadPool pool(1);
  auto training = make_tasks(1, 0);
  training.push_back(toy::make_task("tiny", 1, 60, 2));
  const auto result = evaluate("toy", training, make_tasks(2, 10), methods(method("best", "learner", toy::perfect)), small_options(), pool);
  EXPECT_EQ(result.methods.front().threshold, 0.5F);
  EXPECT_TRUE(any_note(result, "2 shots: training tasks with too few rows to suggest a threshold by: tiny"));
}

TEST(Evaluate, UndefinedPrecisionIsCountedAndNoted) {
  ThreadPool pool(2);
  // On held-out tasks every score lies below what training suggests.
  const toy::RowScore low = [](toy::Row row, std::size_t) { return row[toy::kTaskId] >= 10 ? -1.0F : row[toy::kLabel]; };
  const auto result = evaluate("toy", make_tasks(2, 0), make_tasks(2, 10), methods(method("low", "expert", low)), small_options(), pool);
  const MethodResult& method = result.methods.front();
  EXPECT_FALSE(method.precision);
  expect_exactly(method.f1, 0.0);
  EXPECT_EQ(method.undefined, 8U);
  EXPECT_TRUE(any_note(result, "of 8 draws a metric at the threshold is undefined (no row is called an anomaly) for low in 8"));
}

TEST(Evaluate, AMethodThatNeedsMoreShotsIsLeftOutAndNoted) {
  ThreadPool pool(1);
  EvaluationOptions options = small_options();
  options.shots = {0, 1};
  const auto result =
      evaluate("toy", make_tasks(2, 0), make_tasks(2, 10),
               methods(method("any", "expert", toy::perfect), method("some", "supervised", toy::perfect, 1)), options, pool);
  EXPECT_EQ(result.methods.size(), 3U);
  EXPECT_THROW(find(result, "some", 0), std::out_of_range);
  EXPECT_EQ(find(result, "some", 1).auroc->mean, 1.0);
  EXPECT_TRUE(any_note(result, "0 shots: some is left out: it needs at least 1"));
}

TEST(Evaluate, ATaskWithTooFewRowsIsLeftOutAtThoseShotsAlone) {
  ThreadPool pool(2);
  EvaluationOptions options = small_options();
  options.shots = {2, 8};
  auto held_out = make_tasks(2, 10);
  held_out.push_back(toy::make_task("small", 12, 60, 5));
  const auto result = evaluate("toy", make_tasks(2, 0), held_out, methods(method("best", "learner", toy::perfect)), options, pool);
  EXPECT_EQ(find(result, "best", 2).tasks.size(), 3U);
  EXPECT_EQ(find(result, "best", 8).tasks.size(), 2U);
  EXPECT_EQ(find(result, "best", 8).repeats.size(), 2U);
  EXPECT_TRUE(any_note(result, "8 shots: a held-out task is left out: task \"small\" has 5 anomalies"));
}

TEST(Evaluate, ATaskThatSomeDrawLeavesWithoutAQueryIsLeftOut) {
  ThreadPool pool(2);
  EvaluationOptions options = small_options();
  options.repeats = 30;
  auto held_out = make_tasks(2, 10);
  // Of two pairs of duplicates, a support of one pair leaves the other for the query; a support with one of each leaves none.
  Task twins = toy::make_task("twins", 12, 60, 4);
  auto rows = std::make_shared<RowPool>(*twins.pool);
  rows->identity[61] = rows->identity[60];
  rows->identity[63] = rows->identity[62];
  twins.pool = rows;
  held_out.insert(held_out.begin() + 1, twins);
  // A third of the draws works, the first draw of some of these seeds too.
  for (options.seed = 1; options.seed <= 8; ++options.seed) {
    const auto result = evaluate("toy", {}, held_out, methods(method("best", "learner", toy::perfect, 0, 1)), options, pool);
    const MethodResult& best = result.methods.front();
    ASSERT_EQ(best.tasks.size(), 2U);
    EXPECT_EQ(best.tasks[1].task, "task-11");
    expect_exactly(best.auprc, 1.0);
    for (const TaskCurves& curves : result.curves) EXPECT_NE(curves.task, "twins");
    EXPECT_TRUE(any_note(result, "2 shots: a held-out task is left out: task \"twins\""));
  }
}

TEST(Evaluate, NothingLeftIsAnErrorThatNamesTheCounts) {
  ThreadPool pool(1);
  EvaluationOptions options = small_options();
  options.shots = {50};
  const auto too_small = message_of<ArgumentError>(
      [&] { evaluate("toy", make_tasks(2, 0), make_tasks(2, 10), methods(method("best", "learner", toy::perfect)), options, pool); });
  EXPECT_NE(too_small.find("50"), std::string::npos) << too_small;
  EXPECT_NE(too_small.find("has 20 anomalies"), std::string::npos) << too_small;
  options.shots = {0};
  const auto no_method = message_of<ArgumentError>(
      [&] { evaluate("toy", make_tasks(2, 0), make_tasks(2, 10), methods(method("some", "supervised", toy::perfect, 1)), options, pool); });
  EXPECT_NE(no_method.find("some is left out: it needs at least 1"), std::string::npos) << no_method;
}

TEST(Evaluate, ANanScoreIsAnErrorThatNamesMethodTaskAndDraw) {
  ThreadPool pool(2);
  const toy::RowScore bad = [](toy::Row row, std::size_t) {
    return row[toy::kTaskId] == 11 ? std::numeric_limits<float>::quiet_NaN() : row[toy::kLabel];
  };
  const auto message = message_of<NumericError>(
      [&] { evaluate("toy", make_tasks(2, 0), make_tasks(2, 10), methods(method("bad", "expert", bad)), small_options(), pool); });
  EXPECT_NE(message.find("bad on task \"task-11\", 2 shots, repeat 1: the score of query row 0"), std::string::npos) << message;
}

TEST(Evaluate, AMethodsErrorKeepsItsTypeAndSaysWhere) {
  ThreadPool pool(2);
  const toy::RowScore refuses = [](toy::Row, std::size_t) -> float { throw ArgumentError("no"); };
  const auto message = message_of<ArgumentError>(
      [&] { evaluate("toy", {}, make_tasks(2, 10), methods(method("shy", "expert", refuses)), small_options(), pool); });
  EXPECT_EQ(message, "shy on task \"task-10\", 2 shots, repeat 1: no");
}

TEST(Evaluate, WrongMethodsAndTasksAreRefused) {
  ThreadPool pool(1);
  const auto run = [&](const std::vector<Task>& held_out, const std::vector<std::unique_ptr<Method>>& list) {
    return message_of<ArgumentError>([&] { evaluate("toy", {}, held_out, list, small_options(), pool); });
  };
  const auto tasks = make_tasks(2, 10);
  EXPECT_NE(run(tasks, {}).find("no method"), std::string::npos);
  EXPECT_NE(run(tasks, methods(method("a", "expert", toy::noisy), method("a", "learner", toy::noisy))).find("\"a\" is given twice"),
            std::string::npos);
  EXPECT_NE(run(tasks, methods(method("a", "wizard", toy::noisy))).find("\"wizard\""), std::string::npos);
  EXPECT_NE(run({}, methods(method("a", "expert", toy::noisy))).find("no held-out task"), std::string::npos);
  EXPECT_NE(run({tasks[0], tasks[0]}, methods(method("a", "expert", toy::noisy))).find("\"task-10\" is given twice"), std::string::npos);
}

TEST(EvaluationOptions, AbsurdValuesAreRefusedByName) {
  const auto message = [](auto change) {
    EvaluationOptions options;
    change(options);
    return message_of<ArgumentError>([&] { options.validate(); });
  };
  EXPECT_EQ(message([](auto& o) { o.repeats = 0; }), "repeats must be 1 to 10000, not 0");
  EXPECT_EQ(message([](auto& o) { o.repeats = 10001; }), "repeats must be 1 to 10000, not 10001");
  EXPECT_EQ(message([](auto& o) { o.threshold_repeats = 0; }), "threshold repeats must be 1 to 1000, not 0");
  EXPECT_EQ(message([](auto& o) { o.normals = 1; }), "normals in the support must be 2 to 1000000, not 1");
  EXPECT_EQ(message([](auto& o) { o.query_normals = 0; }), "query normals must be 1 to 10000000, not 0");
  EXPECT_EQ(message([](auto& o) { o.query_anomalies = 10000001; }), "query anomalies must be 1 to 10000000, not 10000001");
  EXPECT_EQ(message([](auto& o) { o.shots = {}; }), "the count of different shots must be 1 to 32, not 0");
  EXPECT_EQ(message([](auto& o) { o.shots = {1, 10001}; }), "shots must be 0 to 10000, not 10001");
  EXPECT_EQ(message([](auto& o) { o.shots = {5, 1, 5}; }), "shots names 5 twice");
  EvaluationOptions{}.validate();
}

TEST(Evaluate, ProgressRisesToOne) {
  ThreadPool pool(4);
  std::vector<double> told;
  evaluate("toy", make_tasks(2, 0), make_tasks(3, 10), methods(method("best", "learner", toy::perfect)), small_options(), pool,
           [&](double share) { told.push_back(share); });
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_GT(told.front(), 0.0);
  EXPECT_EQ(told.back(), 1.0);
  EXPECT_EQ(std::adjacent_find(told.begin(), told.end()), told.end());
}

TEST(Evaluate, AnExceptionOfProgressEndsIt) {
  ThreadPool pool(2);
  std::size_t calls = 0;
  const auto cancel = [&](double) {
    if (++calls == 5) throw std::runtime_error("stop");
  };
  EvaluationOptions options = small_options();
  options.repeats = 500;
  EXPECT_THROW(
      evaluate("toy", make_tasks(2, 0), make_tasks(3, 10), methods(method("best", "learner", toy::perfect)), options, pool, cancel),
      std::runtime_error);
  EXPECT_LT(calls, 100U);
}

TEST(Evaluate, ALearnerIsComparedWithTheBestBaseline) {
  ThreadPool pool(2);
  const auto result = evaluate("toy", make_tasks(2, 0), make_tasks(4, 10),
                               methods(method("best", "learner", toy::perfect), method("flat", "expert", toy::constant),
                                       method("noisy", "supervised", toy::noisy), method("worse", "learner", toy::constant)),
                               small_options(), pool);
  const MethodResult& noisy = find(result, "noisy", 2);
  EXPECT_FALSE(noisy.auprc_over_best_baseline);
  const MethodResult& best = find(result, "best", 2);
  EXPECT_EQ(best.best_baseline, "noisy");
  ASSERT_TRUE(best.auprc_over_best_baseline);
  EXPECT_NEAR(best.auprc_over_best_baseline->mean, 1 - noisy.auprc->mean, 1e-12);
  // A perfect learner leaves the baseline's interval, mirrored, as its own: the same resamples serve both.
  EXPECT_NEAR(best.auprc_over_best_baseline->low, 1 - noisy.auprc->high, 1e-12);
  EXPECT_NEAR(best.auprc_over_best_baseline->high, 1 - noisy.auprc->low, 1e-12);
  EXPECT_LT(find(result, "worse", 2).auprc_over_best_baseline->high, 0);
}

TEST(Evaluate, WithoutBaselinesThereIsNoComparison) {
  ThreadPool pool(1);
  const auto result = evaluate("toy", {}, make_tasks(2, 10), methods(method("best", "learner", toy::perfect)), small_options(), pool);
  EXPECT_FALSE(result.methods.front().auprc_over_best_baseline);
  EXPECT_EQ(result.methods.front().best_baseline, "");
}

// Flat until its last inner step.
float late(toy::Row row, std::size_t steps) { return steps >= 25 ? row[toy::kLabel] : 0.0F; }

TEST(Evaluate, AdaptationCurvesGoFromTheStartToTheLastInnerStep) {
  ThreadPool pool(2);
  const toy::RowScore third = [](toy::Row row, std::size_t steps) { return steps >= 3 ? row[toy::kLabel] : 0.0F; };
  const auto result = evaluate(
      "toy", {}, make_tasks(3, 10),
      methods(method("late", "learner", late, 0, 25), method("none", "expert", toy::perfect), method("third", "pooled", third, 0, 4)),
      small_options(), pool);
  ASSERT_EQ(result.adaptation.size(), 2U);
  EXPECT_EQ(result.adaptation[0].method, "late");
  EXPECT_EQ(result.adaptation[0].steps, (std::vector<std::size_t>{0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25}));
  EXPECT_EQ(result.adaptation[0].auprc.front(), 0.25);
  EXPECT_EQ(result.adaptation[0].auprc[9], 0.25);
  EXPECT_EQ(result.adaptation[0].auprc.back(), 1.0);
  EXPECT_EQ(result.adaptation[1].steps, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(result.adaptation[1].auprc, (std::vector<double>{0.25, 0.25, 0.25, 1.0, 1.0}));
}

TEST(Evaluate, CurvesShowHardestMiddlingAndEasiestTask) {
  ThreadPool pool(2);
  std::vector<Task> held_out = make_tasks(5, 0, 400, 50);
  std::swap(held_out[0], held_out[3]);
  EvaluationOptions options = small_options();
  options.query_normals = 300;
  options.query_anomalies = 40;
  // Noise grows with the task's id: 4 is the hardest, 0 the easiest.
  const toy::RowScore graded = [](toy::Row row, std::size_t) {
    return row[toy::kLabel] + 0.9F * std::exp2(row[toy::kTaskId]) * row[toy::kNoise];
  };
  const auto result =
      evaluate("toy", {}, held_out, methods(method("base", "expert", toy::constant), method("graded", "learner", graded)), options, pool);
  std::vector<std::pair<std::string, std::string>> shown;
  for (const TaskCurves& curves : result.curves) {
    shown.emplace_back(curves.task, curves.method);
    EXPECT_LE(curves.roc.size(), 200U);
    ASSERT_FALSE(curves.roc.empty());
    EXPECT_EQ(curves.roc.back().x, 1.0);
    EXPECT_EQ(curves.precision_recall.back().x, 1.0);
  }
  const std::vector<std::pair<std::string, std::string>> expected = {{"task-4", "graded"}, {"task-4", "base"},   {"task-2", "graded"},
                                                                     {"task-2", "base"},   {"task-0", "graded"}, {"task-0", "base"}};
  EXPECT_EQ(shown, expected);
}

}  // namespace
}  // namespace oddshot
