// Siamese networks: one encoder for both rows of a pair, trained so that rows of one class lie near each other and others apart.
//   D = |f(a) - f(b)|,   y = 1 if a and b are of one class, 0 if not,   m the margin
//   linear   l = y D   + (1 - y) max(0, m - D)
//   squared  l = y D^2 + (1 - y) max(0, m - D)^2, twice the loss of Hadsell et al., who have a factor of 1/2
//   loss = (mean of l over the pairs of one class + mean of l over the pairs of two) / 2: both kinds weigh the same, however many there
//   are; the mean of one kind alone where there is no pair of the other
// dD/df(a) = (f(a) - f(b)) / D is taken as 0 where D = 0, a subgradient: rows that fell together are not pushed apart.
// All anomalies of an episode are of one task, hence of one kind and one class.
//
// Pairs are mined (pair_mining.h) among all rows of an episode, support and query alike, so that an episode with normals alone in its
// support has pairs of both kinds too. Which are taken is held fixed in the gradient.
//
// A row scores the mean of its distances to the nearest 5 support normals (all if there are fewer) less its distance to the nearest known
// anomaly; without anomalies the former alone.
// Meta-parameters: "encoder.*". Adapted state: "encoder.*", the embedded support as "support.normal" [N x E] and, if there are any,
// "support.anomaly" [A x E].
// Source: Hadsell, Chopra, LeCun 2006, "Dimensionality reduction by learning an invariant mapping", section 2.
#pragma once

#include <memory>
#include <span>

#include "learners/labelled_batch.h"
#include "learners/pair_mining.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct SiameseScratch : Scratch {
  nets::Tape<T> tape;
  LabelledBatch<T> batch;
  BasicMatrix<T> distances;  // [S + Q x S + Q]; when scoring [rows x support]
  BasicMatrix<T> centred;    // [S + Q x E] embeddings less their mean
  BasicMatrix<T> shares;     // [S + Q x S + Q] what each pair counts for, symmetric
  AlignedVector<T> signs;    // [S + Q] 1 where a row is of the class of the row that is looked at, else -1
  AlignedVector<T> losses;   // [S + Q] of all rows with that row
  BasicMatrix<T> factors;    // [S + Q x S + Q] slope over distance of the pairs that are taken together, symmetric
  struct NearPair {
    std::uint32_t a, b;
    T factor;
  };
  std::vector<NearPair> near;   // those that are not
  BasicMatrix<T> d_embeddings;  // [S + Q x E]
  Pairs pairs;
};

// The loss of an episode and its gradient in the encoder's parameters, overwritten. options: margin, contrast and mining count.
template <class T>
T siamese_gradient(const nets::Encoder<T>& encoder, const LearnerOptions& options, std::span<const T> params,
                   const LabelledRows<T>& support, const LabelledRows<T>& query, SiameseScratch<T>& scratch, std::span<T> gradient);

std::unique_ptr<Learner> make_siamese(const LearnerOptions& options);

}  // namespace oddshot::learners
