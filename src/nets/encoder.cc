#include "nets/encoder.h"

#include <algorithm>
#include <cmath>

#include "nets/layer_norm.h"

namespace oddshot::nets {
namespace {

// A plane keeps its capacity from batch to batch, so that the steady state allocates nothing.
template <class T>
T* room(AlignedVector<T>& plane, std::size_t size) {
  if (plane.size() < size) {
    plane.resize(size);
  }
  return plane.data();
}

template <class T>
void multiply(std::size_t n, const T* x, const T* y, T* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = x[i] * y[i];
  }
}

// A vector g of `size` elements at `at` of tensor `tensor`, to a destination that has a base.
template <class T>
void pass(const Destination<T>& to, std::size_t tensor, std::size_t at, std::size_t size, const T* g) {
  const T factor = to.factors.empty() ? T{1} : to.factors[tensor];
  for (std::size_t i = 0; i < size; ++i) {
    to.out[at + i] = to.base[at + i] + factor * g[i];
  }
}

// Likewise, to any destination.
template <class T>
void pass_any(const Destination<T>& to, std::size_t tensor, std::size_t at, std::size_t size, const T* g) {
  if (to.base == nullptr) {
    std::copy_n(g, size, to.out + at);
    return;
  }
  pass(to, tensor, at, size, g);
}

// The product dw, which is the gradient of a weight [I x O] at `at`, goes to its destination.
template <class T>
void aim(kernels::Product<T>& dw, const Destination<T>& to, std::size_t tensor, std::size_t at) {
  dw.c = to.out + at;
  dw.ldc = dw.n;
  if (to.base != nullptr) {
    dw.addend = to.base + at;
    dw.ld_addend = dw.n;
    dw.alpha = to.factors.empty() ? T{1} : to.factors[tensor];
  }
}

}  // namespace

template <class T>
Encoder<T>::Encoder(const EncoderSpec& spec, Layout& layout, const std::string& prefix, const kernels::Table<T>& kernels)
    : spec_(spec), kernels_(&kernels), first_tensor_(layout.tensors().size()), begin_(layout.size()) {
  spec.validate();
  std::size_t inputs = spec.inputs;
  for (std::size_t l = 0; l <= spec.hidden.size(); ++l) {
    Layer layer;
    layer.hidden = l < spec.hidden.size();
    layer.inputs = inputs;
    layer.outputs = layer.hidden ? spec.hidden[l] : spec.outputs;
    layer.tensor = layout.tensors().size() - first_tensor_;
    const std::string name = prefix + "." + std::to_string(l) + ".";
    layer.weight = layout[layout.add(name + "weight", {layer.inputs, layer.outputs})].offset;
    layer.bias = layout[layout.add(name + "bias", {layer.outputs})].offset;
    if (layer.hidden && spec.layer_norm) {
      layer.gain = layout[layout.add(name + "gain", {layer.outputs})].offset;
      layer.shift = layout[layout.add(name + "shift", {layer.outputs})].offset;
    }
    inputs = layer.outputs;
    layers_.push_back(layer);
  }
  last_tensor_ = layout.tensors().size();
  end_ = layout.size();
}

template <class T>
void Encoder<T>::initialise(T* params, Stream stream) const {
  std::fill(params + begin_, params + end_, T{0});
  for (const Layer& layer : layers_) {
    const double variance = (layer.hidden && spec_.activation != Activation::kTanh ? 2.0 : 1.0) / static_cast<double>(layer.inputs);
    const double deviation = std::sqrt(variance);
    for (std::size_t i = 0; i < layer.inputs * layer.outputs; ++i) {
      params[layer.weight + i] = static_cast<T>(deviation * static_cast<double>(stream.normal()));
    }
    if (layer.hidden && spec_.layer_norm) {
      std::fill(params + layer.gain, params + layer.gain + layer.outputs, T{1});
    }
  }
}

