#include "oddshot/training/trainer.h"

#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::size_t kFeatures = 5;

// Tasks whose anomalies lie off the normals in one feature each.
std::vector<Task> toy_tasks(std::size_t count) {
  Stream stream(2, Purpose::kTest, 0);
  std::vector<Task> tasks;
  for (std::size_t t = 0; t < count; ++t) {
    auto pool = std::make_shared<RowPool>();
    pool->rows.resize(300, kFeatures);
    pool->identity.resize(300);
    std::iota(pool->identity.begin(), pool->identity.end(), 0U);
    Task task;
    task.name = "task" + std::to_string(t);
    std::vector<std::uint32_t> normals;
    for (std::uint32_t r = 0; r < 300; ++r) {
      for (float& value : pool->rows.row(r)) {
        value = stream.normal();
      }
      if (r >= 200) {
        pool->rows(r, t % kFeatures) += 3.0F;
      }
      (r < 200 ? normals : task.anomalies).push_back(r);
    }
    task.normals = std::move(normals);
    task.pool = std::move(pool);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::unique_ptr<Learner> toy_learner(const char* name = "maml") {
  LearnerOptions options;
  options.encoder.inputs = kFeatures;
  options.encoder.hidden = {16, 8};
  options.inner_steps = 2;
  options.learn_inner_rates = true;
  return find_learner(name)->make(options);
}

TrainingOptions toy_options(std::uint64_t steps) {
  TrainingOptions options;
  options.steps = steps;
  options.episodes = 0;
  options.dropout = 0;
  options.rate = 1e-3F;
  options.warmup = 0;
  options.weight_decay = 0;
  options.tasks_per_step = 8;
  options.shots = {1, 5};
  options.episode = {.shots = 0, .normals = 20, .query_normals = 20, .query_anomalies = 20};
  options.seed = 5;
  return options;
}

TrainingState trained(const char* learner, unsigned threads, std::uint64_t steps) {
  const auto tasks = toy_tasks(6);
  const auto one = toy_learner(learner);
  TrainingState state = start_training(*one, toy_options(steps));
  ThreadPool pool(threads);
  train(*one, tasks, toy_options(steps), state, pool);
  return state;
}

void expect_same_bits(const TrainingState& a, const TrainingState& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.params, b.params);
  EXPECT_EQ(a.adam_m, b.adam_m);
  EXPECT_EQ(a.adam_v, b.adam_v);
  EXPECT_EQ(a.losses, b.losses);
}

TEST(Training, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const LearnerEntry& entry : learner_table()) {
    SCOPED_TRACE(entry.name);
    const TrainingState one = trained(entry.name.data(), 1, 20);
    expect_same_bits(one, trained(entry.name.data(), 2, 20));
    expect_same_bits(one, trained(entry.name.data(), 4, 20));
  }
}

TEST(Training, LowersTheLoss) {
  for (const LearnerEntry& entry : learner_table()) {
    const TrainingState state = trained(entry.name.data(), 2, 200);
    const float first = std::accumulate(state.losses.begin(), state.losses.begin() + 20, 0.0F);
    const float last = std::accumulate(state.losses.end() - 20, state.losses.end(), 0.0F);
    EXPECT_LT(last, 0.9F * first) << entry.name;
  }
}

TEST(Training, ContinuesBitForBitAfterAStop) {
  const auto tasks = toy_tasks(6);
  const TrainingOptions options = toy_options(20);
  ThreadPool pool(2);
  for (const LearnerEntry& entry : learner_table()) {
    SCOPED_TRACE(entry.name);
    const auto learner = toy_learner(entry.name.data());
    TrainingState state = start_training(*learner, options);
    std::atomic<bool> stop{false};
    train(*learner, tasks, options, state, pool, [&](const TrainingProgress& p) { stop = p.step == 7; }, &stop);
    EXPECT_EQ(state.step, 7U);
    train(*learner, tasks, options, state, pool);
    expect_same_bits(state, trained(entry.name.data(), 1, 20));
  }
}

// A learner whose gradient is 0.5 everywhere, so that steps can be computed by hand; it counts the tasks that its episodes come from.
class FlatLearner final : public Learner {
 public:
  FlatLearner() : inner_(toy_learner("pooled")) {}
  std::string_view name() const override { return "flat"; }
  const LearnerOptions& options() const override { return inner_->options(); }
  const Layout& layout() const override { return inner_->layout(); }
  void initialise(std::span<float> params, Stream stream) const override { inner_->initialise(params, stream); }
  std::unique_ptr<Scratch> make_scratch() const override { return inner_->make_scratch(); }
  std::size_t minimum_shots() const override { return 0; }
  float task_gradient(std::span<const float> /*params*/, const Episode& episode, Scratch& /*scratch*/,
                      std::span<float> gradient) const override {
    std::ranges::fill(gradient, 0.5F);
    ++counts[episode.task];
    return 0;
  }
  std::size_t inner_steps() const override { return 0; }
  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    return inner_->adapt(params, support, scratch, steps);
  }
  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    inner_->score(state, rows, scratch, scores);
  }

  mutable std::map<std::string, std::size_t> counts;  // for one thread

 private:
  std::unique_ptr<Learner> inner_;
};

