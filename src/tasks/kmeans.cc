#include "tasks/kmeans.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {

namespace {

constexpr unsigned kMostIterations = 100;
constexpr unsigned kRoughIterations = 10;
constexpr std::size_t kRoughRows = 4000;  // that rough centres are found on
constexpr std::size_t kBlock = 256;       // rows whose distances are held at a time
constexpr std::size_t kRowsAtATime = 16 * kBlock;

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    const double difference = static_cast<double>(a[d]) - b[d];
    sum += difference * difference;
  }
  return sum;
}

// A row with a chance in proportion to its weight; rows.size() if all weigh nothing.
template <class Weight>
std::size_t pick_row(const std::vector<Weight>& weights, double total, Stream& stream) {
  double left = total * stream.uniform();
  std::size_t pick = weights.size();
  for (std::size_t r = 0; r < weights.size(); ++r) {
    if (weights[r] == 0) continue;
    pick = r;  // the last of them if rounding eats the rest
    left -= weights[r];
    if (left < 0) break;
  }
  return pick;
}

// Seeds: the first row at random, each next with a chance in proportion to its squared distance to those there are.
Matrix seed_centres(MatrixView rows, std::size_t k, Stream& stream) {
  std::vector<std::uint32_t> chosen = {static_cast<std::uint32_t>(stream.below(rows.rows))};
  std::vector<double> distance(rows.rows, std::numeric_limits<double>::infinity());
  while (chosen.size() < k) {
    double total = 0;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      distance[r] = std::min(distance[r], squared_distance(rows.row(r), rows.row(chosen.back())));
      total += distance[r];
    }
    if (total == 0) break;  // every row is a seed already
    chosen.push_back(static_cast<std::uint32_t>(pick_row(distance, total, stream)));
  }
  return gathered<float>(rows, chosen);
}

double assign(MatrixView rows, MatrixView centres, std::vector<std::uint32_t>& assignment) {
  double inertia = 0;
  assignment.resize(rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < centres.rows; ++c) {
      const double distance = squared_distance(rows.row(r), centres.row(c));
      if (distance < best) {
        best = distance;
        assignment[r] = static_cast<std::uint32_t>(c);
      }
    }
    inertia += best;
  }
  return inertia;
}

// Each centre to the mean of its rows; one that has none stays where it is.
void move_centres(MatrixView rows, const std::vector<std::uint32_t>& assignment, Matrix& centres) {
  std::vector<double> sums(centres.rows() * centres.cols());
  std::vector<std::size_t> counts(centres.rows());
  for (std::size_t r = 0; r < rows.rows; ++r) {
    ++counts[assignment[r]];
    for (std::size_t d = 0; d < rows.cols; ++d) sums[assignment[r] * rows.cols + d] += rows(r, d);
  }
  for (std::size_t c = 0; c < centres.rows(); ++c) {
    if (counts[c] == 0) continue;
    for (std::size_t d = 0; d < rows.cols; ++d) {
      centres(c, d) = static_cast<float>(sums[c * rows.cols + d] / static_cast<double>(counts[c]));
    }
  }
}

Clusters one_start(MatrixView rows, std::size_t k, Stream stream) {
  Clusters clusters;
  clusters.centres = seed_centres(rows, k, stream);
  clusters.inertia = assign(rows, clusters.centres, clusters.assignment);
  for (unsigned i = 0; i < kMostIterations; ++i) {
    const auto before = clusters.assignment;
    move_centres(rows, clusters.assignment, clusters.centres);
    clusters.inertia = assign(rows, clusters.centres, clusters.assignment);
    if (clusters.assignment == before) break;
  }
  return clusters;
}

