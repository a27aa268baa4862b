// How far out in the tails of each column a row lies, by the empirical distributions: what ecod and copod add up, each in its way.
//   left_j(x) = -log((1 + #{i: x_ij <= x_j}) / (N + 1))        right_j(x) = -log((1 + #{i: x_ij >= x_j}) / (N + 1))
// The papers score the rows they are fitted on; here the row that is scored joins the sample for its own tail probabilities (hence 1 + and
// N + 1), which leaves nothing infinite. So a fitting row's leave-one-out tails are those of the papers; the skewness then is that of the
// other rows.   O(D N log N) to fit, O(D log N) a row to score.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "experts/fitted.h"

namespace oddshot::tails {

inline constexpr std::size_t kBlock = 64;   // rows at a time: a column's tables serve them all from L1
inline constexpr double kRounding = 1e-12;  // a share of the second moment
inline constexpr double kSymmetric = 1e-9;  // a relative third moment below this is rounding and counts as symmetric

struct Tails {
  float left = 0;
  float right = 0;
};

// Central second and third moments as sums over n values.
struct Moments {
  double second = 0;
  double third = 0;
  double n = 0;

  bool skewed_left() const { return third < -kSymmetric * second * std::sqrt(second / n); }
  // Without one value that lies `y` from the mean. Where next to nothing is left, it is rounding: the other values are equal.
  Moments without(double y) const {
    const double rest = n - 1;
    const double shift = -y / rest;  // of the mean
    const double left = second - y * y - rest * shift * shift;
    if (left <= kRounding * second) return {0, 0, rest};
    return {left, third - y * y * y - 3 * shift * (second - y * y) - 3 * shift * shift * y - rest * shift * shift * shift, rest};
  }
};

inline Moments central_moments(std::span<const float> values, double mean) {
  Moments moments;
  moments.n = static_cast<double>(values.size());
  for (const float value : values) {
    const double y = static_cast<double>(value) - mean;
    moments.second += y * y;
    moments.third += y * y * y;
  }
  return moments;
}

// -log(count / total) for counts 0 to total; never asked for count 0.
inline std::vector<float> tail_table(std::size_t total) {
  std::vector<float> table(total + 1);
  for (std::size_t count = 1; count <= total; ++count) {
    table[count] = static_cast<float>(std::log(static_cast<double>(total) / static_cast<double>(count)));
  }
  return table;
}

// One column: its distinct values, rising, then infinity; and the tails of any x. Below value p, above p - 1: tails[2 p]; on it:
// tails[2 p + 1].
struct Column {
  std::vector<float> values;
  std::vector<Tails> tails;
  bool skewed_left = false;

  // places[i]: of x[i] in `tails`. All bisect in step and without branches, since where x falls cannot be foreseen: several times faster
  // than one after the other.
  void find(std::span<const float> x, std::span<std::uint32_t> places) const {
    std::ranges::fill(places, 0U);
    for (auto n = static_cast<std::uint32_t>(values.size()); n > 1;) {
      const std::uint32_t half = n / 2;
      for (std::size_t i = 0; i < x.size(); ++i) places[i] += static_cast<std::uint32_t>(values[places[i] + half - 1] < x[i]) * half;
      n -= half;
    }
    for (std::size_t i = 0; i < x.size(); ++i) places[i] = 2 * places[i] + static_cast<std::uint32_t>(values[places[i]] == x[i]);
  }
};

// Sums: what becomes of a row's tails, a value with
//   void add(const Tails& tails, bool skewed_left)   one column more, whose tail of interest is the left one or not
//   float score() const
template <class Sums>
class FittedTails final : public Fitted {
 public:
  FittedTails(std::string_view name, MatrixView normals) : Fitted(name, normals.cols), fitting_scores_(normals.rows) {
    const std::size_t n = normals.rows;
    const std::vector<float> with_scored = tail_table(n + 1);
    const std::vector<float> with_own = tail_table(n);
    std::vector<float> values(n);
    std::vector<float> sorted(n);
    std::vector<Sums> sums(n);
    std::vector<std::uint32_t> places(n);
    columns_.reserve(normals.cols);
    for (std::size_t c = 0; c < normals.cols; ++c) {
      for (std::size_t r = 0; r < n; ++r) values[r] = normals(r, c);
      std::ranges::copy(values, sorted.begin());
      std::ranges::sort(sorted);
      const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(n);
      const Moments moments = central_moments(sorted, mean);

      Column column;
      column.skewed_left = moments.skewed_left();
      column.tails.push_back({with_scored[1], with_scored[n + 1]});
      std::vector<Tails> own;  // tails of each distinct value among the other rows
      for (std::size_t first = 0, last = 0; first < n; first = last) {
        while (last < n && sorted[last] == sorted[first]) ++last;
        column.values.push_back(sorted[first]);
        column.tails.push_back({with_scored[1 + last], with_scored[1 + n - first]});
        column.tails.push_back({with_scored[1 + last], with_scored[1 + n - last]});
        own.push_back({with_own[last], with_own[n - first]});
      }
      column.values.push_back(std::numeric_limits<float>::infinity());
      column.find(values, places);
      for (std::size_t r = 0; r < n; ++r) {
        sums[r].add(own[places[r] / 2], moments.without(static_cast<double>(values[r]) - mean).skewed_left());
      }
      columns_.push_back(std::move(column));
    }
    for (std::size_t r = 0; r < n; ++r) fitting_scores_[r] = sums[r].score();
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows - first);
      std::array<Sums, kBlock> sums{};
      std::array<float, kBlock> values{};
      std::array<std::uint32_t, kBlock> places{};
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const Column& column = columns_[c];
        for (std::size_t r = 0; r < count; ++r) values[r] = rows(first + r, c);
        column.find(std::span(values).first(count), std::span(places).first(count));
        for (std::size_t r = 0; r < count; ++r) sums[r].add(column.tails[places[r]], column.skewed_left);
      }
      for (std::size_t r = 0; r < count; ++r) out[first + r] = sums[r].score();
    }
  }

  std::vector<Column> columns_;        // [D]
  std::vector<float> fitting_scores_;  // [N]
};

}  // namespace oddshot::tails