TEST(Training, DrawsSourcesByTheirWeightsAndTheirTasksEvenly) {
  const auto tasks = toy_tasks(6);
  const std::vector<TaskSource> sources = {
      {"a", 1, {tasks[0]}}, {"b", 5, {tasks[1], tasks[2]}}, {"none", 7, {}}, {"weightless", 0, {tasks[3]}}, {"c", 2, {tasks[4], tasks[5]}}};
  const FlatLearner learner;
  TrainingOptions options = toy_options(500);
  TrainingState state = start_training(learner, options);
  ThreadPool one(1);
  train(learner, sources, options, state, one);
  const std::map<std::string, double> shares = {
      {"task0", 1 / 8.0}, {"task1", 2.5 / 8}, {"task2", 2.5 / 8}, {"task4", 1 / 8.0}, {"task5", 1 / 8.0}};
  const double episodes = 500.0 * 8;
  double chi_square = 0;
  double seen = 0;
  for (const auto& [name, share] : shares) {
    const double expected = share * episodes;
    const double gap = static_cast<double>(learner.counts[name]) - expected;
    chi_square += gap * gap / expected;
    seen += static_cast<double>(learner.counts[name]);
  }
  EXPECT_EQ(seen, episodes);    // and none of the others
  EXPECT_LT(chi_square, 18.5);  // 4 degrees of freedom: 1 of 1000 by chance
}

// theta of every step so far, for the first parameter.
std::vector<float> flat_course(TrainingOptions options) {
  const auto tasks = toy_tasks(1);
  const FlatLearner learner;
  options.clip = 1e6F;  // never reached
  TrainingState state = start_training(learner, options);
  state.params[0] = 2;
  ThreadPool one(1);
  std::vector<float> course = {2};
  train(learner, tasks, options, state, one, [&](const TrainingProgress&) { course.push_back(state.params[0]); });
  return course;
}

TEST(Training, WeightDecayTakesItsShareApartFromTheGradient) {
  TrainingOptions options = toy_options(2);
  options.rate = 0.1F;
  options.weight_decay = 0.2F;
  options.optimizer = Optimizer::kSgd;
  // Rates 0.1 and, half way along the cosine, 0.055: theta <- theta (1 - rate 0.2) - rate 0.5.
  const double first = 2 * (1 - 0.1 * 0.2) - 0.1 * 0.5;
  const double second = first * (1 - 0.055 * 0.2) - 0.055 * 0.5;
  const auto sgd = flat_course(options);
  EXPECT_NEAR(sgd[1], first, 1e-6);
  EXPECT_NEAR(sgd[2], second, 1e-6);
  // Adam's step on a gradient that never changes is the rate itself.
  options.optimizer = Optimizer::kAdam;
  const double adam_first = 2 * (1 - 0.1 * 0.2) - 0.1;
  const double adam_second = adam_first * (1 - 0.055 * 0.2) - 0.055;
  const auto adam = flat_course(options);
  EXPECT_NEAR(adam[1], adam_first, 1e-5);
  EXPECT_NEAR(adam[2], adam_second, 1e-5);
}

TEST(Training, WarmUpRisesInAStraightLineBeforeTheRateFalls) {
  TrainingOptions options = toy_options(10);
  options.rate = 0.1F;
  options.warmup = 0.4F;
  options.optimizer = Optimizer::kSgd;
  const auto course = flat_course(options);
  const auto rate = [&](std::size_t step) { return (course[step] - course[step + 1]) / 0.5; };
  for (const std::size_t step : {0, 1, 2, 3}) EXPECT_NEAR(rate(step), 0.025 * static_cast<double>(step + 1), 1e-5) << step;
  EXPECT_NEAR(rate(4), 0.1, 1e-5);    // the cosine begins
  EXPECT_NEAR(rate(7), 0.055, 1e-5);  // and is half way down
  EXPECT_LT(rate(9), rate(8));
}

TEST(Training, ContinuesBitForBitAfterAStopOnSeveralSources) {
  const auto tasks = toy_tasks(6);
  const std::vector<TaskSource> sources = {{"a", 1, {tasks[0], tasks[1]}}, {"b", 3, {tasks[2], tasks[3], tasks[4]}}};
  const auto learner = toy_learner();
  const TrainingOptions options = toy_options(12);
  ThreadPool one(1);
  ThreadPool two(2);
  TrainingState whole = start_training(*learner, options);
  train(*learner, sources, options, whole, one);
  TrainingState state = start_training(*learner, options);
  std::atomic<bool> stop{false};
  train(*learner, sources, options, state, two, [&](const TrainingProgress& p) { stop = p.step == 5; }, &stop);
  EXPECT_EQ(state.step, 5U);
  train(*learner, sources, options, state, two);
  expect_same_bits(state, whole);
}

