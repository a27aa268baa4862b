// What learners hold that adapt by steps on the support's loss.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "learners/imaml.h"
#include "learners/learned_optimizer.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kFeatures = 5;

struct Rows {
  Matrix rows;
  std::vector<std::uint8_t> labels;

  Support support() const { return {rows, labels}; }
};

// Normals around 0, anomalies around 1 in every feature.
Rows toy_rows(std::size_t normals, std::size_t anomalies, std::uint64_t index) {
  Stream stream(21, Purpose::kTest, index);
  Rows out{Matrix(normals + anomalies, kFeatures), std::vector<std::uint8_t>(normals + anomalies)};
  std::fill(out.labels.begin() + static_cast<std::ptrdiff_t>(normals), out.labels.end(), std::uint8_t{1});
  for (std::size_t r = 0; r < out.labels.size(); ++r) {
    for (float& value : out.rows.row(r)) {
      value = stream.normal() + static_cast<float>(out.labels[r]);
    }
  }
  return out;
}

LearnerOptions toy_options(std::vector<std::size_t> hidden) {
  LearnerOptions options;
  options.encoder.inputs = kFeatures;
  options.encoder.hidden = std::move(hidden);
  options.inner_steps = 4;
  options.inner_rate = 0.125F;
  return options;
}

struct OptimisationLearner : testing::TestWithParam<const char*> {
  void make(const LearnerOptions& options) {
    learner = find_learner(GetParam())->make(options);
    scratch = learner->make_scratch();
    params.resize(learner->layout().size());
    learner->initialise(params, Stream(4, Purpose::kInitialise, 0));
  }
  std::vector<float> scores(const Rows& support, std::size_t steps) {
    std::vector<float> out(support.labels.size());
    learner->score(learner->adapt(params, support.support(), *scratch, steps), support.rows, *scratch, out);
    return out;
  }

  std::unique_ptr<Learner> learner;
  std::unique_ptr<Scratch> scratch;
  AlignedVector<float> params;
};

// The class-balanced cross-entropy, by its definition.
double loss_of(const std::vector<float>& logits, const std::vector<std::uint8_t>& labels) {
  std::array<double, 2> sum{};
  std::array<double, 2> count{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto z = static_cast<double>(logits[i]);
    sum[labels[i]] += std::log1p(std::exp(labels[i] == 1 ? -z : z));
    ++count[labels[i]];
  }
  return count[1] > 0 ? (sum[0] / count[0] + sum[1] / count[1]) / 2 : sum[0] / count[0];
}

INSTANTIATE_TEST_SUITE_P(All, OptimisationLearner,
                         testing::Values("maml", "fomaml", "meta-sgd", "anil", "reptile", "imaml", "learned-optimizer", "pooled-finetuned"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(OptimisationLearner, LowersAConvexSupportLossWithEveryStep) {
  make(toy_options({}));  // logistic regression
  for (const std::size_t anomalies : {std::size_t{6}, std::size_t{0}}) {
    const Rows support = toy_rows(20, anomalies, anomalies);
    double before = loss_of(scores(support, 0), support.labels);
    for (std::size_t steps = 1; steps <= 4; ++steps) {
      const double after = loss_of(scores(support, steps), support.labels);
      EXPECT_LT(after, before) << steps << " steps, " << anomalies << " anomalies";
      before = after;
    }
  }
}

TEST_P(OptimisationLearner, IsItsInitialisationWithoutStepsOrWithoutAStepSize) {
  const Rows support = toy_rows(20, 3, 0);
  LearnerOptions options = toy_options({6});
  make(options);
  const AdaptedState none = learner->adapt(params, support.support(), *scratch, 0);
  EXPECT_TRUE(std::equal(none.values.begin(), none.values.end(), params.begin()));
  options.inner_rate = 1e-20F;  // lost beside any weight, and next to nothing beside a bias of 0
  make(options);
  const AdaptedState still = learner->adapt(params, support.support(), *scratch);
  for (std::size_t i = 0; i < still.values.size(); ++i) {
    EXPECT_NEAR(still.values[i], params[i], 1e-18F);
  }
}

TEST_P(OptimisationLearner, AdaptsOnNormalsAloneByTakingThemForNormal) {
  make(toy_options({6}));
  EXPECT_EQ(learner->minimum_shots(), 0U);
  const Rows normals = toy_rows(20, 0, 0);
  const std::vector<float> before = scores(normals, 0);
  const std::vector<float> after = scores(normals, 4);
  const auto sum = [](const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0F); };
  EXPECT_LT(sum(after), sum(before) - 1);
}

TEST(LearnedOptimizer, AdaptsAsMamlDoesBeforeItHasLearned) {
  const LearnerOptions options = toy_options({7, 6});
  const auto maml = find_learner("maml")->make(options);
  const auto learned = find_learner("learned-optimizer")->make(options);
  AlignedVector<float> params(learned->layout().size());
  learned->initialise(params, Stream(4, Purpose::kInitialise, 0));
  const Rows support = toy_rows(20, 3, 0);
  const AdaptedState want = maml->adapt({params.data(), maml->layout().size()}, support.support(), *maml->make_scratch());
  const AdaptedState got = learned->adapt(params, support.support(), *learned->make_scratch());
  ASSERT_EQ(got.values.size(), want.values.size());
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    EXPECT_NEAR(got.values[i], want.values[i], 1e-6F);
  }
}

