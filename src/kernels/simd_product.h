// The product of kernels.h for one vector target. Included once per target by simd.cc.
//
// A tile of c, up to kMaxRows x kMaxVectors vectors, stays in registers while k runs: each k costs one load per vector of b and one
// broadcast per row of a. b is read along its rows whatever the layout of a, so A^T B needs no transpose. Every element of every shape of
// tile is the same chain of fused multiply-adds in the order of k, then the same epilogue: its bits do not depend on where tiles begin.

#if defined(ODDSHOT_KERNELS_SIMD_PRODUCT_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#undef ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#else
#define ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#endif

#include <array>
#include <cstddef>
#include <utility>

#include "hwy/highway.h"
#include "kernels/kernels.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

// The registers decide the tile: of 32, 6 x 4 sums + 4 of b + 1 broadcast take 29; of 16, 6 x 2 + 2 + 1 take 15. Fewer than 8 sums would
// show the latency of the multiply-add (4 cycles, 2 a cycle), so narrow tiles are taller.
#if HWY_MAX_BYTES == 64 || HWY_ARCH_ARM_A64
inline constexpr std::size_t kMaxVectors = 4;
inline constexpr std::array<std::size_t, kMaxVectors + 1> kMaxRows{0, 8, 8, 8, 6};
#else
inline constexpr std::size_t kMaxVectors = 2;
inline constexpr std::array<std::size_t, kMaxVectors + 1> kMaxRows{0, 8, 6};
#endif

// What lies at (row, v) of a tile: the last vector of a row through `last`, the others whole.
template <class T, std::size_t kVectors, class Last>
HWY_INLINE Vec<T> load_part(const Last& last, std::size_t v, const T* row) {
  return v + 1 < kVectors ? AllLanes<T>().load(row + v * kLanes<T>) : last.load(row + v * kLanes<T>);
}

// sums[r][v] += a(r, k) b(k, v) for each k in order.
template <class T, std::size_t kRows, std::size_t kVectors, class Last>
HWY_INLINE void add_product(std::size_t depth, const T* HWY_RESTRICT a, std::size_t a_row, std::size_t a_col, const T* HWY_RESTRICT b,
                            std::size_t ldb, const Last& last, Vec<T> (&sums)[kRows][kVectors]) {
  for (std::size_t k = 0; k < depth; ++k) {
    Vec<T> row_of_b[kVectors];
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) row_of_b[v] = load_part<T, kVectors>(last, v, b);
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
      const Vec<T> factor = hn::Set(Tag<T>(), a[r * a_row]);
      HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(factor, row_of_b[v], sums[r][v]);
    }
    a += a_col;
    b += ldb;
  }
}

// The epilogue of kernels.h for one vector of c.
template <class T>
HWY_INLINE Vec<T> finished(Vec<T> sum, const Product<T>& p, Vec<T> scale, Vec<T> addend) {
  const Vec<T> alpha = hn::Set(Tag<T>(), p.alpha);
  if (p.scale) sum = hn::Mul(sum, scale);
  sum = p.addend ? hn::MulAdd(alpha, sum, addend) : hn::Mul(alpha, sum);
  return p.relu ? hn::Max(hn::Zero(Tag<T>()), sum) : sum;  // this order of Max keeps a NaN
}

// c for kRows rows from i on and kVectors vectors from j on.
template <class T, std::size_t kRows, std::size_t kVectors, class Last>
void tile(const Product<T>& p, std::size_t i, std::size_t j, Last last) {
  const Vec<T> zero = hn::Zero(Tag<T>());
  Vec<T> sums[kRows][kVectors];
  HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
    const Vec<T> start = p.bias ? load_part<T, kVectors>(last, v, p.bias + j) : zero;
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) sums[r][v] = start;
  }
  add_product(p.k, p.a + i * p.a_row, p.a_row, p.a_col, p.b + j, p.ldb, last, sums);
  if (p.a2) add_product(p.k, p.a2 + i * p.a2_row, p.a2_row, p.a2_col, p.b2 + j, p.ldb2, last, sums);

  HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
      const Vec<T> scale = p.scale ? load_part<T, kVectors>(last, v, p.scale + (i + r) * p.ld_scale + j) : zero;
      const Vec<T> addend = p.addend ? load_part<T, kVectors>(last, v, p.addend + (i + r) * p.ld_addend + j) : zero;
      const Vec<T> value = finished(sums[r][v], p, scale, addend);
      T* const to = p.c + (i + r) * p.ldc + j + v * kLanes<T>;
      if (v + 1 < kVectors) {
        AllLanes<T>().store(value, to);
      } else {
        last.store(value, to);
      }
    }
  }
}

