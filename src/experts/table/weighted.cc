// The contrast of contrast.cc in columns that weigh as much as they set the known anomalies apart: distances over [q, z] with weights
//   u_j = 1/4 + t_j^2 / mean over the columns of t^2,   t_j = (mean of the anomalies - mean of the normals) / deviation of the normals
// A known anomaly is left out of the weights; of the normals all count, for one moves them hardly.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "experts/smallest.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"contrast/weighted"};
constexpr std::size_t kNormals = 5;
constexpr float kFlat = 0.25F;
constexpr float kLeastVariance = 0.01F;  // of a column of q or z

// [q, z] of a block.
Matrix side_by_side(const Matrix& q, const Matrix& z) {
  Matrix out(q.rows(), 2 * q.cols());
  for (std::size_t b = 0; b < q.rows(); ++b) {
    std::ranges::copy(q.row(b), out.row(b).begin());
    std::ranges::copy(z.row(b), out.row(b).begin() + static_cast<std::ptrdiff_t>(q.cols()));
  }
  return out;
}

Matrix scaled(Matrix rows, std::span<const float> by) {
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    for (std::size_t j = 0; j < by.size(); ++j) rows(b, j) *= by[j];
  }
  return rows;
}

class Weighted final : public Family {
 public:
  explicit Weighted(const Task& task) : task_(task) {
    if (task.k == 0) return;
    normals_ = side_by_side(task.normal_rows[kGaussian], task.normal_rows[kStandard]);
    anomalies_ = side_by_side(task.anomaly_rows[kGaussian], task.anomaly_rows[kStandard]);
    const std::size_t columns = normals_.cols();
    mean_.resize(columns);
    variance_.resize(columns);
    anomaly_sum_.resize(columns);
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < task.n; ++i) mean_[j] += normals_(i, j) / static_cast<float>(task.n);
      for (std::size_t i = 0; i < task.n; ++i) {
        variance_[j] += (normals_(i, j) - mean_[j]) * (normals_(i, j) - mean_[j]) / static_cast<float>(task.n);
      }
      for (std::size_t i = 0; i < task.k; ++i) anomaly_sum_[j] += anomalies_(i, j);
    }
    scale_ = scales(kNobody);
    scaled_normals_ = scaled(normals_, scale_);
    scaled_anomalies_ = scaled(anomalies_, scale_);
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    if (task_.k == 0) {
      for (std::size_t b = 0; b < block.rows; ++b) out(b, first) = std::numeric_limits<float>::quiet_NaN();
      return;
    }
    const Matrix rows = side_by_side(block.planes.q, block.planes.z);
    if (block.own_anomaly.empty()) {
      score_rows(block, 0, scaled(rows, scale_), scaled_normals_, scaled_anomalies_, out, first);
      return;
    }
    for (std::size_t b = 0; b < block.rows; ++b) {
      const std::vector<float> scale = scales(block.anomaly_of(b));
      score_rows(block, b, scaled(copied(rows.view().slice(b, 1)), scale), scaled(normals_, scale), scaled(anomalies_, scale), out, first);
    }
  }

 private:
  // Roots of the weights by all anomalies but one; all alike if there is no other.
  std::vector<float> scales(std::uint32_t without) const {
    std::vector<float> out(mean_.size(), 1);
    const std::size_t known = task_.k - (without != kNobody ? 1 : 0);
    if (known == 0) return out;
    float sum = 0;
    for (std::size_t j = 0; j < out.size(); ++j) {
      const float left = anomaly_sum_[j] - (without != kNobody ? anomalies_(without, j) : 0.0F);
      const float gap = left / static_cast<float>(known) - mean_[j];
      out[j] = gap * gap / (variance_[j] + kLeastVariance);
      sum += out[j] / static_cast<float>(out.size());
    }
    for (float& weight : out) weight = std::sqrt(kFlat + (sum > 0 ? weight / sum : 0.0F));
    return out;
  }
  // Rows [from, from + rows) of the block, scaled like the support.
  void score_rows(const Block& block, std::size_t from, const Matrix& rows, const Matrix& normals, const Matrix& anomalies, Matrix& out,
                  std::size_t first) const {
    Matrix to_normals;
    Matrix to_anomalies;
    squared_distances(rows, normals, to_normals);
    squared_distances(rows, anomalies, to_anomalies);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const std::size_t b = from + r;
      const float near = mean_root(to_normals.row(r), block.normal_of(b), kNormals);
      const float known = mean_root(to_anomalies.row(r), block.anomaly_of(b), 1);
      out(b, first) = log_distance(near, rows.cols()) - log_distance(known, rows.cols());
    }
  }
  // Of the smallest `most` squares, but for `own`; NaN of none.
  static float mean_root(std::span<const float> squares, std::uint32_t own, std::size_t most) {
    std::array<float, kNormals> best{};
    std::array<std::uint32_t, kNormals> index{};
    const std::size_t found =
        smallest<float>(squares, std::span(best).first(most), index.data(), [own](std::size_t i) { return i == own; });
    float sum = 0;
    for (std::size_t i = 0; i < found; ++i) sum += std::sqrt(best[i]);
    return sum / static_cast<float>(found);
  }

  const Task& task_;
  Matrix normals_, anomalies_;                        // [n x 2d], [k x 2d] of q, z
  std::vector<float> mean_, variance_, anomaly_sum_;  // [2d]
  std::vector<float> scale_;                          // [2d] by all anomalies
  Matrix scaled_normals_, scaled_anomalies_;
};

}  // namespace

const FamilyEntry kWeighted{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Weighted>(task); }};

}  // namespace oddshot::table
