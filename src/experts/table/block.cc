// Distances: every metric's to the support, and the nearest of them. One plane of distances is made at a time.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "experts/smallest.h"
#include "experts/table/task.h"
#include "kernels/kernels.h"
#include "oddshot/base/random.h"

namespace oddshot::table {
namespace {

constexpr float kSaturation = 1;
// Rows at a time, so that a plane of 64 x 512 distances (128 KiB) stays in the second-level cache.
constexpr std::size_t kRows = 64;

void keep_nearest(const Task& task, const Block& block, const Matrix& distances, std::size_t first, bool squared, NearLists& out) {
  for (std::size_t b = 0; b < distances.rows(); ++b) {
    const std::span<float> best = out.distance.row(first + b);
    const std::uint32_t own = block.normal_of(first + b);
    smallest<float>(distances.row(b), best, out.index.row(first + b).data(), [own](std::size_t i) { return i == own; });
    const std::size_t found = std::min(best.size(), task.normals_for(block, first + b));
    if (squared) {
      for (float& distance : best.first(found)) distance = std::sqrt(distance);
    }
  }
}

const Matrix& plane_of(const Planes& planes, std::size_t metric) {
  const std::array<const Matrix*, 5> all = {&planes.z, &planes.q, &planes.a, &planes.r, &planes.w};
  return *all[metric];
}

// Some columns of [q, z].
Matrix picked(const Planes& planes, std::span<const std::uint32_t> columns) {
  const std::size_t d = planes.z.cols();
  Matrix out(planes.z.rows(), columns.size());
  for (std::size_t b = 0; b < out.rows(); ++b) {
    for (std::size_t j = 0; j < columns.size(); ++j) out(b, j) = columns[j] < d ? planes.q(b, columns[j]) : planes.z(b, columns[j] - d);
  }
  return out;
}

void rooted(Matrix& squares) {
  for (std::size_t i = 0; i < squares.rows() * squares.cols(); ++i) squares.data()[i] = std::sqrt(squares.data()[i]);
}

// Half the sum of two planes of squared distances: those in g.
void blend(const Matrix& one, const Matrix& two, Matrix& out) {
  out.resize(one.rows(), one.cols());
  for (std::size_t i = 0; i < one.rows() * one.cols(); ++i) out.data()[i] = 0.5F * (one.data()[i] + two.data()[i]);
}

// Sums of |difference|, its largest and its saturating sum over the columns of q and z, of each row to each normal: [B x n].
struct Sums {
  Matrix all, largest, saturating;
};

void absolute_differences(const Task& task, const Planes& planes, std::size_t first, std::size_t count, Sums& out) {
  Matrix rows(count, 2 * task.d);
  for (std::size_t b = 0; b < count; ++b) {
    const auto z = std::ranges::copy(planes.q.row(first + b), rows.row(b).begin()).out;
    std::ranges::copy(planes.z.row(first + b), z);
  }
  for (Matrix* m : {&out.all, &out.largest, &out.saturating}) m->resize(count, task.n);
  kernels::table<float>().gaps(count, task.n, rows.cols(), rows.data(), rows.cols(), task.by_column.data(), task.n, kSaturation,
                               out.all.data(), out.largest.data(), out.saturating.data(), task.n);
}

// Everything of one metric with columns of its own.
void fill_metric(const Task& task, const Matrix& rows, std::size_t metric, Block& block, Matrix& room) {
  NearLists& near = block.near[metric];
  near.distance.resize(block.rows, near_of(metric));
  near.index.resize(block.rows, near_of(metric));
  for (std::size_t first = 0; first < block.rows; first += kRows) {
    squared_distances(rows.view().slice(first, std::min(kRows, block.rows - first)), task.normal_rows[metric], room);
    keep_nearest(task, block, room, first, true, near);
  }
  squared_distances(rows, task.anomaly_rows[metric], block.to_anomalies[metric]);
  rooted(block.to_anomalies[metric]);
}

// Nearest and distances of a block whose planes are there.
void fill_distances(const Task& task, Block& block) {
  Matrix room;
  for (const std::size_t metric : {kSoft, kRanked, kWhite}) fill_metric(task, plane_of(block.planes, metric), metric, block, room);
  for (std::size_t s = 0; s < kSubspaces; ++s) fill_metric(task, picked(block.planes, task.subspaces[s]), kFirstSubspace + s, block, room);

  for (const std::size_t metric : {kStandard, kGaussian, kBlend, kManhattan, kLargest, kSaturating}) {
    block.near[metric].distance.resize(block.rows, near_of(metric));
    block.near[metric].index.resize(block.rows, near_of(metric));
  }
  Matrix z;
  Matrix q;
  Sums sums;
  for (std::size_t first = 0; first < block.rows; first += kRows) {
    const std::size_t count = std::min(kRows, block.rows - first);
    squared_distances(block.planes.z.view().slice(first, count), task.normal_rows[kStandard], z);
    squared_distances(block.planes.q.view().slice(first, count), task.normal_rows[kGaussian], q);
    blend(z, q, room);
    absolute_differences(task, block.planes, first, count, sums);
    keep_nearest(task, block, z, first, true, block.near[kStandard]);
    keep_nearest(task, block, q, first, true, block.near[kGaussian]);
    keep_nearest(task, block, room, first, true, block.near[kBlend]);
    keep_nearest(task, block, sums.all, first, false, block.near[kManhattan]);
    keep_nearest(task, block, sums.largest, first, false, block.near[kLargest]);
    keep_nearest(task, block, sums.saturating, first, false, block.near[kSaturating]);
  }
  squared_distances(block.planes.z, task.anomaly_rows[kStandard], block.to_anomalies[kStandard]);
  squared_distances(block.planes.q, task.anomaly_rows[kGaussian], block.to_anomalies[kGaussian]);
  blend(block.to_anomalies[kStandard], block.to_anomalies[kGaussian], block.to_anomalies[kBlend]);
  for (const Metric metric : {kStandard, kGaussian, kBlend}) rooted(block.to_anomalies[metric]);
}

}  // namespace

void squared_distances(MatrixView rows, const Matrix& to, Matrix& out) {
  out.resize(rows.rows, to.rows());
  kernels::table<float>().squared_distances(rows.rows, to.rows(), rows.cols, rows.data, rows.stride, to.data(), to.cols(), out.data(),
                                            to.rows());
}

std::unique_ptr<Task> describe(Columns columns, MatrixView normals, MatrixView anomalies) {
  auto task = std::make_unique<Task>(std::move(columns));
  task->n = normals.rows;
  task->k = anomalies.rows;
  task->d = task->columns.count();
  const std::size_t d = task->d;
  Stream stream(0, Purpose::kTable, 1);
  for (std::vector<std::uint32_t>& subspace : task->subspaces)
    subspace = stream.sample(static_cast<std::uint32_t>(2 * d), static_cast<std::uint32_t>(d));
  task->normal_places.resize(task->n);
  task->anomaly_places.resize(task->k);
  std::iota(task->normal_places.begin(), task->normal_places.end(), 0U);
  std::iota(task->anomaly_places.begin(), task->anomaly_places.end(), 0U);
  const auto place = [&](MatrixView rows, Block& block, std::array<Matrix, kMetrics>& out) {
    block.rows = rows.rows;
    task->columns.fill(rows, block.planes);
    for (const std::size_t metric : {kStandard, kGaussian, kSoft, kRanked, kWhite}) out[metric] = plane_of(block.planes, metric);
    for (std::size_t s = 0; s < kSubspaces; ++s) out[kFirstSubspace + s] = picked(block.planes, task->subspaces[s]);
  };
  place(normals, task->normals, task->normal_rows);
  place(anomalies, task->anomalies, task->anomaly_rows);
  task->by_column.resize(2 * d, task->n);
  for (std::size_t i = 0; i < task->n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      task->by_column(j, i) = task->normal_rows[kGaussian](i, j);
      task->by_column(d + j, i) = task->normal_rows[kStandard](i, j);
    }
  }
  task->normals.own_normal = task->normal_places;
  task->anomalies.own_anomaly = task->anomaly_places;
  fill_distances(*task, task->normals);
  fill_distances(*task, task->anomalies);
  return task;
}

