#include "nets/linear.h"

#include <cmath>

namespace oddshot::nets {

Linear::Linear(Layout& layout, const std::string& name, std::size_t in, std::size_t out, Bias learned)
    : inputs(in), outputs(out), has_bias(learned == Bias::kLearned) {
  weight = layout[layout.add(name + ".weight", {inputs, outputs})].offset;
  if (has_bias) {
    bias = layout[layout.add(name + ".bias", {outputs})].offset;
  }
}

void Linear::initialise(float* params, float gain, Stream stream) const {
  const float deviation = gain / std::sqrt(static_cast<float>(inputs));
  for (std::size_t i = 0; i < inputs * outputs; ++i) {
    params[weight + i] = deviation * stream.normal();
  }
  for (std::size_t i = 0; has_bias && i < outputs; ++i) {
    params[bias + i] = 0;
  }
}

template <class T>
void Linear::forward(const kernels::Table<T>& kernels, const T* params, BasicMatrixView<T> x, T* y, const T* addend) const {
  kernels::Product<T> p;
  p.m = x.rows;
  p.n = outputs;
  p.k = inputs;
  p.a = x.data;
  p.a_row = x.stride;
  p.b = params + weight;
  p.ldb = outputs;
  p.bias = has_bias ? params + bias : nullptr;
  p.addend = addend;
  p.ld_addend = outputs;
  p.c = y;
  p.ldc = outputs;
  kernels.product(p);
}

template <class T>
void Linear::backward(const kernels::Table<T>& kernels, const T* params, BasicMatrixView<T> x, const T* d_y, T* gradient, T* d_x,
                      AlignedVector<T>& work) const {
  kernels::Product<T> dw;  // dW = x^T dy
  dw.m = inputs;
  dw.n = outputs;
  dw.k = x.rows;
  dw.a = x.data;
  dw.a_row = 1;
  dw.a_col = x.stride;
  dw.b = d_y;
  dw.ldb = outputs;
  dw.c = gradient + weight;
  dw.ldc = outputs;
  kernels.product(dw);
  if (has_bias) {
    kernels.column_sums(x.rows, outputs, d_y, outputs, gradient + bias);
  }
  if (d_x == nullptr) {
    return;
  }
  work.resize(inputs * outputs);
  kernels.transpose(inputs, outputs, params + weight, outputs, work.data(), inputs);
  kernels::Product<T> dx;  // dx += dy W^T
  dx.m = x.rows;
  dx.n = inputs;
  dx.k = outputs;
  dx.a = d_y;
  dx.a_row = outputs;
  dx.b = work.data();
  dx.ldb = inputs;
  dx.addend = d_x;
  dx.ld_addend = inputs;
  dx.c = d_x;
  dx.ldc = inputs;
  kernels.product(dx);
}

#define ODDSHOT_INSTANTIATE(T)                                                                               \
  template void Linear::forward(const kernels::Table<T>&, const T*, BasicMatrixView<T>, T*, const T*) const; \
  template void Linear::backward(const kernels::Table<T>&, const T*, BasicMatrixView<T>, const T*, T*, T*, AlignedVector<T>&) const
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::nets
