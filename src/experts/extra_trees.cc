// Extra trees: the mean over 100 random trees (random_tree.h) of the share of anomalies in a row's leaf. Each tree grows on all anomalies
// and on four fifths of the normals, at most 256 (tree_bags.h): the paper takes all rows, but then none is ever out of the bag. A normal's
// fitting score is that of the trees grown without it.
// Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees".
#include <algorithm>
#include <vector>

#include "experts/fitted.h"
#include "experts/random_tree.h"
#include "experts/tree_bags.h"

namespace oddshot {
namespace {

constexpr std::size_t kLargestBag = 256;

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
    TreeGrower grower(rows, normals.rows, nodes_);
    TreeBags bags(normals.rows, TreeBags::size_of(normals.rows, 1, kLargestBag), stream);
    OutOfBag shares(normals.rows);
    for (std::size_t t = 0; t < kTrees; ++t) {
      const TreeBag bag = bags.next();
      std::vector<std::uint32_t> drawn = bag.rows;
      for (std::size_t r = normals.rows; r < rows.rows(); ++r) drawn.push_back(static_cast<std::uint32_t>(r));
      roots_.push_back(grower.grow(drawn, bag.draws));
      shares.add(bag, [&](std::size_t row) { return leaf_share(nodes_, roots_.back(), normals.row(row).data()); });
    }
    for (std::size_t r = 0; r < fitting_scores_.size(); ++r) fitting_scores_[r] = static_cast<float>(shares.mean(r));
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    std::vector<double> shares(rows.rows);
    for (const std::uint32_t root : roots_) {  // a tree's nodes stay in L1 for all rows
      for (std::size_t r = 0; r < rows.rows; ++r) shares[r] += static_cast<double>(leaf_share(nodes_, root, rows.row(r).data()));
    }
    for (std::size_t r = 0; r < rows.rows; ++r) out[r] = static_cast<float>(shares[r] / static_cast<double>(kTrees));
  }

  std::vector<TreeNode> nodes_;  // of all trees
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