TEST(LearnedOptimizer, LeavesPaddingZero) {
  LearnerOptions options = toy_options({7, 6});
  options.encoder.activation = Activation::kTanh;
  const auto learned = find_learner("learned-optimizer")->make(options);
  const Layout& layout = learned->layout();
  AlignedVector<float> params(layout.size());
  Stream stream(9, Purpose::kTest, 0);
  std::vector<bool> padding(layout.size(), true);
  for (const Tensor& tensor : layout.tensors()) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      params[tensor.offset + i] = 0.3F * stream.normal();
      padding[tensor.offset + i] = false;
    }
  }
  const Rows support = toy_rows(20, 3, 0);
  const Rows query = toy_rows(9, 9, 1);
  AlignedVector<float> gradient(layout.size());
  const auto scratch = learned->make_scratch();
  learned->task_gradient(params, {"toy", support.rows, support.labels, query.rows, query.labels}, *scratch, gradient);
  const AdaptedState state = learned->adapt(params, support.support(), *scratch);
  for (std::size_t i = 0; i < layout.size(); ++i) {
    EXPECT_FALSE(padding[i] && gradient[i] != 0) << i;
    EXPECT_FALSE(padding[i] && i < state.values.size() && state.values[i] != 0) << i;
    EXPECT_FALSE(!padding[i] && gradient[i] == 0) << i;
  }
}

// In double, on tanh networks: what no float could tell from rounding.
struct Double {
  explicit Double(const Rows& given) : rows(given.rows.rows(), kFeatures), labels(given.labels) {
    std::copy_n(given.rows.data(), given.rows.rows() * kFeatures, rows.data());
  }
  LabelledRows<double> view() const { return {rows, labels}; }

  BasicMatrix<double> rows;
  std::vector<std::uint8_t> labels;
};

struct ImamlToy {
  ImamlToy() : support(toy_rows(12, 3, 0)), query(toy_rows(8, 8, 1)), encoder(spec(), layout, "encoder"), params(layout.size()) {
    encoder.initialise(params.data(), Stream(4, Purpose::kInitialise, 0));
  }
  static EncoderSpec spec() { return {.inputs = kFeatures, .hidden = {4}, .activation = Activation::kTanh}; }
  // The gradient; loss_of() alone if `gradient` is null.
  double loss(const AlignedVector<double>& at, double proximity, std::size_t steps, std::size_t conjugate_steps,
              AlignedVector<double>& gradient) {
    gradient.resize(layout.size());
    return imaml_gradient<double>(encoder, at, support.view(), query.view(), {.rate = 0.5, .momentum = 0.5, .proximity = proximity}, steps,
                                  conjugate_steps, scratch, gradient);
  }

