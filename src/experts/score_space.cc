#include "oddshot/experts/score_space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "experts/scores/view_task.h"
#include "experts/smallest.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using scores::kNobody;
using scores::Near;
using scores::ScoreFamily;
using scores::ViewRow;
using scores::ViewTask;

constexpr std::array<const ScoreFamily*, 7> kFamilies = {&scores::kNearest, &scores::kDirection,    &scores::kExtremes,
                                                         &scores::kRidge,   &scores::kDiscriminant, &scores::kLikelihoodRatio,
                                                         &scores::kTrees};
// Rows scored at a time: 64 x (50 + 5 + 256) distances are 80 KiB, within the second-level cache.
constexpr std::size_t kBlock = 64;
// A score that hardly varies among the support's normals is not blown up without limit.
constexpr float kLeastDeviation = 1e-3F;

using Families = std::span<const ScoreFamily* const>;

Families families_of(ScoreList list) { return Families(kFamilies).first(list == ScoreList::kDistances ? 6 : 7); }

std::size_t scores_a_view(Families families) {
  std::size_t count = 0;
  for (const ScoreFamily* family : families) count += family->names.size();
  return count;
}

AlignedVector<float> column_means(MatrixView rows) {
  AlignedVector<float> mean(rows.rows > 0 ? rows.cols : 0);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t j = 0; j < rows.cols; ++j) mean[j] += rows(r, j);
  }
  for (float& value : mean) value /= static_cast<float>(rows.rows);
  return mean;
}

// The mean without one of its `count` rows, into `out`.
void mean_without(std::span<const float> mean, std::span<const float> x, std::size_t count, std::span<float> out) {
  const float share = 1.0F / static_cast<float>(count - 1);
  for (std::size_t j = 0; j < mean.size(); ++j) out[j] = mean[j] + (mean[j] - x[j]) * share;
}

// The nearest of rows at these squared distances, rising, but for those that skip(place) is true of. Returns those found, at most
// out.size().
template <class Skip>
std::span<const Near> nearest(std::span<const float> squares, const Skip& skip, std::span<Near> out) {
  std::array<float, scores::kNearNormals> best;
  std::array<std::uint32_t, scores::kNearNormals> index;
  const std::size_t count = smallest(squares, std::span(best).first(out.size()), index.data(), skip);
  for (std::size_t i = 0; i < count; ++i) out[i] = {std::sqrt(best[i]), index[i]};
  return out.first(count);
}

// Working memory for a block of rows in one view.
struct Block {
  Matrix to_normals, to_anomalies, to_reference;  // squared distances
  std::array<Near, scores::kNearNormals> normals;
  std::array<Near, scores::kNearAnomalies> anomalies;
  std::array<Near, scores::kNearReference> reference;
  AlignedVector<float> mean;  // [d] without the row itself
};

void squared_distances(MatrixView rows, const Matrix& to, Matrix& out) {
  out.resize(rows.rows, to.rows());
  kernels::table<float>().squared_distances(rows.rows, to.rows(), rows.cols, rows.data, rows.stride, to.data(), to.cols(), out.data(),
                                            to.rows());
}

// Row r of the block, by the families, into out [scores a view].
void score_row(const ViewTask& task, Families families, std::span<const float> x, std::size_t r, std::size_t own_normal,
               std::size_t own_anomaly, Block& block, float* out) {
  ViewRow row;
  row.x = x;
  row.own_normal = own_normal;
  row.own_anomaly = own_anomaly;
  row.anomaly_count = task.anomaly_count() - (own_anomaly != kNobody ? 1 : 0);
  const auto own = [](std::size_t place) { return [place](std::size_t i) { return i == place; }; };
  row.normals = nearest(block.to_normals.row(r), own(own_normal), block.normals);
  if (row.anomaly_count > 0) row.anomalies = nearest(block.to_anomalies.row(r), own(own_anomaly), block.anomalies);
  // A row that training knows is not to look nearer to the reference than one it does not: equal rows do not count.
  const auto to_reference = std::as_const(block.to_reference).row(r);
  row.reference = nearest(to_reference, [&](std::size_t i) { return to_reference[i] <= 0; }, block.reference);
  if (row.reference.empty()) {
    block.reference[0] = {0, 0};
    row.reference = std::span<const Near>(block.reference).first(1);
  }
  row.mean_normals = task.mean_normals;
  if (row.anomaly_count > 0) row.mean_anomalies = task.mean_anomalies;
  block.mean.resize(task.columns);
  if (own_normal != kNobody) {
    mean_without(task.mean_normals, x, task.normal_count(), block.mean);
    row.mean_normals = block.mean;
  } else if (own_anomaly != kNobody && row.anomaly_count > 0) {
    mean_without(task.mean_anomalies, x, task.anomaly_count(), block.mean);
    row.mean_anomalies = block.mean;
  }
  for (const ScoreFamily* family : families) {
    family->score(task, row, out);
    out += family->names.size();
  }
}

