#include "learners/inner_loop.h"

#include <algorithm>
#include <functional>

#include "nets/losses.h"

namespace oddshot::learners {
namespace {

// a <- mu a - alpha_k * v
template <class T>
void move_direction(const nets::Encoder<T>& encoder, const Layout& layout, const StepRule<T>& rule, std::span<const T> rates,
                    std::span<const T> v, AlignedVector<T>& a) {
  if (rule.momentum == 0) {
    std::fill(a.begin(), a.end(), T{0});
  }
  for (T& value : a) {
    value *= rule.momentum;
  }
  if (rule.per_parameter) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] -= rates[i] * v[i];
    }
    return;
  }
  for (std::size_t t = 0; t < rates.size(); ++t) {
    const Tensor& tensor = layout[encoder.first_tensor() + t];
    encoder.kernels().axpy(tensor.size(), -rates[t], v.data() + tensor.offset, a.data() + tensor.offset);
  }
}

}  // namespace

template <class T>
T logit_loss(const nets::Encoder<T>& encoder, const T* params, const LabelledRows<T>& batch, nets::Tape<T>& tape,
             AlignedVector<T>& d_logits, const nets::Destination<T>& gradient, AlignedVector<T>* curvature) {
  const std::size_t rows = batch.rows.rows;
  encoder.forward(params, batch.rows, tape, nets::Keep::kForGradient, batch.first);
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
                           const AlignedVector<T>& curvature, AlignedVector<T>& d_logits, nets::TangentTape<T>& tangent,
                           const nets::Destination<T>& product) {
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
                                const LabelledRows<T>& support, const StepRule<T>& rule, std::size_t steps, InnerScratch<T>& scratch) {
  const std::size_t size = encoder.end();
  const std::size_t tensors = encoder.last_tensor() - encoder.first_tensor();
  const auto& kernels = encoder.kernels();
  const bool at_once = !rule.per_parameter && !rule.learned && rule.momentum == 0;
  scratch.steps.resize(std::max(scratch.steps.size(), steps + 1));
  scratch.first_loss = 0;
  scratch.start = params.data();
  if (steps == 0) {
    scratch.steps[0].params.assign(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(size));
  }
  for (std::size_t k = 0; k < steps; ++k) {
    auto& step = scratch.steps[k];
    const T* theta = k == 0 ? scratch.start : step.params.data();
    auto& next = scratch.steps[k + 1].params;
    T loss = 0;
    if (at_once) {  // the products that make the gradient take the step as well
      scratch.factors.resize(tensors);
      std::transform(rule.rates.begin() + static_cast<std::ptrdiff_t>(k * tensors),
                     rule.rates.begin() + static_cast<std::ptrdiff_t>((k + 1) * tensors), scratch.factors.begin(), std::negate<>());
      next.resize(size);  // zero where it grows, which padding stays
      std::copy_n(theta, encoder.begin(), next.begin());
      loss = logit_loss(encoder, theta, support, step.tape, scratch.d_logits,
                        nets::Destination<T>{.out = next.data(), .base = theta, .factors = scratch.factors}, &step.curvature);
    } else {
      step.gradient.resize(size);
      loss = logit_loss(encoder, theta, support, step.tape, scratch.d_logits, step.gradient.data(), &step.curvature);
    }
    scratch.first_loss = k == 0 ? loss : scratch.first_loss;
    if (at_once) {
      continue;
    }
    if (rule.momentum != 0) {
      step.velocity = step.gradient;
      if (k > 0) {
        kernels.axpy(size, rule.momentum, scratch.steps[k - 1].velocity.data(), step.velocity.data());
      }
    }
    const T* velocity = (rule.momentum != 0 ? step.velocity : step.gradient).data();
    next.assign(theta, theta + size);
    if (rule.per_parameter) {
      for (std::size_t i = 0; i < size; ++i) {
        next[i] -= rule.rates[i] * velocity[i];
      }
      continue;
    }
    for (std::size_t t = 0; t < tensors; ++t) {
      const Tensor& tensor = layout[encoder.first_tensor() + t];
      kernels.axpy(tensor.size(), -rule.rates[k * tensors + t], velocity + tensor.offset, next.data() + tensor.offset);
    }
  }
  return scratch.steps[steps].params;
}

