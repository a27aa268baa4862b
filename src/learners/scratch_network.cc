#include "learners/scratch_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

EncoderSpec with_inputs(EncoderSpec spec, std::size_t inputs) {
  spec.inputs = inputs;
  return spec;
}

}  // namespace

ScratchNetwork::ScratchNetwork(MatrixView rows, std::span<const std::uint8_t> labels, EncoderSpec spec, Biases biases, Stream stream)
    : centre_(rows.cols), biases_(biases), encoder_(with_inputs(std::move(spec), rows.cols), layout_, "encoder"), params_(layout_.size()) {
  const auto normals = static_cast<double>(std::ranges::count(labels, std::uint8_t{0}));
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; labels[r] == 0 && c < rows.cols; ++c) centre_[c] += static_cast<double>(rows(r, c)) / normals;
  }
  double square = 0;
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) square += std::pow(static_cast<double>(rows(r, c)) - centre_[c], 2);
  }
  if (square > 0) scale_ = std::sqrt(static_cast<double>(rows.rows * rows.cols) / square);
  rows_ = seen(rows);
  encoder_.initialise(params_.data(), stream);
}

Matrix ScratchNetwork::seen(MatrixView rows) const {
  if (rows.cols != centre_.size()) {
    throw ShapeError("rows of " + std::to_string(rows.cols) + " columns, trained on " + std::to_string(centre_.size()));
  }
  Matrix out(rows.rows, rows.cols);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) out(r, c) = static_cast<float>((static_cast<double>(rows(r, c)) - centre_[c]) * scale_);
  }
  return out;
}

void ScratchNetwork::step(const ScratchTraining& training, std::size_t t, AlignedVector<float>& gradient, AlignedVector<float>& m,
                          AlignedVector<float>& v) {
  for (float& value : params_) value *= 1 - training.rate * training.weight_decay;
  encoder_.kernels().adam(params_.size(), training.rate, 0.9F, 0.999F, 1e-8F, t, gradient.data(), m.data(), v.data(), params_.data());
  if (biases_ == Biases::kLearned) return;
  for (const Tensor& tensor : layout_.tensors()) {
    if (tensor.name.ends_with(".bias")) std::fill_n(params_.data() + tensor.offset, tensor.size(), 0.0F);
  }
}

ClassCounts::ClassCounts(std::span<const std::uint8_t> labels)
    : normals(static_cast<float>(std::ranges::count(labels, std::uint8_t{0}))), anomalies(static_cast<float>(labels.size()) - normals) {}

}  // namespace oddshot::learners
