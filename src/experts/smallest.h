// The few smallest of many values.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kernels.h"

namespace oddshot {

// The k smallest seen so far, rising, with their places. Of equal values the first that came.
template <class T>
class Smallest {
 public:
  Smallest(std::span<T> best, std::uint32_t* index) : best_(best), index_(index) {}

  bool wants(T value) const { return count_ < best_.size() || value < best_.back(); }
  // By insertion: good for a few dozen, as insertions become rare.
  void take(T value, std::size_t place) {
    std::size_t at = count_ < best_.size() ? count_++ : best_.size() - 1;
    for (; at > 0 && value < best_[at - 1]; --at) {
      best_[at] = best_[at - 1];
      index_[at] = index_[at - 1];
    }
    best_[at] = value;
    index_[at] = static_cast<std::uint32_t>(place);
  }
  std::size_t count() const { return count_; }

 private:
  std::span<T> best_;
  std::uint32_t* index_;
  std::size_t count_ = 0;
};

// The smallest of `values` but for those at a place that skip(place) is true of: rising into `best`, their places into `index`
// [best.size()]. Returns how many there are, at most best.size(). Of equal values the first.
// Some dozens of values are put in order whole, a NaN last. Many are screened by a limit first, in vectors: what is above it is not among
// them, if enough is at most it and not skipped.
template <class T, class Skip>
std::size_t smallest(std::span<const T> values, std::span<T> best, std::uint32_t* index, const Skip& skip) {
  static const kernels::Table<T>& kKernel = kernels::table<T>();  // looked up once: every target finds the same places
  constexpr std::size_t kPiece = 512;
  constexpr std::size_t kMany = 64;
  constexpr std::size_t kFew = 4;
  if (best.size() > kFew && values.size() > kFew && values.size() < kernels::kMostOrdered) {
    std::array<std::uint32_t, kernels::kMostOrdered> order;
    kKernel.order(values.size(), values.data(), order.data());
    std::size_t count = 0;
    for (std::size_t i = 0; i < values.size() && count < best.size(); ++i) {
      if (skip(order[i])) continue;
      best[count] = values[order[i]];
      index[count++] = order[i];
    }
    return count;
  }
  const std::size_t rank = best.size() + 1;  // one more: a row is often skipped as its own neighbour
  if (rank <= kMany && values.size() >= 2 * kMany) {
    const T limit = kKernel.limit_of(values.size(), values.data(), rank);
    std::array<std::uint32_t, kPiece> places;
    Smallest<T> found(best, index);
    for (std::size_t first = 0; first < values.size(); first += kPiece) {
      const std::size_t count = kKernel.at_most(std::min(kPiece, values.size() - first), values.data() + first, limit, places.data());
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t j = first + places[i];
        if (found.wants(values[j]) && !skip(j)) found.take(values[j], j);
      }
    }
    if (found.count() == best.size()) return found.count();
  }
  Smallest<T> found(best, index);
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (found.wants(values[j]) && !skip(j)) found.take(values[j], j);
  }
  return found.count();
}

}  // namespace oddshot
