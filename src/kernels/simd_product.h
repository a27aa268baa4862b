// The product of kernels.h for one vector target. Included once per target by simd.cc.
//
// A tile of c, up to kMaxRows rows of some vectors, stays in registers while k runs: each k costs one load per vector of b and one
// broadcast per row of a. b is read along its rows whatever the layout of a, so A^T B needs no transpose. Every element of every shape of
// tile is the same chain of fused multiply-adds in the order of k, then the same epilogue: its bits do not depend on where tiles begin. So
// are those of a single column, but where it and the rows of a are contiguous and long: these are dot products, a sum for each lane.

#if defined(ODDSHOT_KERNELS_SIMD_PRODUCT_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#undef ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#else
#define ODDSHOT_KERNELS_SIMD_PRODUCT_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "hwy/highway.h"
#include "kernels/kernels.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

// The registers decide the tile: of 32, 6 x 4 sums + 4 of b + 1 broadcast take 29; of 16, 6 x 2 + 2 + 1 take 15. Fewer than 8 sums would
// show the latency of the multiply-add (4 cycles, 2 a cycle), so narrow tiles are taller, and tiles of few rows wider: of those b is read
// from memory where a register is wanting. A row of a network 40-64-64-1 alone takes half the time so, with 16 registers.
inline constexpr std::size_t kWidest = 8;  // vectors of a tile of one row
#if HWY_MAX_BYTES == 64 || HWY_ARCH_ARM_A64
inline constexpr std::size_t kMaxVectors = 4;
inline constexpr std::array<std::size_t, kWidest + 1> kMaxRows{0, 8, 8, 8, 6, 1, 1, 1, 1};
#else
inline constexpr std::size_t kMaxVectors = 2;
inline constexpr std::array<std::size_t, kWidest + 1> kMaxRows{0, 8, 6, 3, 3, 1, 1, 1, 1};
#endif
// Vectors of a tile by the rows of the whole product.
constexpr std::size_t max_vectors(std::size_t rows) {
  if (rows == 1) return kWidest;
  return rows <= 3 ? 4 : kMaxVectors;
}

// What lies at (row, v) of a tile: the last vector of a row through `last`, the others whole.
template <class T, std::size_t kVectors, class Last>
HWY_INLINE Vec<T> load_part(const Last& last, std::size_t v, const T* row) {
  return v + 1 < kVectors ? AllLanes<T>().load(row + v * kLanes<T>) : last.load(row + v * kLanes<T>);
}

// sums[r * kVectors + v] += a(r, k) b(k, v) for each k in order.
template <class T, std::size_t kRows, std::size_t kVectors, class Last>
HWY_INLINE void add_product(std::size_t depth, const T* HWY_RESTRICT a, std::size_t a_row, std::size_t a_col, const T* HWY_RESTRICT b,
                            std::size_t ldb, const Last& last, Vec<T> (&sums)[kRows * kVectors]) {
  for (std::size_t k = 0; k < depth; ++k) {
    Vec<T> row_of_b[kVectors];
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) row_of_b[v] = load_part<T, kVectors>(last, v, b);
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) {
      const Vec<T> factor = hn::Set(Tag<T>(), a[r * a_row]);
      HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
        sums[r * kVectors + v] = hn::MulAdd(factor, row_of_b[v], sums[r * kVectors + v]);
      }
    }
    a += a_col;
    b += ldb;
  }
}