template <class T>
void pull_back(const nets::Encoder<T>& encoder, const Layout& layout, const StepRule<T>& rule, std::size_t steps, Order order,
               InnerScratch<T>& scratch, std::span<T> v, std::span<T> d_rates, std::span<const AlignedVector<T>> passing) {
  const std::size_t size = encoder.end();
  const std::size_t tensors = encoder.last_tensor() - encoder.first_tensor();
  const auto& kernels = encoder.kernels();
  const bool second = order == Order::kSecond;
  // With one rate for all tensors of a step, a = -rate v: H v serves, and no a is needed.
  const auto same_rate = [&](std::span<const T> rates) { return std::equal(rates.begin() + 1, rates.end(), rates.begin()); };
  AlignedVector<T>& a = scratch.direction;
  a.resize(size);
  if (rule.momentum != 0) {
    std::fill(a.begin(), a.end(), T{0});
  }
  std::fill(d_rates.begin(), d_rates.end(), T{0});
  scratch.d_offset.clear();
  for (std::size_t k = steps; k-- > 0;) {
    auto& step = scratch.steps[k];
    const std::span<const T> rates = rule.per_parameter ? rule.rates : rule.rates.subspan(k * tensors, tensors);
    if (!d_rates.empty()) {
      const T* velocity = (rule.momentum != 0 ? step.velocity : step.gradient).data();
      if (rule.per_parameter) {
        for (std::size_t i = 0; i < d_rates.size(); ++i) {
          d_rates[i] -= v[i] * velocity[i];
        }
      } else {
        for (std::size_t t = 0; t < tensors; ++t) {
          const Tensor& tensor = layout[encoder.first_tensor() + t];
          d_rates[k * tensors + t] = -kernels.dot(tensor.size(), v.data() + tensor.offset, velocity + tensor.offset);
        }
      }
    }
    const T* direction = a.data();
    T factor = 1;
    if (second && rule.momentum == 0 && !rule.per_parameter && same_rate(rates)) {
      direction = v.data();
      factor = -rates.front();
    } else if (second) {
      move_direction<T>(encoder, layout, rule, rates, v, a);
    }
    if (second) {
      scratch.factors.assign(tensors, factor);
      logit_hessian_product(encoder, k == 0 ? scratch.start : step.params.data(), direction, step.tape, step.curvature, scratch.d_logits,
                            scratch.tangent, nets::Destination<T>{.out = v.data(), .base = v.data(), .factors = scratch.factors});
      if (step.tape.first.own) {
        const auto& d_linear = scratch.tangent.layers.front().d_linear;
        const std::size_t first = layout[encoder.first_tensor()].size();
        scratch.d_offset.resize(first);  // zero at first
        kernels.axpy(first, factor, d_linear.data(), scratch.d_offset.data());
      }
    }
    if (k > 0 && !passing.empty()) {
      kernels.axpy(size, T{1}, passing[k].data(), v.data());
    }
  }
}

#define ODDSHOT_INSTANTIATE(T)                                                                                                            \
  template T logit_loss(const nets::Encoder<T>&, const T*, const LabelledRows<T>&, nets::Tape<T>&, AlignedVector<T>&,                     \
                        const nets::Destination<T>&, AlignedVector<T>*);                                                                  \
  template void logit_hessian_product(const nets::Encoder<T>&, const T*, const T*, const nets::Tape<T>&, const AlignedVector<T>&,         \
                                      AlignedVector<T>&, nets::TangentTape<T>&, const nets::Destination<T>&);                             \
  template const AlignedVector<T>& descend(const nets::Encoder<T>&, const Layout&, std::span<const T>, const LabelledRows<T>&,            \
                                           const StepRule<T>&, std::size_t, InnerScratch<T>&);                                            \
  template void pull_back(const nets::Encoder<T>&, const Layout&, const StepRule<T>&, std::size_t, Order, InnerScratch<T>&, std::span<T>, \
                          std::span<T>, std::span<const AlignedVector<T>>)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::learners
