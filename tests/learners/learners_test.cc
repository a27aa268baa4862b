// What every learner must hold, whatever its algorithm.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/learners/learner.h"
#include "oddshot/learners/mlp_scratch.h"

namespace oddshot {
namespace {

constexpr std::size_t kFeatures = 6;

// Normals around 0, anomalies around 2 in every feature.
Episode toy_episode(std::size_t normals, std::size_t shots, std::size_t query, std::uint64_t index) {
  Stream stream(11, Purpose::kTest, index);
  const auto fill = [&](Matrix& rows, std::vector<std::uint8_t>& labels, std::size_t zeros, std::size_t ones) {
    rows.resize(zeros + ones, kFeatures);
    labels.assign(zeros, 0);
    labels.resize(zeros + ones, 1);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      for (float& value : rows.row(r)) {
        value = stream.normal() + 2.0F * static_cast<float>(labels[r]);
      }
    }
  };
  Episode episode;
  episode.task = "toy";
  fill(episode.support_rows, episode.support_labels, normals, shots);
  fill(episode.query_rows, episode.query_labels, query, query);
  return episode;
}

LearnerOptions toy_options() {
  LearnerOptions options;
  options.encoder.inputs = kFeatures;
  options.encoder.hidden = {12, 7};
  options.embedding = 5;
  options.inner_steps = 3;
  options.learn_inner_rates = true;
  return options;
}

struct EveryLearner : testing::TestWithParam<std::string> {
  void SetUp() override {
    learner = find_learner(GetParam())->make(toy_options());
    scratch = learner->make_scratch();
    params.resize(learner->layout().size());
    learner->initialise(params, Stream(4, Purpose::kInitialise, 0));
  }
  std::vector<float> scores(const Episode& episode) {
    const AdaptedState state = learner->adapt(params, episode.support(), *scratch);
    std::vector<float> out(episode.query_rows.rows());
    learner->score(state, episode.query_rows, *scratch, out);
    return out;
  }

  std::unique_ptr<Learner> learner;
  std::unique_ptr<Scratch> scratch;
  AlignedVector<float> params;
};

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const LearnerEntry& entry : learner_table()) {
    out.emplace_back(entry.name);
  }
  return out;
}

std::string underscored(const testing::TestParamInfo<std::string>& param) {
  std::string name = param.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, EveryLearner, testing::ValuesIn(names()), underscored);

TEST_P(EveryLearner, IsNamedAsInItsTable) {
  EXPECT_EQ(learner->name(), GetParam());
  EXPECT_NE(find_learner(find_learner(GetParam())->trained_as), nullptr);
}

TEST_P(EveryLearner, SharesItsLayoutWithTheLearnerItIsTrainedAs) {
  const auto twin = find_learner(find_learner(GetParam())->trained_as)->make(toy_options());
  EXPECT_EQ(twin->layout().size(), learner->layout().size());
}

TEST_P(EveryLearner, LeavesMetaParametersUntouchedWhenAdapting) {
  const AlignedVector<float> before = params;
  scores(toy_episode(10, 5, 20, 0));
  EXPECT_EQ(params, before);
}

TEST_P(EveryLearner, GivesTheSameGradientFromUsedScratch) {
  AlignedVector<float> first(params.size());
  AlignedVector<float> second(params.size());
  const float loss = learner->task_gradient(params, toy_episode(10, 5, 20, 0), *scratch, first);
  AlignedVector<float> other(params.size());
  learner->task_gradient(params, toy_episode(13, 2, 40, 1), *scratch, other);
  EXPECT_EQ(learner->task_gradient(params, toy_episode(10, 5, 20, 0), *scratch, second), loss);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, other);
}

TEST_P(EveryLearner, DoesNotCareForTheOrderOfTheSupport) {
  Episode episode = toy_episode(10, 5, 20, 0);
  const std::vector<float> before = scores(episode);
  Episode reversed = episode;
  for (std::size_t r = 0; r < 15; ++r) {
    std::copy(episode.support_rows.row(r).begin(), episode.support_rows.row(r).end(), reversed.support_rows.row(14 - r).begin());
    reversed.support_labels[14 - r] = episode.support_labels[r];
  }
  const std::vector<float> after = scores(reversed);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(before[i], after[i], 1e-4F * (1 + std::abs(before[i])));  // sums run in another order
  }
}

TEST_P(EveryLearner, AdaptsToAnyNumberOfShotsThatItAdmits) {
  for (const std::size_t shots : {0U, 1U, 5U, 10U, 20U}) {
    const Episode episode = toy_episode(50, shots, 20, shots);
    if (shots < learner->minimum_shots()) {
      EXPECT_THROW(learner->adapt(params, episode.support(), *scratch), ArgumentError);
      continue;
    }
    const std::vector<float> out = scores(episode);
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](float score) { return std::isfinite(score); })) << shots << " shots";
    EXPECT_NE(*std::min_element(out.begin(), out.end()), *std::max_element(out.begin(), out.end())) << shots << " shots";
  }
}

