// A tree of random splits that tells anomalies from normals, either class weighing the same. At a node the square root of the number of
// columns are drawn among those that vary in it, a threshold in each, uniformly between its smallest and largest value, and the best of
// these by Gini impurity is taken; until a node is pure or nothing varies.
// Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"

namespace oddshot {

// The left child follows its parent.
struct TreeNode {
  std::uint32_t column = 0;
  std::uint32_t right = 0;  // 0: a leaf
  float threshold = 0;      // values above go right
  float share = 0;          // of anomalies, in a leaf
};

class TreeGrower {
 public:
  // rows [N + A x D], the normals first; nodes of all trees go to the end of `nodes`, which must live on. A column varies in a node if its
  // values there differ by more than `same`: by more than rounding, in units of the columns.
  TreeGrower(MatrixView rows, std::size_t normals, std::vector<TreeNode>& nodes, float same = 0);

  // A tree on these rows, of which it changes the order; at least one of each class. Returns the number of its root.
  std::uint32_t grow(std::span<std::uint32_t> drawn, Stream stream);

 private:
  // How many rows of each class.
  struct Count {
    std::size_t normals = 0;
    std::size_t anomalies = 0;
  };
  struct Choice;

  double impurity(Count count) const;
  // The best of `tries_` random splits of rows that are so many; only the first `varying` of columns_ can vary in them.
  Choice choose(std::span<const std::uint32_t> rows, Count all, std::size_t& varying, Stream& stream);
  void split(std::span<std::uint32_t> rows, std::size_t varying, Stream& stream);

  Matrix columns_of_rows_;  // [D x N + A]
  std::size_t normals_;
  std::size_t tries_;
  float same_;
  std::vector<TreeNode>& nodes_;
  std::vector<double> normal_weights_;  // of 0, 1, ... rows of a class, which weighs 1 at the root
  std::vector<double> anomaly_weights_;
  std::vector<std::uint32_t> columns_;
};

// The share of anomalies in the leaf that a row [D] comes to.
inline float leaf_share(std::span<const TreeNode> nodes, std::uint32_t root, const float* row) {
  std::uint32_t at = root;
  while (nodes[at].right != 0) at = row[nodes[at].column] <= nodes[at].threshold ? at + 1 : nodes[at].right;
  return nodes[at].share;
}

}  // namespace oddshot
