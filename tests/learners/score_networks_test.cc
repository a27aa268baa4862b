// Networks on scores: score-net and gate.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "learners/gate.h"
#include "learners/score_net.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kWidth = 5;

BasicMatrix<double> noise(std::size_t rows, std::uint64_t index) {
  Stream stream(22, Purpose::kTest, index);
  BasicMatrix<double> out(rows, kWidth);
  for (std::size_t i = 0; i < rows * kWidth; ++i) out.data()[i] = static_cast<double>(stream.normal());
  return out;
}

LearnerOptions small(std::size_t members) {
  LearnerOptions options;
  options.encoder.inputs = kWidth;
  options.encoder.hidden = {6, 4};
  options.encoder.activation = Activation::kTanh;
  options.members = members;
  return options;
}

template <class Model, class Scratch>
void expect_gradient_of_central_differences() {
  const BasicMatrix<double> support = noise(6, 1);
  const BasicMatrix<double> query = noise(9, 2);
  const std::vector<std::uint8_t> asked{0, 0, 0, 0, 0, 1, 1, 1, 0};
  for (const auto& known : {std::vector<std::uint8_t>{0, 0, 0, 1, 1, 1}, std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0}}) {
    const Model model(small(2));
    AlignedVector<double> params(model.layout.size());
    Stream stream(3, Purpose::kTest, 3);
    for (const Tensor& tensor : model.layout.tensors()) {
      for (std::size_t i = 0; i < tensor.size(); ++i) params[tensor.offset + i] = 0.4 * static_cast<double>(stream.normal());
    }
    Scratch scratch;
    AlignedVector<double> gradient(params.size());
    AlignedVector<double> unused(params.size());
    model.meta_gradient(params, {support, known}, {query, asked}, scratch, gradient);
    for (const Tensor& tensor : model.layout.tensors()) {
      for (std::size_t i = 0; i < tensor.size(); ++i) {
        constexpr double kStep = 1e-5;
        double& value = params[tensor.offset + i];
        const double kept = value;
        value = kept + kStep;
        const double up = model.meta_gradient(params, {support, known}, {query, asked}, scratch, unused);
        value = kept - kStep;
        const double down = model.meta_gradient(params, {support, known}, {query, asked}, scratch, unused);
        value = kept;
        EXPECT_NEAR(gradient[tensor.offset + i], (up - down) / (2 * kStep), 1e-8) << tensor.name << " element " << i;
      }
    }
  }
}

TEST(ScoreNet, GradientAgreesWithCentralDifferences) {
  expect_gradient_of_central_differences<ScoreNetModel<double>, ScoreNetScratch<double>>();
}

TEST(Gate, GradientAgreesWithCentralDifferences) { expect_gradient_of_central_differences<GateModel<double>, GateScratch<double>>(); }

// What adapting adds to the gate's own weights, and the deviations over the normals that say how much, each computed here anew.
TEST(Gate, LeansOnTheMeanOfTheScoresTheLessTheMoreAnomaliesAreKnown) {
  const auto learner = make_gate(small(2));
  const GateModel<float> model(small(2));
  AlignedVector<float> params(learner->layout().size());
  learner->initialise(params, Stream(5, Purpose::kInitialise, 0));
  Matrix rows(6, kWidth);
  for (std::size_t i = 0; i < 6 * kWidth; ++i) rows.data()[i] = std::sin(static_cast<float>(3 * i));
  for (const auto& labels : {std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0}, std::vector<std::uint8_t>{0, 1, 0, 0, 1, 0}}) {
    const auto scratch = learner->make_scratch();
    const AdaptedState state = learner->adapt(params, {rows, labels}, *scratch);
    GateScratch<float> own;
    model.read({rows, labels}, own);
    model.lay_out(rows, own);
    for (std::size_t m = 0; m < 2; ++m) {
      model.gates[m].forward(params.data(), own.evidence, own.gate_tape, nets::Keep::kOutputsOnly);
      const MatrixView said = own.gate_tape.output();
      model.judge(params.data(), m, said.data, rows, own, nets::Keep::kOutputsOnly);
      double sums[4] = {0, 0, 0, 0};  // of the logits, their squares, the mean scores, their squares
      double normals = 0;
      for (std::size_t i = 0; i < 6; ++i) {
        if (labels[i] != 0) continue;
        double mean = 0;
        for (std::size_t j = 0; j < kWidth; ++j) mean += static_cast<double>(rows(i, j)) / kWidth;
        const auto logit = static_cast<double>(own.logits[i]);
        sums[0] += logit;
        sums[1] += logit * logit;
        sums[2] += mean;
        sums[3] += mean * mean;
        ++normals;
      }
      const double ratio = (sums[1] - sums[0] * sums[0] / normals) / (sums[3] - sums[2] * sums[2] / normals);
      const double more = 0.5 / (1 + 6 - normals) * std::sqrt(ratio) / kWidth;
      ASSERT_GT(more, 0.01);
      const Tensor& tensor = state.layout[*state.layout.find("member." + std::to_string(m) + ".weights")];
      for (std::size_t j = 0; j < kWidth; ++j) {
        EXPECT_NEAR(state.values[tensor.offset + 2 * j], static_cast<double>(said(j, 0)) + more, 1e-5);
        EXPECT_EQ(state.values[tensor.offset + 2 * j + 1], said(j, 1));
      }
    }
  }
}

