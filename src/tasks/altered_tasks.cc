// Pseudo-tasks that are copies of training tasks, changed alike in normals and anomalies.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "tasks/identity.h"
#include "tasks/pseudo_tasks.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 600;  // of a copy, at most
constexpr std::size_t kAnomalies = 200;
constexpr std::size_t kMostCopies = 40;  // of a family: their rows take memory

// The copied rows: normals first.
struct Copy {
  Matrix features;
  std::size_t normals = 0;
};

void set_category(const FeatureGroup& group, std::size_t place, std::span<float> row) {
  std::fill_n(row.begin() + static_cast<std::ptrdiff_t>(group.first), group.count, 0.0F);
  row[group.first + place] = 1;
}

// The column tells nothing any more: a number becomes the normals' mean, never missing; a category their most frequent one.
void mask(const FeatureGroup& group, Copy& copy) {
  std::vector<double> sums(group.count);
  for (std::size_t r = 0; r < copy.normals; ++r) {
    for (std::size_t i = 0; i < group.count; ++i) sums[i] += copy.features(r, group.first + i);
  }
  const auto frequent = static_cast<std::size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
  for (std::size_t r = 0; r < copy.features.rows(); ++r) {
    const auto row = copy.features.row(r);
    if (group.category) {
      set_category(group, frequent, row);
    } else {
      row[group.first] = static_cast<float>(sums[0] / static_cast<double>(copy.normals));
      if (group.count == 2) row[group.first + 1] = 0;
    }
  }
}

// A tenth to six tenths of the columns masked.
void mask_some(const FeatureSpace& space, Stream& stream, Copy& copy) {
  const auto groups = static_cast<std::uint32_t>(space.groups.size());
  const auto count = static_cast<std::uint32_t>(std::lround((0.1 + 0.5 * stream.uniform()) * groups));
  for (const auto g : stream.sample(groups, std::clamp(count, 1U, groups))) mask(space.groups[g], copy);
}

// Numbers that are there get Gaussian noise of 0.05 to 0.5 of the normals' deviation (so that a column that does not vary stays so); one
// category in fifty to one in five is that of another normal row.
void add_noise(const FeatureSpace& space, Stream& stream, Copy& copy) {
  const auto level = static_cast<float>(0.05 * std::pow(10.0, stream.uniform()));
  for (const FeatureGroup& group : space.groups) {
    std::vector<std::size_t> places(copy.normals);  // the categories of the normals
    double sum = 0;
    double squares = 0;
    for (std::size_t r = 0; r < copy.normals; ++r) {
      const auto row = copy.features.row(r).subspan(group.first, group.count);
      places[r] = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
      sum += row[0];
    }
    const double mean = sum / static_cast<double>(copy.normals);
    for (std::size_t r = 0; r < copy.normals; ++r) squares += std::pow(copy.features(r, group.first) - mean, 2);
    const auto deviation = static_cast<float>(std::sqrt(squares / static_cast<double>(copy.normals)));
    for (std::size_t r = 0; r < copy.features.rows(); ++r) {
      const auto row = copy.features.row(r);
      if (group.category) {
        if (stream.uniform() < 0.4F * level) set_category(group, places[stream.below(places.size())], row);
      } else if (group.count == 1 || row[group.first + 1] == 0) {
        row[group.first] = std::clamp(row[group.first] + level * deviation * stream.normal(), -space.limit, space.limit);
      }
    }
  }
}

using Change = void (*)(const FeatureSpace& space, Stream& stream, Copy& copy);

Task altered_task(const Material& from, const char* name, Change change, std::size_t number, Stream stream) {
  const Task& real = *from.family.tasks[number % from.family.tasks.size()];
  auto rows = thinned(real.normals, kNormals, stream);
  Copy copy{{}, rows.size()};
  const auto anomalies = thinned(real.anomalies, kAnomalies, stream);
  rows.insert(rows.end(), anomalies.begin(), anomalies.end());
  copy.features = features_of(*real.pool, from.space, rows);
  change(from.space, stream, copy);

  const auto pool = std::make_shared<RowPool>();
  pool->views = real.pool->views;
  pool->identity = identities(copy.features);
  std::vector<std::uint32_t> normals(copy.normals);
  std::iota(normals.begin(), normals.end(), 0U);
  Task task{real.name + " with " + name + " " + std::to_string(number + 1), pool, std::move(normals), {}};
  for (auto r = static_cast<std::uint32_t>(copy.normals); r < rows.size(); ++r) {
    if (pool->identity[r] >= copy.normals) task.anomalies.push_back(r);  // what cannot be told from a normal any more is no anomaly
  }
  pool->rows = from.space.rows_of ? from.space.rows_of(copy.features) : std::move(copy.features);
  return task;
}

std::vector<Task> altered_tasks(const Material& from, const char* name, Change change) {
  std::vector<Task> copies(from.space.groups.empty() ? 0 : std::min(from.count, kMostCopies));
  from.threads.parallel_for(copies.size(), [&](std::size_t i, unsigned /*worker*/) {
    copies[i] = altered_task(from, name, change, i, from.stream.fork(static_cast<std::uint32_t>(i)));
  });
  std::erase_if(copies, [&](const Task& task) { return !is_large_enough(task, from.episode); });
  return copies;
}

}  // namespace

std::vector<Task> mask_tasks(const Material& material) { return altered_tasks(material, "masks", mask_some); }
std::vector<Task> noise_tasks(const Material& material) { return altered_tasks(material, "noise", add_noise); }

}  // namespace oddshot
