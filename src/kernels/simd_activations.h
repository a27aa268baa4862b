// The activations of kernels.h in float. Included once per target by simd.cc. In double, which is for oracles, every target uses the scalar
// versions. The polynomials are minimax fits by tests/kernels/fit_polynomials.py; a NaN stays a NaN throughout.

#if defined(ODDSHOT_KERNELS_SIMD_ACTIVATIONS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_ACTIVATIONS_H_
#undef ODDSHOT_KERNELS_SIMD_ACTIVATIONS_H_
#else
#define ODDSHOT_KERNELS_SIMD_ACTIVATIONS_H_
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

using Floats = Vec<float>;

HWY_INLINE Floats set(float x) { return hn::Set(Tag<float>(), x); }

// c0 + x (c1 + x (c2 + ...))
HWY_INLINE Floats polynomial(Floats /*x*/, float c) { return set(c); }
template <class... More>
HWY_INLINE Floats polynomial(Floats x, float c, More... more) {
  return hn::MulAdd(x, polynomial(x, more...), set(c));
}

// exp(x) for x <= 0, within 2 ulp; 0 where the result would be below the normal numbers.
// x = k ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts so that r is exact to its last bit; exp(x) = 2^k exp(r).
HWY_INLINE Floats exp_of_negative(Floats x) {
  constexpr float kLowest = -87.33F;
  constexpr float kLn2High = 0.693359375F;  // 9 bits: k times it is exact
  constexpr float kLn2Low = -2.12194440e-4F;
  const hn::RebindToSigned<Tag<float>> ints;
  const Floats bounded = hn::Max(set(kLowest), x);
  const Floats k = hn::Round(hn::Mul(bounded, set(1.44269504F)));
  const Floats r = hn::NegMulAdd(k, set(kLn2Low), hn::NegMulAdd(k, set(kLn2High), bounded));
  const Floats tail = polynomial(r, 0.49999994F, 0.1666652F, 0.041668393F, 0.008368781F, 0.0013814467F);
  const Floats exp_r = hn::MulAdd(hn::Mul(r, r), tail, hn::Add(r, set(1)));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(ints, k), hn::Set(ints, 127)));
  return hn::IfThenZeroElse(hn::Lt(x, set(kLowest)), hn::Mul(exp_r, hn::BitCast(Tag<float>(), exponent)));
}

// From the rest that |tanh| lacks to 1: it is 2 e / (1 + e) with e = exp(-2|z|), and tanh' = rest (2 - rest) keeps its digits for large
// |z|. For small |z| a polynomial keeps those of tanh.
inline void tanh(std::size_t m, std::size_t n, std::size_t ld, const float* z, float* value, float* d1, float* d2) {
  for (std::size_t i = 0; i < m; ++i) {
    for_vectors<float>(n, [&, row = i * ld](auto lanes, std::size_t j) HWY_ATTR {
      const Floats x = lanes.load(z + row + j);
      const Floats e = exp_of_negative(hn::Mul(set(-2), hn::Abs(x)));
      const Floats rest = hn::Div(hn::Add(e, e), hn::Add(set(1), e));
      const Floats large = hn::CopySign(hn::Sub(set(1), rest), x);
      const Floats square = hn::Mul(x, x);
      const Floats tail = polynomial(square, -0.3333328F, 0.13331442F, -0.053739715F, 0.020639086F, -0.005704987F);
      const Floats small = hn::MulAdd(hn::Mul(x, square), tail, x);
      const Floats t = hn::IfThenElse(hn::Lt(hn::Abs(x), set(0.625F)), small, large);
      const Floats slope = hn::Mul(rest, hn::Sub(set(2), rest));
      lanes.store(t, value + row + j);
      lanes.store(slope, d1 + row + j);
      if (d2) lanes.store(hn::Mul(hn::Mul(set(-2), t), slope), d2 + row + j);
    });
  }
}

