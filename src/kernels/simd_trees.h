// Walking down trees, of kernels.h, in float. Included once per target by simd.cc.
//
// Near the root many rows meet few nodes: a vector of rows takes all values that its level may ask for, chooses among them by the sides it
// has taken so far, and looks its thresholds up in registers. Below, rows part, and each walks alone, eight side by side.

#if defined(ODDSHOT_KERNELS_SIMD_TREES_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_TREES_H_
#undef ODDSHOT_KERNELS_SIMD_TREES_H_
#else
#define ODDSHOT_KERNELS_SIMD_TREES_H_
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/kernels.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

// Levels of which two vectors hold the thresholds.
inline constexpr std::size_t kTopLevels = std::bit_width(kLanes<float>) + 1;
using Sides = std::array<hn::Mask<Tag<float>>, kTopLevels>;  // by level: whether a row has gone right
using Places = hn::Vec<hn::RebindToSigned<Tag<float>>>;

// Values of the cut, 2^kSteps of them from `cut` on, that rows of these sides in the levels [kLevel - kSteps, kLevel) have come to.
template <std::size_t kLevel, std::size_t kSteps>
HWY_INLINE Vec<float> choose(const float* columns, const Cut<float>* cut, const Sides& sides) {
  if constexpr (kSteps == 0) {
    return hn::LoadU(Tag<float>(), columns + cut->offset);
  } else {
    const Vec<float> left = choose<kLevel, kSteps - 1>(columns, cut, sides);
    const Vec<float> right = choose<kLevel, kSteps - 1>(columns, cut + (std::size_t{1} << (kSteps - 1)), sides);
    return hn::IfThenElse(sides[kLevel - kSteps], right, left);
  }
}

// From level kLevel on; `place` counts from the left of a level.
template <std::size_t kLevel = 0>
HWY_INLINE void descend_top(const float* columns, const Cut<float>* cuts, const Vec<float>* thresholds, Sides& sides, Places& place) {
  if constexpr (kLevel < kTopLevels) {
    const Vec<float> value = choose<kLevel, kLevel>(columns, cuts + (std::size_t{1} << kLevel), sides);
    const auto lane = hn::IndicesFromVec(Tag<float>(), hn::And(place, hn::Set(hn::RebindToSigned<Tag<float>>(), kLanes<float> - 1)));
    Vec<float> threshold = hn::TableLookupLanes(thresholds[kLevel], lane);
    if constexpr (kLevel + 1 == kTopLevels) {
      threshold = hn::IfThenElse(sides[0], hn::TableLookupLanes(thresholds[kTopLevels], lane), threshold);
    }
    sides[kLevel] = hn::Gt(value, threshold);
    const Places right = hn::BitCast(hn::RebindToSigned<Tag<float>>(), hn::VecFromMask(Tag<float>(), sides[kLevel]));  // -1
    place = hn::Sub(hn::Add(place, place), right);
    descend_top<kLevel + 1>(columns, cuts, thresholds, sides, place);
  }
}

// kTopLevels from the root, for n rows that fill whole vectors.
inline void descend_whole_vectors(std::size_t n, const float* columns, const Cut<float>* cuts, std::uint32_t* at) {
  const hn::RebindToSigned<Tag<float>> ints;
  Vec<float> thresholds[kTopLevels + 1];  // by level; of the last, its left and its right half
  for (std::size_t v = 0; v <= kTopLevels; ++v) {
    const std::size_t first = v < kTopLevels ? std::size_t{1} << v : (std::size_t{1} << (kTopLevels - 1)) + kLanes<float>;
    alignas(HWY_MAX_BYTES) float lanes[kLanes<float>] = {};
    for (std::size_t i = 0; i < std::min(first, kLanes<float>); ++i) lanes[i] = cuts[first + i].threshold;
    thresholds[v] = hn::Load(Tag<float>(), lanes);
  }
  for (std::size_t j = 0; j < n; j += kLanes<float>) {
    Places place = hn::Zero(ints);
    Sides sides;
    descend_top(columns + j, cuts, thresholds, sides, place);
    hn::StoreU(hn::Add(place, hn::Set(ints, 1 << kTopLevels)), ints, reinterpret_cast<std::int32_t*>(at) + j);
  }
}

// `levels` more, of kRows rows.
template <std::size_t kRows>
HWY_INLINE void descend_alone(const float* columns, const Cut<float>* cuts, std::size_t levels, std::uint32_t* at) {
  std::array<std::size_t, kRows> place;
  std::copy_n(at, kRows, place.begin());
  for (std::size_t level = 0; level < levels; ++level) {
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
      const Cut<float>& cut = cuts[place[r]];
      const float* column = columns + cut.offset;
      place[r] = 2 * place[r] + static_cast<std::size_t>(column[r] > cut.threshold);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) at[r] = static_cast<std::uint32_t>(place[r]);
}

// Rows [from, to).
inline void descend_alone(std::size_t from, std::size_t to, const float* columns, const Cut<float>* cuts, std::size_t levels,
                          std::uint32_t* at) {
  constexpr std::size_t kTogether = 8;  // their loads overlap; more would not stay in registers
  for (; from + kTogether <= to; from += kTogether) descend_alone<kTogether>(columns + from, cuts, levels, at + from);
  for (; from < to; ++from) descend_alone<1>(columns + from, cuts, levels, at + from);
}

inline void descend(std::size_t n, const float* columns, const Cut<float>* cuts, std::size_t levels, std::uint32_t* at) {
  const std::size_t whole = levels < kTopLevels ? 0 : n - n % kLanes<float>;
  if (whole > 0) {
    descend_whole_vectors(whole, columns, cuts, at);
    descend_alone(0, whole, columns, cuts, levels - kTopLevels, at);
  }
  std::fill(at + whole, at + n, 1U);
  descend_alone(whole, n, columns, cuts, levels, at);
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_TREES_H_
