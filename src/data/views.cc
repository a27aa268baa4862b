#include "oddshot/data/views.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "data/normal_quantile.h"
#include "data/whitening.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr float kLargestClip = 1e6F;
constexpr std::size_t kCovarianceRows = 32768;  // 384 columns: 0.1% of a variance in sampling error, and a fit well below a second
constexpr std::size_t kRowsAtATime = 2048;      // that a covariance takes: those of 40 columns, 0.3 MB, are little beside them all
constexpr std::size_t kBlock = 128;             // rows at a time: a column's order statistics (8 KB) and the block share the caches

void check_range(const char* what, double value, double low, double high) {
  if (!(value >= low && value <= high)) throw ArgumentError(fmt::format("{} is {}; it must be {} to {}", what, value, low, high));
}

void check_clip(const char* what, float value) {
  if (!(value > 0 && value <= kLargestClip)) {
    throw ArgumentError(fmt::format("{} is {}; it must be above 0 and at most {}", what, value, kLargestClip));
  }
}

void check_finite(MatrixView features) {
  for (std::size_t r = 0; r < features.rows; ++r) {
    for (std::size_t c = 0; c < features.cols; ++c) {
      if (!std::isfinite(features(r, c))) {
        throw NumericError(fmt::format("views: row {}, feature {}: {} is not finite", r, c, features(r, c)));
      }
    }
  }
}

void check_finite(std::span<const float> column, std::size_t feature) {
  for (std::size_t r = 0; r < column.size(); ++r) {
    if (!std::isfinite(column[r])) throw NumericError(fmt::format("views: row {}, feature {}: {} is not finite", r, feature, column[r]));
  }
}

// Item i of `count` spread evenly over [0, n), the first and the last included; count <= n.
std::size_t spread(std::size_t i, std::size_t count, std::size_t n) {
  return count < 2 ? 0 : static_cast<std::size_t>((static_cast<std::uint64_t>(i) * (n - 1) + (count - 1) / 2) / (count - 1));
}

// The number of values < x (or <= x, `with_equal`) among ascending values [n], n >= 1. A mask instead of a branch that nobody can predict
// (compilers make one of ?:).
template <bool with_equal>
std::size_t count_below(const float* values, std::size_t n, float x) {
  const auto below = [x](float value) { return with_equal ? value <= x : value < x; };
  const float* base = values;
  while (n > 1) {
    const std::size_t half = n / 2;
    base += half & (std::size_t{0} - static_cast<std::size_t>(below(base[half - 1])));
    n -= half;
  }
  return static_cast<std::size_t>(base - values) + (below(*base) ? 1 : 0);
}

// The rank-Gaussian of x before the clip; `quantiles` [2K - 1] at the order statistics [K] and halfway between two.
double rank_gaussian(float x, std::span<const float> statistics, std::span<const float> quantiles) {
  const std::size_t less = count_below<false>(statistics.data(), statistics.size(), x);
  if (less == statistics.size()) return quantiles.back() + std::log1p(static_cast<double>(x) - statistics.back());
  if (statistics[less] == x) {  // the middle of the equal ones
    const std::size_t up_to = less + count_below<true>(statistics.data() + less, statistics.size() - less, x);
    return quantiles[less + up_to - 1];
  }
  if (less == 0) return quantiles.front() - std::log1p(static_cast<double>(statistics.front()) - x);
  const double low = statistics[less - 1];
  const double share = (x - low) / (statistics[less] - low);
  const double from = quantiles[2 * (less - 1)];
  return from + share * (quantiles[2 * less] - from);
}

// The `count` of `columns` with the largest variance, the first of equals, in ascending order.
std::vector<std::uint32_t> most_varied(std::vector<std::uint32_t> columns, std::size_t count, std::span<const double> variance) {
  if (columns.size() > count) {
    std::stable_sort(columns.begin(), columns.end(), [&](std::uint32_t a, std::uint32_t b) { return variance[a] > variance[b]; });
    columns.resize(count);
    std::sort(columns.begin(), columns.end());
  }
  return columns;
}

// Of each column of `rows`; in double, two passes.
std::vector<double> variances(MatrixView rows) {
  std::vector<double> mean(rows.cols);
  std::vector<double> out(rows.cols);
  const auto n = static_cast<double>(rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) mean[c] += static_cast<double>(rows(r, c)) / n;
  }
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) {
      const double centred = static_cast<double>(rows(r, c)) - mean[c];
      out[c] += centred * centred / n;
    }
  }
  return out;
}

}  // namespace

void clip_numeric(Matrix& features, std::span<const FeatureKind> kinds, float limit) {
  if (kinds.size() != features.cols()) {
    throw ShapeError(fmt::format("{} kinds for rows of {} features", kinds.size(), features.cols()));
  }
  for (std::size_t r = 0; r < features.rows(); ++r) {
    for (std::size_t f = 0; f < kinds.size(); ++f) {
      if (kinds[f] == FeatureKind::kNumeric) features(r, f) = std::clamp(features(r, f), -limit, limit);
    }
  }
}

