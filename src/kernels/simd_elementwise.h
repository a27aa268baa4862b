// The kernels of kernels.h that run along vectors: transpose, sums, updates and the activations. Included once per target by simd.cc.

#if defined(ODDSHOT_KERNELS_SIMD_ELEMENTWISE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_ELEMENTWISE_H_
#undef ODDSHOT_KERNELS_SIMD_ELEMENTWISE_H_
#else
#define ODDSHOT_KERNELS_SIMD_ELEMENTWISE_H_
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/kernels.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

template <class T>
void transpose(std::size_t rows, std::size_t cols, const T* in, std::size_t ld_in, T* out, std::size_t ld_out) {
  const std::size_t block_cols = cols - cols % kBlock<T>;
  std::size_t r = 0;
  for (; r + kLanes<T> <= rows; r += kLanes<T>) {
    for (std::size_t c = 0; c < block_cols; c += kBlock<T>) {
      Vec<T> columns[kBlock<T>];
      load_columns(in + r * ld_in + c, ld_in, columns);
      HWY_UNROLL(4) for (std::size_t i = 0; i < kBlock<T>; ++i) hn::StoreU(columns[i], Tag<T>(), out + (c + i) * ld_out + r);
    }
    for (std::size_t c = block_cols; c < cols; ++c) hn::StoreU(load_strided(in + r * ld_in + c, ld_in), Tag<T>(), out + c * ld_out + r);
  }
  for (; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) out[c * ld_out + r] = in[r * ld_in + c];
  }
}

template <class T>
void column_sums(std::size_t m, std::size_t n, const T* in, std::size_t ld, T* out) {
  // Four vectors at a time, as each adds up one row after the other.
  constexpr std::size_t kTogether = 4;
  std::size_t j = 0;
  for (; j + kTogether * kLanes<T> <= n; j += kTogether * kLanes<T>) {
    Vec<T> sums[kTogether];
    HWY_UNROLL(4) for (Vec<T>& sum : sums) sum = hn::Zero(Tag<T>());
    for (std::size_t i = 0; i < m; ++i) {
      HWY_UNROLL(4) for (std::size_t s = 0; s < kTogether; ++s) {
        sums[s] = hn::Add(sums[s], hn::LoadU(Tag<T>(), in + i * ld + j + s * kLanes<T>));
      }
    }
    HWY_UNROLL(4) for (std::size_t s = 0; s < kTogether; ++s) hn::StoreU(sums[s], Tag<T>(), out + j + s * kLanes<T>);
  }
  for_vectors<T>(n - j, [&](auto lanes, std::size_t at) HWY_ATTR {
    Vec<T> sum = hn::Zero(Tag<T>());
    for (std::size_t i = 0; i < m; ++i) sum = hn::Add(sum, lanes.load(in + i * ld + j + at));
    lanes.store(sum, out + j + at);
  });
}

template <class T>
T dot(std::size_t n, const T* x, const T* y) {
  // Four sums hide the latency of the multiply-add from the two loads each takes.
  Vec<T> sums[4] = {hn::Zero(Tag<T>()), hn::Zero(Tag<T>()), hn::Zero(Tag<T>()), hn::Zero(Tag<T>())};
  const std::size_t whole = n - n % (4 * kLanes<T>);
  for (std::size_t i = 0; i < whole; i += 4 * kLanes<T>) {
    HWY_UNROLL(4) for (std::size_t s = 0; s < 4; ++s) {
      const std::size_t at = i + s * kLanes<T>;
      sums[s] = hn::MulAdd(hn::LoadU(Tag<T>(), x + at), hn::LoadU(Tag<T>(), y + at), sums[s]);
    }
  }
  for_vectors<T>(n - whole, [&](auto lanes, std::size_t i)
                                HWY_ATTR { sums[0] = hn::MulAdd(lanes.load(x + whole + i), lanes.load(y + whole + i), sums[0]); });
  const Vec<T> sum = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  return hn::GetLane(hn::SumOfLanes(Tag<T>(), sum));
}

template <class T>
void axpy(std::size_t n, T alpha, const T* x, T* y) {
  const Vec<T> factor = hn::Set(Tag<T>(), alpha);
  for_vectors<T>(n,
                 [&](auto lanes, std::size_t i) HWY_ATTR { lanes.store(hn::MulAdd(factor, lanes.load(x + i), lanes.load(y + i)), y + i); });
}

