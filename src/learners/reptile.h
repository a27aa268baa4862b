// Reptile: moves the start towards where a few gradient steps on a task lead.
//   "gradient" = theta_0 - theta_K,   theta_K by K gradient steps on all labelled rows of the episode (support and query are one batch:
//   Reptile has no use for a query apart)
// The training loop averages this over the tasks of a step: the batched version. With one task a step and plain steps of the outer loop
// (--tasks-per-step 1 --optimizer sgd) it is the serial version, theta <- theta + rate (theta_K - theta).
// Source: Nichol, Achiam, Schulman 2018, arXiv:1803.02999.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "learners/row_products.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct ReptileScratch : Scratch {
  InnerScratch<T> inner;
  RowProducts<T> products;
  LabelledBatch<T> batch;
  AlignedVector<T> rates;
  nets::Tape<T> tape;
};

// theta_0 - theta_K, overwritten; returns the loss at theta_0. rule.rates [K x tensors].
template <class T>
T reptile_direction(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params, const LabelledRows<T>& support,
                    const LabelledRows<T>& query, const StepRule<T>& rule, std::size_t steps, ReptileScratch<T>& scratch,
                    std::span<T> direction);

std::unique_ptr<Learner> make_reptile(const LearnerOptions& options);

}  // namespace oddshot::learners
