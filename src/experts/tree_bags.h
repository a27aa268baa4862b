// What the experts made of trees share: on which normals each tree grows, and the fitting scores by the trees that did without a row.
// Every five trees share one shuffle of the normals and each leaves out another fifth, so that every row is out of the bag of at least 20
// of the 100 trees. Where a bag is less than an eighth of the rows it is drawn from all of them: each is then out of nearly every tree.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "oddshot/base/random.h"

namespace oddshot {

inline constexpr std::size_t kTrees = 100;

// One tree's rows, in random order.
struct TreeBag {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> holds;  // [N] whether a row is in it
  Stream draws;                     // what the tree itself draws
};

class TreeBags {
 public:
  // Of bags of this size among N rows, size <= N; where a fifth less than N is too few for that, rows are not left out.
  TreeBags(std::size_t rows, std::size_t size, const Stream& stream) : order_(rows), size_(size), stream_(stream) {}
  // A size of at most `largest`: four fifths of the rows if they are few, but at least `least`.
  static std::size_t size_of(std::size_t rows, std::size_t least, std::size_t largest) {
    return std::clamp(rows * (kParts - 1) / kParts, least, largest);
  }

  // Of the next tree.
  TreeBag next() {
    TreeBag bag{{}, std::vector<std::uint8_t>(order_.size()), stream_.fork(static_cast<std::uint32_t>(2 * tree_ + 1))};
    bag.rows = size_ < order_.size() / 8 ? bag.draws.sample(static_cast<std::uint32_t>(order_.size()), static_cast<std::uint32_t>(size_))
                                         : rows_in_turn(bag.draws);
    ++tree_;
    for (const std::uint32_t row : bag.rows) bag.holds[row] = 1;
    return bag;
  }

 private:
  // All but the tree's fifth of the present shuffle, or all where that leaves too few.
  std::vector<std::uint32_t> rows_in_turn(Stream& draws) {
    const std::size_t part = tree_ % kParts;
    if (part == 0) {
      std::iota(order_.begin(), order_.end(), 0U);
      stream_.fork(static_cast<std::uint32_t>(2 * tree_)).shuffle(std::span(order_));
    }
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (i % kParts != part) rows.push_back(order_[i]);
    }
    if (rows.size() < size_) rows = order_;
    draws.shuffle(std::span(rows));
    rows.resize(size_);
    return rows;
  }

  static constexpr std::size_t kParts = 5;

  std::vector<std::uint32_t> order_;
  std::size_t size_;
  Stream stream_;
  std::size_t tree_ = 0;
};

// The mean over the trees that did not see a row, NaN where every tree did.
class OutOfBag {
 public:
  explicit OutOfBag(std::size_t rows) : sums_(rows), trees_(rows) {}

  // of(row): what the tree grown on `bag` says of a row outside it.
  template <class Of>
  void add(const TreeBag& bag, const Of& of) {
    for (std::size_t r = 0; r < sums_.size(); ++r) {
      if (bag.holds[r] != 0) continue;
      sums_[r] += static_cast<double>(of(r));
      ++trees_[r];
    }
  }
  double mean(std::size_t row) const { return trees_[row] > 0 ? sums_[row] / trees_[row] : std::numeric_limits<double>::quiet_NaN(); }

 private:
  std::vector<double> sums_;
  std::vector<std::uint32_t> trees_;
};

}  // namespace oddshot
