#include "oddshot/training/trainer.h"

#include <cmath>
#include <limits>
#include <numeric>

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
    for (std::uint32_t r = 0; r < 300; ++r) {
      for (float& value : pool->rows.row(r)) {
        value = stream.normal();
      }
      if (r >= 200) {
        pool->rows(r, t % kFeatures) += 3.0F;
      }
      (r < 200 ? task.normals : task.anomalies).push_back(r);
    }
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
  EXPECT_THROW(train(*learner, {}, toy_options(1), state, pool), ArgumentError);
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
