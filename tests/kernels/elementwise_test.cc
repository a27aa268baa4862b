#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "oddshot/base/random.h"
#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(ElementwiseOn);

template <class T>
void expect_transposed(const Table<T>& target) {
  for (const std::size_t rows : sizes<T>()) {
    for (const std::size_t cols : {0, 1, 2, 3, 4, 5, 18}) {
      const Plane<T> in = Plane<T>::normal(rows, cols, 1);
      Plane<T> out(cols, rows, 2);
      target.transpose(rows, cols, in.data(), in.ld(), out.data(), out.ld());
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < cols; ++c) ASSERT_EQ(out.at(c, r), in.at(r, c)) << rows << " x " << cols << " at " << r << ", " << c;
      }
      ASSERT_TRUE(out.padding_is_intact());
    }
  }
}

TEST_P(ElementwiseOn, TransposeSwapsRowsAndColumns) {
  expect_transposed(table<float>(GetParam()));
  expect_transposed(table<double>(GetParam()));
}

// Added up in order, as promised, so equal to the last bit.
template <class T>
void expect_column_sums(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    for (const std::size_t m : {0, 1, 7}) {
      const Plane<T> in = Plane<T>::normal(m, n, 1);
      Plane<T> out(1, n);
      target.column_sums(m, n, in.data(), in.ld(), out.data());
      for (std::size_t c = 0; c < n; ++c) {
        T sum = 0;
        for (std::size_t r = 0; r < m; ++r) sum += in.at(r, c);
        ASSERT_EQ(out.at(0, c), sum);
      }
      ASSERT_TRUE(out.padding_is_intact());
    }
  }
}

TEST_P(ElementwiseOn, ColumnSumsAddUpInTheOrderOfRows) {
  expect_column_sums(table<float>(GetParam()));
  expect_column_sums(table<double>(GetParam()));
}

// n products and n sums, each rounding by eps / 2 of at most the sum of absolute products.
template <class T>
void expect_dot(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    const Plane<T> x = Plane<T>::normal(1, n, 1);
    const Plane<T> y = Plane<T>::normal(1, n, 2);
    double exact = 0;
    double size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      exact += static_cast<double>(x.at(0, i)) * static_cast<double>(y.at(0, i));
      size += std::abs(static_cast<double>(x.at(0, i)) * static_cast<double>(y.at(0, i)));
    }
    const double tolerance = static_cast<double>(n + 1) * std::numeric_limits<T>::epsilon() * size;
    ASSERT_TRUE(within(target.dot(n, x.data(), y.data()), exact, tolerance)) << "n " << n;
    const Plane<T> whole = Plane<T>::whole(1, n, 3);
    T sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += whole.at(0, i) * whole.at(0, i);
    ASSERT_EQ(target.dot(n, whole.data(), whole.data()), sum) << "n " << n;
  }
}

TEST_P(ElementwiseOn, DotIsNearTheOracle) {
  expect_dot(table<float>(GetParam()));
  expect_dot(table<double>(GetParam()));
}

template <class T>
void expect_axpy(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    const Plane<T> x = Plane<T>::whole(1, n, 1);
    const Plane<T> before = Plane<T>::whole(1, n, 2);
    Plane<T> y = before;
    target.axpy(n, T{3}, x.data(), y.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(y.at(0, i), before.at(0, i) + 3 * x.at(0, i));
    ASSERT_TRUE(y.padding_is_intact());
  }
}

TEST_P(ElementwiseOn, AxpyAddsAMultiple) {
  expect_axpy(table<float>(GetParam()));
  expect_axpy(table<double>(GetParam()));
}