TEST(Training, DependsOnTheSeed) {
  const auto tasks = toy_tasks(6);
  const auto learner = toy_learner();
  TrainingOptions options = toy_options(3);
  options.seed = 6;
  ThreadPool pool(1);
  TrainingState state = start_training(*learner, options);
  train(*learner, tasks, options, state, pool);
  EXPECT_NE(state.params, trained("maml", 1, 3).params);
}

TEST(Training, ReportsItsProgress) {
  const auto tasks = toy_tasks(2);
  const auto learner = toy_learner();
  ThreadPool pool(1);
  TrainingState state = start_training(*learner, toy_options(4));
  std::vector<std::uint64_t> steps;
  train(*learner, tasks, toy_options(4), state, pool, [&](const TrainingProgress& p) {
    steps.push_back(p.step);
    EXPECT_EQ(p.steps, 4U);
    EXPECT_GT(p.tasks_per_second, 0.0);
    EXPECT_GE(p.seconds_left, 0.0);
    EXPECT_TRUE(std::isfinite(p.loss));
  });
  EXPECT_EQ(steps, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST(Training, NamesStepTaskAndTensorWhenNumbersAreLostAndKeepsTheLastGoodStep) {
  const TrainingOptions options = toy_options(10);
  ThreadPool pool(2);
  for (const LearnerEntry& entry : learner_table()) {
    SCOPED_TRACE(entry.name);
    auto tasks = toy_tasks(1);
    auto spoilt = std::make_shared<RowPool>(*tasks[0].pool);
    std::fill_n(spoilt->rows.data(), 300 * kFeatures, 3e38F);
    const auto learner = toy_learner(entry.name.data());
    TrainingState state = start_training(*learner, options);
    std::atomic<bool> stop{false};
    train(*learner, tasks, options, state, pool, [&](const TrainingProgress& p) { stop = p.step == 3; }, &stop);
    const TrainingState good = state;
    tasks[0].pool = spoilt;
    try {
      train(*learner, tasks, options, state, pool);
      FAIL() << "lost numbers went unnoticed";
    } catch (const NumericError& error) {
      const std::string words = error.what();
      EXPECT_NE(words.find("step 4"), std::string::npos) << words;
      EXPECT_NE(words.find("task0"), std::string::npos) << words;
      EXPECT_NE(words.find("tensor \""), std::string::npos) << words;
    }
    expect_same_bits(state, good);
  }
}

TEST(Training, RefusesWhatCannotBe) {
  const auto learner = toy_learner();
  const auto tasks = toy_tasks(1);
  ThreadPool pool(1);
  TrainingState state = start_training(*learner, toy_options(1));
  EXPECT_THROW(train(*learner, std::span<const Task>(), toy_options(1), state, pool), ArgumentError);
  const auto refused_source = [&](float weight, std::vector<Task> of_source) {
    const std::vector<TaskSource> sources = {{"odd", weight, std::move(of_source)}, {"empty", 1, {}}};
    EXPECT_THROW(train(*learner, sources, toy_options(1), state, pool), ArgumentError) << weight;
  };
  refused_source(0, tasks);
  refused_source(1, {});
  refused_source(-1, tasks);
  refused_source(std::numeric_limits<float>::infinity(), tasks);
  const auto refused = [&](auto change) {
    TrainingOptions options = toy_options(1);
    change(options);
    EXPECT_THROW(train(*learner, tasks, options, state, pool), ArgumentError);
  };
  refused([](TrainingOptions& o) { o.tasks_per_step = 0; });
  refused([](TrainingOptions& o) { o.tasks_per_step = 4097; });
  refused([](TrainingOptions& o) { o.rate = 0; });
  refused([](TrainingOptions& o) { o.rate = std::numeric_limits<float>::quiet_NaN(); });
  refused([](TrainingOptions& o) { o.clip = -1; });
  refused([](TrainingOptions& o) { o.warmup = 1; });
  refused([](TrainingOptions& o) { o.warmup = -0.1F; });
  refused([](TrainingOptions& o) { o.weight_decay = 1.1F; });
  refused([](TrainingOptions& o) { o.weight_decay = std::numeric_limits<float>::quiet_NaN(); });
  refused([](TrainingOptions& o) { o.augment.real = -1; });
  refused([](TrainingOptions& o) { o.shots = {}; });
  refused([](TrainingOptions& o) { o.episode.normals = 0; });
  refused([](TrainingOptions& o) { o.shots = {250}; });  // more than the task has
  state.params.pop_back();
  EXPECT_THROW(train(*learner, tasks, toy_options(1), state, pool), ShapeError);
  const auto ridge = toy_learner("ridge");  // which needs an anomaly
  TrainingState ridge_state = start_training(*ridge, toy_options(1));
  TrainingOptions none = toy_options(1);
  none.shots = {0};
  EXPECT_THROW(train(*ridge, tasks, none, ridge_state, pool), ArgumentError);
}

}  // namespace
}  // namespace oddshot
