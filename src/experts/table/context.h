// What a table is like, in a few numbers of the order of 1 that are the same for all its rows:
//   columns, normals     log(1 + d) / 5, log n / 6
//   dimension            log(1 + intrinsic dimension) / 4, by the distances in g from each normal to its nearest 10 others:
//                        the inverse of the mean of log(t_10 / t_i), i < 10
//   few-valued           share of the columns with at most 10 values, and of those with at most max(2, n / 4): discrete
//   correlation          mean |correlation| of pairs of columns of q (of the first 64 columns)
//   heavy                share of |z| > 4 times 10
//   known, known-5       whether k > 0, k >= 5
//   anomalies            log(1 + k) / 3
// Source: Levina, Bickel 2004, "Maximum likelihood estimation of intrinsic dimension", eq. 8 (averaged as MacKay and Ghahramani do).
#pragma once

#include <array>
#include <string_view>

#include "experts/table/task.h"

namespace oddshot::table {

inline constexpr std::array<std::string_view, 10> kContextNames = {"columns",     "normals", "dimension", "few-valued", "discrete",
                                                                   "correlation", "heavy",   "known",     "known-5",    "anomalies"};

std::array<float, kContextNames.size()> context_of(const Task& task);

}  // namespace oddshot::table
