// Balanced extra trees on [z, r, levels]: the mean over 100 trees of the share of anomalies in a row's leaf, either class weighing the
// same. Each tree grows on its own draw of the support: 32 to 128 normals without replacement (three an anomaly, within that; at most
// two thirds of them, so that each is left out by some trees), and up to 64 anomalies with replacement. At each node the root of the
// columns' number of columns is drawn, a threshold in each, and the best of these by Gini impurity is taken, until a node is pure or all
// its columns are constant. A support row is scored by the trees that did not draw it. Source: Geurts, Ernst, Wehenkel 2006, "Extremely
// randomized trees"; Chen, Liaw, Breiman 2004, "Using random forest to learn imbalanced data" (the balance).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "experts/table/task.h"
#include "oddshot/base/random.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"trees"};
constexpr std::size_t kTrees = 100;
constexpr std::size_t kLeastNormals = 32;
constexpr std::size_t kNormalsAnAnomaly = 3;
constexpr std::size_t kMostDrawn = 64;  // anomalies, and twice as many normals

// The left child follows its parent.
struct Node {
  std::uint32_t column = 0;
  float threshold = 0;      // values up to it go left
  std::uint32_t right = 0;  // 0: a leaf
  float share = 0;          // of anomalies, in a leaf
};

// Rows of a block as trees see them.
Matrix features_of(const Block& block) {
  const std::size_t d = block.planes.z.cols();
  Matrix out(block.rows, 2 * d + block.scores.cols());
  for (std::size_t b = 0; b < block.rows; ++b) {
    auto to = std::ranges::copy(block.planes.z.row(b), out.row(b).begin()).out;
    to = std::ranges::copy(block.planes.r.row(b), to).out;
    std::ranges::copy(block.scores.row(b), to);
  }
  return out;
}

class Grower {
 public:
  Grower(const Matrix& rows, std::size_t normals, std::vector<Node>& nodes) : rows_(rows), normals_(normals), nodes_(nodes) {}

  // One tree on these rows of which the first `drawn_normals` are normals; the number of its root.
  std::uint32_t grow(std::span<std::uint32_t> drawn, std::size_t drawn_normals, Stream stream) {
    stream_ = stream;
    normal_weight_ = 1 / static_cast<float>(drawn_normals);
    anomaly_weight_ = 1 / static_cast<float>(drawn.size() - drawn_normals);
    const auto root = static_cast<std::uint32_t>(nodes_.size());
    split(drawn);
    return root;
  }

 private:
  struct Weights {
    float normals = 0, anomalies = 0;
    float impurity() const { return normals > 0 && anomalies > 0 ? normals * anomalies / (normals + anomalies) : 0; }
  };
  struct Choice {
    std::size_t column = 0;
    float threshold = 0;
    float impurity = std::numeric_limits<float>::infinity();
  };

