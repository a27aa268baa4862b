// The ways of making pseudo-tasks, one file each; augment.cc calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/random.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/tasks/augment.h"

namespace oddshot {

// Training tasks that share a pool and their normals.
struct TaskFamily {
  std::vector<const Task*> tasks;

  const RowPool& pool() const { return *tasks.front()->pool; }
  const RowNumbers& normals() const { return tasks.front()->normals; }
};

// What one way is given: a family, and how many tasks it shall make of it at most.
struct Material {
  const TaskFamily& family;
  const FeatureSpace& space;
  EpisodeSpec episode;  // as large as training draws
  std::size_t count;
  Stream stream;
  ThreadPool& threads;
};

inline constexpr std::size_t kLeastAnomalies = 12;  // different rows that play anomaly
inline constexpr double kLargestCluster = 0.3;      // of all rows that are clustered

std::vector<Task> mixture_tasks(const Material& material);
std::vector<Task> cluster_tasks(const Material& material);
std::vector<Task> sub_cluster_tasks(const Material& material);
std::vector<Task> local_tasks(const Material& material);
std::vector<Task> global_tasks(const Material& material);
std::vector<Task> dependency_tasks(const Material& material);
std::vector<Task> shift_tasks(const Material& material);
std::vector<Task> swap_tasks(const Material& material);
std::vector<Task> mask_tasks(const Material& material);
std::vector<Task> noise_tasks(const Material& material);

// Whether a support leaves something to judge by: more different normals, and more different anomalies, than it takes.
bool is_large_enough(const Task& task, const EpisodeSpec& episode);
// The features of pool rows: [rows.size() x space.width()].
Matrix features_of(const RowPool& pool, const FeatureSpace& space, std::span<const std::uint32_t> rows);
// At most `count` of the values, drawn at random, in their order.
std::vector<std::uint32_t> thinned(std::span<const std::uint32_t> values, std::size_t count, Stream& stream);

}  // namespace oddshot
