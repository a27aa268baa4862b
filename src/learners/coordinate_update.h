// The update rule of a learned optimiser: a small network that every coordinate of the parameters shares, and its adjoint.
//   x_i = (s(g_i, 0.1), s(g_i, 0.01), s(g_i, 0.001), s(L, 1), k / K),   s(z, c) = z / sqrt(z^2 + c^2)
//   (a_i, b_i) = V^T tanh(W^T x_i + w) + v
//   U_i = -r_t (2 logistic(a_i) g_i + 0.01 b_i)         t: the tensor that coordinate i lies in
// g: gradient, L: loss, k: the step's number of K. s is bounded and smooth and shows sign and magnitude of a gradient around the scale c:
// the three scales are those that gradients of this field have, and stand in for the logarithm and sign of Andrychowicz et al., which have
// a kink. The gate 2 logistic(a_i) lies between 0 and 2. b_i is weighed by the middle scale, so that it starts as small as a gradient is.
// With V = 0 and v = 0 this is plain gradient descent of rates r. Source: Andrychowicz et al. 2016, arXiv:1606.04474, sections 2 and
// appendix A; the gate: Ravi, Larochelle 2017, "Optimization as a model for few-shot learning".
#pragma once

#include <cstddef>
#include <span>

#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/random.h"
#include "oddshot/nets/layout.h"

namespace oddshot::learners {

// Planes of one block of coordinates.
template <class T>
struct UpdateScratch {
  AlignedVector<T> in;         // [4 x W] weights of the three gradient features, and what loss, step and bias add up to
  AlignedVector<T> out;        // [W + 1 x 2] V, v
  AlignedVector<T> d_in;       // likewise, sums over all blocks
  AlignedVector<T> d_out;      // likewise
  AlignedVector<T> inputs;     // [3 x B] features of the coordinates
  AlignedVector<T> slopes;     // [3 x B] by the gradient
  AlignedVector<T> hidden;     // [W x B] tanh(.)
  AlignedVector<T> outputs;    // [2 x B] a, b
  AlignedVector<T> gate;       // [B] logistic(a)
  AlignedVector<T> d_outputs;  // [2 x B]
  AlignedVector<T> d_inputs;   // [3 x B]

  kernels::SharedNetwork<T> network() const { return {out.size() / 2 - 1, in.data(), out.data()}; }
};

// Const methods may be called concurrently, each thread with a scratch of its own.
template <class T>
class CoordinateUpdate {
 public:
  // What the gradient was taken of: shared by all coordinates of a step.
  struct Moment {
    T loss;
    T share;  // k / K
  };

  // Appends its tensors to `layout`, whose tensors so far are those to be updated: "optimizer.rate" [tensors], "optimizer.0.weight" [5 x
  // W], "optimizer.0.bias" [W], "optimizer.1.weight" [W x 2], "optimizer.1.bias" [2].
  CoordinateUpdate(std::size_t width, Layout& layout, const kernels::Table<T>& kernels);

  // Fills its tensors for a start as gradient descent of the rate; params is the flat vector.
  void initialise(T* params, T rate, Stream stream) const;
  // next = theta + U, for all tensors to be updated; padding is left as it is. params is the flat vector, gradient, theta and next begin as
  // it does. O(elements * W).
  void apply(const Layout& layout, const T* params, Moment moment, const T* gradient, const T* theta, T* next,
             UpdateScratch<T>& scratch) const;
  // Given v = dloss/dnext: adds dloss/d(its tensors) to d_params (flat), overwrites d_gradient with dloss/dgradient (padding is left as it
  // is), returns dloss/dL. O(elements * W).
  T pull_back(const Layout& layout, const T* params, Moment moment, const T* gradient, const T* v, T* d_gradient, T* d_params,
              UpdateScratch<T>& scratch) const;

 private:
  void prepare(const T* params, Moment moment, UpdateScratch<T>& scratch) const;
  void evaluate(std::size_t count, const T* gradient, UpdateScratch<T>& scratch) const;

  std::size_t width_;
  std::size_t tensors_;                                                         // to be updated: the layout's first
  std::size_t rate_, input_weight_, input_bias_, output_weight_, output_bias_;  // offsets
  const kernels::Table<T>* kernels_;
};

extern template class CoordinateUpdate<float>;
extern template class CoordinateUpdate<double>;

}  // namespace oddshot::learners