class ScoreNetworks : public ::testing::TestWithParam<std::unique_ptr<Learner> (*)(const LearnerOptions&)> {};

TEST_P(ScoreNetworks, StartAsAMultipleOfTheMeanScoreAndLittleElse) {
  const auto learner = GetParam()(small(3));
  const auto scratch = learner->make_scratch();
  AlignedVector<float> params(learner->layout().size());
  learner->initialise(params, Stream(2, Purpose::kInitialise, 0));
  Matrix rows(2, kWidth);
  std::fill_n(rows.data(), kWidth, 1.0F);
  std::fill_n(rows.data() + kWidth, kWidth, -1.0F);
  const std::vector<std::uint8_t> labels{0, 1};  // one normal: the gate has no spread by which to lean on the mean
  const AdaptedState state = learner->adapt(params, {rows, labels}, *scratch);
  std::vector<float> scores(2);
  learner->score(state, rows, *scratch, scores);
  EXPECT_NEAR(scores[0], 3, 0.5);
  EXPECT_NEAR(scores[1], -3, 0.5);
}

TEST_P(ScoreNetworks, ScoreAsTheMeanOfTheirMembers) {
  const auto three = GetParam()(small(3));
  const auto one = GetParam()(small(1));
  const auto scratch = three->make_scratch();
  AlignedVector<float> params(three->layout().size());
  three->initialise(params, Stream(2, Purpose::kInitialise, 0));
  Matrix rows(4, kWidth);
  for (std::size_t i = 0; i < 4 * kWidth; ++i) rows.data()[i] = std::sin(static_cast<float>(3 * i));
  const std::vector<std::uint8_t> labels{0, 0, 1, 1};
  std::vector<float> together(4);
  three->score(three->adapt(params, {rows, labels}, *scratch), rows, *scratch, together);
  std::vector<float> sum(4);
  const std::size_t size = one->layout().size();
  for (std::size_t m = 0; m < 3; ++m) {
    std::vector<float> alone(4);
    const std::span<const float> part = std::span<const float>(params).subspan(m * size, size);
    one->score(one->adapt(part, {rows, labels}, *scratch), rows, *scratch, alone);
    for (std::size_t r = 0; r < 4; ++r) sum[r] += alone[r];
  }
  for (std::size_t r = 0; r < 4; ++r) EXPECT_NEAR(together[r], sum[r] / 3, 1e-5F);
}

TEST_P(ScoreNetworks, RefuseRowsOfAnotherWidth) {
  const auto learner = GetParam()(small(1));
  const auto scratch = learner->make_scratch();
  const AlignedVector<float> params(learner->layout().size());
  const Matrix rows(2, kWidth + 1);
  const std::vector<std::uint8_t> labels{0, 1};
  EXPECT_THROW(learner->adapt(params, {rows, labels}, *scratch), ShapeError);
}

INSTANTIATE_TEST_SUITE_P(All, ScoreNetworks, ::testing::Values(&make_score_net, &make_gate),
                         [](const auto& tested) { return tested.index == 0 ? std::string("score_net") : std::string("gate"); });

}  // namespace
}  // namespace oddshot::learners