// seed_centres in single precision.
Matrix rough_seeds(MatrixView rows, std::size_t k, Stream& stream) {
  const auto& kernels = kernels::table<float>();
  std::vector<std::uint32_t> chosen = {static_cast<std::uint32_t>(stream.below(rows.rows))};
  std::vector<float> nearest(rows.rows, std::numeric_limits<float>::infinity());
  std::vector<float> distance(rows.rows);
  while (chosen.size() < k) {
    const auto last = rows.row(chosen.back());
    kernels.squared_distances(rows.rows, 1, rows.cols, rows.data, rows.stride, last.data(), rows.cols, distance.data(), 1);
    double total = 0;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      nearest[r] = std::min(nearest[r], distance[r]);
      total += nearest[r];
    }
    if (total == 0) break;
    chosen.push_back(static_cast<std::uint32_t>(pick_row(nearest, total, stream)));
  }
  return gathered<float>(rows, chosen);
}

// assign() in single precision, a block of rows at a time; `inertia` is that of the rows before.
double rough_assign(MatrixView rows, MatrixView centres, std::span<std::uint32_t> assignment, double inertia = 0) {
  const auto& kernels = kernels::table<float>();
  Matrix distances(std::min(kBlock, rows.rows), centres.rows);
  for (std::size_t first = 0; first < rows.rows; first += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows - first);
    kernels.squared_distances(count, centres.rows, rows.cols, rows.row(first).data(), rows.stride, centres.data, centres.stride,
                              distances.data(), centres.rows);
    for (std::size_t r = 0; r < count; ++r) {
      const auto row = distances.row(r);
      const auto best = std::min_element(row.begin(), row.end());
      assignment[first + r] = static_cast<std::uint32_t>(best - row.begin());
      inertia += *best;
    }
  }
  return inertia;
}

// Of at most kRoughRows rows.
Matrix rough_centres(MatrixView rows, std::size_t k, Stream& stream) {
  Matrix centres = rough_seeds(rows, k, stream);
  std::vector<std::uint32_t> assignment(rows.rows), before;
  for (unsigned i = 0; i < kRoughIterations; ++i) {
    rough_assign(rows, centres, assignment);
    if (assignment == before) break;
    move_centres(rows, assignment, centres);
    before = assignment;
  }
  return centres;
}

void check_arguments(std::size_t rows, std::size_t k) {
  if (rows == 0 || k == 0) {
    throw ArgumentError("k-means needs rows and at least 1 cluster, not " + std::to_string(rows) + " rows and " + std::to_string(k));
  }
}

}  // namespace

Clusters kmeans(MatrixView rows, std::size_t k, Stream stream, unsigned starts) {
  check_arguments(rows.rows, k);
  Clusters best;
  for (unsigned start = 0; start < std::max(starts, 1U); ++start) {
    Clusters clusters = one_start(rows, k, stream.fork(start));
    if (start == 0 || clusters.inertia < best.inertia) best = std::move(clusters);
  }
  return best;
}

Clusters rough_kmeans(MatrixView rows, std::size_t k, Stream stream) {
  return rough_kmeans(rows.rows, [&](std::span<const std::uint32_t> numbers) { return gathered(rows, numbers); }, k, stream);
}

Clusters rough_kmeans(std::size_t count, const std::function<Matrix(std::span<const std::uint32_t> numbers)>& rows_of, std::size_t k,
                      Stream stream) {
  check_arguments(count, k);
  Clusters clusters;
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  Matrix rows = rows_of(count > kRoughRows ? stream.sample(static_cast<std::uint32_t>(count), kRoughRows) : all);
  clusters.centres = rough_centres(rows, k, stream);
  clusters.assignment.resize(count);
  for (std::size_t first = 0; first < count; first += kRowsAtATime) {
    const std::size_t some = std::min(kRowsAtATime, count - first);
    rows = rows_of(std::span(all).subspan(first, some));
    clusters.inertia = rough_assign(rows, clusters.centres, std::span(clusters.assignment).subspan(first, some), clusters.inertia);
  }
  return clusters;
}

std::vector<std::uint32_t> nearest_centres(MatrixView rows, MatrixView centres) {
  std::vector<std::uint32_t> assignment;
  assign(rows, centres, assignment);
  return assignment;
}

}  // namespace oddshot
