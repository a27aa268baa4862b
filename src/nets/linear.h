// A linear map y = x W + b whose weight [I x O] and bias [O] lie in a flat parameter vector, with its gradient.
#pragma once

#include <cstddef>
#include <string>

#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/nets/layout.h"

namespace oddshot::nets {

enum class Bias : bool { kNone, kLearned };

// A value. Below, `params` and `gradient` are flat vectors of the whole layout.
struct Linear {
  Linear() = default;
  // Appends "NAME.weight" and, if learned, "NAME.bias".
  Linear(Layout& layout, const std::string& name, std::size_t inputs, std::size_t outputs, Bias bias);

  // Weights of variance gain^2 / I; the bias is 0.
  void initialise(float* params, float gain, Stream stream) const;
  // y [R x O], dense; with `addend` [R x O], dense: y = addend + x W + b. O(R * I * O).
  template <class T>
  void forward(const kernels::Table<T>& kernels, const T* params, BasicMatrixView<T> x, T* y, const T* addend = nullptr) const;
  // From d_y [R x O] = dloss/dy, dense: the gradient of weight and bias, overwritten; and d_x [R x I], dense, to which dloss/dx is added,
  // unless it is null. `work` holds W transposed afterwards.
  template <class T>
  void backward(const kernels::Table<T>& kernels, const T* params, BasicMatrixView<T> x, const T* d_y, T* gradient, T* d_x,
                AlignedVector<T>& work) const;

  std::size_t inputs = 0, outputs = 0;
  std::size_t weight = 0, bias = 0;  // offsets in the flat vector
  bool has_bias = false;
};

}  // namespace oddshot::nets