void ViewOptions::validate() const {
  check_clip("the plain clip", plain_clip);
  check_clip("the rank clip", rank_clip);
  check_clip("the whitened clip", whitened_clip);
  check_range("the whitened shrinkage", whitened_shrinkage, 1e-6F, 1);
  check_range("the joined shrinkage", joined_shrinkage, 1e-6F, 1);
  check_range("the number of order statistics", static_cast<double>(order_statistics), 2, 65536);
  check_range("the number of indicators", static_cast<double>(indicators), 1, 4096);
  check_range("the widest whitened view", static_cast<double>(widest), 2, 4096);
}

const ViewSpan& find_view(std::span<const ViewSpan> spans, std::string_view name) {
  const auto found = std::find_if(spans.begin(), spans.end(), [&](const ViewSpan& one) { return one.name == name; });
  if (found != spans.end()) return *found;
  std::string names;
  for (const ViewSpan& one : spans) names += (names.empty() ? "" : ", ") + one.name;
  throw ArgumentError(fmt::format("there is no view \"{}\" of these columns; there are {}", name, names));
}

Views Views::fit(MatrixView features, std::span<const FeatureKind> kinds, const ViewOptions& options) {
  if (kinds.size() != features.cols) throw ShapeError(fmt::format("{} kinds for {} features", kinds.size(), features.cols));
  check_finite(features);
  const auto column = [&](std::size_t feature) {
    std::vector<float> values(features.rows);
    for (std::size_t r = 0; r < features.rows; ++r) values[r] = features(r, feature);
    return values;
  };
  return fit({features.rows, column, [&](std::span<const std::uint32_t> rows) { return gathered(features, rows); }}, kinds, options);
}

Views Views::fit(const FeatureRows& features, std::span<const FeatureKind> kinds, const ViewOptions& options) {
  options.validate();
  if (features.rows == 0) throw ArgumentError("no rows to fit views on");
  if (kinds.empty()) throw ArgumentError("no features to fit views on");

  Views fitted;
  fitted.options_ = options;
  fitted.kinds_.assign(kinds.begin(), kinds.end());
  fitted.rows_ = features.rows;
  std::vector<std::uint32_t> numeric;
  std::vector<std::uint32_t> indicators;
  for (std::uint32_t f = 0; f < kinds.size(); ++f) (kinds[f] == FeatureKind::kNumeric ? numeric : indicators).push_back(f);

  const std::size_t kept = std::min(features.rows, options.order_statistics);
  fitted.order_statistics_ = Matrix(numeric.size(), kept);
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    std::vector<float> column = features.column(numeric[i]);
    if (column.size() != features.rows)
      throw ShapeError(fmt::format("{} values of feature {} for {} rows", column.size(), numeric[i], features.rows));
    check_finite(column, numeric[i]);
    std::sort(column.begin(), column.end());
    for (std::size_t k = 0; k < kept; ++k) fitted.order_statistics_(i, k) = column[spread(k, kept, column.size())];
  }
  fitted.finish();

  // What is whitened is chosen, and fitted, on plain and rank of some rows.
  std::vector<std::uint32_t> taken(std::min(features.rows, kCovarianceRows));
  for (std::size_t r = 0; r < taken.size(); ++r) {
    taken[r] = static_cast<std::uint32_t>(spread(r, taken.size(), features.rows));
  }
  Matrix rows(taken.size(), kinds.size() + numeric.size());
  for (std::size_t first = 0; first < rows.rows(); first += kRowsAtATime) {
    const auto asked = std::span(taken).subspan(first, std::min(kRowsAtATime, taken.size() - first));
    const Matrix some = features.some(asked);
    if (some.rows() != asked.size() || some.cols() != kinds.size()) {
      throw ShapeError(
          fmt::format("{} rows of {} features, where {} of {} were asked for", some.rows(), some.cols(), asked.size(), kinds.size()));
    }
    for (std::size_t at = 0; at < some.rows(); at += kBlock) {
      fitted.fill_plain_and_rank(some.view().slice(at, std::min(kBlock, some.rows() - at)), first + at, rows);
    }
  }
  const auto fit_whitening = [&](std::vector<std::uint32_t> columns, float least) {
    const data::Scatter s = data::scatter(rows, columns, kLargestClip);
    Whitening whitening{std::move(columns), {s.mean.begin(), s.mean.end()}, {}};
    whitening.matrix = data::whitening_matrix(s.covariance, data::shrinkage(s.covariance, rows.rows(), least));
    fitted.whitenings_.push_back(std::move(whitening));
  };
  const std::vector<double> variance = variances(rows);
  if (!numeric.empty()) fit_whitening(most_varied(numeric, options.widest, variance), options.whitened_shrinkage);
  const std::size_t room = options.widest - (numeric.empty() ? 0 : 2);
  indicators = most_varied(std::move(indicators), std::min(options.indicators, room), variance);
  std::vector<std::uint32_t> joined = most_varied(numeric, (options.widest - indicators.size()) / 2, variance);
  for (std::size_t i = 0, chosen = joined.size(); i < chosen; ++i) {
    const auto place = std::find(numeric.begin(), numeric.end(), joined[i]) - numeric.begin();
    joined.push_back(static_cast<std::uint32_t>(kinds.size()) + static_cast<std::uint32_t>(place));
  }
  joined.insert(joined.end(), indicators.begin(), indicators.end());
  std::sort(joined.begin(), joined.end());
  fit_whitening(std::move(joined), options.joined_shrinkage);
  fitted.finish();
  return fitted;
}