// Against the algorithm written out in double. A step is some ten operations, each within eps / 2 of numbers about 1 here: 16 eps a step.
template <class T>
void expect_adam(const Table<T>& target) {
  const double rate = static_cast<T>(0.01);
  const double beta1 = static_cast<T>(0.9);
  const double beta2 = static_cast<T>(0.999);
  const double floor = static_cast<T>(1e-8);
  for (const std::size_t n : sizes<T>()) {
    Plane<T> theta = Plane<T>::normal(1, n, 1);
    Plane<T> m(1, n);
    Plane<T> v(1, n);
    m.fill([] { return T{0}; });
    v.fill([] { return T{0}; });
    Plane<double> exact = theta.in_double([](double x) { return x; });
    Plane<double> exact_m = m.in_double([](double x) { return x; });
    Plane<double> exact_v = exact_m;
    for (std::uint64_t t = 1; t <= 5; ++t) {
      const Plane<T> gradient = Plane<T>::normal(1, n, 10 + t);
      target.adam(n, T(rate), T(beta1), T(beta2), T(floor), t, gradient.data(), m.data(), v.data(), theta.data());
      for (std::size_t i = 0; i < n; ++i) {
        const double g = gradient.at(0, i);
        exact_m.at(0, i) = beta1 * exact_m.at(0, i) + (1 - beta1) * g;
        exact_v.at(0, i) = beta2 * exact_v.at(0, i) + (1 - beta2) * g * g;
        const double mean = exact_m.at(0, i) / (1 - std::pow(beta1, static_cast<double>(t)));
        const double square = exact_v.at(0, i) / (1 - std::pow(beta2, static_cast<double>(t)));
        exact.at(0, i) -= rate * mean / (std::sqrt(square) + floor);
        const double tolerance = 16 * static_cast<double>(t) * std::numeric_limits<T>::epsilon() * (1 + std::abs(exact.at(0, i)));
        ASSERT_TRUE(within(theta.at(0, i), exact.at(0, i), tolerance)) << theta.at(0, i) << " not " << exact.at(0, i);
      }
    }
    ASSERT_TRUE(theta.padding_is_intact() && m.padding_is_intact() && v.padding_is_intact());
  }
}

TEST_P(ElementwiseOn, AdamFollowsTheAlgorithm) {
  expect_adam(table<float>(GetParam()));
  expect_adam(table<double>(GetParam()));
}

// Against the logarithm of long double, over all magnitudes; in place, as it is used.
template <class T>
void expect_signed_log(const Table<T>& target) {
  const T infinity = std::numeric_limits<T>::infinity();
  for (const std::size_t n : sizes<T>()) {
    Plane<T> x = Plane<T>::normal(1, n, 12);
    for (std::size_t i = 0; i < n; ++i) x.at(0, i) *= std::pow(T{10}, static_cast<T>(i % 61) - T{30});
    if (n > 3) {
      x.at(0, 0) = T{-0.0};
      x.at(0, 1) = infinity;
      x.at(0, 2) = -infinity;
      x.at(0, 3) = std::numeric_limits<T>::quiet_NaN();
    }
    const Plane<T> given = x;
    target.signed_log(n, x.data(), x.data());
    for (std::size_t i = 0; i < n; ++i) {
      const T value = given.at(0, i);
      if (std::isnan(value) || std::isinf(value) || value == 0) {
        ASSERT_TRUE(std::isnan(value) ? std::isnan(x.at(0, i)) : x.at(0, i) == value && std::signbit(x.at(0, i)) == std::signbit(value));
        continue;
      }
      const auto exact = static_cast<double>(std::copysign(std::log1p(std::abs(static_cast<long double>(value))), value));
      ASSERT_TRUE(within(x.at(0, i), exact, 4 * std::numeric_limits<T>::epsilon() * std::abs(exact)))
          << x.at(0, i) << " not " << exact << " of " << value;
    }
    ASSERT_TRUE(x.padding_is_intact());
  }
}

TEST_P(ElementwiseOn, SignedLogIsThatOfTheMagnitude) {
  expect_signed_log(table<float>(GetParam()));
  expect_signed_log(table<double>(GetParam()));
}

// Against a loop over the values, at limits that none, some and all of them keep; every fifth value is NaN, which keeps none.
template <class T>
void expect_at_most(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    Plane<T> values = Plane<T>::whole(1, n, 3);
    for (std::size_t i = 4; i < n; i += 5) values.at(0, i) = std::numeric_limits<T>::quiet_NaN();
    for (const T limit : {T{-5}, T{-4}, T{0}, T{3}, std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()}) {
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < n; ++i) {
        if (values.at(0, i) <= limit) expected.push_back(static_cast<std::uint32_t>(i));
      }
      std::vector<std::uint32_t> found(n);
      found.resize(target.at_most(n, values.data(), limit, found.data()));
      ASSERT_EQ(found, expected) << n << " values, limit " << limit;
    }
  }
}