// Each normal's mean distance to its nearest 5 others.
std::vector<float> spread_of(const Matrix& normals) {
  Matrix squares;
  squared_distances(normals, normals, squares);
  std::vector<float> spread(normals.rows());
  std::array<Near, 5> near;
  for (std::size_t i = 0; i < spread.size(); ++i) {
    spread[i] = scores::mean_distance(nearest(squares.row(i), [i](std::size_t j) { return j == i; }, near), near.size());
  }
  return spread;
}

}  // namespace

struct ScoreSpace::Shared {
  std::size_t inputs = 0;
  Families families;
  std::vector<ViewSpan> views;
  std::vector<scores::ReferenceView> reference;  // [views]
  std::vector<std::string> names;                // [width]
};

struct TaskScores::Fitted {
  const ScoreSpace::Shared* shared = nullptr;
  std::vector<ViewTask> views;
  AlignedVector<float> middle, scale;  // [width] of the standardisation; scale is 1 / deviation
  Matrix support;                      // [S x width]

  // Raw scores of a block of rows (view columns only), into columns [first, ...) of out; own_*: [rows] or empty.
  void score_view(std::size_t v, MatrixView rows, std::span<const std::size_t> own_normal, std::span<const std::size_t> own_anomaly,
                  Block& block, Matrix& out, std::size_t first_row) const {
    const ViewTask& task = views[v];
    squared_distances(rows, task.normals, block.to_normals);
    squared_distances(rows, task.anomalies, block.to_anomalies);
    squared_distances(rows, task.reference->rows, block.to_reference);
    const std::size_t first = v * scores_a_view(shared->families);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      score_row(task, shared->families, rows.row(r), r, own_normal.empty() ? kNobody : own_normal[r],
                own_anomaly.empty() ? kNobody : own_anomaly[r], block, out.row(first_row + r).data() + first);
    }
  }

  // Standardised and squashed, in place.
  void standardise(std::span<float> row) const {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const float t = (row[c] - middle[c]) * scale[c];
      row[c] = std::isfinite(t) ? t : 0.0F;
    }
    kernels::table<float>().signed_log(row.size(), row.data(), row.data());
  }
};

TaskScores::TaskScores(std::unique_ptr<Fitted> fitted) : fitted_(std::move(fitted)) {}
TaskScores::~TaskScores() = default;
TaskScores::TaskScores(TaskScores&&) noexcept = default;
TaskScores& TaskScores::operator=(TaskScores&&) noexcept = default;

const Matrix& TaskScores::support() const { return fitted_->support; }
std::span<const float> TaskScores::middle() const { return fitted_->middle; }
std::span<const float> TaskScores::scale() const { return fitted_->scale; }
std::span<const ViewTask> scores::views_of(const TaskScores& scores) { return scores.fitted_->views; }

Matrix TaskScores::score(MatrixView rows) const {
  const ScoreSpace::Shared& shared = *fitted_->shared;
  if (rows.cols != shared.inputs) {
    throw ShapeError(fmt::format("rows of {} columns to score; the score space was made for {}", rows.cols, shared.inputs));
  }
  Matrix out(rows.rows, shared.names.size());
  Block block;
  for (std::size_t first = 0; first < rows.rows; first += kBlock) {
    const MatrixView part = rows.slice(first, std::min(kBlock, rows.rows - first));
    for (std::size_t v = 0; v < shared.views.size(); ++v) {
      fitted_->score_view(v, view(part, shared.views[v]), {}, {}, block, out, first);
    }
    for (std::size_t r = 0; r < part.rows; ++r) fitted_->standardise(out.row(first + r));
  }
  return out;
}

