// Gradients and Hessian-vector products against central differences in double, with smooth activations (the kink of a ReLU makes
// differences lie).
#include "nets/encoder.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot::nets {
namespace {

struct Case {
  std::string name;
  std::vector<std::size_t> hidden;
  Activation activation;
  bool layer_norm;
};

std::vector<Case> smooth_cases() {
  return {{"linear", {}, Activation::kTanh, false},       {"tanh", {5}, Activation::kTanh, false},
          {"tanh2", {5, 17}, Activation::kTanh, false},   {"gelu3", {6, 3, 4}, Activation::kGelu, false},
          {"tanh_norm", {5, 4}, Activation::kTanh, true}, {"gelu_norm", {19, 6}, Activation::kGelu, true}};
}

// A scalar function of the outputs whose derivatives are known: sum of sin(output + position).
template <class T>
struct Problem {
  explicit Problem(const Case& c, std::size_t rows = 6)
      : encoder(EncoderSpec{.inputs = 7, .hidden = c.hidden, .outputs = 2, .activation = c.activation, .layer_norm = c.layer_norm}, layout,
                "encoder"),
        params(layout.size()),
        x(rows, 7) {
    encoder.initialise(params.data(), Stream(3, Purpose::kTest, 0));
    Stream stream(3, Purpose::kTest, 1);
    for (const Tensor& tensor : layout.tensors()) {  // biases and gains off their start, so that nothing vanishes by luck
      for (std::size_t i = 0; i < tensor.size(); ++i) {
        params[tensor.offset + i] += static_cast<T>(0.2F * stream.normal());
      }
    }
    for (std::size_t i = 0; i < rows * 7; ++i) {
      x.data()[i] = static_cast<T>(stream.normal());
    }
  }

  T value(const AlignedVector<T>& at) const {
    Tape<T> tape;
    encoder.forward(at.data(), x, tape);
    T sum = 0;
    for (std::size_t i = 0; i < x.rows() * 2; ++i) {
      sum += std::sin(tape.output().data[i] + static_cast<T>(i));
    }
    return sum;
  }

  // Also leaves the tape behind, for a tangent pass.
  AlignedVector<T> gradient(const AlignedVector<T>& at, Tape<T>& tape) const {
    encoder.forward(at.data(), x, tape);
    BasicMatrix<T> d(x.rows(), 2);
    for (std::size_t i = 0; i < x.rows() * 2; ++i) {
      d.data()[i] = std::cos(tape.output().data[i] + static_cast<T>(i));
    }
    AlignedVector<T> out(layout.size());
    encoder.backward(at.data(), d, tape, out.data());
    return out;
  }

  AlignedVector<T> hessian_product(const AlignedVector<T>& direction) const {
    Tape<T> tape;
    gradient(params, tape);
    TangentTape<T> tangent;
    encoder.tangent_forward(params.data(), direction.data(), tape, tangent);
    BasicMatrix<T> d(x.rows(), 2);
    for (std::size_t i = 0; i < x.rows() * 2; ++i) {
      d.data()[i] = -std::sin(tape.output().data[i] + static_cast<T>(i)) * tangent.output().data[i];
    }
    AlignedVector<T> out(layout.size());
    encoder.tangent_backward(params.data(), direction.data(), d, tape, tangent, out.data());
    return out;
  }

  AlignedVector<T> random_direction(std::uint64_t index) const {
    AlignedVector<T> v(layout.size());
    Stream stream(5, Purpose::kTest, index);
    for (const Tensor& tensor : layout.tensors()) {
      for (std::size_t i = 0; i < tensor.size(); ++i) {
        v[tensor.offset + i] = static_cast<T>(stream.normal());
      }
    }
    return v;
  }

  Layout layout;
  Encoder<T> encoder;
  AlignedVector<T> params;
  BasicMatrix<T> x;
};

TEST(Encoder, GradientAgreesWithCentralDifferences) {
  for (const Case& c : smooth_cases()) {
    const Problem<double> problem(c);
    Tape<double> tape;
    const auto gradient = problem.gradient(problem.params, tape);
    const double h = 1e-5;
    for (const Tensor& tensor : problem.layout.tensors()) {
      for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        auto up = problem.params;
        auto down = problem.params;
        up[i] += h;
        down[i] -= h;
        // truncation h^2 f''' / 6 and rounding eps f / h are both about 1e-10
        EXPECT_NEAR(gradient[i], (problem.value(up) - problem.value(down)) / (2 * h), 2e-8) << c.name << " " << tensor.name;
      }
    }
  }
}

