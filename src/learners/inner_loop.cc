#include "learners/inner_loop.h"

#include <algorithm>

#include "nets/losses.h"

namespace oddshot::learners {

template <class T>
T logit_loss(const nets::Encoder<T>& encoder, const T* params, const LabelledRows<T>& batch, nets::Tape<T>& tape,
             AlignedVector<T>& d_logits, T* gradient, AlignedVector<T>* curvature) {
  const std::size_t rows = batch.rows.rows;
  encoder.forward(params, batch.rows, tape);
  d_logits.resize(rows);
  if (curvature != nullptr) {
    curvature->resize(rows);
  }
  const T loss = nets::balanced_cross_entropy<T>(encoder.kernels(), {tape.output().data, rows}, batch.labels, d_logits.data(),
                                                 curvature != nullptr ? curvature->data() : nullptr);
  encoder.backward(params, {d_logits.data(), rows, 1, 1}, tape, gradient);
  return loss;
}

template <class T>
void logit_hessian_product(const nets::Encoder<T>& encoder, const T* params, const T* direction, const nets::Tape<T>& tape,
                           const AlignedVector<T>& curvature, AlignedVector<T>& d_logits, nets::TangentTape<T>& tangent, T* product) {
  encoder.tangent_forward(params, direction, tape, tangent);
  const BasicMatrixView<T> logits = tangent.output();
  d_logits.resize(logits.rows);
  for (std::size_t i = 0; i < logits.rows; ++i) {
    d_logits[i] = curvature[i] * logits.data[i];
  }
  encoder.tangent_backward(params, direction, {d_logits.data(), logits.rows, 1, 1}, tape, tangent, product);
}

template <class T>
const AlignedVector<T>& descend(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params,
                                const LabelledRows<T>& support, std::span<const T> rates, std::size_t steps, InnerScratch<T>& scratch) {
  const std::size_t size = encoder.end();
  const std::size_t tensors = encoder.last_tensor() - encoder.first_tensor();
  scratch.steps.resize(std::max(scratch.steps.size(), steps + 1));
  scratch.steps[0].params.assign(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t k = 0; k < steps; ++k) {
    auto& step = scratch.steps[k];
    step.gradient.resize(size);
    logit_loss(encoder, step.params.data(), support, step.tape, scratch.d_logits, step.gradient.data(), &step.curvature);
    auto& next = scratch.steps[k + 1].params;
    next = step.params;
    for (std::size_t t = 0; t < tensors; ++t) {
      const Tensor& tensor = layout[encoder.first_tensor() + t];
      encoder.kernels().axpy(tensor.size(), -rates[k * tensors + t], step.gradient.data() + tensor.offset, next.data() + tensor.offset);
    }
  }
  return scratch.steps[steps].params;
}

template <class T>
void pull_back(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> rates, std::size_t steps, InnerScratch<T>& scratch,
               std::span<T> v, std::span<T> d_rates) {
  const std::size_t size = encoder.end();
  const std::size_t tensors = encoder.last_tensor() - encoder.first_tensor();
  const auto& kernels = encoder.kernels();
  scratch.direction.assign(size, T{0});
  scratch.product.assign(size, T{0});
  for (std::size_t k = steps; k-- > 0;) {
    auto& step = scratch.steps[k];
    for (std::size_t t = 0; t < tensors; ++t) {
      const Tensor& tensor = layout[encoder.first_tensor() + t];
      const T rate = rates[k * tensors + t];
      if (!d_rates.empty()) {
        d_rates[k * tensors + t] = -kernels.dot(tensor.size(), v.data() + tensor.offset, step.gradient.data() + tensor.offset);
      }
      for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        scratch.direction[i] = rate * v[i];
      }
    }
    logit_hessian_product(encoder, step.params.data(), scratch.direction.data(), step.tape, step.curvature, scratch.d_logits,
                          scratch.tangent, scratch.product.data());
    kernels.axpy(size, T{-1}, scratch.product.data(), v.data());
  }
}

#define ODDSHOT_INSTANTIATE(T)                                                                                                     \
  template T logit_loss(const nets::Encoder<T>&, const T*, const LabelledRows<T>&, nets::Tape<T>&, AlignedVector<T>&, T*,          \
                        AlignedVector<T>*);                                                                                        \
  template void logit_hessian_product(const nets::Encoder<T>&, const T*, const T*, const nets::Tape<T>&, const AlignedVector<T>&,  \
                                      AlignedVector<T>&, nets::TangentTape<T>&, T*);                                               \
  template const AlignedVector<T>& descend(const nets::Encoder<T>&, const Layout&, std::span<const T>, const LabelledRows<T>&,     \
                                           std::span<const T>, std::size_t, InnerScratch<T>&);                                     \
  template void pull_back(const nets::Encoder<T>&, const Layout&, std::span<const T>, std::size_t, InnerScratch<T>&, std::span<T>, \
                          std::span<T>)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::learners
