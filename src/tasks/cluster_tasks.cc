#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "tasks/identity.h"
#include "tasks/kmeans.h"
#include "tasks/pseudo_tasks.h"

namespace oddshot {
namespace {

constexpr std::array<std::size_t, 3> kClusters = {20, 60, 150};
constexpr std::size_t kMostRuns = 9;        // three random halves of the features for each
constexpr std::size_t kMostRows = 20'000;   // that are clustered, drawn at random; bounds the cost
constexpr std::size_t kMostSubRows = 2000;  // of a kind that is taken apart
constexpr std::size_t kMostSubClusters = 6;
constexpr std::size_t kRowsPerCluster = 12;  // on average at least

// The rows that are clustered.
struct Ground {
  std::vector<std::uint32_t> rows;      // of the pool
  std::vector<std::uint8_t> is_normal;  // [rows.size()]
  // [rows.size()]: rows that equal an earlier one of the other class, and so would have another identity than it within one task.
  std::vector<std::uint8_t> is_double;
  Matrix features;
};

Ground make_ground(const Material& material, Stream& stream) {
  const TaskFamily& family = material.family;
  std::vector<std::uint32_t> all(family.normals().begin(), family.normals().end());
  for (const Task* task : family.tasks) all.insert(all.end(), task->anomalies.begin(), task->anomalies.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Ground ground;
  ground.rows = thinned(all, kMostRows, stream);
  std::vector<std::uint32_t> normals(family.normals().begin(), family.normals().end());
  std::sort(normals.begin(), normals.end());
  for (const std::uint32_t row : ground.rows) ground.is_normal.push_back(std::binary_search(normals.begin(), normals.end(), row) ? 1 : 0);
  ground.features = features_of(family.pool(), material.space, ground.rows);
  const auto first = identities(ground.features);
  const auto& identity = family.pool().identity;
  for (std::size_t i = 0; i < first.size(); ++i) {
    ground.is_double.push_back(identity[ground.rows[i]] != identity[ground.rows[first[i]]] ? 1 : 0);
  }
  return ground;
}

// A random half of the columns, at least one.
Matrix random_half(const Matrix& features, Stream& stream) {
  const std::size_t kept = std::max<std::size_t>(features.cols() / 2, 1);
  auto columns = stream.sample(static_cast<std::uint32_t>(features.cols()), static_cast<std::uint32_t>(kept));
  std::sort(columns.begin(), columns.end());
  Matrix half(features.rows(), kept);
  for (std::size_t r = 0; r < features.rows(); ++r) {
    for (std::size_t c = 0; c < kept; ++c) half(r, c) = features(r, columns[c]);
  }
  return half;
}

// Up to `count` tasks of one run of k-means over all rows.
std::vector<Task> tasks_of_run(const Material& material, const Ground& ground, std::size_t run, std::size_t count, Stream stream) {
  const std::size_t rows = ground.rows.size();
  const std::size_t k = std::min(kClusters[run % kClusters.size()], rows / kRowsPerCluster);
  std::vector<Task> made;
  if (k < 2) return made;
  const Clusters clusters = rough_kmeans(random_half(ground.features, stream), k, stream.fork(0));
  const auto found = static_cast<std::uint32_t>(clusters.centres.rows());
  for (const std::uint32_t cluster : stream.sample(found, found)) {
    if (made.size() == count) break;
    Task task{"cluster " + std::to_string(cluster + 1) + " of " + std::to_string(found) + ", run " + std::to_string(run + 1),
              material.family.tasks.front()->pool,
              {},
              {}};
    std::size_t size = 0;
    std::vector<std::uint32_t> normals;
    for (std::size_t i = 0; i < rows; ++i) {
      if (clusters.assignment[i] == cluster) {
        ++size;
        if (ground.is_double[i] == 0) task.anomalies.push_back(ground.rows[i]);
      } else if (ground.is_normal[i] != 0) {
        normals.push_back(ground.rows[i]);
      }
    }
    if (static_cast<double>(size) > kLargestCluster * static_cast<double>(rows)) continue;
    task.normals = std::move(normals);
    if (is_large_enough(task, material.episode)) made.push_back(std::move(task));
  }
  return made;
}

}  // namespace

std::vector<Task> cluster_tasks(const Material& material) {
  Stream stream = material.stream;
  const Ground ground = make_ground(material, stream);
  const std::size_t runs = std::min(kMostRuns, material.count);
  std::vector<std::vector<Task>> of_run(runs);
  material.threads.parallel_for(runs, [&](std::size_t run, unsigned /*worker*/) {
    const std::size_t share = (material.count * (run + 1)) / runs - (material.count * run) / runs;
    of_run[run] = tasks_of_run(material, ground, run, share, stream.fork(static_cast<std::uint32_t>(run)));
  });
  std::vector<Task> made;
  for (auto& tasks : of_run) std::move(tasks.begin(), tasks.end(), std::back_inserter(made));
  return made;
}

std::vector<Task> sub_cluster_tasks(const Material& material) {
  std::vector<const Task*> kinds;
  for (const Task* kind : material.family.tasks) {
    if (kind->anomalies.size() >= 2 * kLeastAnomalies) kinds.push_back(kind);
  }
  // The kinds take turns, each time with other features and another number of clusters.
  const std::size_t runs = kinds.empty() ? 0 : std::max(kinds.size(), material.count);
  std::vector<std::vector<Task>> of_run(runs);
  material.threads.parallel_for(runs, [&](std::size_t run, unsigned /*worker*/) {
    const Task& kind = *kinds[run % kinds.size()];
    Stream stream = material.stream.fork(static_cast<std::uint32_t>(run));
    const auto rows = thinned(kind.anomalies, kMostSubRows, stream);
    const std::size_t most = std::clamp<std::size_t>(rows.size() / (2 * kLeastAnomalies), 2, kMostSubClusters);
    const Matrix features = random_half(features_of(*kind.pool, material.space, rows), stream);
    const Clusters clusters = rough_kmeans(features, 2 + stream.below(most - 1), stream.fork(0));
    for (std::uint32_t cluster = 0; clusters.centres.rows() > 1 && cluster < clusters.centres.rows(); ++cluster) {
      Task task{
          "part " + std::to_string(cluster + 1) + " of " + kind.name + ", run " + std::to_string(run + 1), kind.pool, kind.normals, {}};
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (clusters.assignment[i] == cluster) task.anomalies.push_back(rows[i]);
      }
      if (is_large_enough(task, material.episode)) of_run[run].push_back(std::move(task));
    }
  });
  // A cluster of each run, then a second, until there are enough.
  std::vector<Task> made;
  for (std::size_t round = 0; round < kMostSubClusters; ++round) {
    for (auto& tasks : of_run) {
      if (round < tasks.size() && made.size() < material.count) made.push_back(std::move(tasks[round]));
    }
  }
  return made;
}

}  // namespace oddshot