// The epilogue of kernels.h for the vectors of a tile; scale(t), gate(t) and addend(t) load what belongs to sums[t]. Part by part over all
// of them, so that a part which is absent costs one branch for the tile: decided vector by vector, 20-row products ran a fifth slower.
template <class T, std::size_t kCount, class Scale, class Gate, class Addend>
HWY_INLINE void finish(const Product<T>& p, const Scale& scale, const Gate& gate, const Addend& addend, Vec<T> (&sums)[kCount]) {
  const Vec<T> alpha = hn::Set(Tag<T>(), p.alpha);
  if (p.scale) {
    HWY_UNROLL(32) for (std::size_t t = 0; t < kCount; ++t) sums[t] = hn::Mul(sums[t], scale(t));
  }
  if (p.gate) {
    HWY_UNROLL(32) for (std::size_t t = 0; t < kCount; ++t) sums[t] = hn::IfThenElseZero(hn::Gt(gate(t), hn::Zero(Tag<T>())), sums[t]);
  }
  if (p.addend) {
    HWY_UNROLL(32) for (std::size_t t = 0; t < kCount; ++t) sums[t] = hn::MulAdd(alpha, sums[t], addend(t));
  } else if (p.alpha != T{1}) {
    HWY_UNROLL(32) for (std::size_t t = 0; t < kCount; ++t) sums[t] = hn::Mul(alpha, sums[t]);
  }
  if (p.relu) {
    // Max in this order keeps a NaN.
    HWY_UNROLL(32) for (std::size_t t = 0; t < kCount; ++t) sums[t] = hn::Max(hn::Zero(Tag<T>()), sums[t]);
  }
}

// c for kRows rows from i on and kVectors vectors from j on.
template <class T, std::size_t kRows, std::size_t kVectors, class Last>
void tile(const Product<T>& p, std::size_t i, std::size_t j, Last last) {
  Vec<T> sums[kRows * kVectors];
  HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
    const Vec<T> start = p.bias ? load_part<T, kVectors>(last, v, p.bias + j) : hn::Zero(Tag<T>());
    HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r) sums[r * kVectors + v] = start;
  }
  add_product<T, kRows, kVectors>(p.k, p.a + i * p.a_row, p.a_row, p.a_col, p.b + j, p.ldb, last, sums);
  if (p.a2) add_product<T, kRows, kVectors>(p.k, p.a2 + i * p.a2_row, p.a2_row, p.a2_col, p.b2 + j, p.ldb2, last, sums);

  const auto part_of = [&](const T* plane, std::size_t ld, std::size_t t)
                           HWY_ATTR { return load_part<T, kVectors>(last, t % kVectors, plane + (i + t / kVectors) * ld + j); };
  finish(
      p, [&](std::size_t t) HWY_ATTR { return part_of(p.scale, p.ld_scale, t); },
      [&](std::size_t t) HWY_ATTR { return part_of(p.gate, p.ld_gate, t); },
      [&](std::size_t t) HWY_ATTR { return part_of(p.addend, p.ld_addend, t); }, sums);
  T* row = p.c + i * p.ldc + j;
  HWY_UNROLL(8) for (std::size_t r = 0; r < kRows; ++r, row += p.ldc) {
    HWY_UNROLL(8) for (std::size_t v = 0; v + 1 < kVectors; ++v) AllLanes<T>().store(sums[r * kVectors + v], row + v * kLanes<T>);
    last.store(sums[(r + 1) * kVectors - 1], row + (kVectors - 1) * kLanes<T>);
  }
}

// All rows of kVectors vectors of columns.
template <class T, std::size_t kVectors, class Last>
void strip(const Product<T>& p, std::size_t j, Last last) {
  using Tile = void (*)(const Product<T>&, std::size_t, std::size_t, Last);
  static constexpr auto kTiles = []<std::size_t... kBelow>(std::index_sequence<kBelow...>) {
    return std::array<Tile, sizeof...(kBelow)>{tile<T, kBelow + 1, kVectors, Last>...};
  }(std::make_index_sequence<kMaxRows[kVectors]>());
  for_even_pieces(p.m, kMaxRows[kVectors], [&](std::size_t i, std::size_t rows) { kTiles[rows - 1](p, i, j, last); });
}

// `vectors` <= kWidest vectors of columns, of which the last has only the first `lanes` lanes.
template <class T>
void strip_of(std::size_t vectors, const Product<T>& p, std::size_t j, std::size_t lanes) {
  static constexpr auto of_last = []<class Last, std::size_t... kBelow>(std::type_identity<Last>, std::index_sequence<kBelow...>) {
    return std::array<void (*)(const Product<T>&, std::size_t, Last), sizeof...(kBelow)>{strip<T, kBelow + 1, Last>...};
  };
#if HWY_MAX_BYTES < 64
  // Without mask registers a masked load costs more than a plain one. With them it does not, and one version is enough.
  static constexpr auto kWhole = of_last(std::type_identity<AllLanes<T>>(), std::make_index_sequence<kWidest>());
  if (lanes == kLanes<T>) return kWhole[vectors - 1](p, j, AllLanes<T>());
#endif
  static constexpr auto kPartial = of_last(std::type_identity<SomeLanes<T>>(), std::make_index_sequence<kWidest>());
  kPartial[vectors - 1](p, j, SomeLanes<T>(lanes));
}