TEST(Encoder, HessianProductAgreesWithCentralDifferencesOfTheGradient) {
  for (const Case& c : smooth_cases()) {
    const Problem<double> problem(c);
    const auto direction = problem.random_direction(0);
    const auto product = problem.hessian_product(direction);
    const double h = 1e-5;
    auto up = problem.params;
    auto down = problem.params;
    for (std::size_t i = 0; i < up.size(); ++i) {
      up[i] += h * direction[i];
      down[i] -= h * direction[i];
    }
    Tape<double> tape;
    const auto high = problem.gradient(up, tape);
    const auto low = problem.gradient(down, tape);
    for (std::size_t i = 0; i < up.size(); ++i) {
      EXPECT_NEAR(product[i], (high[i] - low[i]) / (2 * h), 1e-6) << c.name << " element " << i;
    }
  }
}

TEST(Encoder, HessianIsSymmetricThroughARelu) {
  for (const bool layer_norm : {false, true}) {
    const Problem<double> problem({"relu", {8, 5}, Activation::kRelu, layer_norm});
    const auto u = problem.random_direction(1);
    const auto v = problem.random_direction(2);
    const auto hu = problem.hessian_product(u);
    const auto hv = problem.hessian_product(v);
    double uhv = 0;
    double vhu = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      uhv += u[i] * hv[i];
      vhu += v[i] * hu[i];
    }
    EXPECT_NEAR(uhv, vhu, 1e-10 * std::abs(uhv));
    EXPECT_GT(std::abs(uhv), 1e-3);
  }
}

TEST(Encoder, GradientFromTheLastHiddenLayerIsThatOfTheWholeLessTheHead) {
  for (const Case& c : smooth_cases()) {
    const Problem<double> problem(c);
    Tape<double> tape;
    const auto whole = problem.gradient(problem.params, tape);
    const auto& encoder = problem.encoder;
    const BasicMatrixView<double> hidden = encoder.hidden(tape);
    BasicMatrix<double> d_hidden(hidden.rows, hidden.cols);  // dloss/dhidden = dloss/doutput W^T of the last layer
    for (std::size_t r = 0; r < hidden.rows; ++r) {
      for (std::size_t h = 0; h < hidden.cols; ++h) {
        for (std::size_t o = 0; o < 2; ++o) {
          d_hidden(r, h) +=
              std::cos(tape.output()(r, o) + static_cast<double>(r * 2 + o)) * problem.params[encoder.head_weight() + h * 2 + o];
        }
      }
    }
    AlignedVector<double> part(problem.layout.size());
    encoder.backward_hidden(problem.params.data(), d_hidden, tape, part.data());
    for (std::size_t i = 0; i < part.size(); ++i) {
      EXPECT_NEAR(part[i], i < encoder.head_weight() ? whole[i] : 0.0, 1e-12) << c.name << " element " << i;
    }
  }
}

TEST(Encoder, LeavesPaddingZero) {
  const Problem<float> problem({"tanh", {5, 3}, Activation::kTanh, true});
  Tape<float> tape;
  const auto gradient = problem.gradient(problem.params, tape);
  const auto product = problem.hessian_product(problem.random_direction(0));
  std::vector<bool> real(problem.layout.size(), false);
  for (const Tensor& tensor : problem.layout.tensors()) {
    std::fill_n(real.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size(), true);
  }
  for (std::size_t i = 0; i < real.size(); ++i) {
    if (!real[i]) {
      EXPECT_EQ(problem.params[i], 0.0F);
      EXPECT_EQ(gradient[i], 0.0F);
      EXPECT_EQ(product[i], 0.0F);
    }
  }
}

// Factors of 1, 2, 3, ... for the tensors in order.
std::vector<double> rising_factors(const Layout& layout) {
  std::vector<double> factors;
  for (std::size_t t = 0; t < layout.tensors().size(); ++t) factors.push_back(static_cast<double>(t + 1));
  return factors;
}

// base + factor * g, tensor by tensor.
AlignedVector<double> combined(const Layout& layout, const AlignedVector<double>& base, const AlignedVector<double>& g) {
  AlignedVector<double> sum = base;
  for (std::size_t t = 0; t < layout.tensors().size(); ++t) {
    const Tensor& tensor = layout[t];
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) sum[i] += static_cast<double>(t + 1) * g[i];
  }
  return sum;
}

