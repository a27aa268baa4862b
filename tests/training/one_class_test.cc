// Supports of normals alone, while the queries of training hold both classes: what second order learns there and first order does not.
//
// A step on normals lowers the logit of a row x by about rate * mean over the support of sigmoid(logit(x')) k(x, x'), k the product of the
// logit's gradients. All rows of the toy share a large column, so k is large between any two of them, and the steps lower the logits of
// both classes alike. First order takes that fall for given and makes up for it by a higher start, from which the next fall is as high:
// in one run on such tasks, starts at about 13 and falls of 13.6 for normals and 13.8 for anomalies. Second order sees that the support's
// gradient changes with the start, and finds one from which normals fall by 9 and anomalies by 0.5. With anomalies in the support the
// gradients of the two classes cancel in what all rows share, and first order learns too. After Frikha et al. 2021, arXiv:2007.04146,
// section 3.
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/training/trainer.h"

namespace oddshot {
namespace {

constexpr std::size_t kFeatures = 8;

// Column 0 tells the classes apart, on one side or the other as the task has it; column 1 is 3 in all rows; six are noise.
std::vector<Task> two_sided_tasks(std::size_t count, std::uint64_t index) {
  constexpr std::uint32_t kRows = 160;
  Stream stream(12, Purpose::kTest, index);
  std::vector<Task> tasks;
  for (std::size_t t = 0; t < count; ++t) {
    auto pool = std::make_shared<RowPool>();
    pool->rows.resize(kRows, kFeatures);
    pool->identity.resize(kRows);
    std::iota(pool->identity.begin(), pool->identity.end(), 0U);
    Task task;
    task.name = "task" + std::to_string(t);
    std::vector<std::uint32_t> normals;
    const float side = stream.below(2) == 0 ? -0.5F : 0.5F;
    for (std::uint32_t r = 0; r < kRows; ++r) {
      const bool anomaly = r >= kRows / 2;
      const auto row = pool->rows.row(r);
      for (float& value : row) {
        value = stream.normal();
      }
      row[0] = 0.3F * row[0] + (anomaly ? -side : side);
      row[1] = 0.3F * row[1] + 3;
      (anomaly ? task.anomalies : normals).push_back(r);
    }
    task.normals = std::move(normals);
    task.pool = std::move(pool);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

// How many pairs of an anomaly and a normal row are ranked aright, as a share; ties do not occur.
double auroc(const std::vector<float>& scores, const std::vector<std::uint8_t>& labels) {
  double right = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (labels[i] == 1 && labels[j] == 0) {
        right += scores[i] > scores[j] ? 1 : 0;
        ++pairs;
      }
    }
  }
  return right / pairs;
}

// Mean AUROC on tasks that training never saw, trained and adapted with so many shots.
double auroc_after_training(const char* name, std::size_t shots, std::uint64_t seed) {
  LearnerOptions learner_options;
  learner_options.encoder.inputs = kFeatures;
  learner_options.encoder.hidden = {32, 32};
  learner_options.inner_steps = 5;
  learner_options.inner_rate = 0.5F;
  const auto learner = find_learner(name)->make(learner_options);
  TrainingOptions options;
  options.steps = 300;
  options.tasks_per_step = 16;
  options.rate = 5e-3F;
  options.shots = {shots};
  options.episode = {.shots = shots, .normals = 10, .query_normals = 20, .query_anomalies = 20};
  options.seed = seed;
  TrainingState state = start_training(*learner, options);
  ThreadPool pool(2);
  train(*learner, two_sided_tasks(200, 0), options, state, pool);

  constexpr std::size_t kTests = 60;
  const std::vector<Task> unseen = two_sided_tasks(kTests, 1);
  const auto scratch = learner->make_scratch();
  double sum = 0;
  for (std::size_t i = 0; i < kTests; ++i) {
    const Episode episode = sample_episode(unseen[i], options.episode, Stream(seed, Purpose::kTest, 2 + i));
    std::vector<float> scores(episode.query_rows.rows());
    learner->score(learner->adapt(state.params, episode.support(), *scratch), episode.query_rows, *scratch, scores);
    sum += auroc(scores, episode.query_labels);
  }
  return sum / kTests;
}

TEST(NormalsAlone, TeachSecondOrderWhatFirstOrderMisses) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    EXPECT_GT(auroc_after_training("maml", 0, seed), 0.95) << "seed " << seed;
    EXPECT_LT(auroc_after_training("fomaml", 0, seed), 0.7) << "seed " << seed;
  }
}

TEST(NormalsAlone, AreWhatFirstOrderFailsOn) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    EXPECT_GT(auroc_after_training("fomaml", 5, seed), 0.93) << "seed " << seed;
  }
}

}  // namespace
}  // namespace oddshot