void fill_block(const Task& task, MatrixView rows, Block& block) {
  block.rows = rows.rows;
  task.columns.fill(rows, block.planes);
  fill_distances(task, block);
}

void place_scores(Task& task) {
  task.normal_rows[kScores] = task.normals.scores;
  task.anomaly_rows[kScores] = task.anomalies.scores;
  fill_score_distances(task, task.normals);
  fill_score_distances(task, task.anomalies);
}

void fill_score_distances(const Task& task, Block& block) {
  Matrix room;
  fill_metric(task, block.scores, kScores, block, room);
}

float mean_distance(const Task& task, const Block& block, std::size_t metric, std::size_t b, std::size_t count) {
  const auto near = block.near[metric].distance.row(b).first(std::min(count, task.normals_for(block, b)));
  float sum = 0;
  for (const float distance : near) sum += distance;
  return sum / static_cast<float>(near.size());
}

float anomaly_distance(const Block& block, std::size_t metric, std::size_t b, std::size_t count) {
  constexpr std::size_t kCounted = 3;
  std::array<float, kCounted> best{};
  std::array<std::uint32_t, kCounted> index{};
  const std::uint32_t own = block.anomaly_of(b);
  const std::size_t found = smallest<float>(block.to_anomalies[metric].row(b), std::span(best).first(std::min(count, kCounted)),
                                            index.data(), [own](std::size_t i) { return i == own; });
  if (found == 0) return std::numeric_limits<float>::quiet_NaN();
  float sum = 0;
  for (std::size_t i = 0; i < found; ++i) sum += best[i];
  return sum / static_cast<float>(found);
}

float log_distance(float t, std::size_t columns) { return std::log(t / std::sqrt(static_cast<float>(columns)) + 0.02F); }

std::size_t columns_of(const Task& task, std::size_t metric) {
  if (metric >= kFirstSubspace) return task.subspaces[metric - kFirstSubspace].size();
  if (metric == kScores) return task.normals.scores.cols();
  return metric == kWhite ? task.normals.planes.w.cols() : task.d;
}

}  // namespace oddshot::table
