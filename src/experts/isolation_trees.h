// Trees that isolate rows by random splits: what isolation-forest and extended-isolation-forest share. Odd rows are isolated early;
// isolation_depth.h has the score, tree_bags.h which rows a tree grows on. Trees end at depth ceil(log2 B).
// A Split is how a node divides its rows:
//   bool right(const float* row) const       the side of a row
//   static std::optional<Split> draw(const SplitRows& rows, std::span<std::uint32_t> columns, std::size_t& varying, Stream& stream)
//                                             of the rows of a node; none if nothing varies in them
//   Step, Step step() const                   a split of a grown tree, for rows that come as columns of kRowsAtOnce values; as it
//                                             is born it sends everything left
//   static void descend(std::span<const Step> tree, std::size_t levels, const float* columns, std::size_t n, std::uint32_t* at)
//                                             the places of n rows so many levels down a tree that lies as a heap (kernels.h)
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
#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"

namespace oddshot {

inline constexpr std::size_t kRowsAtOnce = 128;  // that walk down a tree: with 40 columns they and the tree stay in the first cache

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
    Block block(normals_.cols());
    for (std::size_t t = 0; t < kTrees; ++t) {
      const auto bag = std::span(in_bag_).subspan(t * bag_, bag_);
      for (std::size_t first = 0; first < bag_; first += kRowsAtOnce) {
        const auto some = bag.subspan(first, std::min(kRowsAtOnce, bag_ - first));
        block.take(gathered<float>(normals_, some));
        for (std::size_t r = 0; const float length : block.walk(*this, trees_[t])) {
          sums[some[r]] -= static_cast<double>(length);  // exact: lengths are multiples of 2^-23 below 2^5
          --without[some[r++]];
        }
      }
    }
    std::vector<float> scores(sums.size());
    for (std::size_t r = 0; r < scores.size(); ++r) scores[r] = depth_.score(sums[r] / without[r]);  // NaN where no tree did without
    return scores;
  }

 private:
  static constexpr std::size_t kLargestBag = 256;
  using Step = typename Split::Step;

  // A tree as a heap: all of its lowest level are leaves, and what ends above goes on to the left, so that a walk needs no test for leaves.
  struct Tree {
    std::size_t first = 0;   // its step 0, which is none, and its leftmost leaf
    std::size_t levels = 0;  // above the lowest
  };

  // Rows that walk together, side by side.
  class Block {
   public:
    explicit Block(std::size_t columns) : columns_(columns * kRowsAtOnce) {}

    void take(MatrixView rows) {
      count_ = rows.rows;
      kernels::table<float>().transpose(rows.rows, rows.cols, rows.data, rows.stride, columns_.data(), kRowsAtOnce);
    }
    // h of each, until the next call.
    std::span<const float> walk(const IsolationTrees& forest, const Tree& tree) {
      const std::size_t leaves = std::size_t{1} << tree.levels;
      Split::descend(std::span(forest.steps_).subspan(tree.first, leaves), tree.levels, columns_.data(), count_, at_.data());
      const float* lengths = forest.lengths_.data() + tree.first;
      for (std::size_t r = 0; r < count_; ++r) found_[r] = lengths[at_[r] - leaves];
      return std::span(found_).first(count_);
    }

   private:
    AlignedVector<float> columns_;  // [D x kRowsAtOnce]
    std::size_t count_ = 0;
    std::array<std::uint32_t, kRowsAtOnce> at_;
    std::array<float, kRowsAtOnce> found_;
  };

  // Two normals: every tree needs both, and none is ever out.
  static std::size_t bag_size(std::size_t normals) { return TreeBags::size_of(normals, 2, kLargestBag); }

  struct Leaf {
    std::size_t place, depth;
    float length;  // h
  };
  struct Growing {
    std::vector<Step> steps;             // a heap down to the limit
    std::vector<Leaf> leaves;            // at any depth
    std::vector<std::uint32_t> columns;  // [D] in any order
    Stream stream;
  };

  void grow(TreeBag& bag) {
    Growing growing{std::vector<Step>(std::size_t{1} << depth_.limit()), {}, std::vector<std::uint32_t>(normals_.cols()), bag.draws};
    std::iota(growing.columns.begin(), growing.columns.end(), 0U);
    divide(growing, 1, bag.rows, 0, normals_.cols());
    Tree tree{steps_.size(), 0};
    for (const Leaf& leaf : growing.leaves) tree.levels = std::max(tree.levels, leaf.depth);
    const std::size_t size = std::size_t{1} << tree.levels;
    steps_.insert(steps_.end(), growing.steps.begin(), growing.steps.begin() + static_cast<std::ptrdiff_t>(size));
    lengths_.resize(steps_.size());
    for (const Leaf& leaf : growing.leaves) lengths_[tree.first + (leaf.place << (tree.levels - leaf.depth)) - size] = leaf.length;
    trees_.push_back(tree);
  }

  // Only the first `varying` of the columns can vary in the rows of `bag`.
  void divide(Growing& growing, std::size_t place, std::span<std::uint32_t> bag, std::uint32_t depth, std::size_t varying) {
    std::optional<Split> split;
    if (depth < depth_.limit() && bag.size() > 1) split = Split::draw({normals_, bag}, growing.columns, varying, growing.stream);
    if (!split) {
      growing.leaves.push_back({place, depth, depth_.length(depth, bag.size())});
      return;
    }
    growing.steps[place] = split->step();
    const auto right = std::partition(bag.begin(), bag.end(), [&](std::uint32_t row) { return !split->right(normals_.row(row).data()); });
    const auto count = static_cast<std::size_t>(right - bag.begin());
    divide(growing, 2 * place, bag.first(count), depth + 1, varying);  // a side may be empty: a plane need not pass between the rows
    divide(growing, 2 * place + 1, bag.subspan(count), depth + 1, varying);
  }

  // h of all trees, added to sums [N].
  void add_lengths(MatrixView rows, std::span<double> sums) const {
    Block block(rows.cols);
    for (std::size_t first = 0; first < rows.rows; first += kRowsAtOnce) {
      block.take(rows.slice(first, std::min(kRowsAtOnce, rows.rows - first)));
      for (const Tree& tree : trees_) {
        for (std::size_t r = first; const float length : block.walk(*this, tree)) sums[r++] += static_cast<double>(length);
      }
    }
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
  std::vector<Step> steps_;     // of all trees
  std::vector<float> lengths_;  // of leaves: h
  std::vector<Tree> trees_;
};

}  // namespace oddshot
