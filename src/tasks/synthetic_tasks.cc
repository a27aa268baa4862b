// Pseudo-tasks whose anomalies are made of normal rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "tasks/identity.h"
#include "tasks/kmeans.h"
#include "tasks/pseudo_tasks.h"

namespace oddshot {
namespace {

constexpr std::size_t kMostNormals = 4000;   // that the tasks of a family share
constexpr std::size_t kMostMaterial = 2000;  // further normals that anomalies are made of
constexpr std::size_t kMadeRows = 120;       // anomalies of a task
constexpr std::size_t kMostMade = 60;        // tasks of one making and family: their rows take memory
constexpr std::size_t kLocalClusters = 20;
constexpr std::size_t kLocalMembers = 200;  // of a cluster, whose covariance counts

// What the makers work with. The rows that anomalies are made of are not among the normals: a made row beside the very row that it was
// made of would be told by nearness alone.
struct Ground {
  std::span<const FeatureGroup> groups;
  float limit;
  Matrix normals;                      // [N x D]
  Matrix material;                     // [M x D]
  std::vector<float> low, high;        // [D] least and largest value among the normals
  std::vector<float> deviation;        // [D]
  std::vector<std::size_t> numbers;    // groups that are numbers and vary
  std::vector<std::uint32_t> cluster;  // [N]
};

Ground make_ground(const Material& from, Stream& stream) {
  const FeatureSpace& space = from.space;
  auto rows = thinned(from.family.normals(), kMostNormals + kMostMaterial, stream);
  stream.shuffle(std::span(rows));
  const std::size_t material = rows.size() / 3;
  Ground ground{space.groups, space.limit, {}, {}, {}, {}, {}, {}, {}};
  ground.material = features_of(from.family.pool(), space, std::span(rows).first(material));
  ground.normals = features_of(from.family.pool(), space, std::span(rows).subspan(material));
  const std::size_t width = space.width();
  const auto count = static_cast<double>(ground.normals.rows());
  for (std::size_t f = 0; f < width; ++f) {
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    double sum = 0;
    for (std::size_t r = 0; r < ground.normals.rows(); ++r) {
      low = std::min(low, ground.normals(r, f));
      high = std::max(high, ground.normals(r, f));
      sum += ground.normals(r, f);
    }
    double squares = 0;
    for (std::size_t r = 0; r < ground.normals.rows(); ++r) squares += std::pow(ground.normals(r, f) - sum / count, 2);
    ground.low.push_back(low);
    ground.high.push_back(high);
    ground.deviation.push_back(static_cast<float>(std::sqrt(squares / count)));
  }
  for (std::size_t g = 0; g < space.groups.size(); ++g) {
    if (!space.groups[g].category && ground.deviation[space.groups[g].first] > 0) ground.numbers.push_back(g);
  }
  return ground;
}

bool is_missing(const FeatureGroup& group, std::span<const float> row) { return group.count == 2 && row[group.first + 1] != 0; }

// Sets a number that is there.
void set_number(const Ground& ground, const FeatureGroup& group, float value, std::span<float> row) {
  if (!is_missing(group, row)) row[group.first] = std::clamp(value, -ground.limit, ground.limit);
}

void copy_group(const FeatureGroup& group, std::span<const float> from, std::span<float> to) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(group.first), group.count, to.begin() + static_cast<std::ptrdiff_t>(group.first));
}

std::span<const float> random_material(const Ground& ground, Stream& stream) {
  return std::as_const(ground.material).row(stream.below(ground.material.rows()));
}

// A share of n things, at least one, in ascending order.
std::vector<std::uint32_t> random_part(std::size_t n, double share, Stream& stream) {
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(share * static_cast<double>(n))), 1, n);
  auto part = stream.sample(static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(count));
  std::sort(part.begin(), part.end());
  return part;
}

// From `subtle` at strength 0 to `obvious` at 1, by equal factors.
double between(double subtle, double obvious, double strength) { return subtle * std::pow(obvious / subtle, strength); }

