#include "learners/coordinate_update.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace oddshot::learners {
namespace {

constexpr std::size_t kScales = 3;
constexpr std::size_t kInputs = kScales + 2;  // of the network: the scales, the loss, the step
constexpr std::size_t kBlock = 128;           // coordinates at once: planes of 16 + 14 times 128 floats, 15 KiB, stay in L1

template <class T>
constexpr std::array<T, kScales> kScale{T(0.1), T(0.01), T(0.001)};
template <class T>
constexpr T kWeightOfOutput = T(0.01);

// Calls visit(tensor, offset, count) for blocks of coordinates that lie within one tensor.
template <class Visit>
void for_each_block(const Layout& layout, std::size_t tensors, const Visit& visit) {
  for (std::size_t t = 0; t < tensors; ++t) {
    const std::size_t size = layout[t].size();
    for (std::size_t first = 0; first < size; first += kBlock) {
      visit(t, layout[t].offset + first, std::min(kBlock, size - first));
    }
  }
}

}  // namespace

template <class T>
CoordinateUpdate<T>::CoordinateUpdate(std::size_t width, Layout& layout, const kernels::Table<T>& kernels)
    : width_(width),
      tensors_(layout.tensors().size()),
      rate_(layout[layout.add("optimizer.rate", {tensors_})].offset),
      input_weight_(layout[layout.add("optimizer.0.weight", {kInputs, width})].offset),
      input_bias_(layout[layout.add("optimizer.0.bias", {width})].offset),
      output_weight_(layout[layout.add("optimizer.1.weight", {width, 2})].offset),
      output_bias_(layout[layout.add("optimizer.1.bias", {2})].offset),
      kernels_(&kernels) {}

template <class T>
void CoordinateUpdate<T>::initialise(T* params, T rate, Stream stream) const {
  std::fill_n(params + rate_, tensors_, rate);
  const T deviation = 1 / std::sqrt(static_cast<T>(kInputs));
  for (std::size_t i = 0; i < kInputs * width_; ++i) {
    params[input_weight_ + i] = deviation * static_cast<T>(stream.normal());
  }
  std::fill_n(params + input_bias_, width_, T{0});
  std::fill_n(params + output_weight_, 2 * width_, T{0});
  std::fill_n(params + output_bias_, 2, T{0});
}

// What all coordinates of a step share: the weights, with loss and step folded into the bias.
template <class T>
void CoordinateUpdate<T>::prepare(const T* params, Moment moment, UpdateScratch<T>& scratch) const {
  const T* weight = params + input_weight_;
  scratch.in.assign(weight, weight + kScales * width_);
  scratch.in.insert(scratch.in.end(), params + input_bias_, params + input_bias_ + width_);
  T* shared = scratch.in.data() + kScales * width_;
  T of_loss = 0;
  kernels_->squash(1, T{1}, &moment.loss, &of_loss, nullptr);
  kernels_->axpy(width_, of_loss, weight + kScales * width_, shared);
  kernels_->axpy(width_, moment.share, weight + (kScales + 1) * width_, shared);
  scratch.out.assign(params + output_weight_, params + output_weight_ + 2 * width_);
  scratch.out.insert(scratch.out.end(), params + output_bias_, params + output_bias_ + 2);
  scratch.inputs.resize(kScales * kBlock);
  scratch.slopes.resize(kScales * kBlock);
  scratch.hidden.resize(width_ * kBlock);
  scratch.outputs.resize(2 * kBlock);
  scratch.gate.resize(kBlock);
  scratch.d_outputs.resize(2 * kBlock);
  scratch.d_inputs.resize(kScales * kBlock);
}

template <class T>
void CoordinateUpdate<T>::evaluate(std::size_t count, const T* gradient, UpdateScratch<T>& scratch) const {
  for (std::size_t s = 0; s < kScales; ++s) {
    kernels_->squash(count, kScale<T>[s], gradient, scratch.inputs.data() + s * kBlock, scratch.slopes.data() + s * kBlock);
  }
  kernels_->shared_forward(scratch.network(), count, scratch.inputs.data(), kBlock, scratch.hidden.data(), scratch.outputs.data());
  kernels_->logistic(count, scratch.outputs.data(), scratch.gate.data(), nullptr);
}

