// Which pairs of rows a Siamese network is trained on.
//   all        every pair of rows
//   random     for each row one partner of its own class and one of the other
//   semi-hard  every pair of one class; and of two classes those that one of the two rows takes for semi-hard: the other is farther from it
//              than the nearest row of its own class (farther than 0 if there is none) and nearer than the margin. A row that finds all of
//              the other class no farther than its own nearest takes the farthest of them, if within the margin: a bad start is left so
// Source: semi-hard: Schroff, Kalenichenko, Philbin 2015, arXiv:1503.03832, section 3.2, there for triplets.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

// Indices of two rows of a batch.
using Pair = std::array<std::uint32_t, 2>;
struct Pairs {
  std::vector<Pair> same;       // of one class
  std::vector<Pair> different;  // of two
};

// The pairs of rows with `labels` [N] at distances [N x N] from one another; overwritten. `stream` serves random mining alone, distances
// and margin semi-hard mining alone. O(N^2) but for random mining.
template <class T>
void mine_pairs(Mining mining, T margin, BasicMatrixView<T> distances, std::span<const std::uint8_t> labels, Stream stream, Pairs& pairs);

extern template void mine_pairs(Mining, float, BasicMatrixView<float>, std::span<const std::uint8_t>, Stream, Pairs&);
extern template void mine_pairs(Mining, double, BasicMatrixView<double>, std::span<const std::uint8_t>, Stream, Pairs&);

}  // namespace oddshot::learners
