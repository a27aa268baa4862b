// A score network: it weighs a row's scores (oddshot/experts/score_space.h), knowing how the few known anomalies score, without inner
// steps.
//   context   c = [mean of the support anomalies | their deviation | 1 if there are any | log(1 + K) / 3];  0 without anomalies
//   member m  logit_m(q) = w_m . q + mlp_m([q | c])
//   score     the mean of the members' logits
// q is a row of D features, K the support's anomalies; order and number of the support do not matter, so one set of weights serves any
// number of shots. The support's anomalies come in as leave-one-out scores. The linear part starts as the mean of the scores, the network's
// last layer small: what is learned starts from what is good without learning.
// Loss of a member: the ranking loss with margin 1, and 0.3 of the class-balanced cross-entropy; of the learner: the members' mean.
// Meta-parameters: "member.M.linear.weight" [D x 1], "member.M.network.*". Adapted state: those and "context" [2 D + 2].
// Source: the summary of a set by its mean as Zaheer et al. 2017, arXiv:1703.06114; members as Lakshminarayanan et al. 2017,
// arXiv:1612.01474.
#pragma once

#include <memory>
#include <vector>

#include "learners/inner_loop.h"
#include "nets/encoder.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct ScoreNetScratch : Scratch {
  AlignedVector<T> context;  // [2 D + 2]
  BasicMatrix<T> joined;     // [R x 3 D + 2] rows with the context beside each
  nets::Tape<T> tape;
  AlignedVector<T> logits, d_logits, d_ranking;
};

template <class T>
struct ScoreNetModel {
  explicit ScoreNetModel(const LearnerOptions& options);
  // scratch.context from a support.
  void read(const LabelledRows<T>& support, ScoreNetScratch<T>& scratch) const;
  // scratch.joined from rows, with scratch.context.
  void join(BasicMatrixView<T> rows, ScoreNetScratch<T>& scratch) const;
  // One member's logits of scratch.joined, in scratch.logits; scratch.tape serves a gradient afterwards if kept.
  void judge(const T* params, std::size_t member, ScoreNetScratch<T>& scratch, nets::Keep keep) const;
  // The query loss and its gradient in all meta-parameters, overwritten.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, ScoreNetScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  std::size_t width;                       // D
  std::vector<std::size_t> linear;         // [members] offset of the linear weights
  std::vector<nets::Encoder<T>> networks;  // [members]
};

extern template struct ScoreNetModel<float>;
extern template struct ScoreNetModel<double>;

std::unique_ptr<Learner> make_score_net(const LearnerOptions& options);

}  // namespace oddshot::learners
