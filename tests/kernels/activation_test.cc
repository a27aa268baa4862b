#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(ActivationOn);

// The promise of kernels.h: 2 ulp of the value, and 1e-7 or 1e-15 absolute.
template <class T>
double promised(double exact) {
  const T value = static_cast<T>(std::abs(exact));
  return 2 * static_cast<double>(std::nextafter(value, std::numeric_limits<T>::infinity()) - value) + (sizeof(T) == 4 ? 1e-7 : 1e-15);
}

// A fine grid over all that matters, the neighbourhood of 0, and far out.
template <class T>
std::vector<T> arguments() {
  std::vector<T> all;
  for (int i = -40000; i <= 40000; ++i) all.push_back(static_cast<T>(i / 2000.0));
  for (double x = 1e-40; x < 1e30; x *= 3) {
    all.push_back(static_cast<T>(x));
    all.push_back(static_cast<T>(-x));
  }
  return all;
}

struct Curve {
  long double value, d1, d2;
};

Curve tanh_curve(long double z) {
  const long double t = std::tanh(z);
  const long double slope = 1 / (std::cosh(z) * std::cosh(z));
  return {t, slope, -2 * t * slope};
}

Curve gelu_curve(long double z) {
  const long double area = std::erfc(-z / std::numbers::sqrt2_v<long double>) / 2;
  const long double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi_v<long double>);
  return {z * area, area + z * density, density * (2 - z * z)};
}

template <class T, class Kernel>
void expect_curve(Kernel kernel, Curve (*curve)(long double)) {
  const std::vector<T> z = arguments<T>();
  std::vector<T> value(z.size());
  std::vector<T> d1(z.size());
  std::vector<T> d2(z.size());
  kernel(1, z.size(), z.size(), z.data(), value.data(), d1.data(), d2.data());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Curve exact = curve(z[i]);
    ASSERT_LE(std::abs(static_cast<double>(value[i] - exact.value)), promised<T>(static_cast<double>(exact.value))) << "value at " << z[i];
    ASSERT_LE(std::abs(static_cast<double>(d1[i] - exact.d1)), promised<T>(static_cast<double>(exact.d1))) << "d1 at " << z[i];
    ASSERT_LE(std::abs(static_cast<double>(d2[i] - exact.d2)), promised<T>(static_cast<double>(exact.d2))) << "d2 at " << z[i];
  }
}

TEST_P(ActivationOn, TanhIsAsAccurateAsPromised) {
  expect_curve<float>(table<float>(GetParam()).tanh, tanh_curve);
  expect_curve<double>(table<double>(GetParam()).tanh, tanh_curve);
}

TEST_P(ActivationOn, GeluIsAsAccurateAsPromised) {
  expect_curve<float>(table<float>(GetParam()).gelu, gelu_curve);
  expect_curve<double>(table<double>(GetParam()).gelu, gelu_curve);
}

template <class T>
void expect_logistic(const Table<T>& target) {
  const std::vector<T> z = arguments<T>();
  std::vector<T> p(z.size());
  std::vector<T> softplus(z.size());
  target.logistic(z.size(), z.data(), p.data(), softplus.data());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const long double x = z[i];
    const double exact = static_cast<double>(1 / (1 + std::exp(-x)));
    const double area = static_cast<double>(std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))));
    // Relative for small results too, where a loss still needs its digits: 5 ulp, down to the smallest normal number.
    const double eps = 5 * std::numeric_limits<T>::epsilon();
    const double least = std::numeric_limits<T>::min();
    ASSERT_TRUE(within(p[i], exact, eps * exact + least)) << "p at " << z[i] << ": " << p[i] << " not " << exact;
    ASSERT_TRUE(within(softplus[i], area, eps * area + least)) << "softplus at " << z[i] << ": " << softplus[i] << " not " << area;
  }
}

TEST_P(ActivationOn, LogisticAndSoftplusKeepTheirDigits) {
  expect_logistic(table<float>(GetParam()));
  expect_logistic(table<double>(GetParam()));
}

TEST_P(ActivationOn, LogisticMayLeaveOutEitherResult) {
  const Plane<float> z = Plane<float>::normal(1, 37, 1);
  Plane<float> p(1, 37);
  Plane<float> softplus(1, 37);
  Plane<float> p_alone(1, 37);
  Plane<float> softplus_alone(1, 37);
  const Table<float>& target = table<float>(GetParam());
  target.logistic(37, z.data(), p.data(), softplus.data());
  target.logistic(37, z.data(), p_alone.data(), nullptr);
  target.logistic(37, z.data(), nullptr, softplus_alone.data());
  for (std::size_t i = 0; i < 37; ++i) {
    EXPECT_EQ(p.at(0, i), p_alone.at(0, i));
    EXPECT_EQ(softplus.at(0, i), softplus_alone.at(0, i));
  }
  EXPECT_TRUE(p.padding_is_intact());
}

template <class T>
void expect_planes(void (*kernel)(std::size_t, std::size_t, std::size_t, const T*, T*, T*, T*)) {
  for (const std::size_t n : sizes<T>()) {
    const Plane<T> z = Plane<T>::normal(3, n, n);
    Plane<T> value(3, n);
    Plane<T> d1(3, n);
    Plane<T> d2(3, n);
    kernel(3, n, z.ld(), z.data(), value.data(), d1.data(), d2.data());
    EXPECT_TRUE(value.padding_is_intact());
    EXPECT_TRUE(d1.padding_is_intact());
    EXPECT_TRUE(d2.padding_is_intact());

    Plane<T> in_place = z;
    Plane<T> d1_again(3, n);
    kernel(3, n, z.ld(), in_place.data(), in_place.data(), d1_again.data(), nullptr);
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < n; ++c) {
        ASSERT_EQ(in_place.at(r, c), value.at(r, c));
        ASSERT_EQ(d1_again.at(r, c), d1.at(r, c));
      }
    }
  }
}