template <class T>
void Encoder<T>::clear_around(const Layout& layout, std::span<T> vector) const {
  std::size_t end = 0;
  for (std::size_t t = first_tensor_; t < last_tensor_; ++t) {
    std::fill(vector.begin() + static_cast<std::ptrdiff_t>(end), vector.begin() + static_cast<std::ptrdiff_t>(layout[t].offset), T{0});
    end = layout[t].offset + layout[t].size();
  }
  std::fill(vector.begin() + static_cast<std::ptrdiff_t>(end), vector.end(), T{0});
}

template <class T>
BasicMatrixView<T> Encoder<T>::input(std::size_t layer, const Tape<T>& tape) const {
  if (layer == 0) {
    return tape.x;
  }
  const std::size_t width = layers_[layer].inputs;
  return {tape.layers[layer - 1].output.data(), tape.x.rows, width, width};
}

// In place: output holds a, then act(a).
template <class T>
void Encoder<T>::activate(std::size_t rows, const Layer& layer, typename Tape<T>::Planes& planes, Keep keep) const {
  const std::size_t size = rows * layer.outputs;
  T* value = planes.output.data();
  if (spec_.activation == Activation::kRelu) {
    if (spec_.layer_norm) {  // otherwise the product has done it
      for (std::size_t i = 0; i < size; ++i) {
        value[i] = std::max(value[i], T{0});
      }
    }
    return;
  }
  T* d1 = room(planes.d1, size);
  T* d2 = keep == Keep::kForGradient ? room(planes.d2, size) : nullptr;
  (spec_.activation == Activation::kTanh ? kernels_->tanh : kernels_->gelu)(rows, layer.outputs, layer.outputs, value, value, d1, d2);
}

template <class T>
void Encoder<T>::times_slope(std::size_t size, const typename Tape<T>::Planes& planes, const T* in, T* out) const {
  if (smooth()) {
    multiply(size, planes.d1.data(), in, out);
    return;
  }
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = planes.output[i] > 0 ? in[i] : T{0};
  }
}

template <class T>
void Encoder<T>::pass_bias(std::size_t rows, const Layer& layer, const T* d_linear, AlignedVector<T>& vectors,
                           const Destination<T>& to) const {
  T* sums = to.base == nullptr ? to.out + layer.bias : room(vectors, layer.outputs);
  kernels_->column_sums(rows, layer.outputs, d_linear, layer.outputs, sums);
  if (to.base != nullptr) {
    pass(to, layer.tensor + 1, layer.bias, layer.outputs, sums);
  }
}

template <class T>
void Encoder<T>::forward(const T* params, BasicMatrixView<T> x, Tape<T>& tape, Keep keep, const RowCoefficients<T>& first) const {
  tape.x = x;
  tape.first = first;
  tape.outputs = spec_.outputs;
  tape.layers.resize(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    auto& planes = tape.layers[l];
    const BasicMatrixView<T> h = input(l, tape);
    kernels::Product<T> p;
    p.m = x.rows;
    p.n = layer.outputs;
    p.k = layer.inputs;
    p.a = h.data;
    p.a_row = h.stride;
    p.b = params + layer.weight;
    p.ldb = layer.outputs;
    p.bias = params + layer.bias;
    if (l == 0 && first.offset != nullptr) {
      p.addend = first.offset;
      p.ld_addend = layer.outputs;
    }
    p.relu = layer.hidden && spec_.activation == Activation::kRelu && !spec_.layer_norm;
    p.c = room(planes.output, x.rows * layer.outputs);
    p.ldc = layer.outputs;
    kernels_->product(p);
    if (!layer.hidden) {
      continue;
    }
    if (spec_.layer_norm) {
      layer_norm(x.rows, layer.outputs, p.c, params + layer.gain, params + layer.shift, room(planes.normalised, x.rows * layer.outputs),
                 room(planes.inverse, x.rows), p.c);
    }
    activate(x.rows, layer, planes, keep);
  }
}

