// Prototypical networks: an embedding in which each class lies around the means of its support rows, its prototypes.
//   d(x, c) = |phi(f(x)) - phi(c)|^2, phi the metric's map: plain, or with learned weights or scale (metric_map.h)
//   s_y(x)  = -log mean over p of exp(-d(x, c_yp)), the soft distance to class y's prototypes (prototypes.h); with one: d(x, c_y)
//   logit   = s_0(x) - s_1(x) if the support has anomalies,   s_0(x) - t, t = exp("log_threshold"), if it has none
// The logit rises towards the anomalies. Loss: class-balanced cross-entropy of the query's logits; with one prototype a class that is the
// softmax over -d(x, c_y) of two classes. Which row belongs to which prototype is held fixed in the gradient, which flows through the
// means. The mean over p, not the sum: a class of a single anomaly has one prototype, whatever the normals have, and weighs the same.
// Meta-parameters: "encoder.*", the metric's own, "log_threshold" [1] (no gradient from episodes with anomalies in the support). Adapted
// state: the same, with "prototypes.normal" [P0 x E] and, if there are anomalies, "prototypes.anomaly" [P1 x E].
// Source: Snell, Swersky, Zemel 2017, arXiv:1703.05175, section 2; several prototypes: Allen et al. 2019, arXiv:1902.04552, and Mensink et
// al. 2013 (prototypes.h); normals alone: the distance to the centre of Ruff et al. 2018, "Deep one-class classification", with the
// threshold and the embedding learned from the anomalies of other tasks.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "learners/prototypes.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct ProtoScratch : Scratch {
  nets::Tape<T> tape;
  LabelledBatch<T> batch;
  Prototypes<T> prototypes;
  BasicMatrix<T> mapped;             // [S + Q x E] phi of the embeddings
  BasicMatrix<T> mapped_prototypes;  // [P x E]
  BasicMatrix<T> distances;          // [Q x P], then the share of each prototype in the soft distance to its class
  BasicMatrix<T> d_embeddings;       // [S + Q x E]
  BasicMatrix<T> d_query;            // [Q x E]
  BasicMatrix<T> d_prototypes;       // [P x E]
  AlignedVector<T> logits;           // [Q]
  AlignedVector<T> d_logits;         // [Q]
};

// The meta-gradient in the arithmetic T (float for work, double for oracles).
template <class T>
struct ProtoModel {
  explicit ProtoModel(const LearnerOptions& options);
  // Query loss and its gradient in all meta-parameters, overwritten. The support must hold normal rows.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, ProtoScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  MetricMap<T> metric;
  std::size_t threshold;  // where its logarithm lies in the flat vector
};

extern template struct ProtoModel<float>;
extern template struct ProtoModel<double>;

std::unique_ptr<Learner> make_proto(const LearnerOptions& options);

}  // namespace oddshot::learners
