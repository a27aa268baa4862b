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
  T* d1 = room(planes.d1, size);
  if (spec_.activation == Activation::kRelu) {
    if (spec_.layer_norm) {  // otherwise the product has done it
      for (std::size_t i = 0; i < size; ++i) {
        value[i] = std::max(value[i], T{0});
      }
    }
    if (keep == Keep::kForGradient) {
      kernels_->relu_step(rows, layer.outputs, layer.outputs, value, d1);
    }
    return;
  }
  T* d2 = keep == Keep::kForGradient ? room(planes.d2, size) : nullptr;
  (spec_.activation == Activation::kTanh ? kernels_->tanh : kernels_->gelu)(rows, layer.outputs, layer.outputs, value, value, d1, d2);
}

template <class T>
void Encoder<T>::forward(const T* params, BasicMatrixView<T> x, Tape<T>& tape, Keep keep) const {
  tape.x = x;
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
void Encoder<T>::backward(const T* params, BasicMatrixView<T> d_output, Tape<T>& tape, T* gradient) const {
  const std::size_t rows = tape.x.rows;
  T* last = room(tape.layers.back().d_linear, rows * spec_.outputs);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(d_output.data + r * d_output.stride, spec_.outputs, last + r * spec_.outputs);
  }
  backward_layers(params, layers_.size(), tape, gradient);
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
    multiply(width, d_hidden.data + r * d_hidden.stride, planes.d1.data() + r * width, d_a + r * width);
  }
  if (spec_.layer_norm) {
    layer_norm_backward(tape.x.rows, width, planes.normalised.data(), planes.inverse.data(), params + layers_[top].gain, d_a,
                        gradient + layers_[top].gain, gradient + layers_[top].shift, d_linear);
  }
  backward_layers(params, layers_.size() - 1, tape, gradient);
}

template <class T>
BasicMatrixView<T> Encoder<T>::hidden(const Tape<T>& tape) const {
  return input(layers_.size() - 1, tape);
}

// Layers [0, count), from the d_linear plane of the topmost of them down.
template <class T>
void Encoder<T>::backward_layers(const T* params, std::size_t count, Tape<T>& tape, T* gradient) const {
  const std::size_t rows = tape.x.rows;
  for (std::size_t l = count; l-- > 0;) {
    const Layer& layer = layers_[l];
    auto& planes = tape.layers[l];
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
    dw.c = gradient + layer.weight;
    dw.ldc = layer.outputs;
    kernels_->product(dw);
    kernels_->column_sums(rows, layer.outputs, planes.d_linear.data(), layer.outputs, gradient + layer.bias);
    if (l == 0) {
      break;
    }
    T* transposed = room(planes.transposed, layer.inputs * layer.outputs);
    kernels_->transpose(layer.inputs, layer.outputs, params + layer.weight, layer.outputs, transposed, layer.inputs);
    const Layer& below = layers_[l - 1];
    auto& under = tape.layers[l - 1];
    const std::size_t size = rows * below.outputs;
    T* d_linear = room(under.d_linear, size);
    kernels::Product<T> dh;  // dloss/dh = dloss/ds W^T
    dh.m = rows;
    dh.n = layer.inputs;
    dh.k = layer.outputs;
    dh.a = planes.d_linear.data();
    dh.a_row = layer.outputs;
    dh.b = transposed;
    dh.ldb = layer.inputs;
    dh.ldc = layer.inputs;
    T* d_a = spec_.layer_norm ? room(under.d_scaled, size) : d_linear;
    if (smooth()) {
      dh.c = room(under.upstream, size);
      kernels_->product(dh);
      multiply(size, dh.c, under.d1.data(), d_a);
    } else {
      dh.scale = under.d1.data();
      dh.ld_scale = below.outputs;
      dh.c = d_a;
      kernels_->product(dh);
    }
    if (spec_.layer_norm) {
      layer_norm_backward(rows, below.outputs, under.normalised.data(), under.inverse.data(), params + below.gain, d_a,
                          gradient + below.gain, gradient + below.shift, d_linear);
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
    if (layer.hidden && !smooth() && !spec_.layer_norm) {
      p.scale = planes.d1.data();
      p.ld_scale = layer.outputs;
    } else if (layer.hidden) {
      p.c = room(tangents.scaled, size);
    }
    kernels_->product(p);
    if (!layer.hidden || p.scale != nullptr) {
      continue;
    }
    if (spec_.layer_norm) {
      layer_norm_tangent(rows, layer.outputs, planes.normalised.data(), planes.inverse.data(), params + layer.gain, direction + layer.gain,
                         direction + layer.shift, p.c, room(tangents.normalised, size), room(tangents.inverse, rows), p.c);
    }
    multiply(size, planes.d1.data(), p.c, tangents.output.data());
  }
}

template <class T>
void Encoder<T>::tangent_backward(const T* params, const T* direction, BasicMatrixView<T> tangent_d_output, const Tape<T>& tape,
                                  TangentTape<T>& tangent, T* product) const {
  const std::size_t rows = tape.x.rows;
  T* last = room(tangent.layers.back().d_linear, rows * spec_.outputs);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(tangent_d_output.data + r * tangent_d_output.stride, spec_.outputs, last + r * spec_.outputs);
  }
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const Layer& layer = layers_[l];
    const auto& planes = tape.layers[l];
    auto& tangents = tangent.layers[l];
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
    dw.c = product + layer.weight;
    dw.ldc = layer.outputs;
    kernels_->product(dw);
    kernels_->column_sums(rows, layer.outputs, tangents.d_linear.data(), layer.outputs, product + layer.bias);
    if (l == 0) {
      break;
    }
    T* transposed = room(tangents.transposed, layer.inputs * layer.outputs);
    kernels_->transpose(layer.inputs, layer.outputs, direction + layer.weight, layer.outputs, transposed, layer.inputs);
    const Layer& below = layers_[l - 1];
    const auto& under = tape.layers[l - 1];
    auto& under_tangents = tangent.layers[l - 1];
    const std::size_t size = rows * below.outputs;
    T* t_d_linear = room(under_tangents.d_linear, size);
    T* t_d_a = spec_.layer_norm ? room(under_tangents.d_scaled, size) : t_d_linear;
    kernels::Product<T> dh;  // R{dh} = R{ds} W^T + ds V^T
    dh.m = rows;
    dh.n = layer.inputs;
    dh.k = layer.outputs;
    dh.a = tangents.d_linear.data();
    dh.a_row = layer.outputs;
    dh.b = planes.transposed.data();
    dh.ldb = layer.inputs;
    dh.a2 = planes.d_linear.data();
    dh.a2_row = layer.outputs;
    dh.b2 = transposed;
    dh.ldb2 = layer.inputs;
    dh.scale = under.d1.data();  // R{da} = R{dh} act'(a) ...
    dh.ld_scale = below.outputs;
    dh.c = t_d_a;
    dh.ldc = layer.inputs;
    kernels_->product(dh);
    if (smooth()) {  // ... + dh act''(a) R{a}
      for (std::size_t i = 0; i < size; ++i) {
        t_d_a[i] += under.upstream[i] * under.d2[i] * under_tangents.scaled[i];
      }
    }
    if (spec_.layer_norm) {
      layer_norm_tangent_backward(rows, below.outputs, under.normalised.data(), under.inverse.data(), params + below.gain,
                                  direction + below.gain, under.d_scaled.data(), under_tangents.normalised.data(),
                                  under_tangents.inverse.data(), t_d_a, product + below.gain, product + below.shift, t_d_linear);
    }
  }
}

template class Encoder<float>;
template class Encoder<double>;

}  // namespace oddshot::nets