template <class T>
void adam(std::size_t n, T rate, T beta1, T beta2, T eps, std::uint64_t t, const T* gradient, T* m, T* v, T* theta) {
  const auto set = [](double x) HWY_ATTR { return hn::Set(Tag<T>(), static_cast<T>(x)); };
  const Vec<T> step = set(rate / (1 - std::pow(static_cast<double>(beta1), static_cast<double>(t))));
  const Vec<T> correction = set(1 / (1 - std::pow(static_cast<double>(beta2), static_cast<double>(t))));
  const Vec<T> keep1 = hn::Set(Tag<T>(), beta1);
  const Vec<T> keep2 = hn::Set(Tag<T>(), beta2);
  const Vec<T> take1 = hn::Set(Tag<T>(), 1 - beta1);
  const Vec<T> take2 = hn::Set(Tag<T>(), 1 - beta2);
  const Vec<T> floor = hn::Set(Tag<T>(), eps);
  for_vectors<T>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    const Vec<T> g = lanes.load(gradient + i);
    const Vec<T> mean = hn::MulAdd(keep1, lanes.load(m + i), hn::Mul(take1, g));
    const Vec<T> square = hn::MulAdd(keep2, lanes.load(v + i), hn::Mul(take2, hn::Mul(g, g)));
    const Vec<T> change = hn::Div(hn::Mul(step, mean), hn::Add(hn::Sqrt(hn::Mul(square, correction)), floor));
    lanes.store(mean, m + i);
    lanes.store(square, v + i);
    lanes.store(hn::Sub(lanes.load(theta + i), change), theta + i);
  });
}

template <class T>
void signed_log(std::size_t n, const T* x, T* out) {
  for_vectors<T>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    const Tag<T> d;
    const Vec<T> value = lanes.load(x + i);
    const Vec<T> magnitude = hn::Log1p(d, hn::Abs(value));
    lanes.store(hn::IfThenElse(hn::IsFinite(value), hn::CopySign(magnitude, value), value), out + i);
  });
}

// Values are dealt to so many screens in turn, a lane each; of the screens' smallest it is the rank-th smallest, by counting.
template <std::size_t kScreens>
float limit_by_screens(std::size_t n, const float* values, std::size_t rank) {
  constexpr std::size_t kVectors = kScreens / kLanes<float>;
  const Tag<float> d;
  const Vec<float> infinity = hn::Inf(d);
  Vec<float> least[kVectors];
  HWY_UNROLL(16) for (Vec<float>& one : least) one = infinity;
  std::size_t i = 0;
  for (; i + kScreens <= n; i += kScreens) {
    HWY_UNROLL(16) for (std::size_t v = 0; v < kVectors; ++v) least[v] = hn::Min(hn::LoadU(d, values + i + v * kLanes<float>), least[v]);
  }
  alignas(HWY_MAX_BYTES) float screens[kScreens];
  HWY_UNROLL(16) for (std::size_t v = 0; v < kVectors; ++v) hn::Store(least[v], d, screens + v * kLanes<float>);
  for (std::size_t s = 0; i < n; ++i, ++s) screens[s] = values[i] < screens[s] ? values[i] : screens[s];
  HWY_UNROLL(16) for (std::size_t v = 0; v < kVectors; ++v) least[v] = hn::Load(d, screens + v * kLanes<float>);
  Vec<float> counts[kVectors];
  HWY_UNROLL(16) for (Vec<float>& count : counts) count = hn::Zero(d);
  const Vec<float> one = hn::Set(d, 1.0F);
  for (const float screen : screens) {
    const Vec<float> other = hn::Set(d, screen);
    HWY_UNROLL(16) for (std::size_t v = 0; v < kVectors; ++v) {
      counts[v] = hn::Add(counts[v], hn::IfThenElseZero(hn::Le(other, least[v]), one));
    }
  }
  const Vec<float> wanted = hn::Set(d, static_cast<float>(rank));
  Vec<float> limit = infinity;
  HWY_UNROLL(16) for (std::size_t v = 0; v < kVectors; ++v) {
    limit = hn::Min(limit, hn::IfThenElse(hn::Ge(counts[v], wanted), least[v], infinity));
  }
  return hn::GetLane(hn::MinOfLanes(d, limit));
}

inline float limit_of(std::size_t n, const float* values, std::size_t rank) {
  constexpr std::size_t kFew = 16;
  constexpr std::size_t kMany = 64;
  return 2 * rank <= kFew ? limit_by_screens<kFew>(n, values, rank) : limit_by_screens<kMany>(n, values, rank);
}