template <class T>
void Encoder<T>::backward(const T* params, BasicMatrixView<T> d_output, Tape<T>& tape, const Destination<T>& to) const {
  const std::size_t rows = tape.x.rows;
  T* last = room(tape.layers.back().d_linear, rows * spec_.outputs);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(d_output.data + r * d_output.stride, spec_.outputs, last + r * spec_.outputs);
  }
  backward_layers(params, layers_.size(), tape, to);
}

template <class T>
void Encoder<T>::backward_hidden(const T* params, BasicMatrixView<T> d_hidden, Tape<T>& tape, T* gradient) const {
  const Layer& last = layers_.back();
  std::fill_n(gradient + last.weight, last.inputs * last.outputs, T{0});
  std::fill_n(gradient + last.bias, last.outputs, T{0});
  if (layers_.size() == 1) {
    return;
  }
  const std::size_t top = layers_.size() - 2;
  const std::size_t width = layers_[top].outputs;
  const std::size_t size = tape.x.rows * width;
  auto& planes = tape.layers[top];
  T* d_linear = room(planes.d_linear, size);
  T* d_a = spec_.layer_norm ? room(planes.d_scaled, size) : d_linear;
  for (std::size_t r = 0; r < tape.x.rows; ++r) {
    std::copy_n(d_hidden.data + r * d_hidden.stride, width, d_a + r * width);
  }
  times_slope(size, planes, d_a, d_a);
  if (spec_.layer_norm) {
    layer_norm_backward(tape.x.rows, width, planes.normalised.data(), planes.inverse.data(), params + layers_[top].gain, d_a,
                        gradient + layers_[top].gain, gradient + layers_[top].shift, d_linear);
  }
  backward_layers(params, layers_.size() - 1, tape, Destination<T>{.out = gradient});
}

template <class T>
BasicMatrixView<T> Encoder<T>::hidden(const Tape<T>& tape) const {
  return input(layers_.size() - 1, tape);
}

// Where the gradients of a layer's gain and shift are computed: in place, or on their way.
template <class T>
struct Encoder<T>::Pair {
  Pair(const Layer& layer, AlignedVector<T>& vectors, const Destination<T>& to)
      : gain(to.base == nullptr ? to.out + layer.gain : room(vectors, 2 * layer.outputs)),
        shift(to.base == nullptr ? to.out + layer.shift : gain + layer.outputs) {}
  void pass(const Layer& layer, const Destination<T>& to) const {
    if (to.base != nullptr) {
      nets::pass(to, layer.tensor + 2, layer.gain, layer.outputs, gain);
      nets::pass(to, layer.tensor + 3, layer.shift, layer.outputs, shift);
    }
  }

  T* gain;
  T* shift;
};

// W [I x O] transposed: itself if it is a column, else in `plane`.
template <class T>
const T* Encoder<T>::transposed(const Layer& layer, const T* params, AlignedVector<T>& plane) const {
  if (layer.outputs == 1) {
    return params + layer.weight;
  }
  T* out = room(plane, layer.inputs * layer.outputs);
  kernels_->transpose(layer.inputs, layer.outputs, params + layer.weight, layer.outputs, out, layer.inputs);
  return out;
}