// sums += a b for a single column b and the vectors of rows that begin at first[v]: here the lanes are rows of a, where a tile would fill
// one lane of each vector. Rows of a that are contiguous are transposed on the way in: twice the speed of the tile at k = 64.
template <class T, std::size_t kVectors>
HWY_INLINE void add_single_column(std::size_t depth, const std::array<std::size_t, kVectors>& first, const T* a, std::size_t a_row,
                                  std::size_t a_col, const T* b, std::size_t ldb, Vec<T> (&sums)[kVectors]) {
  std::size_t k = 0;
  if (a_row != 1 && a_col == 1) {
    for (; k + kBlock<T> <= depth; k += kBlock<T>) {
      HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
        Vec<T> columns[kBlock<T>];
        load_columns(a + first[v] * a_row + k, a_row, columns);
        HWY_UNROLL(4) for (std::size_t c = 0; c < kBlock<T>; ++c) {
          sums[v] = hn::MulAdd(hn::Set(Tag<T>(), b[(k + c) * ldb]), columns[c], sums[v]);
        }
      }
    }
  }
  for (; k < depth; ++k) {
    const Vec<T> factor = hn::Set(Tag<T>(), b[k * ldb]);
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
      sums[v] = hn::MulAdd(factor, load_strided(a + first[v] * a_row + k * a_col, a_row), sums[v]);
    }
  }
}

// c, a single column, for the rows [i, end), which fill the last of kVectors vectors in part: that one begins earlier instead, and gives
// the rows it shares with its neighbour the same bits. All of them are finished before any is stored, as c may be what is read.
template <class T, std::size_t kVectors>
void column_tile(const Product<T>& p, std::size_t i, std::size_t end) {
  std::array<std::size_t, kVectors> first;
  for (std::size_t v = 0; v + 1 < kVectors; ++v) first[v] = i + v * kLanes<T>;
  first[kVectors - 1] = end - kLanes<T>;
  Vec<T> sums[kVectors];
  HWY_UNROLL(8) for (Vec<T>& sum : sums) sum = p.bias ? hn::Set(Tag<T>(), *p.bias) : hn::Zero(Tag<T>());
  add_single_column(p.k, first, p.a, p.a_row, p.a_col, p.b, p.ldb, sums);
  if (p.a2) add_single_column(p.k, first, p.a2, p.a2_row, p.a2_col, p.b2, p.ldb2, sums);
  finish(
      p, [&](std::size_t v) HWY_ATTR { return load_strided(p.scale + first[v] * p.ld_scale, p.ld_scale); },
      [&](std::size_t v) HWY_ATTR { return load_strided(p.gate + first[v] * p.ld_gate, p.ld_gate); },
      [&](std::size_t v) HWY_ATTR { return load_strided(p.addend + first[v] * p.ld_addend, p.ld_addend); }, sums);
  HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) store_strided(sums[v], p.c + first[v] * p.ldc, p.ldc);
}

// c, a single column of at least one vector of rows.
template <class T>
void single_column(const Product<T>& p) {
  constexpr std::array<void (*)(const Product<T>&, std::size_t, std::size_t), 5> kTiles{nullptr, column_tile<T, 1>, column_tile<T, 2>,
                                                                                        column_tile<T, 3>, column_tile<T, 4>};
  for (std::size_t i = 0; i < p.m;) {
    const std::size_t left = p.m - i;
    std::size_t vectors = (left + kLanes<T> - 1) / kLanes<T>;
    if (vectors > 4) vectors = left < 5 * kLanes<T> ? 2 : 4;  // what is left then is a vector at least
    const std::size_t rows = std::min(left, vectors * kLanes<T>);
    kTiles[vectors](p, i, i + rows);
    i += rows;
  }
}

