// The encoder: a multi-layer perceptron with its gradient and Hessian-vector product, by hand and without a tape of operations.
//
// Hidden layer l maps h to h':   s = h W + b,   a = s, or LayerNorm(s) g + c,   h' = act(a).   The last layer is s alone.
// Symbols: R rows; I, O inputs and outputs of a layer. T is float, or double for oracles.
//
// The Hessian-vector product is Pearlmutter's R-operator: every pass exists in two modes. Primal computes and stores the planes of
// values, Tangent reads them and computes their derivatives along a direction v only.
// Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian", Neural Computation 6(1).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/nets/encoder_spec.h"
#include "oddshot/nets/layout.h"

namespace oddshot::nets {

// Whether a forward pass keeps what gradients need, or only computes outputs.
enum class Keep : bool { kOutputsOnly, kForGradient };

// What becomes of the gradient g of each of an encoder's tensors: out = g, or out = base + factor g, which makes a step or a sum.
template <class T>
struct Destination {
  T* out = nullptr;                 // flat vector of the whole layout; only the encoder's tensors are written
  const T* base = nullptr;          // likewise, may be `out` itself; null: nothing is added
  std::span<const T> factors = {};  // one a tensor of the encoder, read where there is a base; empty: 1
};

// What the first layer reads where a batch's rows x hold, instead of features, their products with S rows X (learners/row_products.h): its
// weight [S x O] then holds the coefficients A of those rows in a weight W_0 + X^T A, and s = offset + x A + b, where offset is what W_0
// makes of the rows.
template <class T>
struct RowCoefficients {
  const T* offset = nullptr;  // [R x O], borrowed like x; null: none, as with features
  // x [S x S] are the products of the rows X with themselves. A gradient in the weight is then given by its coefficients, dloss/ds; a
  // direction V and a Hessian product by their own products with the rows, X V: R{s} = X V + R{b}, and x^T R{dloss/ds}.
  bool own = false;
};

// The planes of values of one batch at one parameter vector. Reused from batch to batch; grows as needed, never shrinks.
template <class T>
struct Tape {
  struct Planes {
    AlignedVector<T> output;      // [R x O] h' (last layer: s)
    AlignedVector<T> d1;          // [R x O] act'(a); unused for ReLU, where output > 0 tells it
    AlignedVector<T> d2;          // [R x O] act''(a); unused for ReLU, where it is zero
    AlignedVector<T> upstream;    // [R x O] dloss/dh'; kept where d2 is
    AlignedVector<T> d_linear;    // [R x O] dloss/ds
    AlignedVector<T> transposed;  // [O x I] W transposed (not for the first layer)
    AlignedVector<T> normalised;  // [R x O] with layer normalisation: (s - mean) / sigma
    AlignedVector<T> d_scaled;    // [R x O] with layer normalisation: dloss/da
    AlignedVector<T> inverse;     // [R]     with layer normalisation: 1 / sigma
  };
  BasicMatrixView<T> x;  // [R x inputs], borrowed: must live until the last pass that uses this tape
  RowCoefficients<T> first;
  std::vector<Planes> layers;
  AlignedVector<T> vectors;  // [2 x widest layer] gradients on their way to a destination
  std::size_t outputs = 0;

  BasicMatrixView<T> output() const { return {layers.back().output.data(), x.rows, outputs, outputs}; }
};

// Derivatives of a tape's planes along a direction.
template <class T>
struct TangentTape {
  struct Planes {
    AlignedVector<T> output;      // [R x O] R{h'}
    AlignedVector<T> scaled;      // [R x O] R{a}
    AlignedVector<T> d_linear;    // [R x O] R{dloss/ds}
    AlignedVector<T> transposed;  // [O x I] V transposed
    AlignedVector<T> normalised;  // [R x O] R{normalised}
    AlignedVector<T> inverse;     // [R]     R{1 / sigma}
    AlignedVector<T> d_scaled;    // [R x O] R{dloss/da}
  };
  std::vector<Planes> layers;
  AlignedVector<T> vectors;  // as Tape::vectors
  std::size_t rows = 0;
  std::size_t outputs = 0;

  BasicMatrixView<T> output() const { return {layers.back().output.data(), rows, outputs, outputs}; }
};

// Const methods may be called concurrently, each thread with tapes of its own.
template <class T>
class Encoder {
 public:
  // Appends its tensors "PREFIX.0.weight" [I x O], "PREFIX.0.bias" [O] (and "PREFIX.0.gain", "PREFIX.0.shift" [O] with layer
  // normalisation) to `layout`. Throws ArgumentError if the spec is not valid. `kernels` must live on.
  Encoder(const EncoderSpec& spec, Layout& layout, const std::string& prefix, const kernels::Table<T>& kernels = kernels::table<T>());

