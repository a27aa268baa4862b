#include "experts/random_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace oddshot {

struct TreeGrower::Choice {
  std::uint32_t column = 0;
  float threshold = 0;
  double impurity = std::numeric_limits<double>::infinity();
};

namespace {

// sums[i] is i times `weight`, added up one by one.
void fill_sums(std::size_t count, double weight, std::vector<double>& sums) {
  sums.assign(count + 1, 0);
  for (std::size_t i = 0; i < count; ++i) sums[i + 1] = sums[i] + weight;
}

}  // namespace

TreeGrower::TreeGrower(MatrixView rows, std::size_t normals, std::vector<TreeNode>& nodes, float same)
    : columns_of_rows_(rows.cols, rows.rows),
      normals_(normals),
      tries_(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(rows.cols))))),
      same_(same),
      nodes_(nodes),
      columns_(rows.cols) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) columns_of_rows_(c, r) = rows(r, c);
  }
}

std::uint32_t TreeGrower::grow(std::span<std::uint32_t> drawn, Stream stream) {
  std::iota(columns_.begin(), columns_.end(), 0U);
  const auto normals = static_cast<std::size_t>(std::ranges::count_if(drawn, [this](std::uint32_t row) { return row < normals_; }));
  const std::size_t anomalies = drawn.size() - normals;
  fill_sums(normals, 1 / static_cast<double>(normals), normal_weights_);
  fill_sums(anomalies, 1 / static_cast<double>(anomalies), anomaly_weights_);
  const auto root = static_cast<std::uint32_t>(nodes_.size());
  split(drawn, columns_.size(), stream);
  return root;
}

double TreeGrower::impurity(Count count) const {
  const double normals = normal_weights_[count.normals];
  const double anomalies = anomaly_weights_[count.anomalies];
  return count.normals > 0 && count.anomalies > 0 ? normals * anomalies / (normals + anomalies) : 0;
}

TreeGrower::Choice TreeGrower::choose(std::span<const std::uint32_t> rows, Count all, std::size_t& varying, Stream& stream) {
  Choice best;
  for (std::size_t drawn = 0; drawn < varying && drawn < tries_;) {
    std::swap(columns_[drawn], columns_[drawn + stream.below(varying - drawn)]);
    const std::uint32_t column = columns_[drawn];
    const float* values = columns_of_rows_.row(column).data();
    float low = values[rows[0]];
    float high = low;
    for (const std::uint32_t row : rows) {
      low = std::min(low, values[row]);
      high = std::max(high, values[row]);
    }
    if (high - low <= same_) {  // constant here, hence in all below
      std::swap(columns_[drawn], columns_[--varying]);
      continue;
    }
    ++drawn;
    const double width = static_cast<double>(high) - static_cast<double>(low);
    auto threshold = static_cast<float>(static_cast<double>(low) + static_cast<double>(stream.uniform()) * width);
    if (threshold >= high) threshold = low;  // rounded up; `high` itself must go right
    std::size_t left = 0;
    std::size_t left_anomalies = 0;
    for (const std::uint32_t row : rows) {  // without branches: nobody can predict them
      const std::size_t goes_left = values[row] <= threshold ? 1 : 0;
      left += goes_left;
      left_anomalies += row >= normals_ ? goes_left : 0;
    }
    const Count of_left{left - left_anomalies, left_anomalies};
    const double sum = impurity(of_left) + impurity({all.normals - of_left.normals, all.anomalies - of_left.anomalies});
    if (sum < best.impurity) best = {column, threshold, sum};
  }
  return best;
}

void TreeGrower::split(std::span<std::uint32_t> rows, std::size_t varying, Stream& stream) {
  const std::size_t node = nodes_.size();
  nodes_.emplace_back();
  Count all;
  for (const std::uint32_t row : rows) all.anomalies += row >= normals_ ? 1 : 0;
  all.normals = rows.size() - all.anomalies;
  const double anomalies = anomaly_weights_[all.anomalies];
  nodes_[node].share = static_cast<float>(anomalies / (normal_weights_[all.normals] + anomalies));
  if (impurity(all) == 0) return;
  const Choice best = choose(rows, all, varying, stream);
  if (!std::isfinite(best.impurity)) return;
  const float* values = columns_of_rows_.row(best.column).data();
  const auto right = std::partition(rows.begin(), rows.end(), [&](std::uint32_t row) { return values[row] <= best.threshold; });
  const auto left = static_cast<std::size_t>(right - rows.begin());
  split(rows.first(left), varying, stream);
  nodes_[node].column = best.column;
  nodes_[node].threshold = best.threshold;
  nodes_[node].right = static_cast<std::uint32_t>(nodes_.size());
  split(rows.subspan(left), varying, stream);
}

}  // namespace oddshot
