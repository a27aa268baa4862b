// Squared distances of kernels.h for one vector target. Included once per target by simd.cc.
//
// Shaped like the product: a panel of y, transposed so that its rows become lanes, stays in the first cache while all rows of x pass by,
// and a tile of sums stays in registers. No sum crosses lanes, and each runs in the order of the columns: a row's bits do not depend on m
// or n.

#if defined(ODDSHOT_KERNELS_SIMD_DISTANCES_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_DISTANCES_H_
#undef ODDSHOT_KERNELS_SIMD_DISTANCES_H_
#else
#define ODDSHOT_KERNELS_SIMD_DISTANCES_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "hwy/highway.h"
#include "kernels/simd_elementwise.h"
#include "kernels/simd_lanes.h"
#include "kernels/simd_product.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

// Rows of y in a panel, and columns of it taken at a time: 128 x 64 floats are 32 KB, of the 32 or 48 of the first cache.
template <class T>
inline constexpr std::size_t kPanelRows = kMaxVectors * kLanes<T>;
inline constexpr std::size_t kPanelDepth = 128;

// out for kRows rows of x and the rows of one panel: kVectors vectors, of which the last through `last`; added to what is there unless
// fresh.
template <class T, std::size_t kRows, std::size_t kVectors>
void distance_tile(std::size_t depth, const T* x, std::size_t ldx, const T* panel, bool fresh, SomeLanes<T> last, T* out,
                   std::size_t ld_out) {
  Vec<T> sums[kRows][kVectors];
  HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
      sums[r][v] = fresh ? hn::Zero(Tag<T>()) : load_part<T, kVectors>(last, v, out + r * ld_out);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
      const Vec<T> value = hn::Set(Tag<T>(), x[r * ldx + k]);
      HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
        const Vec<T> gap = hn::Sub(value, hn::Load(Tag<T>(), panel + k * kPanelRows<T> + v * kLanes<T>));
        sums[r][v] = hn::MulAdd(gap, gap, sums[r][v]);
      }
    }
  }
  HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8) for (std::size_t v = 0; v + 1 < kVectors; ++v) AllLanes<T>().store(sums[r][v], out + r * ld_out + v * kLanes<T>);
    last.store(sums[r][kVectors - 1], out + r * ld_out + (kVectors - 1) * kLanes<T>);
  }
}

// All m rows of x against one panel of `count` rows of y.
template <class T, std::size_t kVectors = kMaxVectors>
void distance_strip(std::size_t m, std::size_t count, std::size_t depth, const T* x, std::size_t ldx, const T* panel, bool fresh, T* out,
                    std::size_t ld_out) {
  if constexpr (kVectors > 1) {
    if (count <= (kVectors - 1) * kLanes<T>) {
      return distance_strip<T, kVectors - 1>(m, count, depth, x, ldx, panel, fresh, out, ld_out);
    }
  }
  using Tile = void (*)(std::size_t, const T*, std::size_t, const T*, bool, SomeLanes<T>, T*, std::size_t);
  static constexpr auto kTiles = []<std::size_t... kBelow>(std::index_sequence<kBelow...>) {
    return std::array<Tile, sizeof...(kBelow)>{distance_tile<T, kBelow + 1, kVectors>...};
  }(std::make_index_sequence<kMaxRows[kVectors]>());
  const SomeLanes<T> last(count - (kVectors - 1) * kLanes<T>);
  for_even_pieces(m, kMaxRows[kVectors], [&](std::size_t i, std::size_t rows) {
    kTiles[rows - 1](depth, x + i * ldx, ldx, panel, fresh, last, out + i * ld_out, ld_out);
  });
}

template <class T>
void squared_distances(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T* out,
                       std::size_t ld_out) {
  if (d == 0) {
    for (std::size_t i = 0; i < m; ++i) std::fill_n(out + i * ld_out, n, T{0});
    return;
  }
  // Zero once: the lanes beyond the last row of y are computed, though never stored.
  alignas(64) T panel[kPanelDepth * kPanelRows<T>] = {};
  for (std::size_t j = 0; j < n; j += kPanelRows<T>) {
    const std::size_t count = std::min(n - j, kPanelRows<T>);
    for (std::size_t k = 0; k < d; k += kPanelDepth) {
      const std::size_t depth = std::min(d - k, kPanelDepth);
      transpose(count, depth, y + j * ldy + k, ldy, panel, kPanelRows<T>);
      distance_strip<T>(m, count, depth, x + k, ldx, panel, k == 0, out + j, ld_out);
    }
  }
}

// kVectors vectors of columns from j on, of which the last through `last`, for one row x.
template <class T, std::size_t kVectors>
HWY_INLINE void gap_tile(std::size_t d, const T* x, const T* y, std::size_t ldy, Vec<T> limit, SomeLanes<T> last, T* sum, T* largest,
                         T* saturating) {
  Vec<T> all[kVectors];
  Vec<T> most[kVectors];
  Vec<T> bounded[kVectors];
  HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) all[v] = most[v] = bounded[v] = hn::Zero(Tag<T>());
  for (std::size_t k = 0; k < d; ++k, y += ldy) {
    const Vec<T> value = hn::Set(Tag<T>(), x[k]);
    HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) {
      const Vec<T> gap = hn::Abs(hn::Sub(value, load_part<T, kVectors>(last, v, y)));
      all[v] = hn::Add(all[v], gap);
      most[v] = hn::Max(most[v], gap);
      bounded[v] = hn::Add(bounded[v], hn::Min(gap, limit));
    }
  }
  const auto store = [&](const Vec<T>(&from)[kVectors], T* to) HWY_ATTR {
    HWY_UNROLL(4) for (std::size_t v = 0; v + 1 < kVectors; ++v) AllLanes<T>().store(from[v], to + v * kLanes<T>);
    last.store(from[kVectors - 1], to + (kVectors - 1) * kLanes<T>);
  };
  store(all, sum);
  store(most, largest);
  store(bounded, saturating);
}

template <class T>
void gaps(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T limit, T* sum,
          T* largest, T* saturating, std::size_t ld_out) {
  constexpr std::size_t kTogether = 4;  // three sums each and a value: 13 registers
  const Vec<T> bound = hn::Set(Tag<T>(), limit);
  const SomeLanes<T> all(kLanes<T>);
  for (std::size_t i = 0; i < m; ++i) {
    const auto tile = [&]<std::size_t kVectors>(std::size_t j, SomeLanes<T> last) HWY_ATTR {
      const std::size_t at = i * ld_out + j;
      gap_tile<T, kVectors>(d, x + i * ldx, y + j, ldy, bound, last, sum + at, largest + at, saturating + at);
    };
    std::size_t j = 0;
    for (; j + kTogether * kLanes<T> <= n; j += kTogether * kLanes<T>) tile.template operator()<kTogether>(j, all);
    for (; j + kLanes<T> <= n; j += kLanes<T>) tile.template operator()<1>(j, all);
    if (j < n) tile.template operator()<1>(j, SomeLanes<T>(n - j));
  }
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_DISTANCES_H_