ScoreSpace::ScoreSpace(std::span<const ViewSpan> views, const Matrix& reference, ScoreList list) {
  if (views.empty()) throw ArgumentError("a score space needs at least one view of the columns");
  if (reference.rows() < 2) throw ArgumentError(fmt::format("a score space needs at least 2 reference rows, not {}", reference.rows()));
  auto shared = std::make_unique<Shared>();
  shared->inputs = reference.cols();
  shared->families = families_of(list);
  for (const ViewSpan& span : views) {
    if (span.count == 0 || span.first > reference.cols() || span.count > reference.cols() - span.first) {
      throw ShapeError(
          fmt::format("view \"{}\" has columns {} to {}, a row {}", span.name, span.first, span.first + span.count, reference.cols()));
    }
    shared->views.push_back(span);
    shared->reference.push_back(scores::summarise_reference(copied(view(reference, span))));
    for (const ScoreFamily* family : shared->families) {
      for (const std::string_view name : family->names) shared->names.push_back(fmt::format("{}/{}", span.name, name));
    }
  }
  shared_ = std::move(shared);
}

ScoreSpace::~ScoreSpace() = default;
ScoreSpace::ScoreSpace(ScoreSpace&&) noexcept = default;
ScoreSpace& ScoreSpace::operator=(ScoreSpace&&) noexcept = default;

std::size_t ScoreSpace::inputs() const { return shared_->inputs; }
std::size_t ScoreSpace::width_of(std::size_t views, ScoreList list) { return views * scores_a_view(families_of(list)); }
std::size_t ScoreSpace::width() const { return shared_->names.size(); }
const std::vector<std::string>& ScoreSpace::names() const { return shared_->names; }

TaskScores ScoreSpace::fit(MatrixView rows, std::span<const std::uint8_t> labels) const {
  if (rows.cols != shared_->inputs) {
    throw ShapeError(fmt::format("support rows of {} columns; the score space was made for {}", rows.cols, shared_->inputs));
  }
  if (labels.size() != rows.rows) throw ShapeError(fmt::format("{} labels for {} support rows", labels.size(), rows.rows));
  std::vector<std::uint32_t> of[2];  // rows of each class
  std::vector<std::size_t> own[2];   // each row's place in its class
  for (int y = 0; y < 2; ++y) own[y].assign(rows.rows, kNobody);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    own[labels[i]][i] = of[labels[i]].size();
    of[labels[i]].push_back(static_cast<std::uint32_t>(i));
  }
  const std::size_t normals = of[0].size();
  if (normals < 2) throw ArgumentError(fmt::format("{} normal rows in the support; scores need at least 2", normals));

  auto fitted = std::make_unique<TaskScores::Fitted>();
  fitted->shared = shared_.get();
  fitted->support.resize(rows.rows, width());
  Block block;
  for (std::size_t v = 0; v < shared_->views.size(); ++v) {
    const MatrixView part = view(rows, shared_->views[v]);
    ViewTask& task = fitted->views.emplace_back();
    task.columns = part.cols;
    task.normals = gathered(part, of[0]);
    task.anomalies = gathered(part, of[1]);
    task.reference = &shared_->reference[v];
    task.mean_normals = column_means(task.normals);
    task.mean_anomalies = column_means(task.anomalies);
    task.normal_spread = spread_of(task.normals);
    task.ridge = scores::fit_ridge(task);
    task.discriminant = scores::fit_discriminant(task);
    task.ratio = scores::fit_ratio(task);
    if (std::ranges::count(shared_->families, &scores::kTrees) > 0) task.forest = scores::fit_forest(task);
    fitted->score_view(v, part, own[0], own[1], block, fitted->support, 0);
  }

  fitted->middle.resize(width());
  fitted->scale.resize(width());
  for (std::size_t c = 0; c < width(); ++c) {
    double sum = 0;
    for (const std::uint32_t i : of[0]) sum += static_cast<double>(fitted->support(i, c));
    const double mean = sum / static_cast<double>(normals);
    double squares = 0;
    for (const std::uint32_t i : of[0]) {
      const double difference = static_cast<double>(fitted->support(i, c)) - mean;
      squares += difference * difference;
    }
    fitted->middle[c] = static_cast<float>(mean);
    fitted->scale[c] = 1 / std::max(kLeastDeviation, static_cast<float>(std::sqrt(squares / static_cast<double>(normals))));
  }
  for (std::size_t i = 0; i < rows.rows; ++i) fitted->standardise(fitted->support.row(i));
  return TaskScores(std::move(fitted));
}

}  // namespace oddshot
