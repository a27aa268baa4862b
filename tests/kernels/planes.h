// What the kernel tests share: planes that betray a kernel which reads or writes too far, and the list of targets.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/kernels.h"
#include "oddshot/base/random.h"

namespace oddshot::kernels {

// rows x cols values with `pad` columns of NaN between rows, not aligned, and nothing after the last value, so that a sanitizer sees each
// step too far. A NaN that was read shows in the result; one that was overwritten shows in padding_is_intact().
template <class T>
class Plane {
 public:
  Plane(std::size_t rows, std::size_t cols, std::size_t pad = 3)
      : rows_(rows),
        cols_(cols),
        ld_(cols + pad),
        values_(rows ? kOffset + (rows - 1) * ld_ + cols : 0, std::numeric_limits<T>::quiet_NaN()) {
    values_.shrink_to_fit();
  }

  static Plane normal(std::size_t rows, std::size_t cols, std::uint64_t index, std::size_t pad = 3) {
    Plane plane(rows, cols, pad);
    Stream stream(5, Purpose::kTest, index);
    plane.fill([&] { return static_cast<T>(stream.normal()); });
    return plane;
  }
  // Whole numbers of [-4, 4], of which sums of hundreds of products are exact.
  static Plane whole(std::size_t rows, std::size_t cols, std::uint64_t index, std::size_t pad = 3) {
    Plane plane(rows, cols, pad);
    Stream stream(6, Purpose::kTest, index);
    plane.fill([&] { return static_cast<T>(stream.below(9)) - T{4}; });
    return plane;
  }

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t ld() const { return ld_; }
  T* data() { return values_.empty() ? nullptr : values_.data() + kOffset; }
  const T* data() const { return values_.empty() ? nullptr : values_.data() + kOffset; }
  T& at(std::size_t r, std::size_t c) { return data()[r * ld_ + c]; }
  T at(std::size_t r, std::size_t c) const { return data()[r * ld_ + c]; }

  template <class Next>
  void fill(Next next) {
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) at(r, c) = next();
    }
  }

  // The same values in double, each through `change`.
  template <class Change>
  Plane<double> in_double(Change change) const {
    Plane<double> wide(rows_, cols_);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) wide.at(r, c) = change(static_cast<double>(at(r, c)));
    }
    return wide;
  }

  bool padding_is_intact() const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const bool named = i >= kOffset && (i - kOffset) % ld_ < cols_;
      if (!named && !std::isnan(values_[i])) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kOffset = 1;  // off every vector's alignment

  std::size_t rows_;
  std::size_t cols_;
  std::size_t ld_;
  std::vector<T> values_;
};

// Sizes around the vector widths of all targets: 0, 1, N - 1, N, N + 1, 4 N + 3 for 16, 32 and 64 bytes.
template <class T>
std::vector<std::size_t> sizes() {
  std::vector<std::size_t> all{0, 1};
  for (const std::size_t bytes : {16, 32, 64}) {
    const std::size_t lanes = bytes / sizeof(T);
    for (const std::size_t size : {lanes - 1, lanes, lanes + 1, 4 * lanes + 3}) all.push_back(size);
  }
  return all;
}

// |computed - exact| <= tolerance, or both NaN.
inline bool within(double computed, double exact, double tolerance) {
  return std::isnan(exact) ? std::isnan(computed) : std::abs(computed - exact) <= tolerance;
}

// A test of every target of this machine.
class EveryTarget : public testing::TestWithParam<std::string_view> {};

inline std::string name_of_target(const testing::TestParamInfo<std::string_view>& parameter) { return std::string(parameter.param); }

#define ODDSHOT_EVERY_TARGET(suite)    \
  class suite : public EveryTarget {}; \
  INSTANTIATE_TEST_SUITE_P(Of, suite, testing::ValuesIn(target_names()), name_of_target)

}  // namespace oddshot::kernels