// All rows from `first` on of kVectors vectors of columns.
template <class T, std::size_t kVectors, class Last>
void strip(const Product<T>& p, std::size_t first, std::size_t j, Last last) {
  using Tile = void (*)(const Product<T>&, std::size_t, std::size_t, Last);
  static constexpr auto kTiles = []<std::size_t... kBelow>(std::index_sequence<kBelow...>) {
    return std::array<Tile, sizeof...(kBelow)>{tile<T, kBelow + 1, kVectors, Last>...};
  }(std::make_index_sequence<kMaxRows[kVectors]>());
  for_even_pieces(p.m - first, kMaxRows[kVectors], [&](std::size_t i, std::size_t rows) { kTiles[rows - 1](p, first + i, j, last); });
}

// `vectors` <= kMaxVectors vectors of columns, of which the last has only the first `lanes` lanes.
template <class T, std::size_t kVectors = kMaxVectors>
void strip_of(std::size_t vectors, const Product<T>& p, std::size_t first, std::size_t j, std::size_t lanes) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return strip_of<T, kVectors - 1>(vectors, p, first, j, lanes);
  }
#if HWY_MAX_BYTES < 64
  // Without mask registers a masked load costs more than a plain one. With them it does not, and one version is enough.
  if (lanes == kLanes<T>) return strip<T, kVectors>(p, first, j, AllLanes<T>());
#endif
  strip<T, kVectors>(p, first, j, SomeLanes<T>(lanes));
}

// sums += a b for a single column b and kVectors vectors of rows: here the lanes are rows of a, where a tile would fill one lane of each
// vector. Where rows of a are contiguous they are transposed on the way in: 2.5 times the speed of the tile at k = 64.
template <class T, std::size_t kVectors>
HWY_INLINE void add_single_column(std::size_t depth, const T* a, std::size_t a_row, std::size_t a_col, const T* b, std::size_t ldb,
                                  Vec<T> (&sums)[kVectors]) {
  std::size_t k = 0;
  if (a_row != 1 && a_col == 1) {
    for (; k + kBlock<T> <= depth; k += kBlock<T>) {
      HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
        Vec<T> columns[kBlock<T>];
        load_columns(a + v * kLanes<T> * a_row + k, a_row, columns);
        HWY_UNROLL(4) for (std::size_t c = 0; c < kBlock<T>; ++c) {
          sums[v] = hn::MulAdd(hn::Set(Tag<T>(), b[(k + c) * ldb]), columns[c], sums[v]);
        }
      }
    }
  }
  for (; k < depth; ++k) {
    const Vec<T> factor = hn::Set(Tag<T>(), b[k * ldb]);
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
      const T* const rows = a + v * kLanes<T> * a_row + k * a_col;
      sums[v] = hn::MulAdd(factor, a_row == 1 ? hn::LoadU(Tag<T>(), rows) : load_strided<T>(rows, a_row), sums[v]);
    }
  }
}

// c for kVectors vectors of rows from i on, where c is a single column.
template <class T, std::size_t kVectors>
void column_tile(const Product<T>& p, std::size_t i) {
  const Vec<T> zero = hn::Zero(Tag<T>());
  Vec<T> sums[kVectors];
  HWY_UNROLL(8) for (Vec<T>& sum : sums) sum = p.bias ? hn::Set(Tag<T>(), *p.bias) : zero;
  add_single_column(p.k, p.a + i * p.a_row, p.a_row, p.a_col, p.b, p.ldb, sums);
  if (p.a2) add_single_column(p.k, p.a2 + i * p.a2_row, p.a2_row, p.a2_col, p.b2, p.ldb2, sums);
  for (std::size_t v = 0; v < kVectors; ++v, i += kLanes<T>) {
    const Vec<T> scale = p.scale ? load_strided<T>(p.scale + i * p.ld_scale, p.ld_scale) : zero;
    const Vec<T> addend = p.addend ? load_strided<T>(p.addend + i * p.ld_addend, p.ld_addend) : zero;
    alignas(HWY_MAX_BYTES) T values[kLanes<T>];
    hn::Store(finished(sums[v], p, scale, addend), Tag<T>(), values);
    for (std::size_t r = 0; r < kLanes<T>; ++r) p.c[(i + r) * p.ldc] = values[r];
  }
}

template <class T>
void product(const Product<T>& p) {
  std::size_t first = 0;  // rows already done
  if (p.n == 1) {
    for (; first + 2 * kLanes<T> <= p.m; first += 2 * kLanes<T>) column_tile<T, 2>(p, first);
    for (; first + kLanes<T> <= p.m; first += kLanes<T>) column_tile<T, 1>(p, first);
  }
  const std::size_t vectors = (p.n + kLanes<T> - 1) / kLanes<T>;
  for_even_pieces(vectors, kMaxVectors, [&](std::size_t v, std::size_t count) {
    const std::size_t j = v * kLanes<T>;
    const std::size_t lanes = v + count < vectors ? kLanes<T> : p.n - (vectors - 1) * kLanes<T>;
    strip_of<T>(count, p, first, j, lanes);
  });
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_PRODUCT_H_
