#include "kernels/fma_peak.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "kernels/kernels.h"

namespace oddshot::kernels {

double fma_peak(int runs) {
  using Clock = std::chrono::steady_clock;
  const Table<float>& kernel = table<float>();
  float numbers[kChains];
  std::iota(std::begin(numbers), std::end(numbers), 0.0F);
  double best = 0;
  for (int i = 0; i < runs; ++i) {
    const Clock::time_point start = Clock::now();
    const double operations = kernel.multiply_add(20000, numbers);
    best = std::max(best, operations / std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace oddshot::kernels
