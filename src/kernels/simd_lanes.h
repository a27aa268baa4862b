// What the vector kernels share: vector types by lane type, whole and partial loads and stores, transposed loads, even cuts of a range.
// Included once per target by simd.cc.

// Highway's include guard, which lets each target in once.
#if defined(ODDSHOT_KERNELS_SIMD_LANES_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_LANES_H_
#undef ODDSHOT_KERNELS_SIMD_LANES_H_
#else
#define ODDSHOT_KERNELS_SIMD_LANES_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vec = hn::Vec<Tag<T>>;

// Lanes of a vector. Only targets of a fixed width are built, so this is a constant.
template <class T>
inline constexpr std::size_t kLanes = hn::MaxLanes(Tag<T>());

// A whole vector in memory.
template <class T>
struct AllLanes {
  HWY_INLINE Vec<T> load(const T* from) const { return hn::LoadU(Tag<T>(), from); }
  HWY_INLINE void store(Vec<T> v, T* to) const { hn::StoreU(v, Tag<T>(), to); }
};

// The first `count` lanes of a vector, 1 to all; memory beyond them is not touched, the lanes beyond them load as 0.
template <class T>
class SomeLanes {
 public:
  HWY_INLINE explicit SomeLanes(std::size_t count) : count_(count), mask_(hn::FirstN(Tag<T>(), count)) {}

#if HWY_MEM_OPS_MIGHT_FAULT
  // This target masks in registers only: go through an array.
  HWY_INLINE Vec<T> load(const T* from) const {
    alignas(HWY_MAX_BYTES) T lanes[kLanes<T>] = {};
    for (std::size_t i = 0; i < count_; ++i) lanes[i] = from[i];
    return hn::Load(Tag<T>(), lanes);
  }
  HWY_INLINE void store(Vec<T> v, T* to) const {
    alignas(HWY_MAX_BYTES) T lanes[kLanes<T>];
    hn::Store(v, Tag<T>(), lanes);
    for (std::size_t i = 0; i < count_; ++i) to[i] = lanes[i];
  }
#else
  HWY_INLINE Vec<T> load(const T* from) const { return hn::MaskedLoad(mask_, Tag<T>(), from); }
  HWY_INLINE void store(Vec<T> v, T* to) const { hn::BlendedStore(v, mask_, Tag<T>(), to); }
#endif

 private:
  std::size_t count_;
  hn::Mask<Tag<T>> mask_;
};

// Calls body(lanes, i) for the vectors that begin at i = 0, kLanes, ... of n values; the last may be partial.
template <class T, class Body>
HWY_INLINE void for_vectors(std::size_t n, const Body& body) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) body(AllLanes<T>(), i);
  if (i < n) body(SomeLanes<T>(n - i), i);
}

// Cuts [0, total) into the fewest pieces of at most `most`, their lengths as equal as can be (20 by 8 is 7 + 7 + 6, not 8 + 8 + 4, as
// short tiles run slower), and calls body(first, length) for each.
template <class Body>
HWY_INLINE void for_even_pieces(std::size_t total, std::size_t most, const Body& body) {
  if (total <= most) {  // without a division, of which small products would have more than is seen beside their work
    if (total > 0) body(std::size_t{0}, total);
    return;
  }
  const std::size_t pieces = (total + most - 1) / most;
  const std::size_t length = total / pieces;
  const std::size_t longer = total % pieces * (length + 1);  // where the pieces end that are longer by one
  std::size_t first = 0;
  for (; first < longer; first += length + 1) body(first, length + 1);
  for (; first < total; first += length) body(first, length);
}

// {from[0], from[stride], from[2 stride], ...}, and back.
template <class T>
HWY_INLINE Vec<T> load_strided(const T* from, std::size_t stride) {
  if (stride == 1) return hn::LoadU(Tag<T>(), from);
  alignas(HWY_MAX_BYTES) T lanes[kLanes<T>];
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = from[i * stride];
  return hn::Load(Tag<T>(), lanes);
}
template <class T>
HWY_INLINE void store_strided(Vec<T> v, T* to, std::size_t stride) {
  if (stride == 1) return hn::StoreU(v, Tag<T>(), to);
  alignas(HWY_MAX_BYTES) T lanes[kLanes<T>];
  hn::Store(v, Tag<T>(), lanes);
  for (std::size_t i = 0; i < kLanes<T>; ++i) to[i * stride] = lanes[i];
}

// Columns that one transposed load takes: as many as fill 16 bytes, the piece within which every target shuffles cheaply.
template <class T>
inline constexpr std::size_t kBlock = 16 / sizeof(T);

// A vector of the 16-byte pieces at from, from + gap, from + 2 gap, ...   (loads with insertion, which need no shuffle port)
template <class T>
HWY_INLINE Vec<T> load_pieces(const T* from, [[maybe_unused]] std::size_t gap) {
  const hn::Simd<T, kBlock<T>, 0> d128;
#if HWY_MAX_BYTES == 64
  const hn::Half<Tag<T>> d256;
  const auto low = hn::Combine(d256, hn::LoadU(d128, from + gap), hn::LoadU(d128, from));
  const auto high = hn::Combine(d256, hn::LoadU(d128, from + 3 * gap), hn::LoadU(d128, from + 2 * gap));
  return hn::Combine(Tag<T>(), high, low);
#elif HWY_MAX_BYTES == 32
  return hn::Combine(Tag<T>(), hn::LoadU(d128, from + gap), hn::LoadU(d128, from));
#else
  return hn::LoadU(d128, from);
#endif
}

// columns[c] = {from[0 * ld + c], from[1 * ld + c], ...}: kBlock columns of kLanes rows.
HWY_INLINE void load_columns(const float* from, std::size_t ld, Vec<float> (&columns)[4]) {
  const Tag<float> d;
  const hn::Repartition<double, Tag<float>> pairs;
  const Vec<float> r0 = load_pieces(from, 4 * ld);
  const Vec<float> r1 = load_pieces(from + ld, 4 * ld);
  const Vec<float> r2 = load_pieces(from + 2 * ld, 4 * ld);
  const Vec<float> r3 = load_pieces(from + 3 * ld, 4 * ld);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));  // r0[0] r1[0] r0[1] r1[1]
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));  // r0[2] r1[2] r0[3] r1[3]
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  columns[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  columns[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  columns[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  columns[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

HWY_INLINE void load_columns(const double* from, std::size_t ld, Vec<double> (&columns)[2]) {
  const Tag<double> d;
  const Vec<double> r0 = load_pieces(from, 2 * ld);
  const Vec<double> r1 = load_pieces(from + ld, 2 * ld);
  columns[0] = hn::InterleaveLower(d, r0, r1);
  columns[1] = hn::InterleaveUpper(d, r0, r1);
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_LANES_H_
