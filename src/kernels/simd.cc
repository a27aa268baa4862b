// The vector kernels, compiled once per target: foreach_target.h includes this file again for each.
#include <vector>

#include "kernels/tables.h"

// Old x86 without AVX2 takes the scalar version. The scalable targets have no vectors of known size, of which tiles could be arrays.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd.cc"
// clang-format off: the order matters
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
#include "kernels/simd_activations.h"
#include "kernels/simd_distances.h"
#include "kernels/simd_elementwise.h"
#include "kernels/simd_product.h"
#include "kernels/simd_shared_network.h"
#include "kernels/simd_trees.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace oddshot::kernels::HWY_NAMESPACE {

template <class T>
const Table<T>& target_table() {
  static const Table<T> kTable = [] {
    Table<T> table = scalar_table<T>();
    table.target = hwy::TargetName(HWY_TARGET);
    table.product = product<T>;
    table.transpose = transpose<T>;
    table.column_sums = column_sums<T>;
    table.dot = dot<T>;
    table.axpy = axpy<T>;
    table.adam = adam<T>;
    table.squared_distances = squared_distances<T>;
    table.gaps = gaps<T>;
    table.signed_log = signed_log<T>;
    table.order = order<T>;
    table.multiply_add = multiply_add<T>;
    if constexpr (sizeof(T) == sizeof(float)) {
      table.limit_of = limit_of;
      table.squash = squash;
      table.shared_forward = shared_forward;
      table.shared_backward = shared_backward;
      table.descend = descend;
      table.at_most = at_most;
      table.tanh = tanh;
      table.gelu = gelu;
      table.logistic = logistic;
      table.softmax = softmax;
      table.softmax_backward = softmax_backward;
    }
    return table;
  }();
  return kTable;
}

}  // namespace oddshot::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace oddshot::kernels {

namespace {

#if HWY_ARCH_X86
// What this machine and its system can run. hwy::SupportedTargets() knows too, but it stands in Highway's shared library, which measures a
// timer for three milliseconds whenever a program that needs it starts.
[[maybe_unused]] bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
[[maybe_unused]] bool has_avx3() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd");
}
#endif

}  // namespace

// A target compiled in goes into the list if this machine has it; best first. Each table is a constant of its own, so forcing a target
// changes nothing for others.
template <class T>
std::vector<const Table<T>*> simd_tables() {
  std::vector<const Table<T>*> tables;
#if HWY_TARGETS & HWY_AVX3
  if (has_avx3()) tables.push_back(&N_AVX3::target_table<T>());
#endif
#if HWY_TARGETS & HWY_AVX2
  if (has_avx2()) tables.push_back(&N_AVX2::target_table<T>());
#endif
#if (HWY_TARGETS & HWY_NEON) && HWY_HAVE_FLOAT64  // every 64-bit Arm has it; no kernel uses AES, which Highway counts to it
  tables.push_back(&N_NEON::target_table<T>());
#endif
  return tables;
}

template std::vector<const Table<float>*> simd_tables<float>();
template std::vector<const Table<double>*> simd_tables<double>();

}  // namespace oddshot::kernels
#endif
