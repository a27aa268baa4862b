// Where a value lies in a rising list.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace oddshot::table {

// How many of the first values of a rising list `before` is true of, as std::partition_point has it, but without a branch to guess wrong:
// it is asked for every column and score of every row. `sorted` is not empty.
template <class Before>
std::size_t count_of_first(std::span<const float> sorted, const Before& before) {
  const float* first = sorted.data();
  for (std::size_t left = sorted.size(); left > 1;) {
    const std::size_t half = left / 2;
    first += before(first[half - 1]) ? half : 0;
    left -= half;
  }
  return static_cast<std::size_t>(first - sorted.data()) + (before(*first) ? 1 : 0);
}

// How many of the values are below x, and how many are not above it.
inline std::pair<std::size_t, std::size_t> equal_places(std::span<const float> sorted, float x) {
  const std::size_t below = count_of_first(sorted, [x](float one) { return one < x; });
  std::size_t upto = below;
  for (std::size_t i = 0; i < 2 && upto < sorted.size() && sorted[upto] == x; ++i) ++upto;  // mostly none or one, itself, is equal
  if (upto == below + 2) upto = count_of_first(sorted, [x](float one) { return one <= x; });
  return {below, upto};
}

}  // namespace oddshot::table
