#include "experts/table/columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/normal_quantile.h"
#include "data/whitening.h"
#include "experts/table/sorted.h"
#include "kernels/kernels.h"
#include "oddshot/base/random.h"

namespace oddshot::table {
namespace {

constexpr double kLimit = 10;          // deviations
constexpr double kLeastSphere = 0.01;  // of the covariance that whitens
constexpr double kQuartiles = 1.35;    // between a normal distribution's quartiles, in deviations

double quantile_of(std::span<const float> sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double share = place - static_cast<double>(low);
  return (1 - share) * static_cast<double>(sorted[low]) + share * static_cast<double>(sorted[high]);
}

double deviation_of(std::span<const float> values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const float value : values) mean += static_cast<double>(value) / n;
  double squares = 0;
  for (const float value : values) squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return std::sqrt(squares / n);
}

// Evenly spaced numbers below `count`, at most `most`.
std::vector<std::uint32_t> spread_over(std::size_t count, std::size_t most) {
  std::vector<std::uint32_t> out(std::min(count, most));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint32_t>(i * count / out.size());
  return out;
}

}  // namespace

Columns::Columns(MatrixView normals) : normals_(normals.rows) {
  const auto width = static_cast<std::uint32_t>(normals.cols);
  if (width > kMost) {
    chosen_ = Stream(0, Purpose::kTable, 0).sample(width, kMost);
    std::ranges::sort(chosen_);
  } else {
    chosen_.resize(width);
    std::iota(chosen_.begin(), chosen_.end(), 0U);
  }
  sorted_.resize(count(), normals_);
  for (std::size_t j = 0; j < count(); ++j) {
    const std::span<float> values = sorted_.row(j);
    for (std::size_t i = 0; i < normals_; ++i) values[i] = normals(i, chosen_[j]);
    std::ranges::sort(values);
    Column& column = columns_.emplace_back();
    column.median = quantile_of(values, 0.5);
    if (values.front() == values.back()) continue;
    const double deviation = deviation_of(values);
    const double range = (quantile_of(values, 0.75) - quantile_of(values, 0.25)) / kQuartiles;
    column.per_deviation = 1 / deviation;
    column.per_range = range > 0 ? 1 / range : column.per_deviation;
  }
  const auto n = static_cast<double>(normals_);
  for (std::size_t h = 0; h <= 2 * normals_; ++h) {
    const double rank = std::clamp(static_cast<double>(h) / (2 * n), 0.5 / n, 1 - 0.5 / n);
    quantile_.push_back(static_cast<float>(data::normal_quantile(rank)));
  }
  whitened_ = spread_over(count(), kMostWhitened);
  Planes planes;
  fill(normals, planes);
  fit_whitening(planes.z);
}

void Columns::fit_whitening(const Matrix& z) {
  const data::Scatter scatter = data::scatter(z, whitened_, static_cast<float>(kLimit));
  mean_.assign(scatter.mean.begin(), scatter.mean.end());
  whitening_ = data::whitening_matrix(scatter.covariance, data::shrinkage(scatter.covariance, normals_, kLeastSphere));
}

void Columns::fill_whitened(const Matrix& z, Matrix& w) const {
  const std::size_t d = whitened_.size();
  Matrix centred(z.rows(), d);
  for (std::size_t b = 0; b < z.rows(); ++b) {
    for (std::size_t j = 0; j < d; ++j) centred(b, j) = z(b, whitened_[j]) - mean_[j];
  }
  w.resize(z.rows(), d);
  kernels::Product<float> product;
  product.m = z.rows();
  product.n = product.k = d;
  product.a = centred.data();
  product.a_row = d;
  product.b = whitening_.data();
  product.ldb = product.ldc = d;
  product.c = w.data();
  kernels::table<float>().product(product);
}

void Columns::fill(MatrixView rows, Planes& out) const {
  const std::size_t d = count();
  const auto n = static_cast<double>(normals_);
  for (Matrix* plane : {&out.z, &out.a, &out.r, &out.q}) plane->resize(rows.rows, d);
  out.below.resize(rows.rows, d);
  out.upto.resize(rows.rows, d);
  const double unseen = std::min(kLimit, std::sqrt(n + 1));
  for (std::size_t j = 0; j < d; ++j) {
    const Column& column = columns_[j];
    const std::span<const float> sorted = sorted_.row(j);
    for (std::size_t b = 0; b < rows.rows; ++b) {
      const float x = rows(b, chosen_[j]);
      const double gap = static_cast<double>(x) - column.median;
      const double none = gap == 0 ? 0 : std::copysign(unseen, gap);
      const double z = column.per_deviation > 0 ? std::clamp(gap * column.per_deviation, -kLimit, kLimit) : none;
      out.z(b, j) = static_cast<float>(z);
      out.a(b, j) = static_cast<float>(std::asinh(column.per_range > 0 ? gap * column.per_range : none));
      const auto [below, upto] = equal_places(sorted, x);
      out.below(b, j) = static_cast<std::uint32_t>(below);
      out.upto(b, j) = static_cast<std::uint32_t>(upto);
      out.q(b, j) = quantile_[below + upto];
      out.r(b, j) = static_cast<float>(std::clamp(static_cast<double>(below + upto) / (2 * n), 0.5 / n, 1 - 0.5 / n));
    }
  }
  if (!mean_.empty()) fill_whitened(out.z, out.w);
}

}  // namespace oddshot::table
