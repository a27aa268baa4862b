// Learners that differentiate through an unrolled inner loop: MAML and its variants differ only in what is declared here.
// Meta-parameters: "encoder.*"; with rates a tensor and step "inner_rate" [K x tensors]; with rates a parameter "inner_rate.*", shaped like
// the encoder's tensors.
#pragma once

#include <memory>
#include <string_view>

#include "learners/row_products.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

enum class Rates : std::uint8_t { kFixed, kPerTensorAndStep, kPerParameter };

struct UnrolledVariant {
  std::string_view name;
  Order order = Order::kSecond;
  Rates rates = Rates::kFixed;
  LayerOne layer_one = LayerOne::kByCost;
};

template <class T>
struct UnrolledScratch : Scratch {
  InnerScratch<T> inner;
  RowProducts<T> products;
  nets::Tape<T> query;
  AlignedVector<T> rates;  // where they are not learned: [K x tensors]
};

// The meta-gradient in the arithmetic T (float for work, double for oracles).
template <class T>
struct UnrolledModel {
  UnrolledModel(const UnrolledVariant& variant, const LearnerOptions& options);
  StepRule<T> rule(std::span<const T> params, AlignedVector<T>& work) const;
  // The query loss after adapting, and its gradient in all meta-parameters, overwritten. With the multi-step loss: the mean of the query
  // losses after each step, 1 to K.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, UnrolledScratch<T>& scratch,
                  std::span<T> gradient) const;

  UnrolledVariant variant;
  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  std::size_t tensors;          // of the encoder
  std::size_t rates_begin = 0;  // where learned rates lie in the flat vector ...
  std::size_t rates_size = 0;   // ... and how many elements they take; 0: not learned
};

extern template struct UnrolledModel<float>;
extern template struct UnrolledModel<double>;

std::unique_ptr<Learner> make_unrolled(const UnrolledVariant& variant, const LearnerOptions& options);

}  // namespace oddshot::learners