  Double support;
  Double query;
  Layout layout;
  nets::Encoder<double> encoder;
  AlignedVector<double> params;
  ImamlScratch<double> scratch;
};

TEST(Imaml, HasTheGradientOfTheSolvedInnerProblem) {
  ImamlToy toy;
  AlignedVector<double> gradient;
  AlignedVector<double> unused;
  toy.loss(toy.params, 0.25, 1000, 100, gradient);
  EXPECT_FALSE(toy.scratch.indefinite);
  constexpr double kStep = 1e-5;
  for (const Tensor& tensor : toy.layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      AlignedVector<double> up = toy.params;
      AlignedVector<double> down = toy.params;
      up[i] += kStep;
      down[i] -= kStep;
      const double slope = (toy.loss(up, 0.25, 1000, 1, unused) - toy.loss(down, 0.25, 1000, 1, unused)) / (2 * kStep);
      EXPECT_NEAR(gradient[i], slope, 1e-8) << tensor.name << "[" << i - tensor.offset << "]";
    }
  }
}

TEST(Imaml, TendsToTheQuerysGradientAtTheStartForAGreatProximity) {
  ImamlToy toy;
  AlignedVector<double> plain;
  toy.loss(toy.params, 1, 0, 0, plain);
  double last = 1;
  for (const double proximity : {1e1, 1e3, 1e5}) {
    AlignedVector<double> gradient;
    toy.loss(toy.params, proximity, 50, 20, gradient);
    double most = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      most = std::max(most, std::abs(gradient[i] - plain[i]));
    }
    EXPECT_LT(most, 0.05 * last) << proximity;
    last = most;
  }
  EXPECT_GT(last, 0.0);
}

TEST(Imaml, StopsBeforeNegativeCurvatureWithADirectionOfDescent) {
  ImamlToy toy;
  for (double& value : toy.params) {
    value *= 3;  // far from any minimum
  }
  AlignedVector<double> query_gradient;
  toy.loss(toy.params, 1e-3, 2, 0, query_gradient);
  AlignedVector<double> gradient;
  toy.loss(toy.params, 1e-3, 2, 100, gradient);
  EXPECT_TRUE(toy.scratch.indefinite);
  EXPECT_LT(toy.scratch.conjugate_steps, 100U);
  double along = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    along += gradient[i] * query_gradient[i];
  }
  EXPECT_GT(along, 0.0);
}

TEST(LearnedOptimizer, HasTheGradientThatDifferencesShow) {
  LearnerOptions options = toy_options({4});
  options.encoder.activation = Activation::kTanh;
  options.optimizer_width = 3;
  const LearnedOptimizerModel<double> model(options);
  const Double support(toy_rows(12, 3, 0));
  const Double query(toy_rows(8, 8, 1));
  AlignedVector<double> params(model.layout.size());
  Stream stream(9, Purpose::kTest, 1);
  for (const Tensor& tensor : model.layout.tensors()) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      params[tensor.offset + i] = 0.5 * static_cast<double>(stream.normal());
    }
  }
  LearnedOptimizerScratch<double> scratch;
  AlignedVector<double> gradient(model.layout.size());
  AlignedVector<double> unused(model.layout.size());
  model.meta_gradient(params, support.view(), query.view(), scratch, gradient);
  constexpr double kStep = 1e-6;
  for (const Tensor& tensor : model.layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      AlignedVector<double> up = params;
      AlignedVector<double> down = params;
      up[i] += kStep;
      down[i] -= kStep;
      const double slope = (model.meta_gradient(up, support.view(), query.view(), scratch, unused) -
                            model.meta_gradient(down, support.view(), query.view(), scratch, unused)) /
                           (2 * kStep);
      EXPECT_NEAR(gradient[i], slope, 1e-8) << tensor.name << "[" << i - tensor.offset << "]";
    }
  }
}

}  // namespace
}  // namespace oddshot::learners