// Phi(-x) = exp(-x^2 / 2) h(x) for x >= 0, where h is smooth and falls slowly: a polynomial in s = 1 / (1 + 0.35 x), exact to 3e-8 up to
// x = 14. Beyond 16 all is 0 in float.
inline void gelu(std::size_t m, std::size_t n, std::size_t ld, const float* z, float* value, float* d1, float* d2) {
  for (std::size_t i = 0; i < m; ++i) {
    for_vectors<float>(n, [&, row = i * ld](auto lanes, std::size_t j) HWY_ATTR {
      const Floats x = lanes.load(z + row + j);
      const Floats size = hn::Min(set(16), hn::Abs(x));
      const Floats square = hn::Mul(size, size);
      const Floats e = exp_of_negative(hn::Mul(set(-0.5F), square));
      const Floats s = hn::Div(set(1), hn::MulAdd(set(0.35F), size, set(1)));
      const Floats h = hn::Mul(s, polynomial(s, 0.1396214068F, 0.1398618668F, 0.1198328733F, 0.1055079848F, -0.0231097825F, 0.1591740847F,
                                             -0.2557141781F, 0.1439716667F, -0.0291459225F));
      const Floats beyond = hn::Mul(e, h);
      const Floats area = hn::IfThenElse(hn::Lt(x, set(0)), beyond, hn::Sub(set(1), beyond));
      const Floats density = hn::Mul(e, set(0.398942280F));  // 1 / sqrt(2 pi)
      lanes.store(hn::Mul(x, area), value + row + j);
      lanes.store(hn::MulAdd(x, density, area), d1 + row + j);
      if (d2) lanes.store(hn::Mul(density, hn::Sub(set(2), square)), d2 + row + j);
    });
  }
}

// log(1 + e) = 2 atanh(e / (2 + e)): no logarithm is needed, as 0 <= e <= 1.
inline void logistic(std::size_t n, const float* z, float* p, float* softplus) {
  for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    const Floats x = lanes.load(z + i);
    const Floats e = exp_of_negative(hn::Neg(hn::Abs(x)));
    const auto negative = hn::Lt(x, set(0));
    if (p) lanes.store(hn::Div(hn::IfThenElse(negative, e, set(1)), hn::Add(set(1), e)), p + i);
    if (!softplus) return;
    const Floats s = hn::Div(e, hn::Add(set(2), e));
    const Floats square = hn::Mul(s, s);
    const Floats tail = polynomial(square, 0.33333206F, 0.2001085F, 0.13999571F, 0.1401223F);
    const Floats log1p = hn::Mul(hn::Add(s, s), hn::MulAdd(square, tail, set(1)));
    lanes.store(hn::Add(hn::IfThenZeroElse(negative, x), log1p), softplus + i);
  });
}

// Down the columns, which are lanes: no vector has to be summed across. The logarithms are apart, as calls among vectors cost more than
// they.
inline void softmax(std::size_t m, std::size_t n, std::size_t ld, float* z, float* log_mean) {
  for_vectors<float>(n, [&](auto lanes, std::size_t j) HWY_ATTR {
    Floats largest = lanes.load(z + j);
    for (std::size_t i = 1; i < m; ++i) largest = hn::Max(largest, lanes.load(z + i * ld + j));
    Floats sum = hn::Zero(Tag<float>());
    for (std::size_t i = 0; i < m; ++i) {
      const Floats e = exp_of_negative(hn::Sub(lanes.load(z + i * ld + j), largest));
      sum = hn::Add(sum, e);
      lanes.store(e, z + i * ld + j);
    }
    const Floats scale = hn::Div(set(1), sum);
    for (std::size_t i = 0; i < m; ++i) lanes.store(hn::Mul(lanes.load(z + i * ld + j), scale), z + i * ld + j);
    alignas(HWY_MAX_BYTES) float most[kLanes<float>];
    alignas(HWY_MAX_BYTES) float sums[kLanes<float>];
    hn::Store(largest, Tag<float>(), most);
    hn::Store(sum, Tag<float>(), sums);
    const std::size_t count = n - j < kLanes<float> ? n - j : kLanes<float>;
    for (std::size_t c = 0; c < count; ++c) log_mean[j + c] = most[c] + std::log(sums[c] / static_cast<float>(m));
  });
}

inline void softmax_backward(std::size_t m, std::size_t n, std::size_t ld, const float* p, const float* d_log_mean, float* d) {
  for_vectors<float>(n, [&](auto lanes, std::size_t j) HWY_ATTR {
    Floats mean = hn::Neg(lanes.load(d_log_mean + j));
    for (std::size_t at = j; at < m * ld + j; at += ld) mean = hn::MulAdd(lanes.load(p + at), lanes.load(d + at), mean);
    for (std::size_t at = j; at < m * ld + j; at += ld) {
      lanes.store(hn::Mul(lanes.load(p + at), hn::Sub(lanes.load(d + at), mean)), d + at);
    }
  });
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_ACTIVATIONS_H_