void Views::finish() {
  numeric_.clear();
  for (std::uint32_t f = 0; f < kinds_.size(); ++f) {
    if (kinds_[f] == FeatureKind::kNumeric) numeric_.push_back(f);
  }
  // Order statistic k stands for the row of rank k (N - 1) / (K - 1), counted from 0.
  const std::size_t kept = order_statistics_.cols();
  const auto n = static_cast<double>(rows_);
  quantiles_.assign(numeric_.empty() ? 0 : 2 * kept - 1, 0.0F);
  for (std::size_t h = 0; 2 * h + 1 < quantiles_.size(); ++h) {  // the middle one is 0
    const double rank = static_cast<double>(h) / 2 * (n - 1) / static_cast<double>(kept - 1);
    quantiles_[h] = static_cast<float>(data::normal_quantile((rank + 0.5) / n));
    quantiles_[quantiles_.size() - 1 - h] = -quantiles_[h];
  }
  spans_.clear();
  width_ = 0;
  const auto append = [&](std::string_view name, std::size_t count) {
    spans_.push_back({std::string(name), width_, count});
    width_ += count;
  };
  append(kPlain, kinds_.size());
  if (!numeric_.empty()) append("rank", numeric_.size());
  for (const Whitening& whitening : whitenings_)
    append(&whitening == &whitenings_.back() ? "joined" : "whitened", whitening.columns.size());
}

void Views::fill_plain_and_rank(MatrixView features, std::size_t first, Matrix& out) const {
  const float clip = options_.plain_clip;
  for (std::size_t r = 0; r < features.rows; ++r) {
    const auto row = out.row(first + r);
    std::ranges::copy(features.row(r), row.begin());
    for (const std::uint32_t f : numeric_) row[f] = std::clamp(row[f], -clip, clip);
  }
  const double rank_clip = options_.rank_clip;
  for (std::size_t i = 0; i < numeric_.size(); ++i) {
    for (std::size_t r = 0; r < features.rows; ++r) {
      const double rank = rank_gaussian(features(r, numeric_[i]), order_statistics_.row(i), quantiles_);
      out(first + r, kinds_.size() + i) = static_cast<float>(std::clamp(rank, -rank_clip, rank_clip));
    }
  }
}

void Views::fill_whitened(const Whitening& whitening, std::size_t to, std::size_t first, std::size_t count, Matrix& centred,
                          Matrix& out) const {
  const std::size_t d = whitening.columns.size();
  for (std::size_t r = 0; r < count; ++r) {
    const auto row = out.row(first + r);
    for (std::size_t c = 0; c < d; ++c) {
      centred(r, c) = std::clamp(row[whitening.columns[c]], -kLargestClip, kLargestClip) - whitening.mean[c];
    }
  }
  kernels::Product<float> product;
  product.m = count;
  product.n = product.k = d;
  product.a = centred.data();
  product.a_row = centred.cols();
  product.b = whitening.matrix.data();
  product.ldb = d;
  product.c = out.row(first).data() + to;
  product.ldc = out.cols();
  kernels::table<float>().product(product);
  const float clip = options_.whitened_clip;
  for (std::size_t r = first; r < first + count; ++r) {
    for (float& value : out.row(r).subspan(to, d)) value = std::clamp(value, -clip, clip);
  }
}

Matrix Views::transform(MatrixView features) const {
  if (features.cols != inputs()) throw ShapeError(fmt::format("{} features a row; the views are of {}", features.cols, inputs()));
  check_finite(features);
  Matrix out(features.rows, width());
  std::size_t widest = 0;
  for (const Whitening& whitening : whitenings_) widest = std::max(widest, whitening.columns.size());
  Matrix centred(std::min(kBlock, features.rows), widest);
  for (std::size_t first = 0; first < features.rows; first += kBlock) {
    const std::size_t count = std::min(kBlock, features.rows - first);
    fill_plain_and_rank(features.slice(first, count), first, out);
    for (std::size_t w = 0; w < whitenings_.size(); ++w) {
      fill_whitened(whitenings_[w], spans_[spans_.size() - whitenings_.size() + w].first, first, count, centred, out);
    }
  }
  return out;
}

Matrix Views::transform(MatrixView features, std::string_view name) const {
  if (features.cols != inputs()) throw ShapeError(fmt::format("{} features a row; the views are of {}", features.cols, inputs()));
  const ViewSpan& wanted = span(name);
  if (wanted.name != kPlain) return copied(view(transform(features), wanted));
  check_finite(features);
  Matrix plain = copied(features);
  clip_numeric(plain, kinds_, options_.plain_clip);
  return plain;
}

}  // namespace oddshot
