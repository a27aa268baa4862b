#include "learners/coordinate_update.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace oddshot::learners {
namespace {

constexpr std::size_t kScales = 3;
constexpr std::size_t kInputs = kScales + 2;  // of the network: the scales, the loss, the step
constexpr std::size_t kRows = kScales + 1;    // of the planes: the scales, and ones for all that coordinates share
constexpr std::size_t kBlock = 128;           // coordinates at once: three planes of 16 x 128 floats, 24 KiB, stay in L1

template <class T>
constexpr std::array<T, kScales> kScale{T(0.1), T(0.01), T(0.001)};
template <class T>
constexpr T kWeightOfOutput = T(0.01);

template <class T>
T squash(T z, T scale) {
  return z / std::sqrt(z * z + scale * scale);
}

template <class T>
T squash_slope(T z, T scale) {
  const T square = z * z + scale * scale;
  return scale * scale / (square * std::sqrt(square));
}

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
  scratch.input_weights.assign(weight, weight + kScales * width_);
  scratch.input_weights.insert(scratch.input_weights.end(), params + input_bias_, params + input_bias_ + width_);
  T* shared = scratch.input_weights.data() + kScales * width_;
  kernels_->axpy(width_, squash(moment.loss, T{1}), weight + kScales * width_, shared);
  kernels_->axpy(width_, moment.share, weight + (kScales + 1) * width_, shared);
  scratch.output_weights.assign(params + output_weight_, params + output_weight_ + 2 * width_);
  scratch.output_weights.insert(scratch.output_weights.end(), params + output_bias_, params + output_bias_ + 2);
  scratch.inputs.assign(kRows * kBlock, T{1});
  scratch.hidden.assign((width_ + 1) * kBlock, T{1});
  scratch.slope.resize(width_ * kBlock);
  scratch.outputs.resize(2 * kBlock);
  scratch.gate.resize(kBlock);
  scratch.d_outputs.resize(2 * kBlock);
  scratch.d_hidden.resize(width_ * kBlock);
  scratch.d_inputs.resize(kScales * kBlock);
}

template <class T>
void CoordinateUpdate<T>::evaluate(std::size_t count, const T* gradient, UpdateScratch<T>& scratch) const {
  for (std::size_t j = 0; j < kScales; ++j) {
    for (std::size_t i = 0; i < count; ++i) {
      scratch.inputs[j * kBlock + i] = squash(gradient[i], kScale<T>[j]);
    }
  }
  kernels::Product<T> in;  // [W x B] = W^T x
  in.m = width_;
  in.n = count;
  in.k = kRows;
  in.a = scratch.input_weights.data();
  in.a_row = 1;
  in.a_col = width_;
  in.b = scratch.inputs.data();
  in.ldb = kBlock;
  in.c = scratch.hidden.data();
  in.ldc = kBlock;
  kernels_->product(in);
  kernels_->tanh(width_, count, kBlock, in.c, in.c, scratch.slope.data(), nullptr);
  kernels::Product<T> out;  // [2 x B] = V^T tanh(.)
  out.m = 2;
  out.n = count;
  out.k = width_ + 1;
  out.a = scratch.output_weights.data();
  out.a_row = 1;
  out.a_col = 2;
  out.b = scratch.hidden.data();
  out.ldb = kBlock;
  out.c = scratch.outputs.data();
  out.ldc = kBlock;
  kernels_->product(out);
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
  AlignedVector<T> d_shared(width_);
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

    for (std::size_t j = 0; j <= width_; ++j) {
      T* d_weight = d_params + (j < width_ ? output_weight_ + 2 * j : output_bias_);
      d_weight[0] += kernels_->dot(count, scratch.hidden.data() + j * kBlock, d_a);
      d_weight[1] += kernels_->dot(count, scratch.hidden.data() + j * kBlock, d_b);
    }
    kernels::Product<T> dh;  // [W x B] = (V d_outputs) tanh'
    dh.m = width_;
    dh.n = count;
    dh.k = 2;
    dh.a = scratch.output_weights.data();
    dh.a_row = 2;
    dh.b = scratch.d_outputs.data();
    dh.ldb = kBlock;
    dh.scale = scratch.slope.data();
    dh.ld_scale = kBlock;
    dh.c = scratch.d_hidden.data();
    dh.ldc = kBlock;
    kernels_->product(dh);
    for (std::size_t j = 0; j < width_; ++j) {
      const T* d = scratch.d_hidden.data() + j * kBlock;
      for (std::size_t s = 0; s < kScales; ++s) {
        d_params[input_weight_ + s * width_ + j] += kernels_->dot(count, scratch.inputs.data() + s * kBlock, d);
      }
      d_shared[j] += kernels_->dot(count, scratch.inputs.data() + kScales * kBlock, d);
    }
    kernels::Product<T> dx;  // [3 x B] = W d_hidden
    dx.m = kScales;
    dx.n = count;
    dx.k = width_;
    dx.a = scratch.input_weights.data();
    dx.a_row = width_;
    dx.b = scratch.d_hidden.data();
    dx.ldb = kBlock;
    dx.c = scratch.d_inputs.data();
    dx.ldc = kBlock;
    kernels_->product(dx);
    for (std::size_t s = 0; s < kScales; ++s) {
      for (std::size_t i = 0; i < count; ++i) {
        d_gradient[offset + i] += scratch.d_inputs[s * kBlock + i] * squash_slope(g[i], kScale<T>[s]);
      }
    }
  });
  const T* loss_weight = params + input_weight_ + kScales * width_;
  kernels_->axpy(width_, squash(moment.loss, T{1}), d_shared.data(), d_params + input_weight_ + kScales * width_);
  kernels_->axpy(width_, moment.share, d_shared.data(), d_params + input_weight_ + (kScales + 1) * width_);
  kernels_->axpy(width_, T{1}, d_shared.data(), d_params + input_bias_);
  return squash_slope(moment.loss, T{1}) * kernels_->dot(width_, loss_weight, d_shared.data());
}

template class CoordinateUpdate<float>;
template class CoordinateUpdate<double>;

}  // namespace oddshot::learners