TEST(Encoder, AStepIsTheParametersAndEachTensorsShareOfTheGradient) {
  for (const Case& c : smooth_cases()) {
    const Problem<double> problem(c);
    Tape<double> tape;
    const auto expected = combined(problem.layout, problem.params, problem.gradient(problem.params, tape));
    BasicMatrix<double> d(problem.x.rows(), 2);
    for (std::size_t i = 0; i < d.rows() * 2; ++i) d.data()[i] = std::cos(tape.output().data[i] + static_cast<double>(i));
    const std::vector<double> factors = rising_factors(problem.layout);
    AlignedVector<double> next(problem.layout.size());
    problem.encoder.backward(problem.params.data(), d, tape,
                             Destination<double>{.out = next.data(), .base = problem.params.data(), .factors = factors});
    for (std::size_t i = 0; i < next.size(); ++i) EXPECT_NEAR(next[i], expected[i], 1e-13) << c.name << " element " << i;
  }
}

TEST(Encoder, AHessianProductMayBeAddedToItsOwnDirection) {
  for (Case c : smooth_cases()) {
    for (const bool relu : {false, true}) {
      if (relu) c.activation = Activation::kRelu;
      const Problem<double> problem(c);
      auto v = problem.random_direction(4);
      const auto expected = combined(problem.layout, v, problem.hessian_product(v));
      Tape<double> tape;
      problem.gradient(problem.params, tape);
      TangentTape<double> tangent;
      problem.encoder.tangent_forward(problem.params.data(), v.data(), tape, tangent);
      BasicMatrix<double> d(problem.x.rows(), 2);
      for (std::size_t i = 0; i < d.rows() * 2; ++i) {
        d.data()[i] = -std::sin(tape.output().data[i] + static_cast<double>(i)) * tangent.output().data[i];
      }
      const std::vector<double> factors = rising_factors(problem.layout);
      problem.encoder.tangent_backward(problem.params.data(), v.data(), d, tape, tangent,
                                       Destination<double>{.out = v.data(), .base = v.data(), .factors = factors});
      for (std::size_t i = 0; i < v.size(); ++i) EXPECT_NEAR(v[i], expected[i], 1e-12) << c.name << " element " << i;
    }
  }
}

TEST(Encoder, FloatAgreesWithDouble) {
  for (const Activation activation : {Activation::kRelu, Activation::kTanh, Activation::kGelu}) {
    for (const bool layer_norm : {false, true}) {
      const Case c{"float", {16, 9}, activation, layer_norm};
      const Problem<float> work(c, 13);
      Problem<double> oracle(c, 13);
      oracle.params.assign(work.params.begin(), work.params.end());
      for (std::size_t i = 0; i < 13 * 7; ++i) {
        oracle.x.data()[i] = static_cast<double>(work.x.data()[i]);
      }
      Tape<float> tape;
      Tape<double> oracle_tape;
      const auto got = work.gradient(work.params, tape);
      const auto want = oracle.gradient(oracle.params, oracle_tape);
      double scale = 0;
      for (const double value : want) {
        scale = std::max(scale, std::abs(value));
      }
      for (std::size_t i = 0; i < got.size(); ++i) {
        // sums of about 100 terms of the gradient's own size: 100 * 6e-8
        EXPECT_NEAR(static_cast<double>(got[i]), want[i], 6e-6 * scale) << to_string(activation) << layer_norm;
      }
    }
  }
}

TEST(Encoder, GivesTheSameRowsWhateverTheBatch) {
  const Problem<float> problem({"relu", {33, 9}, Activation::kRelu, false}, 41);
  Tape<float> whole;
  problem.encoder.forward(problem.params.data(), problem.x, whole, Keep::kOutputsOnly);
  for (std::size_t r = 0; r < 41; ++r) {
    Tape<float> one;
    problem.encoder.forward(problem.params.data(), problem.x.view().slice(r, 1), one, Keep::kOutputsOnly);
    EXPECT_EQ(one.output()(0, 0), whole.output()(r, 0));
    EXPECT_EQ(one.output()(0, 1), whole.output()(r, 1));
  }
}

TEST(Encoder, StartsWithHeVariance) {
  Layout layout;
  const Encoder<float> encoder({.inputs = 200, .hidden = {300}, .outputs = 1}, layout, "encoder");
  AlignedVector<float> params(layout.size());
  encoder.initialise(params.data(), Stream(1, Purpose::kInitialise, 0));
  double sum = 0;
  for (std::size_t i = 0; i < 60000; ++i) {
    sum += static_cast<double>(params[i]) * static_cast<double>(params[i]);
  }
  EXPECT_NEAR(sum / 60000, 2.0 / 200, 2e-4);  // its standard error is 0.01 * sqrt(2 / 60000) = 6e-5
}

TEST(Encoder, AcceptsNoRows) {
  const Problem<float> problem({"relu", {4}, Activation::kRelu, false}, 0);
  Tape<float> tape;
  const auto gradient = problem.gradient(problem.params, tape);
  for (const float value : gradient) {
    EXPECT_EQ(value, 0.0F);
  }
}

}  // namespace
}  // namespace oddshot::nets