  const EncoderSpec& spec() const { return spec_; }
  const kernels::Table<T>& kernels() const { return *kernels_; }
  // Where its part of the flat vector lies: its tensors are the layout's [first_tensor, last_tensor), its elements [begin, end).
  std::size_t first_tensor() const { return first_tensor_; }
  std::size_t last_tensor() const { return last_tensor_; }
  // Offset of the last layer's weight [H x outputs] and bias [outputs] in the flat vector.
  std::size_t head_weight() const { return layers_.back().weight; }
  std::size_t head_bias() const { return layers_.back().bias; }
  // Offset of the first layer's weight [inputs x O], of the tensor that follows it, and O.
  std::size_t first_weight() const { return layers_.front().weight; }
  std::size_t after_first_weight() const { return layers_.front().bias; }
  std::size_t first_outputs() const { return layers_.front().outputs; }
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }

  // Sets all of a flat vector but the encoder's tensors, which a backward pass overwrites, to 0.
  void clear_around(const Layout& layout, std::span<T> vector) const;

  // He initialisation (variance 2 / I; 1 / I before tanh and in the last layer); biases 0, gains 1.
  // Source: He et al. 2015, arXiv:1502.01852.
  void initialise(T* params, Stream stream) const;

  // Below, `params`, `direction`, `gradient`, `product` are flat vectors of the whole layout; only the encoder's tensors are read or
  // written.
  // tape.output() [R x outputs] afterwards. O(R * weights).
  void forward(const T* params, BasicMatrixView<T> x, Tape<T>& tape, Keep keep = Keep::kForGradient,
               const RowCoefficients<T>& first = {}) const;
  // Given d_output [R x outputs] = dloss/doutput: the gradient of the loss, overwritten. After forward() on the same tape with the same
  // params, keeping for the gradient.
  void backward(const T* params, BasicMatrixView<T> d_output, Tape<T>& tape, const Destination<T>& to) const;
  void backward(const T* params, BasicMatrixView<T> d_output, Tape<T>& tape, T* gradient) const {
    backward(params, d_output, tape, Destination<T>{.out = gradient});
  }
  // The input of the last layer, [R x H], after forward(): what a head alone would see (the rows themselves if there is no hidden layer).
  BasicMatrixView<T> hidden(const Tape<T>& tape) const;
  // Like backward(), from d_hidden [R x H] = dloss/dhidden(): the gradient of all layers but the last, whose own is set to 0. No tangent
  // pass may follow.
  void backward_hidden(const T* params, BasicMatrixView<T> d_hidden, Tape<T>& tape, T* gradient) const;
  // The derivative of tape.output() along `direction`: tangent.output().
  void tangent_forward(const T* params, const T* direction, const Tape<T>& tape, TangentTape<T>& tangent) const;
  // The derivative along `direction` of backward()'s gradient, overwritten, given that of its d_output [R x outputs]. After backward() on
  // `tape` and tangent_forward() on both. With d_output's derivative taken from the loss this is the Hessian times `direction`. It may be
  // written over `direction`.
  void tangent_backward(const T* params, const T* direction, BasicMatrixView<T> tangent_d_output, const Tape<T>& tape,
                        TangentTape<T>& tangent, const Destination<T>& to) const;
  void tangent_backward(const T* params, const T* direction, BasicMatrixView<T> tangent_d_output, const Tape<T>& tape,
                        TangentTape<T>& tangent, T* product) const {
    tangent_backward(params, direction, tangent_d_output, tape, tangent, Destination<T>{.out = product});
  }

 private:
  struct Layer {
    std::size_t inputs = 0, outputs = 0;
    std::size_t weight = 0, bias = 0, gain = 0, shift = 0;  // offsets in the flat vector
    std::size_t tensor = 0;                                 // of the weight, among the encoder's; bias, gain and shift follow
    bool hidden = false;
  };
  struct Pair;
  bool smooth() const { return spec_.activation != Activation::kRelu; }
  BasicMatrixView<T> input(std::size_t layer, const Tape<T>& tape) const;
  void backward_layers(const T* params, std::size_t count, Tape<T>& tape, const Destination<T>& to) const;
  void activate(std::size_t rows, const Layer& layer, typename Tape<T>::Planes& planes, Keep keep) const;
  const T* transposed(const Layer& layer, const T* params, AlignedVector<T>& plane) const;
  // out = in times the slope of the activation; may be in place.
  void times_slope(std::size_t size, const typename Tape<T>::Planes& planes, const T* in, T* out) const;
  // Sums of the rows of d_linear: the gradient of the bias, passed on.
  void pass_bias(std::size_t rows, const Layer& layer, const T* d_linear, AlignedVector<T>& vectors, const Destination<T>& to) const;

  EncoderSpec spec_;
  const kernels::Table<T>* kernels_;
  std::vector<Layer> layers_;
  std::size_t first_tensor_ = 0, last_tensor_ = 0, begin_ = 0, end_ = 0;
};

extern template class Encoder<float>;
extern template class Encoder<double>;

}  // namespace oddshot::nets
