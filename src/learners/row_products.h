// Layer 1 of an inner loop by the products of its rows: for rows that are much wider than they are many.
//
// Steps on the loss of rows X [S x D] move the weight of layer 1 [D x O] by combinations of those rows alone, momentum or not:
//   W_k = W_0 + X^T A_k,   A [S x O],   A_0 = 0,   and the gradient dL/dW = X^T dL/ds has the coefficients dL/ds
// so that the loop needs no weight of D rows, but a network of S inputs whose weight of layer 1 is A:
//   support   s  = X W_0  + (X X^T) A  + b
//   query     sq = Xq W_0 + (Xq X^T) A + b            X W_0, Xq W_0 [. x O], X X^T, Xq X^T [. x S]: once a task
// Backwards a covector v in W, the derivative of the outcome, is met only in products with the rows, X v [S x O]: a step's direction -alpha
// v moves s by -alpha X v; the query gives (Xq X^T)^T dL/dsq; a Hessian product adds (X X^T) R{dL/ds}; and the product of v with a gradient
// is sum((X v) * dL/ds), from which learned rates follow. In the end
//   dL/dW_0 = Xq^T sum(dL/dsq) + X^T c                c: the sum of a * R{dL/ds} over the steps (InnerScratch::d_offset)
// This holds for steps that move all of W by one rate, the same for every element: not for a rate per parameter, nor for a rule that looks
// at single weights. No basis is made of the rows, so that equal rows, rows of zeros and the like need no care.
// Source: that steps stay in the span of the rows is the argument of Schoelkopf, Herbrich, Smola 2001, "A generalized representer theorem";
// the second order is worked out here.
#pragma once

#include <memory>
#include <span>

#include "learners/inner_loop.h"

namespace oddshot::learners {

// What a task asks of a learner with an inner loop.
struct InnerWork {
  std::size_t support = 0;           // S
  std::size_t query = 0;             // Q; 0: only adapting
  std::size_t query_passes = 1;      // how often the query's gradient is taken
  std::size_t gradients = 0;         // of the support
  std::size_t hessian_products = 0;  // of the support
  bool adapted = false;              // the adapted weights themselves are wanted
};

// Multiply-adds of the products of one task with layer 1 held as weights, and by products of rows.
struct InnerCost {
  double weights = 0;
  double row_products = 0;
};
InnerCost inner_cost(const EncoderSpec& spec, const InnerWork& work);

// Whether layer 1 is held by row products: as wanted; by cost, if that saves three multiply-adds of ten. It depends on sizes alone, and so
// do the bits of a result. Products are all that is counted; beside them the weights of layer 1, read and written at each step, are spared
// too.
bool by_row_products(LayerOne wanted, const EncoderSpec& spec, const InnerWork& work);

// Where an inner loop runs: the learner's own network and rows, or those of RowProducts.
template <class T>
struct InnerTask {
  const nets::Encoder<T>* encoder = nullptr;
  const Layout* layout = nullptr;
  std::span<const T> params;
  LabelledRows<T> support;
  LabelledRows<T> query;
};

// The network of S inputs of one task after another, and the way back from it. A part of a learner's scratch, and of one encoder.
template <class T>
class RowProducts {
 public:
  InnerScratch<T> inner;  // of its loops, apart from those of the whole network: padding lies elsewhere
  AlignedVector<T> v;     // [task().encoder->end()] a gradient in its parameters

  // Readies the network for a task with S >= 1 support rows, and a query or none. `params` and rows are borrowed until the next task.
  // O((S + Q) (S + O) D).
  InnerTask<T> begin(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support,
                     const LabelledRows<T>& query = {});
  // Adds `share` of the query's derivative in layer 1, after a backward pass of the query on this tape.
  void add_query(const nets::Tape<T>& tape, T share);
  // The gradient in the whole network's parameters, padding left as it is, from v, the query's part and c [S x O] (empty: 0).
  // O((S + Q) O D).
  void whole_gradient(const AlignedVector<T>& c, std::span<T> gradient) const;
  // The same parameters as `adapted`, those of the whole network; in scratch. O(S O D).
  const AlignedVector<T>& whole_params(const AlignedVector<T>& adapted);

 private:
  // rows [R x D] times b [D x cols]
  BasicMatrixView<T> times(BasicMatrixView<T> rows, const T* b, std::size_t cols, BasicMatrix<T>& out) const;
  // c [D x O] = addend (null: 0) + rows^T coefficients [R x O]
  void combine(BasicMatrixView<T> rows, const T* coefficients, const T* addend, T* c) const;
  // All tensors but the first, from the network of S inputs to the whole one; padding, which may hold anything there, is not copied.
  void copy_rest(const AlignedVector<T>& from, T* to) const;

  const nets::Encoder<T>* whole_ = nullptr;
  std::span<const T> params_;  // of the whole network
  BasicMatrixView<T> support_, query_;
  Layout layout_;  // of the network of S inputs
  std::unique_ptr<nets::Encoder<T>> encoder_;
  AlignedVector<T> own_params_;           // A_0 = 0, and what follows layer 1's weight in params
  BasicMatrix<T> transposed_;             // [D x S] X^T
  BasicMatrix<T> own_, cross_;            // [S x S] X X^T, [Q x S] Xq X^T
  BasicMatrix<T> offset_, query_offset_;  // [S x O] X W_0, [Q x O] Xq W_0
  BasicMatrix<T> d_query_;                // [Q x O] sum of dL/dsq
  AlignedVector<T> whole_params_;
};

// Takes `steps` steps from params on the support, in the form that rule.layer_one asks for; returns theta_K, in one of the scratches, and
// the loss at theta_0 in first_loss, if not null.
template <class T>
const AlignedVector<T>& adapt_params(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params,
                                     const LabelledRows<T>& support, const StepRule<T>& rule, std::size_t steps, InnerScratch<T>& scratch,
                                     RowProducts<T>& products, T* first_loss = nullptr);

extern template class RowProducts<float>;
extern template class RowProducts<double>;

}  // namespace oddshot::learners
