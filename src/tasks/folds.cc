#include "oddshot/tasks/folds.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "tasks/kmeans.h"

namespace oddshot {
namespace {

constexpr std::size_t kClustersAFold = 3;
constexpr float kAnywhere = 1.0F / 7;  // share of the normals that fall into a fold whatever their cluster

// Parts of the stream of one set of normals.
constexpr std::uint32_t kFindClusters = 0;
constexpr std::uint32_t kScatter = 1;

// The fold of each of these normals: by cluster, the largest clusters dealt out first. They are looked at a part at a time: where the pool
// makes its rows, that is the time of encoding them all anew, and twice those that centres are found on.
std::vector<std::uint32_t> folds_of(const RowPool& pool, std::span<const std::uint32_t> normals, std::size_t folds,
                                    std::size_t least_normals, Stream stream) {
  const auto rows_of = [&](std::span<const std::uint32_t> numbers) {
    std::vector<std::uint32_t> rows(numbers.size());
    std::ranges::transform(numbers, rows.begin(), [&](std::uint32_t number) { return normals[number]; });
    return pool.gather(rows, kPlain);
  };
  const Clusters clusters = rough_kmeans(normals.size(), rows_of, kClustersAFold * folds, stream.fork(kFindClusters));
  std::vector<std::size_t> size(clusters.centres.rows());
  for (const std::uint32_t cluster : clusters.assignment) ++size[cluster];
  std::vector<std::uint32_t> order(size.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return size[a] > size[b]; });
  std::vector<std::uint32_t> fold_of_cluster(size.size());
  for (std::size_t i = 0; i < order.size(); ++i) fold_of_cluster[order[i]] = static_cast<std::uint32_t>(i % folds);

  Stream scatter = stream.fork(kScatter);
  std::vector<std::uint32_t> fold(normals.size());
  std::vector<std::size_t> count(folds);
  for (std::size_t i = 0; i < normals.size(); ++i) {
    const bool anywhere = scatter.uniform() < kAnywhere;
    const auto any = static_cast<std::uint32_t>(scatter.below(folds));
    fold[i] = anywhere ? any : fold_of_cluster[clusters.assignment[i]];
    ++count[fold[i]];
  }
  const auto [least, most] = std::minmax_element(count.begin(), count.end());
  if (*least < least_normals || normals.size() - *most < least_normals) {
    for (std::size_t i = 0; i < normals.size(); ++i) fold[i] = static_cast<std::uint32_t>(i % folds);
  }
  return fold;
}

// Rows spread evenly over the normals of all tasks, each row once.
Matrix reference_of(const std::vector<Task>& tasks) {
  std::vector<std::uint32_t> rows;
  for (const Task& task : tasks) rows.insert(rows.end(), task.normals.begin(), task.normals.end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::vector<std::uint32_t> chosen(std::min(rows.size(), kMostReferences));
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = rows[i * rows.size() / chosen.size()];
  return tasks.front().pool->gather(chosen);
}

}  // namespace

std::vector<TaskSuite> leave_tasks_out(const TaskSuite& suite, std::size_t folds, std::size_t least_normals, std::uint64_t seed) {
  if (folds < 2 || folds > suite.training.size()) {
    throw ArgumentError(
        fmt::format("{} folds of {} training tasks; there must be 2 folds at least, and a task for each", folds, suite.training.size()));
  }
  const Stream stream(seed, Purpose::kFold, 0);
  std::vector<std::pair<RowNumbers, std::vector<std::uint32_t>>> fold_of;  // of each set of normals
  const auto found = [&](const RowNumbers& normals) {
    return std::ranges::find_if(fold_of, [&](const auto& one) { return one.first == normals; });
  };
  for (const Task& task : suite.training) {
    if (!suite.of_tables() && found(task.normals) == fold_of.end()) {
      const Stream own = stream.fork(static_cast<std::uint32_t>(fold_of.size()));
      fold_of.emplace_back(task.normals, folds_of(*task.pool, task.normals, folds, least_normals, own));
    }
  }
  std::vector<TaskSuite> result;
  for (std::size_t f = 0; f < folds; ++f) {
    TaskSuite& fold = result.emplace_back(TaskSuite{suite.name, suite.preprocessor, suite.views, {}, {}, {}, {}});
    for (std::size_t t = 0; t < suite.training.size(); ++t) {
      const Task& task = suite.training[t];
      const bool left_out = t % folds == f;
      Task& copy = (left_out ? fold.held_out : fold.training).emplace_back(Task{task.name, task.pool, {}, task.anomalies});
      if (suite.of_tables()) {
        copy.normals = task.normals;
        continue;
      }
      const auto& fold_of_normal = found(task.normals)->second;
      std::vector<std::uint32_t> normals;
      for (std::size_t i = 0; i < task.normals.size(); ++i) {
        if ((fold_of_normal[i] == f) == left_out) normals.push_back(task.normals[i]);
      }
      copy.normals = std::move(normals);
    }
    if (!suite.of_tables()) fold.reference = reference_of(fold.training);
  }
  return result;
}

}  // namespace oddshot
