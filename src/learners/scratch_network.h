// A small network trained from a random start on one support, all of its rows at every step: what devnet and deep-sad share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "nets/encoder.h"
#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"

namespace oddshot::learners {

struct ScratchTraining {
  std::size_t steps = 0;
  float rate = 0;
  float weight_decay = 0;
};

// Whether the network's layers have biases or keep them at 0.
enum class Biases : bool { kNone, kLearned };

class ScratchNetwork {
 public:
  // rows [R x D], labels [R] with at least one normal. Rows are seen less the normals' mean, over the root of their mean square then.
  ScratchNetwork(MatrixView rows, std::span<const std::uint8_t> labels, EncoderSpec spec, Biases biases, Stream stream);

  // slope(outputs [R x O], d): fills d [R x O] with the loss's derivative in the outputs of the fitting rows.
  template <class Slope>
  void train(const ScratchTraining& training, const Slope& slope) {
    AlignedVector<float> gradient(layout_.size());
    AlignedVector<float> m(layout_.size());
    AlignedVector<float> v(layout_.size());
    nets::Tape<float> tape;
    Matrix d(rows_.rows(), encoder_.spec().outputs);
    for (std::size_t t = 1; t <= training.steps; ++t) {
      encoder_.forward(params_.data(), rows_, tape);
      slope(tape.output(), d);
      encoder_.backward(params_.data(), d, tape, gradient.data());
      step(training, t, gradient, m, v);
    }
  }

  // [M x O] for any rows [M x D], a block of them at a time: use(first row, outputs).
  template <class Use>
  void outputs(MatrixView rows, const Use& use) const {
    nets::Tape<float> tape;
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const Matrix block = seen(rows.slice(first, std::min(kBlock, rows.rows - first)));
      encoder_.forward(params_.data(), block, tape, nets::Keep::kOutputsOnly);
      use(first, tape.output());
    }
  }

 private:
  static constexpr std::size_t kBlock = 256;

  Matrix seen(MatrixView rows) const;
  void step(const ScratchTraining& training, std::size_t t, AlignedVector<float>& gradient, AlignedVector<float>& m,
            AlignedVector<float>& v);

  std::vector<double> centre_;  // [D]
  double scale_ = 1;
  Matrix rows_;  // as seen
  Biases biases_;
  Layout layout_;
  nets::Encoder<float> encoder_;
  AlignedVector<float> params_;
};

// How many of a support's rows are anomalies, and not.
struct ClassCounts {
  explicit ClassCounts(std::span<const std::uint8_t> labels);
  float normals = 0;
  float anomalies = 0;
};

}  // namespace oddshot::learners