// The class-balanced cross-entropy, by its definition.
double balanced_cross_entropy(const std::vector<float>& logits, const std::vector<std::uint8_t>& labels) {
  double sum[2] = {};
  double count[2] = {};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto z = static_cast<double>(logits[i]);
    sum[labels[i]] += std::log1p(std::exp(labels[i] == 1 ? -z : z));
    ++count[labels[i]];
  }
  return (sum[0] / count[0] + sum[1] / count[1]) / 2;
}

// Learners whose loss is of the query alone: not of pairs, nor of all rows of an episode.
struct LearnerByQuery : EveryLearner {};

INSTANTIATE_TEST_SUITE_P(All, LearnerByQuery,
                         testing::Values("maml", "fomaml", "meta-sgd", "anil", "imaml", "learned-optimizer", "proto", "ridge",
                                         "in-context"),
                         underscored);

TEST_P(LearnerByQuery, DoesNotLetTheQuerysLabelsIntoWhatItIsJudgedBy) {
  // The loss of training is that of the scores that adapt() leads to, and adapt() has no query: whatever the query's labels are, true or
  // turned around, the scores behind the loss are the same.
  AlignedVector<float> gradient(params.size());
  Episode episode = toy_episode(10, 5, 20, 0);
  const std::vector<float> expected = scores(episode);
  for (const bool turned : {false, true}) {
    if (turned) {
      for (std::uint8_t& label : episode.query_labels) {
        label = 1 - label;
      }
    }
    const double want = balanced_cross_entropy(expected, episode.query_labels);
    EXPECT_NEAR(static_cast<double>(learner->task_gradient(params, episode, *scratch, gradient)), want, 1e-5 * (1 + want));
  }
}

TEST_P(EveryLearner, ScoresARowAloneAsInABatch) {
  const Episode episode = toy_episode(10, 5, 100, 0);
  const AdaptedState state = learner->adapt(params, episode.support(), *scratch);
  std::vector<float> batch(200);
  learner->score(state, episode.query_rows, *scratch, batch);
  for (std::size_t r = 0; r < 200; ++r) {
    float one = 0;
    learner->score(state, episode.query_rows.view().slice(r, 1), *scratch, {&one, 1});
    EXPECT_EQ(one, batch[r]);
  }
}

TEST_P(EveryLearner, RefusesRowsOfAnotherWidth) {
  const Episode episode = toy_episode(10, 5, 20, 0);
  const AdaptedState state = learner->adapt(params, episode.support(), *scratch);
  const Matrix narrow(3, kFeatures - 1);
  std::vector<float> out(3);
  EXPECT_THROW(learner->score(state, narrow, *scratch, out), ShapeError);
}

TEST_P(EveryLearner, LearnsToTellTheToyClassesApart) {
  // Gradient descent on fresh episodes, no step longer than 0.1; afterwards an unseen episode is ranked well.
  AlignedVector<float> gradient(params.size());
  for (std::uint64_t step = 0; step < 150; ++step) {
    learner->task_gradient(params, toy_episode(10, 5, 20, 100 + step), *scratch, gradient);
    const float length = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0F));
    const float rate = std::min(0.05F, 0.1F / length);
    for (std::size_t i = 0; i < params.size(); ++i) {
      params[i] -= rate * gradient[i];
    }
  }
  const std::vector<float> out = scores(toy_episode(10, 5, 100, 7));
  int right = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    right += out[100 + i] > out[i] ? 1 : 0;
  }
  EXPECT_GT(right, 95);
}

TEST(UnrolledLearners, WithoutInnerStepsHaveTheGradientOfTheQueryAlone) {
  LearnerOptions options = toy_options();
  options.inner_steps = 0;
  options.learn_inner_rates = false;
  const auto pooled = find_learner("pooled")->make(options);
  Episode episode = toy_episode(10, 5, 20, 0);
  Episode query_alone = episode;
  query_alone.support_rows.resize(0, kFeatures);
  query_alone.support_labels.clear();
  AlignedVector<float> want(pooled->layout().size());
  for (const char* name : {"maml", "fomaml", "meta-sgd", "anil", "learned-optimizer"}) {
    const auto learner = find_learner(name)->make(options);
    AlignedVector<float> params(learner->layout().size());
    learner->initialise(params, Stream(4, Purpose::kInitialise, 0));
    AlignedVector<float> got(params.size());
    const float loss = learner->task_gradient(params, episode, *learner->make_scratch(), got);
    EXPECT_NEAR(pooled->task_gradient({params.data(), want.size()}, query_alone, *pooled->make_scratch(), want), loss, 1e-6F) << name;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], i < want.size() ? want[i] : 0.0F, 1e-6F) << name << "[" << i << "]";
    }
  }
}