// sums[r] += a(r, k) b(k) for kRows rows of a: here the lanes are k.
template <class T, std::size_t kRows>
HWY_INLINE void add_row_dots(std::size_t depth, const T* a, std::size_t a_row, const T* b, Vec<T> (&sums)[kRows]) {
  for_vectors<T>(depth, [&](auto lanes, std::size_t k) HWY_ATTR {
    const Vec<T> of_b = lanes.load(b + k);
    HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) sums[r] = hn::MulAdd(lanes.load(a + r * a_row + k), of_b, sums[r]);
  });
}

// The dot products of kRows rows from i on with a single column that is contiguous, as the rows are.
template <class T, std::size_t kRows>
HWY_INLINE void row_dots(const Product<T>& p, std::size_t i, T* totals) {
  Vec<T> sums[kRows];
  HWY_UNROLL(4) for (Vec<T>& sum : sums) sum = hn::Zero(Tag<T>());
  add_row_dots(p.k, p.a + i * p.a_row, p.a_row, p.b, sums);
  if (p.a2) add_row_dots(p.k, p.a2 + i * p.a2_row, p.a2_row, p.b2, sums);
  HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) totals[r] = hn::GetLane(hn::SumOfLanes(Tag<T>(), sums[r]));
}

// Whether a single column is dot products: where rows of a and the column b are contiguous, and long enough to fill two vectors. At half
// of that they take a third longer than the way along the rows, at twice that half to three quarters of its time. By k alone, so that
// bits do not depend on m.
template <class T>
bool are_dots(const Product<T>& p) {
  if (p.n != 1 || p.a_col != 1 || p.ldb != 1 || (p.a2 && (p.a2_col != 1 || p.ldb2 != 1))) return false;
  return (p.a2 ? 2 : 1) * p.k >= 2 * kLanes<T>;
}

// c, such a column. One row is no chain of k multiply-adds that wait for each other.
template <class T>
void column_of_dots(const Product<T>& p) {
  constexpr std::size_t kTogether = 4;  // sums that hide each other's latency and share b
  for (std::size_t i = 0; i < p.m; i += kLanes<T>) {
    const std::size_t count = std::min(kLanes<T>, p.m - i);
    alignas(HWY_MAX_BYTES) T totals[kLanes<T>] = {};
    std::size_t r = 0;
    for (; r + kTogether <= count; r += kTogether) row_dots<T, kTogether>(p, i + r, totals + r);
    for (; r < count; ++r) row_dots<T, 1>(p, i + r, totals + r);
    const auto column = [&](const T* plane, std::size_t ld) HWY_ATTR {
      alignas(HWY_MAX_BYTES) T lanes[kLanes<T>] = {};
      for (std::size_t row = 0; row < count; ++row) lanes[row] = plane[(i + row) * ld];
      return hn::Load(Tag<T>(), lanes);
    };
    Vec<T> sums[1] = {hn::Add(hn::Load(Tag<T>(), totals), p.bias ? hn::Set(Tag<T>(), *p.bias) : hn::Zero(Tag<T>()))};
    finish(
        p, [&](std::size_t) HWY_ATTR { return column(p.scale, p.ld_scale); },
        [&](std::size_t) HWY_ATTR { return column(p.gate, p.ld_gate); },
        [&](std::size_t) HWY_ATTR { return column(p.addend, p.ld_addend); }, sums);
    hn::Store(sums[0], Tag<T>(), totals);
    for (std::size_t row = 0; row < count; ++row) p.c[(i + row) * p.ldc] = totals[row];
  }
}

template <class T>
void product(const Product<T>& p) {
  if (are_dots(p)) return column_of_dots(p);
  if (p.n == 1 && p.m >= kLanes<T>) return single_column(p);
  const std::size_t vectors = (p.n + kLanes<T> - 1) / kLanes<T>;
  for_even_pieces(vectors, max_vectors(p.m), [&](std::size_t v, std::size_t count) {
    const std::size_t j = v * kLanes<T>;
    const std::size_t lanes = v + count < vectors ? kLanes<T> : p.n - (vectors - 1) * kLanes<T>;
    strip_of<T>(count, p, j, lanes);
  });
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_PRODUCT_H_
