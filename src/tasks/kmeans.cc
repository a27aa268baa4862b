#include "tasks/kmeans.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "oddshot/base/error.h"

namespace oddshot {

namespace {

constexpr unsigned kMostIterations = 100;

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    const double difference = static_cast<double>(a[d]) - b[d];
    sum += difference * difference;
  }
  return sum;
}

// Seeds: the first row at random, each next with a chance in proportion to its squared distance to those there are.
Matrix seed_centres(MatrixView rows, std::size_t k, Stream& stream) {
  std::vector<std::size_t> chosen = {stream.below(rows.rows)};
  std::vector<double> distance(rows.rows, std::numeric_limits<double>::infinity());
  while (chosen.size() < k) {
    double total = 0;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      distance[r] = std::min(distance[r], squared_distance(rows.row(r), rows.row(chosen.back())));
      total += distance[r];
    }
    if (total == 0) break;  // every row is a seed already
    double left = total * stream.uniform();
    std::size_t pick = rows.rows;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      if (distance[r] == 0) continue;
      pick = r;  // the last of them if rounding eats the rest
      left -= distance[r];
      if (left < 0) break;
    }
    chosen.push_back(pick);
  }
  Matrix centres(chosen.size(), rows.cols);
  for (std::size_t c = 0; c < chosen.size(); ++c) std::copy_n(rows.row(chosen[c]).begin(), rows.cols, centres.row(c).begin());
  return centres;
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

}  // namespace

Clusters kmeans(MatrixView rows, std::size_t k, Stream stream, unsigned starts) {
  if (rows.rows == 0 || k == 0) {
    throw ArgumentError("k-means needs rows and at least 1 cluster, not " + std::to_string(rows.rows) + " rows and " + std::to_string(k));
  }
  Clusters best;
  for (unsigned start = 0; start < std::max(starts, 1U); ++start) {
    Clusters clusters = one_start(rows, k, stream.fork(start));
    if (start == 0 || clusters.inertia < best.inertia) best = std::move(clusters);
  }
  return best;
}

std::vector<std::uint32_t> nearest_centres(MatrixView rows, MatrixView centres) {
  std::vector<std::uint32_t> assignment;
  assign(rows, centres, assignment);
  return assignment;
}

}  // namespace oddshot