TEST(Maml, AdaptingStepByStepEndsWhereAdaptingAtOnceEnds) {
  const auto maml = find_learner("maml")->make(toy_options());
  AlignedVector<float> params(maml->layout().size());
  maml->initialise(params, Stream(4, Purpose::kInitialise, 0));
  const auto scratch = maml->make_scratch();
  const Episode episode = toy_episode(10, 5, 20, 0);
  const AdaptedState none = maml->adapt(params, episode.support(), *scratch, 0);
  EXPECT_TRUE(std::equal(none.values.begin(), none.values.end(), params.begin()));
  EXPECT_EQ(maml->adapt(params, episode.support(), *scratch, 3).values, maml->adapt(params, episode.support(), *scratch).values);
  EXPECT_NE(maml->adapt(params, episode.support(), *scratch, 2).values, maml->adapt(params, episode.support(), *scratch).values);
}

TEST(Anil, HasTheGradientOfMamlWithRatesOfZeroBelowTheHead) {
  LearnerOptions options = toy_options();
  options.inner_momentum = 0.5F;
  options.multi_step_loss = true;
  const auto maml = find_learner("maml")->make(options);
  const auto anil = find_learner("anil")->make(options);
  AlignedVector<float> params(maml->layout().size());
  maml->initialise(params, Stream(4, Purpose::kInitialise, 0));
  const Tensor& rates = maml->layout().tensors().back();
  const Tensor& head_rates = anil->layout().tensors().back();
  const std::size_t tensors = rates.shape[1];
  AlignedVector<float> head_params(anil->layout().size());
  std::copy_n(params.begin(), head_rates.offset, head_params.begin());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const std::size_t above = i % tensors + 2 - tensors;  // 0 for the head's weight, 1 for its bias
    params[rates.offset + i] = above < 2 ? 0.05F * static_cast<float>(1 + i) : 0.0F;
    if (above < 2) {
      head_params[head_rates.offset + i / tensors * 2 + above] = params[rates.offset + i];
    }
  }
  AlignedVector<float> want(params.size());
  AlignedVector<float> got(head_params.size());
  const Episode episode = toy_episode(10, 5, 20, 0);
  const float loss = maml->task_gradient(params, episode, *maml->make_scratch(), want);
  EXPECT_NEAR(anil->task_gradient(head_params, episode, *anil->make_scratch(), got), loss, 1e-6F);
  for (std::size_t i = 0; i < head_rates.offset; ++i) {
    EXPECT_NEAR(got[i], want[i], 1e-6F);
  }
  for (std::size_t i = 0; i < head_rates.size(); ++i) {
    EXPECT_NEAR(got[head_rates.offset + i], want[rates.offset + i / 2 * tensors + tensors - 2 + i % 2], 1e-6F);
  }
}

TEST(InContext, TellsNearFromFarBeforeItHasLearned) {
  LearnerOptions options = toy_options();
  options.encoder.hidden = {128, 128};
  options.embedding = 32;
  const auto learner = find_learner("in-context")->make(options);
  const auto scratch = learner->make_scratch();
  const Episode episode = toy_episode(10, 5, 100, 0);
  int right = 0;  // of 500 pairs
  for (std::uint64_t start = 0; start < 5; ++start) {
    AlignedVector<float> params(learner->layout().size());
    learner->initialise(params, Stream(start, Purpose::kInitialise, 0));
    std::vector<float> out(200);
    learner->score(learner->adapt(params, episode.support(), *scratch), episode.query_rows, *scratch, out);
    for (std::size_t i = 0; i < 100; ++i) {
      right += out[100 + i] > out[i] ? 1 : 0;
    }
  }
  EXPECT_GT(right, 475);
}

TEST(MlpScratch, FitsItsSupportAndRefusesOneClass) {
  const Episode episode = toy_episode(30, 10, 100, 3);
  const auto scorer = train_mlp_from_scratch(episode.support(), {}, Stream(1, Purpose::kScratch, 0));
  std::vector<float> out(200);
  scorer->score(episode.query_rows, out);
  int right = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    right += out[100 + i] > out[i] ? 1 : 0;
  }
  EXPECT_GT(right, 95);
  EXPECT_THROW(train_mlp_from_scratch(toy_episode(10, 0, 5, 0).support(), {}, Stream(1, Purpose::kScratch, 0)), ArgumentError);
}

TEST(LearnerOptions, RefusesWhatCannotBe) {
  LearnerOptions options = toy_options();
  options.inner_rate = 0;
  EXPECT_THROW(find_learner("maml")->make(options), ArgumentError);
  options = toy_options();
  options.inner_steps = 1001;
  EXPECT_THROW(find_learner("maml")->make(options), ArgumentError);
  options = toy_options();
  options.embedding = 0;
  EXPECT_THROW(find_learner("proto")->make(options), ArgumentError);
}

}  // namespace
}  // namespace oddshot
