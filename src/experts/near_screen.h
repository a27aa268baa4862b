// Which of many reference rows can be among the k nearest of a row, by matrix products, which run at twice the speed of differences:
//   |x - y|^2 / 2 = |x|^2 / 2 + (|y|^2 / 2 - x.y)              rows less the mean of the reference, so that norms are not large beside gaps
// Products cancel, so what they give is a bound: with e = (D + 8) 2^-24 (|x|^2 + |y|^2), which covers D + 2 roundings of a dot product in
// any order, those of the norms and of taking the mean off, half the squared distance is within e of the sum above. A row y can be among
// the nearest only if its lower bound is no higher than the k-th lowest upper bound. There are seldom more than k + 1 of those; they are
// then ranked by distances from the differences themselves, and nothing depends on what was screened how.
// Source of the error bound: Higham 2002, "Accuracy and stability of numerical algorithms", section 3.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"

namespace oddshot {

class NearScreen {
 public:
  // Of reference rows [N x D], of which it keeps a copy in the order that products read; nothing if their squares come near the limits of
  // float (beyond some 1e18).
  static std::optional<NearScreen> of(MatrixView reference);

  static constexpr std::size_t kBlock =
      128;  // rows a call at which it runs best: their bounds on a panel, 256 KiB, stay in the second cache

  // For each of the rows [M x D] the reference rows, by rising index, that can be among its k nearest by the distances of
  // kernels::Table::squared_distances. None at all where there are too many to rank (many equal rows, a row far from a tight cluster) or
  // the row's squares come near the limits of float: then all N are to be looked at. 1 <= k <= N. O(M N D) time,
  // memory for M rows by a panel.
  std::vector<std::vector<std::uint32_t>> candidates(MatrixView rows, std::size_t k) const;

 private:
  class Kept;

  explicit NearScreen(MatrixView reference);
  double centred(std::span<const float> row, std::span<float> out) const;  // returns |out|^2

  std::size_t rows_;
  std::vector<double> mean_;     // [D]
  AlignedVector<float> panels_;  // panel p holds -y of kPanel reference rows, transposed: [D x kStride]
  AlignedVector<float> bias_;    // [N] |y|^2 (1/2 - e/|y|^2): the lower bound less x.y
  AlignedVector<float> width_;   // [N] the upper bound less the lower, as far as y decides
  double largest_ = 0;           // |y|^2
};

}  // namespace oddshot
