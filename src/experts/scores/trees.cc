// Extra trees: the mean over 32 random trees (experts/random_tree.h) of the share of anomalies in a row's leaf. They see what distances do
// not: a column or two that tell the known anomalies apart, whatever the others do. Each tree grows on its own draw of the support: 32 to
// 128 normals without replacement (three an anomaly, within that; at most two thirds of them, so that each is left out by some trees), and
// up to 64 anomalies with replacement. A support row is scored by the trees that did not draw it. The rows are put in an order of their
// own first, so that the support's order does not matter. The score is a fiftieth of the share.
// Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees"; Chen, Liaw, Breiman 2004, "Using random forest to learn imbalanced
// data" (the balance).
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "experts/scores/view_task.h"
#include "oddshot/base/random.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"trees"};
constexpr std::uint32_t kTreesAView = 32;
constexpr std::size_t kLeastNormals = 32;
constexpr std::size_t kNormalsAnAnomaly = 3;
constexpr std::size_t kMostDrawn = 64;  // anomalies, and twice as many normals

// Of views in deviations: a whitened row's columns that should be equal differ by their rounding.
constexpr float kSame = 1e-3F;

// Numbers of rows, rising by their values, column by column.
std::vector<std::uint32_t> order_of(const Matrix& rows) {
  std::vector<std::uint32_t> order(rows.rows());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order,
                    [&](std::uint32_t a, std::uint32_t b) { return std::ranges::lexicographical_compare(rows.row(a), rows.row(b)); });
  return order;
}

void score_trees(const ViewTask& task, const ViewRow& row, float* out) {
  std::size_t own = row.own_normal;
  if (row.own_anomaly != kNobody) own = task.normal_count() + row.own_anomaly;
  *out = row.anomaly_count > 0 ? task.forest.predict(row.x, own) : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

const ScoreFamily kTrees{kNames, score_trees};

float ForestFit::predict(std::span<const float> x, std::size_t own) const {
  const std::size_t rows = roots.empty() ? 0 : drew.size() / roots.size();
  double sum = 0;
  std::size_t counted = 0;
  for (std::size_t t = 0; t < roots.size(); ++t) {
    if (own != kNobody && drew[t * rows + own] != 0) continue;
    sum += static_cast<double>(leaf_share(nodes, roots[t], x.data()));
    ++counted;
  }
  return counted > 0 ? kShareUnit * static_cast<float>(sum / static_cast<double>(counted)) : std::numeric_limits<float>::quiet_NaN();
}

ForestFit fit_forest(const ViewTask& task) {
  ForestFit fit;
  const std::size_t n = task.normal_count();
  const std::size_t k = task.anomaly_count();
  if (k == 0) return fit;
  std::vector<std::uint32_t> order = order_of(task.normals);  // [n + k] numbers of support rows
  for (const std::uint32_t a : order_of(task.anomalies)) order.push_back(static_cast<std::uint32_t>(n) + a);
  Matrix rows(n + k, task.columns);
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::ranges::copy(order[i] < n ? task.normals.row(order[i]) : task.anomalies.row(order[i] - n), rows.row(i).begin());
  }
  fit.drew.assign(kTreesAView * order.size(), 0);
  TreeGrower grower(rows, n, fit.nodes, kSame);
  const std::size_t some = std::min((2 * n + 1) / 3, std::clamp(kNormalsAnAnomaly * k, kLeastNormals, 2 * kMostDrawn));
  for (std::uint32_t t = 0; t < kTreesAView; ++t) {
    Stream stream = Stream(0, Purpose::kForest, 0).fork(t);
    std::vector<std::uint32_t> drawn = stream.sample(static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(some));
    for (std::size_t a = 0; a < std::min(k, kMostDrawn); ++a) drawn.push_back(static_cast<std::uint32_t>(n + stream.below(k)));
    for (const std::uint32_t row : drawn) fit.drew[t * order.size() + order[row]] = 1;
    fit.roots.push_back(grower.grow(drawn, stream));
  }
  return fit;
}

}  // namespace oddshot::scores
