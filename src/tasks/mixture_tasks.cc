#include <algorithm>

#include "tasks/pseudo_tasks.h"

namespace oddshot {

std::vector<Task> mixture_tasks(const Material& material) {
  const auto& kinds = material.family.tasks;
  Stream stream = material.stream;
  std::vector<std::uint32_t> pairs;  // of kinds, as first * kinds + second
  for (std::size_t a = 0; a < kinds.size(); ++a) {
    for (std::size_t b = a + 1; b < kinds.size(); ++b) pairs.push_back(static_cast<std::uint32_t>(a * kinds.size() + b));
  }
  std::vector<Task> made;
  for (const std::uint32_t pair : thinned(pairs, material.count, stream)) {
    const Task& a = *kinds[pair / kinds.size()];
    const Task& b = *kinds[pair % kinds.size()];
    const std::size_t half = std::min(a.anomalies.size(), b.anomalies.size());
    Task task{"mixture of " + a.name + " and " + b.name, a.pool, a.normals, thinned(a.anomalies, half, stream)};
    for (const std::uint32_t row : thinned(b.anomalies, half, stream)) task.anomalies.push_back(row);
    std::sort(task.anomalies.begin(), task.anomalies.end());
    task.anomalies.erase(std::unique(task.anomalies.begin(), task.anomalies.end()), task.anomalies.end());
    if (is_large_enough(task, material.episode)) made.push_back(std::move(task));
  }
  return made;
}

}  // namespace oddshot
