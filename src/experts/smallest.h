// The few smallest of many values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace oddshot {

// The smallest of `values` but for those at a place that skip(place) is true of: rising into `best`, their places into `index`
// [best.size()]. Returns how many there are, at most best.size(). Of equal values the first. By insertion: good for a few dozen, as
// insertions become rare.
template <class T, class Skip>
std::size_t smallest(std::span<const T> values, std::span<T> best, std::uint32_t* index, const Skip& skip) {
  const std::size_t k = best.size();
  std::size_t count = 0;
  for (std::size_t j = 0; j < values.size(); ++j) {
    const T value = values[j];
    if ((count == k && !(value < best[k - 1])) || skip(j)) continue;
    std::size_t place = count < k ? count++ : k - 1;
    for (; place > 0 && value < best[place - 1]; --place) {
      best[place] = best[place - 1];
      index[place] = index[place - 1];
    }
    best[place] = value;
    index[place] = static_cast<std::uint32_t>(j);
  }
  return count;
}

}  // namespace oddshot
