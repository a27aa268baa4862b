#include "oddshot/base/random.h"

#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <unordered_map>

#include "base/philox.h"
#include "oddshot/base/error.h"

namespace oddshot {

namespace {

// The counter is {block number, index low, index high, purpose}. This bit of its last word keeps the blocks that make the keys of
// forks apart from those that make numbers.
constexpr std::uint32_t kForkBit = 0x80000000;

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

}  // namespace

Stream::Stream(std::uint64_t seed, Purpose purpose, std::uint64_t index)
    : key_{low(seed), high(seed)}, counter_{0, low(index), high(index), static_cast<std::uint32_t>(purpose)} {}

Stream Stream::fork(std::uint32_t part) const {
  const PhiloxCounter block = philox({part, counter_[1], counter_[2], counter_[3] | kForkBit}, key_);
  Stream forked = *this;
  forked.key_ = {block[0], block[1]};
  forked.counter_[0] = 0;
  forked.used_ = 4;
  return forked;
}

std::uint32_t Stream::bits() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

float Stream::uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }

// The high word of number * n is uniform once the few numbers that would favour some results are drawn again.
// Source: Lemire 2019, "Fast random integer generation in an interval", arXiv:1805.10941; beyond 32 bits plain rejection.
std::uint64_t Stream::below(std::uint64_t n) {
  assert(n >= 1);
  if (n <= 0xFFFFFFFF) {
    const std::uint32_t n32 = low(n);
    std::uint64_t product = std::uint64_t{bits()} * n32;
    if (low(product) < n32) {
      const std::uint32_t unfair = (0U - n32) % n32;  // 2^32 mod n
      while (low(product) < unfair) product = std::uint64_t{bits()} * n32;
    }
    return high(product);
  }
  const std::uint64_t unfair = (std::uint64_t{0} - n) % n;  // 2^64 mod n
  std::uint64_t number = 0;
  do {
    number = std::uint64_t{bits()} << 32;
    number |= bits();
  } while (number < unfair);
  return number % n;
}

// In double and rounded once, so that the last bits of a mathematical library hardly ever show.
float Stream::normal() {
  const double radius = std::sqrt(-2.0 * std::log((bits() + 1.0) * 0x1p-32));  // of a uniform in (0, 1]
  const double angle = 2.0 * std::numbers::pi * bits() * 0x1p-32;
  return static_cast<float>(radius * std::cos(angle));
}

// The first `count` steps of a forward Fisher-Yates shuffle of 0, 1, ..., n - 1. Where count is far below n only the places that
// were swapped are kept; both forms give the same numbers.
std::vector<std::uint32_t> Stream::sample(std::uint32_t n, std::uint32_t count) {
  if (count > n) throw ArgumentError("cannot draw " + std::to_string(count) + " distinct numbers below " + std::to_string(n));
  std::vector<std::uint32_t> drawn;
  if (count >= n / 8) {
    drawn.resize(n);
    std::iota(drawn.begin(), drawn.end(), 0U);
    for (std::uint32_t i = 0; i < count; ++i) std::swap(drawn[i], drawn[i + below(n - i)]);
    drawn.resize(count);
    return drawn;
  }
  drawn.reserve(count);
  std::unordered_map<std::uint32_t, std::uint32_t> moved;  // place -> number that lies there now
  const auto at = [&](std::uint32_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t place = i + static_cast<std::uint32_t>(below(n - i));
    drawn.push_back(at(place));
    moved[place] = at(i);
  }
  return drawn;
}

}  // namespace oddshot
