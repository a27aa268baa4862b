// A gate over scores (oddshot/experts/score_space.h): how much each score counts in a task is decided by how the few known anomalies, and
// the normals, score by it.
//   evidence of score j   e_j = [mean | least | deviation of the anomalies' q_j;  mean | deviation of the normals' q_j;
//                                1 if K > 0 | 1 if K >= 5 | log(1 + K) / 3;  one-hot of j],  the first three 0 without anomalies
//   weights of score j    [w_j | r_j] = gate_m(e_j), one network for all scores of a member m
//   member m              logit_m(q) = sum over j of (w_j q_j + r_j max(0, q_j - 1)) + mlp_m(q)
//   leaning on the mean   once adapted, c mean(q) is added to a member's logit, c = 0.5 / (1 + K) deviation(logit_m) / deviation(mean)
//                         over the support's normals: the fewer anomalies are known, the less there is to tell what to trust
//   score                 the mean of the members' logits
// q is a row of D scores, K the support's anomalies; order and number of the support do not matter. The one-hot lets the gate know each
// score by an embedding of its own. The weights start out as those of the mean of the scores, the other parts small. Loss: as the score
// network's (score_net.h). Meta-parameters: "member.M.gate.*", "member.M.network.*". Adapted state: "member.M.weights" [D x 2] and
// "member.M.network.*": what the gate said, and c / D on each w_j, is all that is needed of it.
// Source: gates on experts as Jacobs, Jordan, Nowlan, Hinton 1991, "Adaptive mixtures of local experts"; the summary of a set by its
// moments as Zaheer et al. 2017, arXiv:1703.06114.
#pragma once

#include <memory>
#include <vector>

#include "learners/inner_loop.h"
#include "nets/encoder.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct GateScratch : Scratch {
  BasicMatrix<T> evidence;  // [D x D + 8]
  BasicMatrix<T> basis;     // [R x 2 D] of a row, each q_j with max(0, q_j - 1) beside it
  nets::Tape<T> gate_tape, network_tape;
  AlignedVector<T> logits, d_logits, d_ranking;
  AlignedVector<T> d_weights;  // [2 D]
};

template <class T>
struct GateModel {
  explicit GateModel(const LearnerOptions& options);
  // scratch.evidence from a support.
  void read(const LabelledRows<T>& support, GateScratch<T>& scratch) const;
  // scratch.basis from rows.
  void lay_out(BasicMatrixView<T> rows, GateScratch<T>& scratch) const;
  // One member's logits of `rows`, which scratch.basis is of, with these weights [2 D], in scratch.logits.
  void judge(const T* params, std::size_t member, const T* weights, BasicMatrixView<T> rows, GateScratch<T>& scratch,
             nets::Keep keep) const;
  // The query loss and its gradient in all meta-parameters, overwritten.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, GateScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  std::size_t width;                              // D
  std::vector<nets::Encoder<T>> gates, networks;  // [members]
};

extern template struct GateModel<float>;
extern template struct GateModel<double>;

std::unique_ptr<Learner> make_gate(const LearnerOptions& options);

}  // namespace oddshot::learners