// Most values are above the limit: four vectors are looked at together, and one by one only where something is found.
inline std::size_t at_most(std::size_t n, const float* values, float limit, std::uint32_t* index) {
  const Tag<float> d;
  [[maybe_unused]] const hn::RebindToUnsigned<Tag<float>> places;
  const Vec<float> most = hn::Set(d, limit);
  std::size_t count = 0;
  const auto take = [&](std::size_t i) HWY_ATTR {
    const auto found = hn::Le(hn::LoadU(d, values + i), most);
    if (hn::AllFalse(d, found)) return;
#if HWY_MAX_BYTES == 64
    // A whole vector may be written from index + count on: count <= i, so it ends within n.
    count += hn::CompressStore(hn::Iota(places, static_cast<std::uint32_t>(i)), hn::RebindMask(places, found), places, index + count);
#else
    // Without an instruction for that the few found are less work bit by bit.
    std::array<std::uint8_t, 8> bytes{};
    hn::StoreMaskBits(d, found, bytes.data());
    for (unsigned bits = bytes[0]; bits != 0; bits &= bits - 1) {
      index[count++] = static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
#endif
  };
  std::size_t i = 0;
  for (; i + 4 * kLanes<float> <= n; i += 4 * kLanes<float>) {
    const auto first = hn::Or(hn::Le(hn::LoadU(d, values + i), most), hn::Le(hn::LoadU(d, values + i + kLanes<float>), most));
    const auto second =
        hn::Or(hn::Le(hn::LoadU(d, values + i + 2 * kLanes<float>), most), hn::Le(hn::LoadU(d, values + i + 3 * kLanes<float>), most));
    if (hn::AllFalse(d, hn::Or(first, second))) continue;
    for (std::size_t v = 0; v < 4; ++v) take(i + v * kLanes<float>);
  }
  for (; i + kLanes<float> <= n; i += kLanes<float>) take(i);
  for (; i < n; ++i) {
    if (values[i] <= limit) index[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

// A value's place in the order is the number of those before it: a comparison of each with each, without a branch.
template <class T>
void order(std::size_t n, const T* values, std::uint32_t* index) {
  const Tag<T> d;
  const hn::RebindToUnsigned<Tag<T>> places;
  alignas(HWY_MAX_BYTES) T padded[kMostOrdered];
  alignas(HWY_MAX_BYTES) hn::TFromD<decltype(places)> ranks[kMostOrdered];
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  for (std::size_t i = 0; i < n; ++i) padded[i] = std::isnan(values[i]) ? kInfinity : values[i];
#if HWY_MAX_BYTES == 64
  const auto one = hn::Set(places, 1);
  const auto plus = [&](auto rank, auto mask) HWY_ATTR { return hn::IfThenElse(hn::RebindMask(places, mask), hn::Add(rank, one), rank); };
#else
  // A mask is -1 in the lanes that it means.
  const auto plus = [&](auto rank, auto mask) HWY_ATTR { return hn::Sub(rank, hn::BitCast(places, hn::VecFromMask(d, mask))); };
#endif
  for (std::size_t first = 0; first < n; first += kLanes<T>) {
    const std::size_t end = std::min(first + kLanes<T>, n);
    std::fill(padded + end, padded + first + kLanes<T>, kInfinity);
    const Vec<T> own = hn::Load(d, padded + first);
    auto rank = hn::Zero(places);
    const auto count = [&](auto before) HWY_ATTR { rank = plus(rank, before); };
    for (std::size_t j = 0; j < first; ++j) count(hn::Le(hn::Set(d, padded[j]), own));
    for (std::size_t j = first; j < end; ++j) {  // equal ones count where they come first
      const Vec<T> other = hn::Set(d, padded[j]);
      count(hn::Or(hn::Lt(other, own), hn::AndNot(hn::FirstN(d, j - first + 1), hn::Eq(other, own))));
    }
    for (std::size_t j = end; j < n; ++j) count(hn::Lt(hn::Set(d, padded[j]), own));
    hn::Store(rank, places, ranks + first);
  }
  for (std::size_t i = 0; i < n; ++i) index[ranks[i]] = static_cast<std::uint32_t>(i);
}

template <class T>
double multiply_add(long rounds, T* numbers) {
  const Tag<T> d;
  const Vec<T> factor = hn::Set(d, T{0.5});
  Vec<T> sums[kChains];
  // Different numbers, lest the compiler find that the chains are one.
  HWY_UNROLL(16) for (std::size_t c = 0; c < kChains; ++c) sums[c] = hn::Set(d, numbers[c]);
  for (long i = 0; i < rounds; ++i) {
    HWY_UNROLL(16) for (std::size_t c = 0; c < kChains; ++c) sums[c] = hn::MulAdd(sums[c], factor, factor);
  }
  HWY_UNROLL(16) for (std::size_t c = 0; c < kChains; ++c) numbers[c] = hn::GetLane(sums[c]);
  return static_cast<double>(rounds) * static_cast<double>(kChains * 2 * kLanes<T>);
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_ELEMENTWISE_H_
