// Which columns a score comes from: shares of the difference between a row's score and that of normal rows, which add up to it.
//
// The players are groups of columns (all features of one column of the user's table). For a background row b and a set S of groups, v(S) is
// the score of the row that has x's values in the groups of S and b's elsewhere; a group's share is its Shapley value, the mean over all
// orders of the groups of what its turn from b to x adds. Nothing is asked of the score but that it can be computed: distances to nearest
// rows and trees, which have no useful gradient, are explained as a network is. Of several background rows the mean.
//   Sum        along any order the additions telescope to v(all) - v(none), so the shares sum to score - baseline whether all orders are
//              taken or few; only how the sum is divided is then an estimate.
//   Exact      where a background row differs from x in few groups, all 2^m sets are scored; and for a score that is a sum over groups,
//              whatever the orders taken. A group in which the two agree has no share and costs nothing.
//   Sampled    else orders are drawn in pairs, each with its reverse, whose errors largely cancel.
// Source: Shapley 1953, "A value for n-person games"; Lundberg, Lee 2017, arXiv:1705.07874 (groups, several backgrounds); Mitchell, Cooper,
// Frank, Holmes 2022, arXiv:2104.12199, section 3 (orders and their reverses).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot {

// Scores of rows [N x D], to out [N]; a row's must not depend on the rows beside it.
using RowScore = std::function<void(MatrixView rows, std::span<float> out)>;

struct AttributionOptions {
  std::size_t evaluations = 2048;  // rows to score, about, for one row explained; 64 to 10,000,000. Two pairs of orders are always taken
  std::uint64_t seed = 1;

  void validate() const;  // throws ArgumentError naming the value and its limits
};

struct Attribution {
  double score = 0;             // of the row
  double baseline = 0;          // of the background rows, the mean
  std::vector<double> share;    // [groups]; sums to score - baseline
  std::vector<double> error;    // [groups] standard error of the share, by the spread over pairs of orders
  bool exact = false;           // all sets were scored: errors are 0
  std::size_t evaluations = 0;  // rows scored
};

// x [D], background [B x D] with B >= 1, group [D] of each column, below `groups`. Depends on the arguments alone. Throws ShapeError if
// sizes disagree, ArgumentError, and what `score` throws.
Attribution attribute(const RowScore& score, std::span<const float> x, MatrixView background, std::span<const std::uint32_t> group,
                      std::size_t groups, const AttributionOptions& options = {});

}  // namespace oddshot
