// Putting things in order where equals keep theirs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace oddshot {

// `items` by falling key(item), a number that is not NaN; equals keep their order. O(N log N).
template <class Item, class Key>
std::vector<Item> by_falling(std::vector<Item> items, Key key) {
  std::vector<std::pair<double, std::size_t>> order;  // the key turned round, that ties go by rising place
  order.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) order.emplace_back(-static_cast<double>(key(items[i])), i);
  std::sort(order.begin(), order.end());
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (const auto& place : order) sorted.push_back(std::move(items[place.second]));
  return sorted;
}

}  // namespace oddshot
