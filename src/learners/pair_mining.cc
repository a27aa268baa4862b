#include "learners/pair_mining.h"

#include <algorithm>

namespace oddshot::learners {
namespace {

void mine_random(std::span<const std::uint8_t> labels, Stream& stream, Pairs& pairs) {
  std::array<std::vector<std::uint32_t>, 2> members;
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    members[labels[i]].push_back(i);
  }
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    const auto& own = members[labels[i]];
    const auto& other = members[1 - labels[i]];
    if (own.size() > 1) {
      const std::uint32_t partner = own[stream.below(own.size() - 1)];
      pairs.same.push_back({i, partner == i ? own.back() : partner});
    }
    if (!other.empty()) {
      pairs.different.push_back({i, other[stream.below(other.size())]});
    }
  }
}

// The pairs of two classes that semi-hard mining takes.
template <class T>
void mine_semi_hard(T margin, BasicMatrixView<T> distances, std::span<const std::uint8_t> labels, Pairs& pairs) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  std::vector<std::uint8_t> taken(labels.size() * labels.size(), 0);  // by the smaller index first
  const auto take = [&](std::uint32_t i, std::uint32_t j) { taken[std::min(i, j) * std::size_t{count} + std::max(i, j)] = 1; };
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::span<const T> row = distances.row(i);
    std::uint32_t own = i;    // the nearest of its class but itself
    std::uint32_t other = i;  // the farthest of the other class
    for (std::uint32_t j = 0; j < count; ++j) {
      if (labels[j] != labels[i]) {
        other = other == i || row[j] > row[other] ? j : other;
      } else if (j != i) {
        own = own == i || row[j] < row[own] ? j : own;
      }
    }
    const T nearest = own == i ? T{0} : row[own];
    for (std::uint32_t j = 0; j < count; ++j) {
      if (labels[j] != labels[i] && row[j] > nearest && row[j] < margin) {
        take(i, j);
      }
    }
    if (other != i && row[other] <= nearest && row[other] < margin) {
      take(i, other);
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = i + 1; j < count; ++j) {
      if (taken[i * std::size_t{count} + j] != 0) {
        pairs.different.push_back({i, j});
      }
    }
  }
}

}  // namespace

template <class T>
void mine_pairs(Mining mining, T margin, BasicMatrixView<T> distances, std::span<const std::uint8_t> labels, Stream stream, Pairs& pairs) {
  pairs.same.clear();
  pairs.different.clear();
  if (mining == Mining::kRandom) {
    mine_random(labels, stream, pairs);
    return;
  }
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    for (std::uint32_t j = i + 1; j < labels.size(); ++j) {
      if (labels[i] == labels[j]) {
        pairs.same.push_back({i, j});
      } else if (mining == Mining::kAll) {
        pairs.different.push_back({i, j});
      }
    }
  }
  if (mining == Mining::kSemiHard) {
    mine_semi_hard(margin, distances, labels, pairs);
  }
}

template void mine_pairs(Mining, float, BasicMatrixView<float>, std::span<const std::uint8_t>, Stream, Pairs&);
template void mine_pairs(Mining, double, BasicMatrixView<double>, std::span<const std::uint8_t>, Stream, Pairs&);

}  // namespace oddshot::learners
