// Isolation forest: trees that split rows at random isolate odd rows early.
//   score(x) = 2^(-mean over trees of h(x) / c(B))        h: depth of x's leaf, plus c(n) for the n > 1 rows left in it
//   c(n) = 2 H(n - 1) - 2 (n - 1) / n                     the mean depth of an unsuccessful search; H: harmonic number
// A split takes a column at random among those that vary in the node, and a threshold uniformly between its smallest and largest value.
// Trees end at depth ceil(log2 B). 100 trees on B rows each, without replacement: 256, or four fifths of the normals if they are fewer than
// 320. The paper would take all of fewer than 256 normals, but then no row is ever out of the bag. Here every five trees share one shuffle
// and each leaves out another fifth of the rows, so that every row is out of the bag of at least 20 trees; these make its fitting score.
// Source: Liu, Ting, Zhou 2008, "Isolation forest".
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "experts/fitted.h"

namespace oddshot {
namespace {

constexpr std::size_t kTrees = 100;
constexpr std::size_t kLargestBag = 256;
constexpr std::size_t kParts = 5;
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

std::vector<float> mean_depths(std::size_t n) {
  std::vector<float> c(n + 1);
  double harmonic = 0;
  for (std::size_t i = 2; i <= n; ++i) {
    harmonic += 1 / static_cast<double>(i - 1);
    c[i] = static_cast<float>(2 * harmonic - 2 * static_cast<double>(i - 1) / static_cast<double>(i));
  }
  return c;
}

class Grower {
 public:
  Grower(MatrixView rows, std::size_t bag, std::vector<Node>& nodes)
      : rows_(rows),
        nodes_(nodes),
        mean_depth_(mean_depths(bag)),
        limit_(static_cast<std::uint32_t>(std::bit_width(bag - 1))),
        columns_(rows.cols) {}

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
    nodes_[node].length = static_cast<float>(depth) + mean_depth_[bag.size()];
    if (depth == limit_ || bag.size() < 2) return;
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
  std::vector<float> mean_depth_;  // c(n), n up to the bag
  std::uint32_t limit_;
  std::vector<std::uint32_t> columns_;
};

class FittedIsolationForest final : public Fitted {
 public:
  FittedIsolationForest(std::string_view name, MatrixView normals, const Stream& stream)
      : Fitted(name, normals.cols), fitting_scores_(normals.rows, std::numeric_limits<float>::quiet_NaN()) {
    const std::size_t n = normals.rows;
    const std::size_t bag_size = std::clamp<std::size_t>(n * (kParts - 1) / kParts, 2, kLargestBag);
    half_depth_ = 1 / static_cast<double>(mean_depths(bag_size)[bag_size]);
    Grower grower(normals, bag_size, nodes_);
    std::vector<std::uint32_t> order(n);
    std::vector<std::uint32_t> bag;
    std::vector<double> lengths(n);
    std::vector<std::uint32_t> trees_without(n);
    std::vector<std::uint8_t> in_bag(n);
    for (std::size_t t = 0; t < kTrees; ++t) {
      const std::size_t part = t % kParts;
      if (part == 0) {
        std::iota(order.begin(), order.end(), 0U);
        stream.fork(static_cast<std::uint32_t>(2 * t)).shuffle(std::span(order));
      }
      Stream draws = stream.fork(static_cast<std::uint32_t>(2 * t + 1));
      bag.clear();
      for (std::size_t i = 0; i < n; ++i) {
        if (i % kParts != part) bag.push_back(order[i]);
      }
      if (bag.size() < bag_size) bag = order;  // two normals: every tree needs both, and none is ever out
      draws.shuffle(std::span(bag));
      bag.resize(bag_size);
      trees_.push_back(grower.grow(bag, draws));

      std::ranges::fill(in_bag, std::uint8_t{0});
      for (const std::uint32_t row : bag) in_bag[row] = 1;
      for (std::size_t r = 0; r < n; ++r) {
        if (in_bag[r] != 0) continue;
        lengths[r] += static_cast<double>(walk(trees_.back(), normals.row(r).data()));
        ++trees_without[r];
      }
    }
    for (std::size_t r = 0; r < n; ++r) {
      if (trees_without[r] > 0) fitting_scores_[r] = score_of(lengths[r] / trees_without[r]);
    }
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  float score_of(double mean_length) const { return static_cast<float>(std::exp2(-mean_length * half_depth_)); }

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
      for (std::size_t r = 0; r < count; ++r) out[first + r] = score_of(lengths[r] / static_cast<double>(kTrees));
    }
  }

  std::vector<Node> nodes_;  // of all trees
  std::vector<Tree> trees_;
  double half_depth_ = 1;              // 1 / c(B): at c(B) the score is one half
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
