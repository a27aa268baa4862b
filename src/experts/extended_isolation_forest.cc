// Extended isolation forest: an isolation forest whose splits are random planes instead of thresholds in one column.
//   left if sum over j of w_j (x_j - p_j) <= 0,   w_j standard normal,  p_j uniform between the node's smallest and largest x_j
// over up to 4 columns drawn among those that vary in the node: the paper's extension level is 3, or less with fewer columns. All of many
// columns would make a split cost as much as a distance, and drown the few that matter. Axis-parallel cuts leave bands of low score beside
// every cluster; slanted ones do not.
// Trees, bags and score are isolation-forest's (isolation_depth.h, tree_bags.h).
// Source: Hariri, Carrasco Kind, Brunner 2019, arXiv:1811.02141.
#include <algorithm>
#include <array>
#include <numeric>

#include "experts/fitted.h"
#include "experts/isolation_depth.h"
#include "experts/tree_bags.h"

namespace oddshot {
namespace {

constexpr std::size_t kLargestBag = 256;
constexpr std::size_t kMostColumns = 4;  // of a plane
constexpr std::size_t kBlock = 32;       // rows walked together: their loads overlap, and they stay in L1

// Children lie side by side: left, left + 1. A leaf is its own left child under a plane of no columns, so that a walk of fixed length needs
// no test for leaves; planes of fewer columns than there is room for have weights of 0.
struct Node {
  std::array<std::uint32_t, kMostColumns> column{};
  std::array<float, kMostColumns> weight{};
  std::array<float, kMostColumns> place{};
  std::uint32_t left = 0;
  float length = 0;  // of a leaf: h

  std::uint32_t next(const float* row) const {
    float sum = 0;
    for (std::size_t t = 0; t < kMostColumns; ++t) sum += weight[t] * (row[column[t]] - place[t]);
    return left + static_cast<std::uint32_t>(sum > 0);
  }
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
    const auto left = static_cast<std::uint32_t>(nodes_.size());
    Node plane;
    plane.left = 0;  // while it is tried: 0 and 1 are the sides
    std::size_t drawn = 0;
    while (drawn < varying && drawn < kMostColumns) {
      std::swap(columns_[drawn], columns_[drawn + stream.below(varying - drawn)]);
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
      plane.column[drawn] = column;
      plane.weight[drawn] = stream.normal();
      plane.place[drawn] = static_cast<float>(static_cast<double>(low) + static_cast<double>(stream.uniform()) * width);
      ++drawn;
    }
    if (drawn == 0) return;
    const auto right = std::partition(bag.begin(), bag.end(), [&](std::uint32_t row) { return plane.next(rows_.row(row).data()) == 0; });
    const auto count = static_cast<std::size_t>(right - bag.begin());
    plane.left = left;
    nodes_.resize(nodes_.size() + 2);
    nodes_[node] = plane;
    split(tree, left, bag.first(count), depth + 1, varying, stream);  // one side may be empty: a plane need not pass between the rows
    split(tree, left + 1, bag.subspan(count), depth + 1, varying, stream);
  }

  MatrixView rows_;
  std::vector<Node>& nodes_;
  const IsolationDepth& depth_;
  std::vector<std::uint32_t> columns_;
};

class FittedExtendedForest final : public Fitted {
 public:
  FittedExtendedForest(std::string_view name, MatrixView normals, const Stream& stream)
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

  float walk(const Tree& tree, const float* row) const {
    std::uint32_t node = tree.root;
    for (std::uint32_t d = 0; d < tree.depth; ++d) node = nodes_[node].next(row);
    return nodes_[node].length;
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows - first);
      std::array<double, kBlock> lengths{};
      std::array<std::uint32_t, kBlock> at{};
      for (const Tree& tree : trees_) {
        at.fill(tree.root);
        for (std::uint32_t d = 0; d < tree.depth; ++d) {
          for (std::size_t r = 0; r < count; ++r) at[r] = nodes_[at[r]].next(rows.data + (first + r) * rows.stride);
        }
        for (std::size_t r = 0; r < count; ++r) lengths[r] += static_cast<double>(nodes_[at[r]].length);
      }
      for (std::size_t r = 0; r < count; ++r) out[first + r] = depth_.score(lengths[r] / static_cast<double>(kTrees));
    }
  }

  std::vector<Node> nodes_;  // of all trees
  std::vector<Tree> trees_;
  IsolationDepth depth_;
  std::vector<float> fitting_scores_;  // [N]
};

class ExtendedIsolationForest final : public Expert {
 public:
  std::string_view name() const override { return "extended-isolation-forest"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedExtendedForest>(name(), normals, stream);
  }
};

}  // namespace

const Expert& extended_isolation_forest_expert() {
  static const ExtendedIsolationForest expert;
  return expert;
}

}  // namespace oddshot
