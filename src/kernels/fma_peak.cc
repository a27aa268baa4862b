#include "kernels/fma_peak.h"

#include <algorithm>
#include <chrono>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fma_peak.cc"
// clang-format off: the order matters
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Runs `rounds` multiply-adds on each of 10 chains that begin with `numbers`; returns the floating-point operations.
double multiply_add(long rounds, float* numbers) {
  const hn::ScalableTag<float> d;
  constexpr int kChains = 10;  // enough for two units of 4 cycles latency, few enough for 16 registers
  const auto factor = hn::Set(d, 0.5F);
  hn::Vec<decltype(d)> sums[kChains];
  // Different numbers, lest the compiler find that the chains are one.
  HWY_UNROLL(16) for (int c = 0; c < kChains; ++c) sums[c] = hn::Set(d, numbers[c]);
  for (long i = 0; i < rounds; ++i) {
    HWY_UNROLL(16) for (int c = 0; c < kChains; ++c) sums[c] = hn::MulAdd(sums[c], factor, factor);
  }
  HWY_UNROLL(16) for (int c = 0; c < kChains; ++c) numbers[c] = hn::GetLane(sums[c]);
  return static_cast<double>(rounds) * kChains * 2 * static_cast<double>(hn::Lanes(d));
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oddshot::kernels {

HWY_EXPORT(multiply_add);

double fma_peak(int runs) {
  using Clock = std::chrono::steady_clock;
  float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  double best = 0;
  for (int i = 0; i < runs; ++i) {
    const Clock::time_point start = Clock::now();
    const double operations = HWY_DYNAMIC_DISPATCH(multiply_add)(20000, numbers);
    best = std::max(best, operations / std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace oddshot::kernels
#endif