  void count(std::uint32_t row, Weights& weights) const {
    (row < normals_ ? weights.normals : weights.anomalies) += row < normals_ ? normal_weight_ : anomaly_weight_;
  }
  // A random threshold in a random column.
  Choice draw(std::span<const std::uint32_t> rows) {
    Choice choice;
    choice.column = stream_.below(rows_.cols());
    float least = std::numeric_limits<float>::infinity();
    float most = -least;
    for (const std::uint32_t row : rows) {
      least = std::min(least, rows_(row, choice.column));
      most = std::max(most, rows_(row, choice.column));
    }
    const float at = least + stream_.uniform() * (most - least);
    if (!(least < most)) return choice;
    choice.threshold = at < most ? at : least;
    Weights left;
    Weights right;
    for (const std::uint32_t row : rows) count(row, rows_(row, choice.column) <= choice.threshold ? left : right);
    choice.impurity = left.impurity() + right.impurity();
    return choice;
  }
  void split(std::span<std::uint32_t> rows) {
    const std::size_t node = nodes_.size();
    nodes_.emplace_back();
    Weights all;
    for (const std::uint32_t row : rows) count(row, all);
    nodes_[node].share = all.anomalies / (all.normals + all.anomalies);
    if (all.impurity() == 0) return;
    Choice best;
    const auto tries = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<float>(rows_.cols()))));
    for (std::size_t t = 0; t < tries; ++t) {
      const Choice one = draw(rows);
      if (one.impurity < best.impurity) best = one;
    }
    if (!std::isfinite(best.impurity)) return;
    const auto right = std::ranges::partition(rows, [&](std::uint32_t row) { return rows_(row, best.column) <= best.threshold; }).begin();
    nodes_[node].column = static_cast<std::uint32_t>(best.column);
    nodes_[node].threshold = best.threshold;
    const auto left_count = static_cast<std::size_t>(right - rows.begin());
    split(rows.first(left_count));
    nodes_[node].right = static_cast<std::uint32_t>(nodes_.size());
    split(rows.subspan(left_count));
  }

  const Matrix& rows_;  // [n + k x columns], normals first
  std::size_t normals_;
  std::vector<Node>& nodes_;
  Stream stream_{0, Purpose::kTable, 0};
  float normal_weight_ = 0, anomaly_weight_ = 0;
};

class Trees final : public Family {
 public:
  explicit Trees(const Task& task) : task_(task) {
    if (task.k == 0) return;
    const Matrix normals = features_of(task.normals);
    const Matrix anomalies = features_of(task.anomalies);
    Matrix rows(task.n + task.k, normals.cols());
    std::copy_n(normals.data(), normals.rows() * normals.cols(), rows.data());
    std::copy_n(anomalies.data(), anomalies.rows() * anomalies.cols(), rows.row(task.n).data());
    drew_.assign(kTrees * rows.rows(), 0);
    Grower grower(rows, task.n, nodes_);
    for (std::uint32_t t = 0; t < kTrees; ++t) {
      Stream stream = Stream(0, Purpose::kTable, 2).fork(t);
      const std::size_t some = std::min((2 * task.n + 1) / 3, std::clamp(kNormalsAnAnomaly * task.k, kLeastNormals, 2 * kMostDrawn));
      std::vector<std::uint32_t> drawn = stream.sample(static_cast<std::uint32_t>(task.n), static_cast<std::uint32_t>(some));
      for (std::size_t a = 0; a < std::min(task.k, kMostDrawn); ++a) {
        drawn.push_back(static_cast<std::uint32_t>(task.n + stream.below(task.k)));
      }
      for (const std::uint32_t row : drawn) drew_[t * rows.rows() + row] = 1;
      roots_.push_back(grower.grow(drawn, some, stream));
    }
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    const Matrix rows = features_of(block);
    for (std::size_t b = 0; b < block.rows; ++b) {
      std::uint32_t own = block.normal_of(b);
      if (block.anomaly_of(b) != kNobody) own = static_cast<std::uint32_t>(task_.n) + block.anomaly_of(b);
      float sum = 0;
      std::size_t counted = 0;
      for (std::size_t t = 0; t < roots_.size(); ++t) {
        if (own != kNobody && drew_[t * (task_.n + task_.k) + own] != 0) continue;
        sum += leaf(roots_[t], rows.row(b)).share;
        ++counted;
      }
      // Without another anomaly, or drawn by every tree.
      const bool known = counted > 0 && task_.anomalies_for(block, b) > 0;
      out(b, first) = known ? sum / static_cast<float>(counted) : std::numeric_limits<float>::quiet_NaN();
    }
  }

 private:
  const Node& leaf(std::uint32_t at, std::span<const float> row) const {
    while (nodes_[at].right != 0) at = row[nodes_[at].column] <= nodes_[at].threshold ? at + 1 : nodes_[at].right;
    return nodes_[at];
  }

  const Task& task_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;  // [kTrees]
  std::vector<std::uint8_t> drew_;    // [kTrees x (n + k)]
};

}  // namespace

const FamilyEntry kTrees{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Trees>(task); }};

}  // namespace oddshot::table
