#include <algorithm>
#include <cmath>
#include <limits>

#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(SquaredDistancesOn);

// All terms are positive, so the d + 2 roundings of eps / 2 bound the error relative to the distance itself; doubled for the oracle's own.
template <class T>
void expect_near_oracle(const Table<T>& target, std::size_t m, std::size_t n, std::size_t d) {
  const Plane<T> x = Plane<T>::normal(m, d, 1);
  const Plane<T> y = Plane<T>::normal(n, d, 2);
  Plane<T> out(m, n);
  target.squared_distances(m, n, d, x.data(), x.ld(), y.data(), y.ld(), out.data(), out.ld());
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double exact = 0;
      for (std::size_t k = 0; k < d; ++k) exact += std::pow(static_cast<double>(x.at(i, k)) - static_cast<double>(y.at(j, k)), 2);
      const double tolerance = static_cast<double>(d + 2) * std::numeric_limits<T>::epsilon() * exact;
      ASSERT_TRUE(within(out.at(i, j), exact, tolerance))
          << "m " << m << " n " << n << " d " << d << " at " << i << ", " << j << ": " << out.at(i, j) << " not " << exact;
    }
  }
  ASSERT_TRUE(out.padding_is_intact());
}

template <class T>
void expect_near_oracle_everywhere(const Table<T>& target) {
  for (const std::size_t m : {0, 1, 2, 5, 9}) {
    for (const std::size_t n : sizes<T>()) {
      for (const std::size_t d : {0, 1, 3, 4, 7}) expect_near_oracle(target, m, n, d);
    }
  }
  // Around the depth of a panel.
  for (const std::size_t d : {127, 128, 129, 300}) expect_near_oracle(target, 7, 67, d);
}

TEST_P(SquaredDistancesOn, AreNearTheOracleInFloat) { expect_near_oracle_everywhere(table<float>(GetParam())); }
TEST_P(SquaredDistancesOn, AreNearTheOracleInDouble) { expect_near_oracle_everywhere(table<double>(GetParam())); }

TEST_P(SquaredDistancesOn, DoNotCancelForNearRowsFarFromTheOrigin) {
  const float x[] = {10000.0F, 10000.0F};
  const float y[] = {10000.5F, 9999.75F};
  float out = 0;
  table<float>(GetParam()).squared_distances(1, 1, 2, x, 2, y, 2, &out, 1);
  EXPECT_EQ(out, 0.3125F);
}

TEST_P(SquaredDistancesOn, AreZeroFromARowToItself) {
  const Plane<float> x = Plane<float>::normal(40, 33, 3);
  Plane<float> out(40, 40);
  table<float>(GetParam()).squared_distances(40, 40, 33, x.data(), x.ld(), x.data(), x.ld(), out.data(), out.ld());
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(out.at(i, i), 0.0F);
    for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(out.at(i, j), out.at(j, i));
  }
}

TEST_P(SquaredDistancesOn, HaveTheSameBitsForOneRowAsForMany) {
  const Table<float>& target = table<float>(GetParam());
  const Plane<float> x = Plane<float>::normal(21, 150, 4);
  const Plane<float> y = Plane<float>::normal(70, 150, 5);
  Plane<float> all(21, 70);
  target.squared_distances(21, 70, 150, x.data(), x.ld(), y.data(), y.ld(), all.data(), all.ld());
  for (std::size_t i = 0; i < 21; ++i) {
    for (const std::size_t j : {0, 15, 16, 64, 69}) {
      float one = 0;
      target.squared_distances(1, 1, 150, x.data() + i * x.ld(), x.ld(), y.data() + j * y.ld(), y.ld(), &one, 1);
      EXPECT_EQ(one, all.at(i, j));
    }
  }
}

ODDSHOT_EVERY_TARGET(GapsOn);

// d + 1 roundings of eps / 2 of terms that are all positive; doubled for the differences' own.
template <class T>
void expect_gaps_near_oracle(const Table<T>& target, std::size_t m, std::size_t n, std::size_t d) {
  const Plane<T> x = Plane<T>::normal(m, d, 1);
  const Plane<T> y = Plane<T>::normal(d, n, 2);
  const T limit = T(0.75);
  Plane<T> sum(m, n);
  Plane<T> largest(m, n);
  Plane<T> saturating(m, n);
  target.gaps(m, n, d, x.data(), x.ld(), y.data(), y.ld(), limit, sum.data(), largest.data(), saturating.data(), sum.ld());
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double all = 0;
      double bounded = 0;
      T most = 0;
      for (std::size_t k = 0; k < d; ++k) {
        const T gap = std::abs(x.at(i, k) - y.at(k, j));
        all += static_cast<double>(gap);
        bounded += static_cast<double>(std::min(gap, limit));
        most = std::max(most, gap);
      }
      const double relative = static_cast<double>(d + 1) * std::numeric_limits<T>::epsilon();
      ASSERT_TRUE(within(sum.at(i, j), all, relative * all)) << sum.at(i, j) << " not " << all;
      ASSERT_TRUE(within(saturating.at(i, j), bounded, relative * bounded)) << saturating.at(i, j) << " not " << bounded;
      ASSERT_EQ(largest.at(i, j), most);
    }
  }
  ASSERT_TRUE(sum.padding_is_intact() && largest.padding_is_intact() && saturating.padding_is_intact());
}

TEST_P(GapsOn, AreNearTheOracle) {
  for (const std::size_t m : {0, 1, 3}) {
    for (const std::size_t n : sizes<float>()) {
      for (const std::size_t d : {0, 1, 7, 40}) {
        expect_gaps_near_oracle(table<float>(GetParam()), m, n, d);
        expect_gaps_near_oracle(table<double>(GetParam()), m, n, d);
      }
    }
  }
}

}  // namespace
}  // namespace oddshot::kernels