// Each maker fills `rows`, which hold normals of the material, with anomalies of one kind; strength 1 is obvious, 0 subtle.
using Maker = void (*)(const Ground& ground, double strength, Stream& stream, Matrix& rows);

// Around a cluster of normals: mean + a * draw of the cluster's covariance, a from 1.5 to 5. sum_i g_i (x_i - mean) / sqrt(n) over members
// x_i and standard normal g_i has just that covariance, and needs no factorisation. Categories are a member's.
void make_local(const Ground& ground, double strength, Stream& stream, Matrix& rows) {
  const std::uint32_t cluster = ground.cluster[stream.below(ground.cluster.size())];
  std::vector<std::uint32_t> members;
  for (std::uint32_t r = 0; r < ground.cluster.size(); ++r) {
    if (ground.cluster[r] == cluster) members.push_back(r);
  }
  members = thinned(members, kLocalMembers, stream);
  const std::size_t width = rows.cols();
  std::vector<float> mean(width);
  for (const auto m : members) {
    for (std::size_t f = 0; f < width; ++f) mean[f] += ground.normals(m, f) / static_cast<float>(members.size());
  }
  const auto scale = static_cast<float>(between(1.5, 5, strength) / std::sqrt(static_cast<double>(members.size())));
  std::vector<float> draw(width);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = rows.row(r);
    std::ranges::copy(std::as_const(ground.normals).row(members[stream.below(members.size())]), row.begin());
    draw = mean;
    for (const auto m : members) {
      const float weight = scale * stream.normal();
      for (std::size_t f = 0; f < width; ++f) draw[f] += weight * (ground.normals(m, f) - mean[f]);
    }
    for (const std::size_t g : ground.numbers) set_number(ground, ground.groups[g], draw[ground.groups[g].first], row);
  }
}

// Anywhere: numbers uniform in the normals' range widened by a tenth on each side, categories uniform; in all columns, or in a few.
void make_global(const Ground& ground, double strength, Stream& stream, Matrix& rows) {
  const auto part = random_part(ground.groups.size(), between(0.1, 1, strength), stream);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = rows.row(r);
    for (const auto g : part) {
      const FeatureGroup& group = ground.groups[g];
      if (group.category) {
        std::fill_n(row.begin() + static_cast<std::ptrdiff_t>(group.first), group.count, 0.0F);
        row[group.first + stream.below(group.count)] = 1;
      } else {
        const float span = ground.high[group.first] - ground.low[group.first];
        set_number(ground, group, ground.low[group.first] - 0.1F * span + 1.2F * span * stream.uniform(), row);
      }
    }
  }
}

// Every column plausible, their company not: some columns each from a row of its own, so that what ties them to the rest is broken and
// their distributions are as before.
void make_dependency(const Ground& ground, double strength, Stream& stream, Matrix& rows) {
  const auto part = random_part(ground.groups.size(), between(0.1, 1, strength), stream);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (const auto g : part) copy_group(ground.groups[g], random_material(ground, stream), rows.row(r));
  }
}

// A few numbers moved, each always the same way: 0.5 to 4 deviations, in one column to half of them.
void make_shift(const Ground& ground, double strength, Stream& stream, Matrix& rows) {
  if (ground.numbers.empty()) return;
  const auto part = random_part(ground.numbers.size(), 0.5 * stream.uniform(), stream);
  std::vector<float> shift;
  for (const auto n : part) {
    const float size = static_cast<float>(between(0.5, 4, strength)) * ground.deviation[ground.groups[ground.numbers[n]].first];
    shift.push_back(stream.below(2) == 0 ? size : -size);
  }
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = rows.row(r);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const FeatureGroup& group = ground.groups[ground.numbers[part[i]]];
      set_number(ground, group, row[group.first] + shift[i] * (0.5F + stream.uniform()), row);
    }
  }
}

