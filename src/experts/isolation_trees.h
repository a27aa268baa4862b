// Trees that isolate rows by random splits: what isolation-forest and extended-isolation-forest share. Odd rows are isolated early;
// isolation_depth.h has the score, tree_bags.h which rows a tree grows on. Trees end at depth ceil(log2 B).
// A Split is how a node divides its rows:
//   bool right(const float* row) const       the side of a row; false for a split as it is born, which is a leaf's
//   static std::optional<Split> draw(const SplitRows& rows, std::span<std::uint32_t> columns, std::size_t& varying, Stream& stream)
//                                             of the rows of a node; none if nothing varies in them
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "experts/fitted.h"
#include "experts/isolation_depth.h"
#include "experts/tree_bags.h"

namespace oddshot {

// Of a column among the rows of a node.
struct ColumnRange {
  float low = 0;
  float high = 0;
  // Uniform between them.
  float between(Stream& stream) const {
    const double width = static_cast<double>(high) - static_cast<double>(low);
    return static_cast<float>(static_cast<double>(low) + static_cast<double>(stream.uniform()) * width);
  }
};

// The rows of a node.
struct SplitRows {
  MatrixView rows;
  std::span<const std::uint32_t> bag;

  ColumnRange range(std::uint32_t column) const {
    ColumnRange range{rows(bag[0], column), rows(bag[0], column)};
    for (const std::uint32_t row : bag) {
      range.low = std::min(range.low, rows(row, column));
      range.high = std::max(range.high, rows(row, column));
    }
    return range;
  }
};

template <class Split>
class IsolationTrees final : public Fitted {
 public:
  // O(trees B log B D), whatever N.
  IsolationTrees(std::string_view name, MatrixView normals, const Stream& stream)
      : Fitted(name, normals.cols), normals_(copied(normals)), bag_(bag_size(normals.rows)), depth_(bag_) {
    TreeBags bags(normals.rows, bag_, stream);
    for (std::size_t t = 0; t < kTrees; ++t) {
      TreeBag bag = bags.next();
      in_bag_.insert(in_bag_.end(), bag.rows.begin(), bag.rows.end());
      grow(bag);
    }
  }

  // By the trees that did without a row. O(N trees log B) on each call.
  std::vector<float> fitting_scores() const override {
    std::vector<double> sums(normals_.rows());
    add_lengths(normals_, sums);
    std::vector<std::uint32_t> without(sums.size(), kTrees);
    for (std::size_t t = 0; t < kTrees; ++t) {
      for (const std::uint32_t row : std::span(in_bag_).subspan(t * bag_, bag_)) {
        sums[row] -= static_cast<double>(walk(trees_[t], normals_.row(row).data()));  // exact: lengths are multiples of 2^-23 below 2^5
        --without[row];
      }
    }
    std::vector<float> scores(sums.size());
    for (std::size_t r = 0; r < scores.size(); ++r) scores[r] = depth_.score(sums[r] / without[r]);  // NaN where no tree did without
    return scores;
  }

 private:
  static constexpr std::size_t kLargestBag = 256;
  static constexpr std::size_t kBlock = 128;   // rows a tree is walked for: with 40 columns they and the tree stay in the first cache
  static constexpr std::size_t kTogether = 8;  // rows walked side by side, so that their loads overlap; their places stay in registers

  // Children lie side by side: left, left + 1. A leaf is its own left child, so that a walk of fixed length needs no test for leaves.
  struct Node {
    Split split;
    std::uint32_t left = 0;
    float length = 0;  // of a leaf: h
  };
  struct Tree {
    std::uint32_t root = 0;
    std::uint32_t depth = 0;  // of its deepest leaf
  };

  // Two normals: every tree needs both, and none is ever out.
  static std::size_t bag_size(std::size_t normals) { return TreeBags::size_of(normals, 2, kLargestBag); }

  struct Growing {
    Tree tree;
    std::vector<std::uint32_t> columns;  // [D] in any order
    Stream stream;
  };

  void grow(TreeBag& bag) {
    Growing growing{{static_cast<std::uint32_t>(nodes_.size()), 0}, std::vector<std::uint32_t>(normals_.cols()), bag.draws};
    std::iota(growing.columns.begin(), growing.columns.end(), 0U);
    nodes_.emplace_back();
    divide(growing, growing.tree.root, bag.rows, 0, normals_.cols());
    trees_.push_back(growing.tree);
  }

  // Only the first `varying` of the columns can vary in the rows of `bag`.
  void divide(Growing& growing, std::uint32_t node, std::span<std::uint32_t> bag, std::uint32_t depth, std::size_t varying) {
    growing.tree.depth = std::max(growing.tree.depth, depth);
    nodes_[node].left = node;
    nodes_[node].length = depth_.length(depth, bag.size());
    if (depth == depth_.limit() || bag.size() < 2) return;
    const std::optional<Split> split = Split::draw({normals_, bag}, growing.columns, varying, growing.stream);
    if (!split) return;
    const auto right = std::partition(bag.begin(), bag.end(), [&](std::uint32_t row) { return !split->right(normals_.row(row).data()); });
    const auto count = static_cast<std::size_t>(right - bag.begin());
    const auto left = static_cast<std::uint32_t>(nodes_.size());
    nodes_.resize(nodes_.size() + 2);
    nodes_[node] = {*split, left, 0};
    divide(growing, left, bag.first(count), depth + 1, varying);  // a side may be empty: a plane need not pass between the rows
    divide(growing, left + 1, bag.subspan(count), depth + 1, varying);
  }

  std::uint32_t next(std::uint32_t node, const float* row) const {
    const Node& at = nodes_[node];
    return at.left + static_cast<std::uint32_t>(at.split.right(row));
  }

  float walk(const Tree& tree, const float* row) const {
    std::uint32_t node = tree.root;
    for (std::uint32_t d = 0; d < tree.depth; ++d) node = next(node, row);
    return nodes_[node].length;
  }

  // h of all trees, added to sums [N].
  void add_lengths(MatrixView rows, std::span<double> sums) const {
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t end = std::min(first + kBlock, rows.rows);
      for (const Tree& tree : trees_) {
        std::size_t r = first;
        for (; r + kTogether <= end; r += kTogether) walk_together(tree, rows.data + r * rows.stride, rows.stride, sums.data() + r);
        for (; r < end; ++r) sums[r] += static_cast<double>(walk(tree, rows.data + r * rows.stride));
      }
    }
  }

  void walk_together(const Tree& tree, const float* rows, std::size_t stride, double* sums) const {
    std::array<std::uint32_t, kTogether> at;
    at.fill(tree.root);
    for (std::uint32_t d = 0; d < tree.depth; ++d) {
      for (std::size_t r = 0; r < kTogether; ++r) at[r] = next(at[r], rows + r * stride);
    }
    for (std::size_t r = 0; r < kTogether; ++r) sums[r] += static_cast<double>(nodes_[at[r]].length);
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    std::vector<double> sums(out.size());
    add_lengths(rows, sums);
    for (std::size_t r = 0; r < out.size(); ++r) out[r] = depth_.score(sums[r] / static_cast<double>(kTrees));
  }

  Matrix normals_;
  std::size_t bag_;                    // B
  std::vector<std::uint32_t> in_bag_;  // [kTrees x B]
  IsolationDepth depth_;
  std::vector<Node> nodes_;  // of all trees
  std::vector<Tree> trees_;
};

}  // namespace oddshot
