// A committee: learners of different make that see the same scores and err differently, and the plain mean of the scores, which learned
// nothing and so cannot have learned the wrong thing. No member is best everywhere; known kinds tell little of which will be, and least
// where no anomaly is known yet.
//   answers   f_1 .. f_M of the members, each trained as if it were alone, and f_0(q) = the mean of a row's D scores
//   voice     t_m(q) = (f_m(q) - c_m) / d_m,  c_m and d_m the mean and deviation of f_m over the support's normals
//   score     the mean of sign(t_m) log(1 + |t_m|), each with one vote; where no anomaly is known nothing checks what was learned from
//             other kinds, and the plain mean has two
// Rows of scores (oddshot/experts/score_space.h), where a mean of the columns means something. A support's scores are leave-one-out, so
// c_m and d_m are what new normals would get. Members: options.committee. Loss: the mean of the members'.
// Meta-parameters: "MEMBER/*" of each member. Adapted state: the members' as parts, and "centre", "unit" and "votes" [M + 1], the plain
// mean last. Source: members that err differently as Hansen, Salamon 1990, "Neural network ensembles"; equal weights as Clemen 1989,
// "Combining forecasts: a review and annotated bibliography".
#pragma once

#include <memory>

#include "oddshot/learners/learner.h"

namespace oddshot::learners {

std::unique_ptr<Learner> make_committee(const LearnerOptions& options);

}  // namespace oddshot::learners