TEST_P(ElementwiseOn, AtMostFindsThePlacesInOrder) {
  expect_at_most(table<float>(GetParam()));
  expect_at_most(table<double>(GetParam()));
}

template <class T>
void expect_multiply_add(const Table<T>& target) {
  std::vector<T> numbers(kChains);
  std::iota(numbers.begin(), numbers.end(), T{-3});
  const double operations = target.multiply_add(100, numbers.data());
  for (const T number : numbers) EXPECT_NEAR(number, 1, 1e-6);  // where x / 2 + 1 / 2 leads
  const double lanes = operations / (100 * 2 * kChains);
  EXPECT_GE(lanes, 1) << target.target;
  EXPECT_EQ(lanes, std::floor(lanes));
}

TEST_P(ElementwiseOn, MultiplyAddCountsWhatItDoes) {
  expect_multiply_add(table<float>(GetParam()));
  expect_multiply_add(table<double>(GetParam()));
}

// Every number of values, many of them equal, some infinite and NaN.
template <class T>
void expect_order(const Table<T>& target) {
  Stream stream(4, Purpose::kTest, 0);
  for (std::size_t n = 0; n <= kMostOrdered; ++n) {
    std::vector<T> values(n);
    for (T& value : values) value = stream.below(2) == 0 ? static_cast<T>(stream.below(9)) : static_cast<T>(stream.normal());
    if (n > 20) values[n / 2] = values[3] = std::numeric_limits<T>::quiet_NaN();
    if (n > 20) values[n / 3] = std::numeric_limits<T>::infinity();
    std::vector<std::uint32_t> expected(n);
    std::iota(expected.begin(), expected.end(), 0U);
    const auto value = [&](std::uint32_t i) { return std::isnan(values[i]) ? std::numeric_limits<T>::infinity() : values[i]; };
    std::ranges::stable_sort(expected, {}, value);
    std::vector<std::uint32_t> places(n + 1, 77);
    target.order(n, values.data(), places.data());
    EXPECT_EQ(places.back(), 77U);
    places.pop_back();
    EXPECT_EQ(places, expected) << target.target << ", " << n << " values";
  }
}

TEST_P(ElementwiseOn, OrderIsThatOfAStableSort) {
  expect_order(table<float>(GetParam()));
  expect_order(table<double>(GetParam()));
}

// At least `rank` values are at most the limit, and no more than some times as many where their order is random.
template <class T>
void expect_limit_of(const Table<T>& target) {
  for (const std::size_t n : {std::size_t{128}, std::size_t{131}, std::size_t{512}, std::size_t{1000}}) {
    const Plane<T> values = Plane<T>::normal(1, n, 9);
    for (const std::size_t rank : {std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{33}, std::size_t{64}}) {
      const T limit = target.limit_of(n, values.data(), rank);
      const auto below = static_cast<std::size_t>(std::count_if(values.data(), values.data() + n, [&](T v) { return v <= limit; }));
      ASSERT_GE(below, rank) << n << " values";
      ASSERT_LE(below, 8 * rank) << n << " values";
    }
  }
  // Screens that hold NaN alone count for nothing.
  std::vector<T> values(256, std::numeric_limits<T>::quiet_NaN());
  values[100] = T{3};
  EXPECT_EQ(target.limit_of(values.size(), values.data(), 1), T{3});
  EXPECT_EQ(target.limit_of(values.size(), values.data(), 2), std::numeric_limits<T>::infinity());
}

TEST_P(ElementwiseOn, LimitOfIsAboveAsManyValuesAsAreAskedFor) {
  expect_limit_of(table<float>(GetParam()));
  expect_limit_of(table<double>(GetParam()));
}

}  // namespace
}  // namespace oddshot::kernels