// Layers [0, count), from the d_linear plane of the topmost of them down. What goes down from a layer is taken before its own tensors are
// written, which may be written over.
template <class T>
void Encoder<T>::backward_layers(const T* params, std::size_t count, Tape<T>& tape, const Destination<T>& to) const {
  const std::size_t rows = tape.x.rows;
  for (std::size_t l = count; l-- > 0;) {
    const Layer& layer = layers_[l];
    auto& planes = tape.layers[l];
    if (l > 0) {
      const std::size_t size = rows * layer.inputs;
      auto& under = tape.layers[l - 1];
      kernels::Product<T> dh;  // dloss/dh = dloss/ds W^T
      dh.m = rows;
      dh.n = layer.inputs;
      dh.k = layer.outputs;
      dh.a = planes.d_linear.data();
      dh.a_row = layer.outputs;
      dh.b = transposed(layer, params, planes.transposed);
      dh.ldb = layer.inputs;
      dh.ldc = layer.inputs;
      if (smooth()) {
        dh.c = room(under.upstream, size);
      } else {
        dh.gate = under.output.data();
        dh.ld_gate = layer.inputs;
        dh.c = room(spec_.layer_norm ? under.d_scaled : under.d_linear, size);
      }
      kernels_->product(dh);
    }
    if (l == 0 && tape.first.own) {
      pass_any(to, layer.tensor, layer.weight, rows * layer.outputs, planes.d_linear.data());
    } else {
      const BasicMatrixView<T> h = input(l, tape);
      kernels::Product<T> dw;  // dloss/dW = h^T dloss/ds
      dw.m = layer.inputs;
      dw.n = layer.outputs;
      dw.k = rows;
      dw.a = h.data;
      dw.a_row = 1;
      dw.a_col = h.stride;
      dw.b = planes.d_linear.data();
      dw.ldb = layer.outputs;
      aim(dw, to, layer.tensor, layer.weight);
      kernels_->product(dw);
    }
    pass_bias(rows, layer, planes.d_linear.data(), tape.vectors, to);
    if (l == 0) {
      break;
    }
    const Layer& below = layers_[l - 1];
    auto& under = tape.layers[l - 1];
    const std::size_t size = rows * below.outputs;
    T* d_linear = room(under.d_linear, size);
    T* d_a = spec_.layer_norm ? room(under.d_scaled, size) : d_linear;
    if (smooth()) {
      multiply(size, under.upstream.data(), under.d1.data(), d_a);
    }
    if (spec_.layer_norm) {
      const Pair pair(below, tape.vectors, to);
      layer_norm_backward(rows, below.outputs, under.normalised.data(), under.inverse.data(), params + below.gain, d_a, pair.gain,
                          pair.shift, d_linear);
      pair.pass(below, to);
    }
  }
}
template <class T>
void Encoder<T>::tangent_forward(const T* params, const T* direction, const Tape<T>& tape, TangentTape<T>& tangent) const {
  const std::size_t rows = tape.x.rows;
  tangent.rows = rows;
  tangent.outputs = spec_.outputs;
  tangent.layers.resize(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const auto& planes = tape.layers[l];
    auto& tangents = tangent.layers[l];
    const std::size_t size = rows * layer.outputs;
    const BasicMatrixView<T> h = input(l, tape);
    kernels::Product<T> p;  // R{s} = h V + R{h} W + R{b}
    p.m = rows;
    p.n = layer.outputs;
    p.k = layer.inputs;
    p.a = h.data;
    p.a_row = h.stride;
    p.b = direction + layer.weight;
    p.ldb = layer.outputs;
    if (l > 0) {
      p.a2 = tangent.layers[l - 1].output.data();
      p.a2_row = layer.inputs;
      p.b2 = params + layer.weight;
      p.ldb2 = layer.outputs;
    }
    p.bias = direction + layer.bias;
    p.c = room(tangents.output, size);
    p.ldc = layer.outputs;
    const bool given = l == 0 && tape.first.own;  // h V is what `direction` holds
    if (layer.hidden && !smooth() && !spec_.layer_norm && !given) {
      p.gate = planes.output.data();
      p.ld_gate = layer.outputs;
    } else if (layer.hidden) {
      p.c = room(tangents.scaled, size);
    }
    if (given) {
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t o = 0; o < layer.outputs; ++o) {
          p.c[r * layer.outputs + o] = p.b[r * layer.outputs + o] + p.bias[o];
        }
      }
    } else {
      kernels_->product(p);
    }
    if (!layer.hidden || p.gate != nullptr) {
      continue;
    }
    if (spec_.layer_norm) {
      layer_norm_tangent(rows, layer.outputs, planes.normalised.data(), planes.inverse.data(), params + layer.gain, direction + layer.gain,
                         direction + layer.shift, p.c, room(tangents.normalised, size), room(tangents.inverse, rows), p.c);
    }
    times_slope(size, planes, p.c, tangents.output.data());
  }
}