// Half of the kinds: a block of neighbouring columns comes from another row, as if two records were mixed up. The others: pairs of numbers
// are exchanged, as if columns were.
void make_swaps(const Ground& ground, double strength, Stream& stream, Matrix& rows) {
  if (ground.numbers.size() < 2 || stream.below(2) == 0) {
    const std::size_t count = random_part(ground.groups.size(), between(0.1, 0.5, strength), stream).size();
    const std::size_t first = stream.below(ground.groups.size() - count + 1);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const auto other = random_material(ground, stream);
      for (std::size_t g = first; g < first + count; ++g) copy_group(ground.groups[g], other, rows.row(r));
    }
    return;
  }
  const std::size_t pairs = random_part(ground.numbers.size() / 2, between(0.1, 1, strength), stream).size();
  const auto chosen = stream.sample(static_cast<std::uint32_t>(ground.numbers.size()), static_cast<std::uint32_t>(2 * pairs));
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = rows.row(r);
    for (std::size_t p = 0; p < pairs; ++p) {
      const FeatureGroup& a = ground.groups[ground.numbers[chosen[2 * p]]];
      const FeatureGroup& b = ground.groups[ground.numbers[chosen[2 * p + 1]]];
      if (is_missing(a, row) || is_missing(b, row)) continue;
      std::swap(row[a.first], row[b.first]);
    }
  }
}

// Tasks from obvious to subtle, on one pool: the normals, then the made rows of each task.
std::vector<Task> made_tasks(const Material& from, const char* name, Maker make, bool needs_clusters) {
  Stream stream = from.stream;
  Ground ground = make_ground(from, stream);
  std::vector<Task> tasks;
  if (ground.material.empty() || ground.groups.empty()) return tasks;
  if (needs_clusters) {
    const std::size_t clusters = std::clamp<std::size_t>(ground.normals.rows() / 50, 1, kLocalClusters);
    ground.cluster = rough_kmeans(ground.normals, clusters, stream.fork(0)).assignment;
  }
  const std::size_t count = std::min(from.count, kMostMade);
  const std::size_t width = from.space.width();
  const std::size_t normals = ground.normals.rows();
  Matrix features(normals + count * kMadeRows, width);
  std::copy_n(ground.normals.data(), normals * width, features.data());
  from.threads.parallel_for(count, [&](std::size_t t, unsigned /*worker*/) {
    Stream own = stream.fork(static_cast<std::uint32_t>(t + 1));
    Matrix rows(kMadeRows, width);
    for (std::size_t r = 0; r < kMadeRows; ++r) std::ranges::copy(random_material(ground, own), rows.row(r).begin());
    make(ground, count == 1 ? 1.0 : 1.0 - static_cast<double>(t) / static_cast<double>(count - 1), own, rows);
    std::copy_n(rows.data(), kMadeRows * width, features.row(normals + t * kMadeRows).data());
  });

  const auto pool = std::make_shared<RowPool>();
  pool->views = from.family.pool().views;
  pool->identity = identities(features);
  std::vector<std::uint32_t> normal_rows(normals);
  for (std::uint32_t r = 0; r < normals; ++r) normal_rows[r] = r;
  for (std::size_t t = 0; t < count; ++t) {
    Task task{name + (" " + std::to_string(t + 1)) + " of " + std::to_string(count), pool, normal_rows, {}};
    for (std::size_t i = 0; i < kMadeRows; ++i) {
      const auto row = static_cast<std::uint32_t>(normals + t * kMadeRows + i);
      if (pool->identity[row] >= normals) task.anomalies.push_back(row);  // what equals a normal is no anomaly
    }
    if (is_large_enough(task, from.episode)) tasks.push_back(std::move(task));
  }
  pool->rows = from.space.rows_of ? from.space.rows_of(features) : std::move(features);
  return tasks;
}

}  // namespace

std::vector<Task> local_tasks(const Material& material) { return made_tasks(material, "local", make_local, true); }
std::vector<Task> global_tasks(const Material& material) { return made_tasks(material, "global", make_global, false); }
std::vector<Task> dependency_tasks(const Material& material) { return made_tasks(material, "dependency", make_dependency, false); }
std::vector<Task> shift_tasks(const Material& material) { return made_tasks(material, "shift", make_shift, false); }
std::vector<Task> swap_tasks(const Material& material) { return made_tasks(material, "swaps", make_swaps, false); }

}  // namespace oddshot
