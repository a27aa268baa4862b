#include "experts/smallest.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"

namespace oddshot {
namespace {

using Place = std::uint32_t;

// By sorting all of them: by value, then by place.
template <class T, class Skip>
std::vector<Place> sorted_places(const std::vector<T>& values, std::size_t k, const Skip& skip) {
  std::vector<Place> places(values.size());
  std::iota(places.begin(), places.end(), 0U);
  std::erase_if(places, skip);
  std::ranges::stable_sort(places, {}, [&](Place i) { return values[i]; });
  places.resize(std::min(k, places.size()));
  return places;
}

template <class T, class Skip>
void expect_sorted(const std::vector<T>& values, std::size_t k, const Skip& skip) {
  std::vector<T> best(k);
  std::vector<Place> index(k);
  const std::size_t count = smallest<T>(values, best, index.data(), skip);
  const std::vector<Place> expected = sorted_places(values, k, skip);
  ASSERT_EQ(count, expected.size());
  index.resize(count);
  EXPECT_EQ(index, expected);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(best[i], values[expected[i]]);
}

// values, few distinct ones where `distinct` is small
template <class T>
std::vector<T> drawn(std::size_t n, std::uint32_t distinct, std::uint64_t seed) {
  Stream stream(seed, Purpose::kTest, n);
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(stream.below(distinct));
  return values;
}

class SmallestOf : public testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {};

TEST_P(SmallestOf, AreThoseOfASort) {
  const auto [n, k] = GetParam();
  for (const std::uint32_t distinct : {2U, 40U, 1U << 30U}) {
    const auto values = drawn<float>(n, distinct, k);
    expect_sorted(values, k, [](std::size_t) { return false; });
    expect_sorted(drawn<double>(n, distinct, k), k, [](std::size_t) { return false; });
    // Itself, as a row does; nearly all; and just those that a screen would keep.
    const auto least = static_cast<std::size_t>(std::ranges::min_element(values) - values.begin());
    expect_sorted(values, k, [&](std::size_t i) { return i == least; });
    expect_sorted(values, k, [](std::size_t i) { return i % 50 != 7; });
    const std::vector<Place> kept = sorted_places(values, 2 * k, [](Place) { return false; });
    expect_sorted(values, k, [&](std::size_t i) { return std::ranges::find(kept, i) != kept.end(); });
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SmallestOf,
                         testing::Combine(testing::Values(std::size_t{1}, 31, 127, 128, 129, 511, 513, 1500),
                                          testing::Values(std::size_t{1}, 5, 20, 33, 63, 64, 100)));

TEST(Smallest, TakesInfiniteValuesWhereThereAreNoOthers) {
  std::vector<float> values(200, std::numeric_limits<float>::infinity());
  values[150] = 3;
  expect_sorted(values, 5, [](std::size_t) { return false; });
}

}  // namespace
}  // namespace oddshot
