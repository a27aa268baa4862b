// Isolation forest: trees that split rows at random isolate odd rows early (isolation_depth.h has the score).
// A split takes a column at random among those that vary in the node, and a threshold uniformly between its smallest and largest value.
// Trees end at depth ceil(log2 B). 100 trees on B rows each, without replacement: 256, or four fifths of the normals if they are fewer than
// 320. The paper would take all of fewer than 256 normals, but then no row is ever out of the bag (tree_bags.h).
// Source: Liu, Ting, Zhou 2008, "Isolation forest".
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "experts/fitted.h"
#include "experts/isolation_depth.h"
#include "experts/tree_bags.h"

namespace oddshot {
namespace {

constexpr std::size_t kLargestBag = 256;
constexpr std::size_t kBlock = 32;  // rows walked together: their loads overlap, and they stay in L1

// Children lie side by side: left, left + 1. A leaf is its own left child under an infinite threshold, so that a walk of fixed length needs
// no test for leaves.
struct Node {
  float threshold = std::numeric_limits<float>::infinity();  // rows above go right
  std::uint32_t column = 0;
  std::uint32_t left = 0;
  float length = 0;  // of a leaf: h
};

struct Tree {
  std::uint32_t root = 0;
  std::uint32_t depth = 0;  // of its deepest leaf
};

class Grower {
 public:
  Grower(MatrixView rows, const IsolationDepth& depth, std::vector<Node>& nodes)
      : rows_(rows), nodes_(nodes), depth_(depth), columns_(rows.cols) {}

  Tree grow(std::span<std::uint32_t> bag, Stream stream) {
    std::iota(columns_.begin(), columns_.end(), 0U);
    Tree tree{static_cast<std::uint32_t>(nodes_.size()), 0};
    nodes_.emplace_back();
    split(tree, tree.root, bag, 0, columns_.size(), stream);
    return tree;
  }

 private:
  // Splits the rows of `bag` at `node`. Only the first `varying` of columns_ can vary in them; the order of columns_ is free.
  void split(Tree& tree, std::uint32_t node, std::span<std::uint32_t> bag, std::uint32_t depth, std::size_t varying, Stream& stream) {
    tree.depth = std::max(tree.depth, depth);
    nodes_[node].left = node;
    nodes_[node].length = depth_.length(depth, bag.size());
    if (depth == depth_.limit() || bag.size() < 2) return;
    while (varying > 0) {
      const std::size_t drawn = stream.below(varying);
      const std::uint32_t column = columns_[drawn];
      float low = rows_(bag[0], column);
      float high = low;
      for (const std::uint32_t row : bag) {
        low = std::min(low, rows_(row, column));
        high = std::max(high, rows_(row, column));
      }
      if (low == high) {  // constant here, hence in all below
        std::swap(columns_[drawn], columns_[--varying]);
        continue;
      }
      const double width = static_cast<double>(high) - static_cast<double>(low);
      auto threshold = static_cast<float>(static_cast<double>(low) + static_cast<double>(stream.uniform()) * width);
      if (threshold >= high) threshold = low;  // rounded up; `high` itself must go right
      const auto right = std::partition(bag.begin(), bag.end(), [&](std::uint32_t row) { return rows_(row, column) <= threshold; });
      const auto count = static_cast<std::size_t>(right - bag.begin());
      const auto left = static_cast<std::uint32_t>(nodes_.size());
      nodes_.resize(nodes_.size() + 2);
      nodes_[node] = {threshold, column, left, 0};
      split(tree, left, bag.first(count), depth + 1, varying, stream);
      split(tree, left + 1, bag.subspan(count), depth + 1, varying, stream);
      return;
    }
  }

  MatrixView rows_;
  std::vector<Node>& nodes_;
  const IsolationDepth& depth_;
  std::vector<std::uint32_t> columns_;
};

class FittedIsolationForest final : public Fitted {
 public:
  FittedIsolationForest(std::string_view name, MatrixView normals, const Stream& stream)
      : Fitted(name, normals.cols), depth_(bag_size(normals.rows)), fitting_scores_(normals.rows) {
    Grower grower(normals, depth_, nodes_);
    TreeBags bags(normals.rows, bag_size(normals.rows), stream);
    OutOfBag lengths(normals.rows);
    for (std::size_t t = 0; t < kTrees; ++t) {
      TreeBag bag = bags.next();
      trees_.push_back(grower.grow(bag.rows, bag.draws));
      lengths.add(bag, [&](std::size_t row) { return walk(trees_.back(), normals.row(row).data()); });
    }
    for (std::size_t r = 0; r < fitting_scores_.size(); ++r) fitting_scores_[r] = depth_.score(lengths.mean(r));
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  // Two normals: every tree needs both, and none is ever out.
  static std::size_t bag_size(std::size_t normals) { return TreeBags::size_of(normals, 2, kLargestBag); }

  std::uint32_t step(std::uint32_t node, const float* row) const {
    const Node& at = nodes_[node];
    return at.left + static_cast<std::uint32_t>(row[at.column] > at.threshold);
  }

  float walk(const Tree& tree, const float* row) const {
    std::uint32_t node = tree.root;
    for (std::uint32_t d = 0; d < tree.depth; ++d) node = step(node, row);
    return nodes_[node].length;
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows - first);
      std::array<double, kBlock> lengths{};
      std::array<std::uint32_t, kBlock> nodes{};
      for (const Tree& tree : trees_) {
        nodes.fill(tree.root);
        for (std::uint32_t d = 0; d < tree.depth; ++d) {
          for (std::size_t r = 0; r < count; ++r) nodes[r] = step(nodes[r], rows.data + (first + r) * rows.stride);
        }
        for (std::size_t r = 0; r < count; ++r) lengths[r] += static_cast<double>(nodes_[nodes[r]].length);
      }
      for (std::size_t r = 0; r < count; ++r) out[first + r] = depth_.score(lengths[r] / static_cast<double>(kTrees));
    }
  }

  std::vector<Node> nodes_;  // of all trees
  std::vector<Tree> trees_;
  IsolationDepth depth_;
  std::vector<float> fitting_scores_;  // [N]
};

class IsolationForest final : public Expert {
 public:
  std::string_view name() const override { return "isolation-forest"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedIsolationForest>(name(), normals, stream);
  }
};

}  // namespace

const Expert& isolation_forest_expert() {
  static const IsolationForest expert;
  return expert;
}

}  // namespace oddshot