TEST_P(ActivationOn, PlanesKeepTheirPaddingAndMayBeInPlace) {
  expect_planes<float>(table<float>(GetParam()).tanh);
  expect_planes<float>(table<float>(GetParam()).gelu);
  expect_planes<double>(table<double>(GetParam()).tanh);
  expect_planes<double>(table<double>(GetParam()).gelu);
}

// Columns of every number, short and long, near 0 and far from it, against sums in long double; alone as among others.
template <class T>
void expect_softmax(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    for (const std::size_t m : {std::size_t{1}, std::size_t{2}, std::size_t{12}}) {
      for (const double scale : {1.0, 30.0, 1e4}) {
        Plane<T> z = Plane<T>::normal(m, n, n);
        for (std::size_t i = 0; i < m; ++i) {
          for (std::size_t j = 0; j < n; ++j) z.at(i, j) = static_cast<T>(scale * (static_cast<double>(z.at(i, j)) - 5));
        }
        Plane<T> p = z;
        std::vector<T> log_mean(n);
        target.softmax(m, n, p.ld(), p.data(), log_mean.data());
        EXPECT_TRUE(p.padding_is_intact());
        for (std::size_t j = 0; j < n; ++j) {
          long double largest = z.at(0, j);
          for (std::size_t i = 0; i < m; ++i) largest = std::max<long double>(largest, z.at(i, j));
          long double sum = 0;
          for (std::size_t i = 0; i < m; ++i) sum += std::exp(z.at(i, j) - largest);
          Plane<T> alone(m, 1);
          for (std::size_t i = 0; i < m; ++i) alone.at(i, 0) = z.at(i, j);
          T alone_mean = 0;
          target.softmax(m, 1, alone.ld(), alone.data(), &alone_mean);
          EXPECT_EQ(alone_mean, log_mean[j]);
          for (std::size_t i = 0; i < m; ++i) {
            const auto exact = static_cast<double>(std::exp(z.at(i, j) - largest) / sum);
            ASSERT_LE(std::abs(static_cast<double>(p.at(i, j)) - exact), 2 * promised<T>(exact)) << m << " of " << n;
            ASSERT_EQ(alone.at(i, 0), p.at(i, j));
          }
          const auto exact = static_cast<double>(largest + std::log(sum / static_cast<long double>(m)));
          ASSERT_LE(std::abs(static_cast<double>(log_mean[j]) - exact), 2 * promised<T>(exact)) << m << " of " << n;
        }
      }
    }
  }
}

TEST_P(ActivationOn, SoftmaxIsAsAccurateAsPromised) {
  expect_softmax(table<float>(GetParam()));
  expect_softmax(table<double>(GetParam()));
}

template <class T>
void expect_softmax_backward(const Table<T>& target) {
  for (const std::size_t n : sizes<T>()) {
    for (const std::size_t m : {std::size_t{1}, std::size_t{2}, std::size_t{12}}) {
      Plane<T> p = Plane<T>::normal(m, n, n);
      std::vector<T> d_log_mean(n);
      target.softmax(m, n, p.ld(), p.data(), d_log_mean.data());
      const Plane<T> d = Plane<T>::normal(m, n, n + 1);
      Plane<T> dz = d;
      target.softmax_backward(m, n, p.ld(), p.data(), d_log_mean.data(), dz.data());
      EXPECT_TRUE(dz.padding_is_intact());
      for (std::size_t j = 0; j < n; ++j) {
        long double mean = -static_cast<long double>(d_log_mean[j]);
        for (std::size_t i = 0; i < m; ++i) mean += static_cast<long double>(p.at(i, j)) * d.at(i, j);
        for (std::size_t i = 0; i < m; ++i) {
          // p weighs sums of up to a few units, rounded once a term
          const double tolerance = 50 * static_cast<double>(p.at(i, j) * std::numeric_limits<T>::epsilon());
          ASSERT_NEAR(static_cast<double>(dz.at(i, j)), static_cast<double>(p.at(i, j) * (d.at(i, j) - mean)), tolerance);
        }
      }
    }
  }
}

TEST_P(ActivationOn, SoftmaxIsPulledBack) {
  expect_softmax_backward(table<float>(GetParam()));
  expect_softmax_backward(table<double>(GetParam()));
}

TEST_P(ActivationOn, KeepsANan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Table<float>& target = table<float>(GetParam());
  for (const auto kernel : {target.tanh, target.gelu}) {
    float value = 0;
    float d1 = 0;
    float d2 = 0;
    kernel(1, 1, 1, &nan, &value, &d1, &d2);
    EXPECT_TRUE(std::isnan(value) && std::isnan(d1) && std::isnan(d2));
  }
  float p = 0;
  float softplus = 0;
  target.logistic(1, &nan, &p, &softplus);
  EXPECT_TRUE(std::isnan(p) && std::isnan(softplus));
  for (std::size_t at = 0; at < 3; ++at) {
    std::vector<float> column(3, 1);
    column[at] = nan;
    float log_mean = 0;
    target.softmax(3, 1, 1, column.data(), &log_mean);
    EXPECT_TRUE(std::isnan(log_mean));
    EXPECT_TRUE(std::all_of(column.begin(), column.end(), [](float value) { return std::isnan(value); }));
  }
}

}  // namespace
}  // namespace oddshot::kernels