template <class T>
void Encoder<T>::tangent_backward(const T* params, const T* direction, BasicMatrixView<T> tangent_d_output, const Tape<T>& tape,
                                  TangentTape<T>& tangent, const Destination<T>& to) const {
  const std::size_t rows = tape.x.rows;
  T* last = room(tangent.layers.back().d_linear, rows * spec_.outputs);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(tangent_d_output.data + r * tangent_d_output.stride, spec_.outputs, last + r * spec_.outputs);
  }
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const Layer& layer = layers_[l];
    const auto& planes = tape.layers[l];
    auto& tangents = tangent.layers[l];
    if (l > 0) {  // before the layer's own tensors are written, perhaps over `direction`
      const std::size_t size = rows * layer.inputs;
      const auto& under = tape.layers[l - 1];
      auto& under_tangents = tangent.layers[l - 1];
      kernels::Product<T> dh;  // R{dh} = R{ds} W^T + ds V^T
      dh.m = rows;
      dh.n = layer.inputs;
      dh.k = layer.outputs;
      dh.a = tangents.d_linear.data();
      dh.a_row = layer.outputs;
      dh.b = layer.outputs == 1 ? params + layer.weight : planes.transposed.data();
      dh.ldb = layer.inputs;
      dh.a2 = planes.d_linear.data();
      dh.a2_row = layer.outputs;
      dh.b2 = transposed(layer, direction, tangents.transposed);
      dh.ldb2 = layer.inputs;
      if (smooth()) {
        dh.scale = under.d1.data();  // R{da} = R{dh} act'(a) ...
        dh.ld_scale = layer.inputs;
      } else {
        dh.gate = under.output.data();
        dh.ld_gate = layer.inputs;
      }
      dh.c = room(spec_.layer_norm ? under_tangents.d_scaled : under_tangents.d_linear, size);
      dh.ldc = layer.inputs;
      kernels_->product(dh);
    }
    const BasicMatrixView<T> h = input(l, tape);
    kernels::Product<T> dw;  // R{dW} = h^T R{ds} + R{h}^T ds
    dw.m = layer.inputs;
    dw.n = layer.outputs;
    dw.k = rows;
    dw.a = h.data;
    dw.a_row = 1;
    dw.a_col = h.stride;
    dw.b = tangents.d_linear.data();
    dw.ldb = layer.outputs;
    if (l > 0) {
      dw.a2 = tangent.layers[l - 1].output.data();
      dw.a2_row = 1;
      dw.a2_col = layer.inputs;
      dw.b2 = planes.d_linear.data();
      dw.ldb2 = layer.outputs;
    }
    aim(dw, to, layer.tensor, layer.weight);
    kernels_->product(dw);
    pass_bias(rows, layer, tangents.d_linear.data(), tangent.vectors, to);
    if (l == 0) {
      break;
    }
    const Layer& below = layers_[l - 1];
    const auto& under = tape.layers[l - 1];
    auto& under_tangents = tangent.layers[l - 1];
    const std::size_t size = rows * below.outputs;
    T* t_d_linear = room(under_tangents.d_linear, size);
    T* t_d_a = spec_.layer_norm ? room(under_tangents.d_scaled, size) : t_d_linear;
    if (smooth()) {  // ... + dh act''(a) R{a}
      for (std::size_t i = 0; i < size; ++i) {
        t_d_a[i] += under.upstream[i] * under.d2[i] * under_tangents.scaled[i];
      }
    }
    if (spec_.layer_norm) {
      const Pair pair(below, tangent.vectors, to);
      layer_norm_tangent_backward(rows, below.outputs, under.normalised.data(), under.inverse.data(), params + below.gain,
                                  direction + below.gain, under.d_scaled.data(), under_tangents.normalised.data(),
                                  under_tangents.inverse.data(), t_d_a, pair.gain, pair.shift, t_d_linear);
      pair.pass(below, to);
    }
  }
}

template class Encoder<float>;
template class Encoder<double>;

}  // namespace oddshot::nets
