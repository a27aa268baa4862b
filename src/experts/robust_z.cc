// Robust z: how far each column is from its median in units that a few odd rows cannot stretch, and the root mean square over the columns:
//   z_j = min(|x_j - median_j| / scale_j, 10)        score(x) = sqrt(mean over j of z_j^2)
//   scale_j = 1.4826 x median absolute deviation, else 1.2533 x mean absolute deviation, else 1
// The mean absolute deviation serves columns of which more than half the values are equal; both factors make the scale that of a normal
// distribution. A constant column has no scale of its own: the unit then is the column's, which the preprocessor made a standard deviation
// of many normals. The cap keeps such a column from drowning all others.
// The root mean square, because on Tennessee Eastman and NSL-KDD training kinds (50 normals) it had together the best average precision:
// 0.71 and 0.42, the plain mean 0.65 and 0.44, the largest 0.71 and 0.17, the root mean square without the cap 0.71 and 0.35.
// Source: Iglewicz, Hoaglin 1993, "How to detect and handle outliers" (the scales).   O(D N log N) to fit.
#include <algorithm>
#include <cmath>

#include "experts/fitted.h"

namespace oddshot {
namespace {

constexpr double kCap = 10;
constexpr double kMadScale = 1.4826022185056018;   // 1 / normal quantile of 3/4
constexpr double kMeanScale = 1.2533141373155003;  // sqrt(pi / 2)

struct Location {
  double median = 0;
  double scale = 1;
};

double capped_square(double value, const Location& at) {
  const double z = std::min(std::abs(value - at.median) / at.scale, kCap);
  return z * z;
}

// One column's values by rising size, read as if one of them were not there: what leaving a row out needs, in O(log N) a row.
class SortedColumn {
 public:
  // sorted: rising. Kept relative to the middle value, so that sums of a column around 1e8 keep their digits.
  explicit SortedColumn(std::vector<double> sorted) : values_(std::move(sorted)), sums_(values_.size() + 1) {
    origin_ = values_[values_.size() / 2];
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] -= origin_;
      sums_[i + 1] = sums_[i] + values_[i];
    }
  }

  std::size_t rank_of(double value) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(values_, value - origin_) - values_.begin());
  }

  Location location() const { return location(Rest{*this, values_.size(), values_.size()}); }
  // Of the column without its gone-th smallest value.
  Location location_without(std::size_t gone) const { return location(Rest{*this, gone, values_.size() - 1}); }

 private:
  struct Rest {
    const SortedColumn& column;
    std::size_t gone;
    std::size_t size;

    double operator[](std::size_t i) const { return column.values_[i + (i >= gone ? 1 : 0)]; }
    double sum_of_first(std::size_t count) const {
      return count > gone ? column.sums_[count + 1] - column.values_[gone] : column.sums_[count];
    }
  };

  Location location(const Rest& rest) const {
    const std::size_t n = rest.size;
    const double median = n % 2 == 1 ? rest[n / 2] : (rest[n / 2 - 1] + rest[n / 2]) / 2;
    double scale = 1;
    if (rest[0] < rest[n - 1]) {
      const double middle =
          n % 2 == 1 ? nearest(rest, median, n / 2 + 1) : (nearest(rest, median, n / 2) + nearest(rest, median, n / 2 + 1)) / 2;
      scale = middle > 0 ? kMadScale * middle : kMeanScale * mean_deviation(rest, median);
    }
    return {median + origin_, scale};
  }

  // The count-th smallest |value - centre|: the values nearest to the centre are neighbours in order, so their first is found by bisection.
  static double nearest(const Rest& rest, double centre, std::size_t count) {
    std::size_t low = 0;
    std::size_t high = rest.size - count;
    while (low < high) {
      const std::size_t first = (low + high) / 2;
      if (centre - rest[first] > rest[first + count] - centre) {
        low = first + 1;
      } else {
        high = first;
      }
    }
    return std::max(centre - rest[low], rest[low + count - 1] - centre);
  }

  static double mean_deviation(const Rest& rest, double centre) {
    std::size_t below = 0;
    for (std::size_t step = rest.size; step > 0;) {  // how many values lie below the centre
      const std::size_t half = step / 2;
      if (rest[below + half] < centre) {
        below += half + 1;
        step -= half + 1;
      } else {
        step = half;
      }
    }
    const double left = rest.sum_of_first(below);
    const double right = rest.sum_of_first(rest.size) - left;
    const auto n = static_cast<double>(rest.size);
    return (right - left + centre * (2 * static_cast<double>(below) - n)) / n;
  }

  std::vector<double> values_;
  std::vector<double> sums_;  // [N + 1], of the values before each
  double origin_ = 0;
};

class FittedRobustZ final : public Fitted {
 public:
  FittedRobustZ(std::string_view name, MatrixView normals)
      : Fitted(name, normals.cols), locations_(normals.cols), fitting_scores_(normals.rows) {
    std::vector<double> squares(normals.rows);
    std::vector<double> values(normals.rows);
    for (std::size_t c = 0; c < normals.cols; ++c) {
      for (std::size_t r = 0; r < normals.rows; ++r) values[r] = normals(r, c);
      std::ranges::sort(values);
      const SortedColumn column(values);
      locations_[c] = column.location();
      for (std::size_t r = 0; r < normals.rows; ++r) {
        squares[r] += capped_square(normals(r, c), column.location_without(column.rank_of(normals(r, c))));
      }
    }
    for (std::size_t r = 0; r < normals.rows; ++r) fitting_scores_[r] = root_mean(squares[r]);
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    for (std::size_t r = 0; r < rows.rows; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c < rows.cols; ++c) sum += capped_square(rows(r, c), locations_[c]);
      out[r] = root_mean(sum);
    }
  }

  float root_mean(double sum) const { return static_cast<float>(std::sqrt(sum / static_cast<double>(columns()))); }

  std::vector<Location> locations_;    // [D]
  std::vector<float> fitting_scores_;  // [N]
};

class RobustZ final : public Expert {
 public:
  std::string_view name() const override { return "robust-z"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedRobustZ>(name(), normals);
  }
};

}  // namespace

const Expert& robust_z_expert() {
  static const RobustZ expert;
  return expert;
}

}  // namespace oddshot
