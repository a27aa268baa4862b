#include "experts/random_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace oddshot {

struct TreeGrower::Weights {
  double normals = 0;
  double anomalies = 0;
  double impurity() const { return normals > 0 && anomalies > 0 ? normals * anomalies / (normals + anomalies) : 0; }
};

struct TreeGrower::Choice {
  std::uint32_t column = 0;
  float threshold = 0;
  double impurity = std::numeric_limits<double>::infinity();
};

TreeGrower::TreeGrower(MatrixView rows, std::size_t normals, std::vector<TreeNode>& nodes, float same)
    : rows_(rows),
      normals_(normals),
      tries_(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(rows.cols))))),
      same_(same),
      nodes_(nodes),
      columns_(rows.cols) {}

std::uint32_t TreeGrower::grow(std::span<std::uint32_t> drawn, Stream stream) {
  std::iota(columns_.begin(), columns_.end(), 0U);
  const auto normals = static_cast<double>(std::ranges::count_if(drawn, [this](std::uint32_t row) { return row < normals_; }));
  normal_weight_ = 1 / normals;
  anomaly_weight_ = 1 / (static_cast<double>(drawn.size()) - normals);
  const auto root = static_cast<std::uint32_t>(nodes_.size());
  split(drawn, columns_.size(), stream);
  return root;
}

void TreeGrower::count(std::uint32_t row, Weights& weights) const {
  (row < normals_ ? weights.normals : weights.anomalies) += row < normals_ ? normal_weight_ : anomaly_weight_;
}

TreeGrower::Choice TreeGrower::choose(std::span<const std::uint32_t> rows, std::size_t& varying, Stream& stream) {
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
    if (high - low <= same_) {  // constant here, hence in all below
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

void TreeGrower::split(std::span<std::uint32_t> rows, std::size_t varying, Stream& stream) {
  const std::size_t node = nodes_.size();
  nodes_.emplace_back();
  Weights all;
  for (const std::uint32_t row : rows) count(row, all);
  nodes_[node].share = static_cast<float>(all.anomalies / (all.normals + all.anomalies));
  if (all.impurity() == 0) return;
  const Choice best = choose(rows, varying, stream);
  if (!std::isfinite(best.impurity)) return;
  const auto right = std::partition(rows.begin(), rows.end(), [&](std::uint32_t row) { return rows_(row, best.column) <= best.threshold; });
  const auto left = static_cast<std::size_t>(right - rows.begin());
  split(rows.first(left), varying, stream);
  nodes_[node].column = best.column;
  nodes_[node].threshold = best.threshold;
  nodes_[node].right = static_cast<std::uint32_t>(nodes_.size());
  split(rows.subspan(left), varying, stream);
}

}  // namespace oddshot