template <class T>
void CoordinateUpdate<T>::apply(const Layout& layout, const T* params, Moment moment, const T* gradient, const T* theta, T* next,
                                UpdateScratch<T>& scratch) const {
  prepare(params, moment, scratch);
  for_each_block(layout, tensors_, [&](std::size_t tensor, std::size_t offset, std::size_t count) {
    evaluate(count, gradient + offset, scratch);
    const T rate = params[rate_ + tensor];
    const T* b = scratch.outputs.data() + kBlock;
    for (std::size_t i = 0; i < count; ++i) {
      next[offset + i] = theta[offset + i] - rate * (2 * scratch.gate[i] * gradient[offset + i] + kWeightOfOutput<T> * b[i]);
    }
  });
}

template <class T>
T CoordinateUpdate<T>::pull_back(const Layout& layout, const T* params, Moment moment, const T* gradient, const T* v, T* d_gradient,
                                 T* d_params, UpdateScratch<T>& scratch) const {
  prepare(params, moment, scratch);
  scratch.d_in.assign((kScales + 1) * width_, T{0});
  scratch.d_out.assign(2 * (width_ + 1), T{0});
  for_each_block(layout, tensors_, [&](std::size_t tensor, std::size_t offset, std::size_t count) {
    const T* g = gradient + offset;
    evaluate(count, g, scratch);
    const T rate = params[rate_ + tensor];
    const T* b = scratch.outputs.data() + kBlock;
    T* d_a = scratch.d_outputs.data();
    T* d_b = scratch.d_outputs.data() + kBlock;
    T d_rate = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T p = scratch.gate[i];
      const T u = -rate * v[offset + i];
      d_rate -= v[offset + i] * (2 * p * g[i] + kWeightOfOutput<T> * b[i]);
      d_a[i] = u * g[i] * 2 * p * (1 - p);
      d_b[i] = u * kWeightOfOutput<T>;
      d_gradient[offset + i] = u * 2 * p;
    }
    d_params[rate_ + tensor] += d_rate;

    kernels_->shared_backward(scratch.network(), count, scratch.inputs.data(), kBlock, scratch.hidden.data(), d_a, scratch.d_inputs.data(),
                              scratch.d_in.data(), scratch.d_out.data());
    for (std::size_t s = 0; s < kScales; ++s) {
      for (std::size_t i = 0; i < count; ++i) {
        d_gradient[offset + i] += scratch.d_inputs[s * kBlock + i] * scratch.slopes[s * kBlock + i];
      }
    }
  });
  const T* d_shared = scratch.d_in.data() + kScales * width_;
  kernels_->axpy(kScales * width_, T{1}, scratch.d_in.data(), d_params + input_weight_);
  kernels_->axpy(2 * width_, T{1}, scratch.d_out.data(), d_params + output_weight_);
  kernels_->axpy(2, T{1}, scratch.d_out.data() + 2 * width_, d_params + output_bias_);
  const T* loss_weight = params + input_weight_ + kScales * width_;
  T of_loss = 0;
  T slope_of_loss = 0;
  kernels_->squash(1, T{1}, &moment.loss, &of_loss, &slope_of_loss);
  kernels_->axpy(width_, of_loss, d_shared, d_params + input_weight_ + kScales * width_);
  kernels_->axpy(width_, moment.share, d_shared, d_params + input_weight_ + (kScales + 1) * width_);
  kernels_->axpy(width_, T{1}, d_shared, d_params + input_bias_);
  return slope_of_loss * kernels_->dot(width_, loss_weight, d_shared);
}

template class CoordinateUpdate<float>;
template class CoordinateUpdate<double>;

}  // namespace oddshot::learners
