// Prototypical networks: an embedding in which each class lies around the mean of its support rows.
//   c_y = mean of the embeddings f(x) of class y's support rows,   logit(x) = |f(x) - c_0|^2 - |f(x) - c_1|^2   (rises towards the
//   anomalies) loss: class-balanced cross-entropy of the query's logits, which is the softmax over -|f(x) - c_y|^2 of two classes
// Meta-parameters: "encoder.*". Adapted state: "encoder.*" and "prototypes" [2 x E], normal first.
// Source: Snell, Swersky, Zemel 2017, arXiv:1703.05175, section 2.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct ProtoScratch : Scratch {
  nets::Tape<T> tape;
  LabelledBatch<T> batch;
  BasicMatrix<T> d_embeddings;  // [S + Q x E]
  BasicMatrix<T> prototypes;    // [2 x E]
  AlignedVector<T> logits;      // [Q]
  AlignedVector<T> d_logits;    // [Q]
};

// Query loss and its gradient in the encoder's parameters, overwritten. The support must hold both classes.
template <class T>
T proto_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                 ProtoScratch<T>& scratch, std::span<T> gradient);

extern template float proto_gradient(const nets::Encoder<float>&, std::span<const float>, const LabelledRows<float>&,
                                     const LabelledRows<float>&, ProtoScratch<float>&, std::span<float>);
extern template double proto_gradient(const nets::Encoder<double>&, std::span<const double>, const LabelledRows<double>&,
                                      const LabelledRows<double>&, ProtoScratch<double>&, std::span<double>);

std::unique_ptr<Learner> make_proto(const LearnerOptions& options);

}  // namespace oddshot::learners
