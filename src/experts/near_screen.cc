#include "experts/near_screen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/kernels.h"

namespace oddshot {
namespace {

constexpr std::size_t kPanel = 512;           // reference rows screened at once
constexpr std::size_t kStride = kPanel + 16;  // off a power of 2, whose lines would all want the same few sets of the first cache
constexpr std::size_t kFirstPiece = 64;       // reference rows before the first limit
constexpr double kMostSquare = 1e36;          // |x|^2, of which sums must stay within float

double error_factor(std::size_t columns) { return static_cast<double>(columns + 8) * 0x1p-24; }

}  // namespace

// What has been found for one row: candidates and the limit that a lower bound must keep.
class NearScreen::Kept {
 public:
  // square: |x|^2; columns: D
  Kept(std::size_t k, double square, std::size_t columns)
      : k_(k), own_width_(2 * error_factor(columns) * square), half_square_(square / 2), distance_error_(6 * error_factor(columns)) {
    index_.reserve(4 * k + kFirstPiece);
    lower_.reserve(4 * k + kFirstPiece);
    if (square > kMostSquare) give_up();
  }

  float limit() const { return limit_; }

  // `places` of one panel whose first reference row is `first`.
  void add(std::span<const std::uint32_t> places, std::size_t first, const float* lower, std::span<const float> width) {
    for (const std::uint32_t place : places) {
      index_.push_back(static_cast<std::uint32_t>(first + place));
      lower_.push_back(lower[place]);
    }
    if (index_.size() > 2 * k_ + 32) tighten(width);
  }

  // Lets go of what lies above the k-th lowest upper bound.
  void tighten(std::span<const float> width) {
    if (index_.size() <= k_) return;
    upper_.resize(index_.size());
    for (std::size_t i = 0; i < index_.size(); ++i) upper_[i] = lower_[i] + width[index_[i]];
    const auto kth = upper_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(upper_.begin(), kth, upper_.end());
    // Half of the k-th smallest distance as it will be computed is at most (1 + d/2) of its bound, and so on for the one to be compared.
    const double half_distance = std::max(0.0, static_cast<double>(*kth) + half_square_ + own_width_);
    const double limit = static_cast<double>(*kth) + own_width_ + distance_error_ * half_distance;
    limit_ = std::nextafter(static_cast<float>(limit) + std::numeric_limits<float>::min(), std::numeric_limits<float>::infinity());
    std::size_t left = 0;
    for (std::size_t i = 0; i < index_.size(); ++i) {
      if (!(lower_[i] <= limit_)) continue;
      index_[left] = index_[i];
      lower_[left++] = lower_[i];
    }
    index_.resize(left);
    lower_.resize(left);
    if (left > 16 * k_ + 256) give_up();
  }

  std::vector<std::uint32_t> take() { return std::move(index_); }  // in the order of the panels, hence rising

 private:
  void give_up() {
    index_.clear();
    lower_.clear();
    limit_ = -std::numeric_limits<float>::infinity();
  }

  std::size_t k_;
  double own_width_;    // of the bounds, as far as x decides
  double half_square_;  // |x|^2 / 2
  double distance_error_;
  std::vector<std::uint32_t> index_;
  std::vector<float> lower_;
  std::vector<float> upper_;
  float limit_ = std::numeric_limits<float>::infinity();
};

NearScreen::NearScreen(MatrixView reference) : rows_(reference.rows), mean_(reference.cols), bias_(rows_), width_(rows_) {
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t c = 0; c < mean_.size(); ++c) mean_[c] += static_cast<double>(reference(r, c));
  }
  for (double& one : mean_) one /= static_cast<double>(rows_);
  const std::size_t panels = (rows_ + kPanel - 1) / kPanel;
  panels_.resize(panels * mean_.size() * kStride);
  std::vector<float> row(mean_.size());
  const double factor = error_factor(mean_.size());
  for (std::size_t r = 0; r < rows_; ++r) {
    const double square = centred(reference.row(r), row);
    largest_ = std::max(largest_, square);
    bias_[r] = static_cast<float>((0.5 - factor) * square);
    width_[r] = static_cast<float>(2 * factor * square);
    float* place = panels_.data() + r / kPanel * mean_.size() * kStride + r % kPanel;
    for (std::size_t c = 0; c < row.size(); ++c) place[c * kStride] = -row[c];
  }
}

std::optional<NearScreen> NearScreen::of(MatrixView reference) {
  NearScreen screen(reference);
  if (!(screen.largest_ <= kMostSquare)) return std::nullopt;
  return screen;
}

double NearScreen::centred(std::span<const float> row, std::span<float> out) const {
  double square = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    out[c] = static_cast<float>(static_cast<double>(row[c]) - mean_[c]);
    square += static_cast<double>(out[c]) * static_cast<double>(out[c]);
  }
  return square;
}

std::vector<std::vector<std::uint32_t>> NearScreen::candidates(MatrixView rows, std::size_t k) const {
  const auto& kernel = kernels::table<float>();
  const std::size_t columns = mean_.size();
  Matrix x(rows.rows, columns);
  std::vector<Kept> kept;
  for (std::size_t r = 0; r < rows.rows; ++r) kept.emplace_back(k, centred(rows.row(r), x.row(r)), columns);
  Matrix lower(rows.rows, kPanel);
  std::vector<std::uint32_t> places(kPanel);
  for (std::size_t j = 0; j < rows_; j += kPanel) {
    kernels::Product<float> p;  // bias - x.y
    p.m = rows.rows;
    p.n = std::min(kPanel, rows_ - j);
    p.k = columns;
    p.a = x.data();
    p.a_row = columns;
    p.b = panels_.data() + j / kPanel * columns * kStride;
    p.ldb = kStride;
    p.bias = bias_.data() + j;
    p.c = lower.data();
    p.ldc = kPanel;
    kernel.product(p);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      // Pieces that double what has been seen, lest the first of many rows all be candidates.
      for (std::size_t begin = 0, count = 0; begin < p.n; begin += count) {
        count = std::min(std::max(j + begin, kFirstPiece), p.n - begin);
        const float* bounds = lower.row(r).data() + begin;
        const std::size_t few = kernel.at_most(count, bounds, kept[r].limit(), places.data());
        if (few > 0) kept[r].add(std::span(places).first(few), j + begin, bounds, width_);
      }
    }
  }
  std::vector<std::vector<std::uint32_t>> found;
  for (Kept& one : kept) {
    one.tighten(width_);
    found.push_back(one.take());
  }
  return found;
}

}  // namespace oddshot
