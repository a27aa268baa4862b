// The network that coordinates share and what squashes their inputs, of kernels.h, in float: coordinates are lanes, so that its few units
// fill whole vectors. Included once per target by simd.cc.

#if defined(ODDSHOT_KERNELS_SIMD_SHARED_NETWORK_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ODDSHOT_KERNELS_SIMD_SHARED_NETWORK_H_
#undef ODDSHOT_KERNELS_SIMD_SHARED_NETWORK_H_
#else
#define ODDSHOT_KERNELS_SIMD_SHARED_NETWORK_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/kernels.h"
#include "kernels/simd_activations.h"
#include "kernels/simd_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

// tanh(z) within 4e-7 of its size: z p(s) / q(s), s = z^2, up to |z| = 9, beyond which float knows no difference from 1. Half the work of
// the tanh of simd_activations.h, which also keeps the digits of its slope.
HWY_INLINE Floats rational_tanh(Floats z) {
#if HWY_ARCH_X86
  const Floats x = hn::Max(set(-9), hn::Min(set(9), z));  // in this order they keep a NaN
#else
  const Floats x = hn::IfThenElse(hn::IsNaN(z), z, hn::Max(set(-9), hn::Min(set(9), z)));
#endif
  const Floats s = hn::Mul(x, x);
  const Floats p = polynomial(s, 1.0F, 0.1338102072F, 0.003495583078F, 2.060900079e-05F, 1.335455124e-08F);
  const Floats q = polynomial(s, 1.0F, 0.4671433568F, 0.02587696351F, 0.000328562659F, 7.776512803e-07F);
  return hn::Div(hn::Mul(x, p), q);
}

inline void squash(std::size_t n, float c, const float* z, float* value, float* slope) {
  for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    const Floats x = lanes.load(z + i);
    const Floats inverse = hn::Div(set(1), hn::Sqrt(hn::MulAdd(x, x, set(c * c))));
    lanes.store(hn::Mul(x, inverse), value + i);
    if (slope) lanes.store(hn::Mul(hn::Mul(set(c), inverse), hn::Mul(set(c), hn::Mul(inverse, inverse))), slope + i);
  });
}

inline void shared_forward(const SharedNetwork<float>& net, std::size_t n, const float* x, std::size_t ld, float* hidden, float* y) {
  const std::size_t width = net.width;
  for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    const Floats x0 = lanes.load(x + i);
    const Floats x1 = lanes.load(x + ld + i);
    const Floats x2 = lanes.load(x + 2 * ld + i);
    Floats a = set(net.out[2 * width]);
    Floats b = set(net.out[2 * width + 1]);
    for (std::size_t j = 0; j < width; ++j) {
      const float* in = net.in + j;
      Floats h = hn::MulAdd(set(in[0]), x0, set(in[3 * width]));
      h = hn::MulAdd(set(in[width]), x1, h);
      h = rational_tanh(hn::MulAdd(set(in[2 * width]), x2, h));
      lanes.store(h, hidden + j * ld + i);
      a = hn::MulAdd(set(net.out[2 * j]), h, a);
      b = hn::MulAdd(set(net.out[2 * j + 1]), h, b);
    }
    lanes.store(a, y + i);
    lanes.store(b, y + ld + i);
  });
}

// Lanes beyond n load as 0, so that they add nothing.
inline void shared_backward(const SharedNetwork<float>& net, std::size_t n, const float* x, std::size_t ld, const float* hidden,
                            const float* d_y, float* d_x, float* d_in, float* d_out) {
  const std::size_t width = net.width;
  const auto total = [](Floats sums) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(Tag<float>(), sums)); };
  for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    for (std::size_t s = 0; s < 3; ++s) lanes.store(hn::Zero(Tag<float>()), d_x + s * ld + i);
  });
  for (std::size_t j = 0; j < width; ++j) {
    const float* in = net.in + j;
    const Floats to_a = set(net.out[2 * j]);
    const Floats to_b = set(net.out[2 * j + 1]);
    Floats of_x0 = hn::Zero(Tag<float>()), of_x1 = of_x0, of_x2 = of_x0, of_bias = of_x0, of_a = of_x0, of_b = of_x0;
    for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
      const Floats h = lanes.load(hidden + j * ld + i);
      const Floats d_a = lanes.load(d_y + i);
      const Floats d_b = lanes.load(d_y + ld + i);
      of_a = hn::MulAdd(h, d_a, of_a);
      of_b = hn::MulAdd(h, d_b, of_b);
      const Floats d_z = hn::Mul(hn::MulAdd(to_a, d_a, hn::Mul(to_b, d_b)), hn::NegMulAdd(h, h, set(1)));
      of_bias = hn::Add(of_bias, d_z);
      of_x0 = hn::MulAdd(lanes.load(x + i), d_z, of_x0);
      of_x1 = hn::MulAdd(lanes.load(x + ld + i), d_z, of_x1);
      of_x2 = hn::MulAdd(lanes.load(x + 2 * ld + i), d_z, of_x2);
      for (std::size_t s = 0; s < 3; ++s) {
        float* to = d_x + s * ld + i;
        lanes.store(hn::MulAdd(set(in[s * width]), d_z, lanes.load(to)), to);
      }
    });
    d_in[j] += total(of_x0);
    d_in[width + j] += total(of_x1);
    d_in[2 * width + j] += total(of_x2);
    d_in[3 * width + j] += total(of_bias);
    d_out[2 * j] += total(of_a);
    d_out[2 * j + 1] += total(of_b);
  }
  Floats of_a = hn::Zero(Tag<float>()), of_b = of_a;
  for_vectors<float>(n, [&](auto lanes, std::size_t i) HWY_ATTR {
    of_a = hn::Add(of_a, lanes.load(d_y + i));
    of_b = hn::Add(of_b, lanes.load(d_y + ld + i));
  });
  d_out[2 * width] += total(of_a);
  d_out[2 * width + 1] += total(of_b);
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ODDSHOT_KERNELS_SIMD_SHARED_NETWORK_H_
