// Extra trees: the mean over 100 random trees of the share of anomalies in a row's leaf, either class weighing the same.
// Each tree grows on all anomalies and on four fifths of the normals, at most 256 (tree_bags.h): the paper takes all rows, but then none
// is ever out of the bag. At a node the square root of the number of columns are drawn among those that vary in it, a threshold in each,
// uniformly between its smallest and largest value, and the best of these by Gini impurity is taken; until a node is pure or nothing
// varies. A normal's fitting score is that of the trees grown without it.
// Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees".
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "experts/fitted.h"
#include "experts/tree_bags.h"

namespace oddshot {
namespace {

constexpr std::size_t kLargestBag = 256;

// The left child follows its parent.
struct Node {
  std::uint32_t column = 0;
  std::uint32_t right = 0;  // 0: a leaf
  float threshold = 0;      // values above go right
  float share = 0;          // of anomalies, in a leaf
};

// The classes' weights in a node: 1 each at the root.
struct Weights {
  double normals = 0;
  double anomalies = 0;
  double impurity() const { return normals > 0 && anomalies > 0 ? normals * anomalies / (normals + anomalies) : 0; }
};

struct Choice {
  std::uint32_t column = 0;
  float threshold = 0;
  double impurity = std::numeric_limits<double>::infinity();
};

class Grower {
 public:
  // rows: [N + A x D], the normals first.
  Grower(const Matrix& rows, std::size_t normals, std::vector<Node>& nodes)
      : rows_(rows),
        normals_(normals),
        tries_(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(rows.cols()))))),
        anomaly_weight_(1 / static_cast<double>(rows.rows() - normals)),
        nodes_(nodes),
        columns_(rows.cols()) {}

  // On the normals of the bag and all anomalies. The number of its root.
  std::uint32_t grow(const TreeBag& bag) {
    std::iota(columns_.begin(), columns_.end(), 0U);
    std::vector<std::uint32_t> rows = bag.rows;
    for (std::size_t r = normals_; r < rows_.rows(); ++r) rows.push_back(static_cast<std::uint32_t>(r));
    normal_weight_ = 1 / static_cast<double>(bag.rows.size());
    const auto root = static_cast<std::uint32_t>(nodes_.size());
    Stream stream = bag.draws;
    split(rows, columns_.size(), stream);
    return root;
  }

 private:
  void count(std::uint32_t row, Weights& weights) const {
    (row < normals_ ? weights.normals : weights.anomalies) += row < normals_ ? normal_weight_ : anomaly_weight_;
  }

  // The best of `tries_` random splits; only the first `varying` of columns_ can vary in the rows.
  Choice choose(std::span<const std::uint32_t> rows, std::size_t& varying, Stream& stream) {
    Choice best;
    for (std::size_t drawn = 0; drawn < varying && drawn < tries_;) {
      std::swap(columns_[drawn], columns_[drawn + stream.below(varying - drawn)]);
      const std::uint32_t column = columns_[drawn];
      float low = rows_(rows[0], column);
      float high = low;
      for (const std::uint32_t row : rows) {
        low = std::min(low, rows_(row, column));
        high = std::max(high, rows_(row, column));
      }
      if (low == high) {  // constant here, hence in all below
        std::swap(columns_[drawn], columns_[--varying]);
        continue;
      }
      ++drawn;
      const double width = static_cast<double>(high) - static_cast<double>(low);
      auto threshold = static_cast<float>(static_cast<double>(low) + static_cast<double>(stream.uniform()) * width);
      if (threshold >= high) threshold = low;  // rounded up; `high` itself must go right
      Weights left;
      Weights right;
      for (const std::uint32_t row : rows) count(row, rows_(row, column) <= threshold ? left : right);
      const double impurity = left.impurity() + right.impurity();
      if (impurity < best.impurity) best = {column, threshold, impurity};
    }
    return best;
  }

  void split(std::span<std::uint32_t> rows, std::size_t varying, Stream& stream) {
    const std::size_t node = nodes_.size();
    nodes_.emplace_back();
    Weights all;
    for (const std::uint32_t row : rows) count(row, all);
    nodes_[node].share = static_cast<float>(all.anomalies / (all.normals + all.anomalies));
    if (all.impurity() == 0) return;
    const Choice best = choose(rows, varying, stream);
    if (!std::isfinite(best.impurity)) return;
    const auto right =
        std::partition(rows.begin(), rows.end(), [&](std::uint32_t row) { return rows_(row, best.column) <= best.threshold; });
    const auto left = static_cast<std::size_t>(right - rows.begin());
    split(rows.first(left), varying, stream);
    nodes_[node].column = best.column;
    nodes_[node].threshold = best.threshold;
    nodes_[node].right = static_cast<std::uint32_t>(nodes_.size());
    split(rows.subspan(left), varying, stream);
  }

  const Matrix& rows_;
  std::size_t normals_;
  std::size_t tries_;
  double normal_weight_ = 0;
  double anomaly_weight_;
  std::vector<Node>& nodes_;
  std::vector<std::uint32_t> columns_;
};

Matrix stacked(MatrixView normals, MatrixView anomalies) {
  Matrix rows(normals.rows + anomalies.rows, normals.cols);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::ranges::copy(r < normals.rows ? normals.row(r) : anomalies.row(r - normals.rows), rows.row(r).begin());
  }
  return rows;
}

class FittedExtraTrees final : public Fitted {
 public:
  FittedExtraTrees(std::string_view name, MatrixView normals, MatrixView anomalies, const Stream& stream)
      : Fitted(name, normals.cols), fitting_scores_(normals.rows) {
    const Matrix rows = stacked(normals, anomalies);
    Grower grower(rows, normals.rows, nodes_);
    TreeBags bags(normals.rows, TreeBags::size_of(normals.rows, 1, kLargestBag), stream);
    OutOfBag shares(normals.rows);
    for (std::size_t t = 0; t < kTrees; ++t) {
      const TreeBag bag = bags.next();
      roots_.push_back(grower.grow(bag));
      shares.add(bag, [&](std::size_t row) { return walk(roots_.back(), normals.row(row).data()); });
    }
    for (std::size_t r = 0; r < fitting_scores_.size(); ++r) fitting_scores_[r] = static_cast<float>(shares.mean(r));
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  float walk(std::uint32_t root, const float* row) const {
    std::uint32_t at = root;
    while (nodes_[at].right != 0) at = row[nodes_[at].column] <= nodes_[at].threshold ? at + 1 : nodes_[at].right;
    return nodes_[at].share;
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    std::vector<double> shares(rows.rows);
    for (const std::uint32_t root : roots_) {  // a tree's nodes stay in L1 for all rows
      for (std::size_t r = 0; r < rows.rows; ++r) shares[r] += static_cast<double>(walk(root, rows.row(r).data()));
    }
    for (std::size_t r = 0; r < rows.rows; ++r) out[r] = static_cast<float>(shares[r] / static_cast<double>(kTrees));
  }

  std::vector<Node> nodes_;  // of all trees
  std::vector<std::uint32_t> roots_;
  std::vector<float> fitting_scores_;  // [N]
};

class ExtraTrees final : public Expert {
 public:
  std::string_view name() const override { return "extra-trees"; }
  bool uses_labels() const override { return true; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedExtraTrees>(name(), normals, anomalies, stream);
  }
};

}  // namespace

const Expert& extra_trees_expert() {
  static const ExtraTrees expert;
  return expert;
}

}  // namespace oddshot
