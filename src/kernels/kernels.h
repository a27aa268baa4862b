// The numeric kernels: small dense products with fused epilogues, elementwise functions, distances, trees. One source compiled for every
// vector target and chosen at run time; the plain scalar version is always built and is fallback, documentation and oracle.
// T is float (work) or double (oracles). All planes are row-major with a leading dimension ld >= columns; no alignment is required.
// Sizes may be 0. Values beyond the named rows and columns are neither read into a result nor written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace oddshot::kernels {

// c[m,n] = addend[m,n] + alpha * scale[m,n] * step(gate[m,n]) * (sum_k a(m,k) b(k,n) + sum_k a2(m,k) b2(k,n) + bias[n]),
// then max(0, .) if relu; step(x) = x > 0 ? 1 : 0, a ReLU's derivative from its value. a(m,k) = a[m * a_row + k * a_col], so a transposed A
// needs no copy; b(k,n) = b[k * ldb + n]. A null a2, bias, scale, gate or addend is left out (scale, gate: 1). c may be the same plane as
// addend, scale or gate; it must not overlap a or b. Each c[m,n] is summed in the order of k, so a result does not depend on m or n; but a
// single column (n = 1) where a_col = a2_col = 1 and ldb = ldb2 = 1 may be summed by lanes, which k alone decides.
template <class T>
struct Product {
  // Not defaulted: as an aggregate GCC sets it to 0 by an instruction that takes 30 cycles to start, and small products have no more.
  Product() {}

  std::size_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  std::size_t a_row = 0, a_col = 1;
  const T* b = nullptr;
  std::size_t ldb = 0;
  const T* a2 = nullptr;  // second pair, same m, n, k
  std::size_t a2_row = 0, a2_col = 1;
  const T* b2 = nullptr;
  std::size_t ldb2 = 0;
  const T* bias = nullptr;   // [n]
  const T* scale = nullptr;  // [m x n]
  std::size_t ld_scale = 0;
  const T* gate = nullptr;  // [m x n]
  std::size_t ld_gate = 0;
  const T* addend = nullptr;  // [m x n]
  std::size_t ld_addend = 0;
  T alpha = 1;
  bool relu = false;
  T* c = nullptr;
  std::size_t ldc = 0;
};

// Values that order() takes: it compares each with each, so that for more of them a screen (limit_of, at_most) is less work.
inline constexpr std::size_t kMostOrdered = 128;
// Of multiply_add(): enough for two units of 4 cycles latency, few enough for 16 registers.
inline constexpr std::size_t kChains = 10;

// A node of a tree: rows whose value is above the threshold go right. columns[offset + j] is the value of row j. As it stands here a node
// sends everything left.
template <class T>
struct Cut {
  T threshold = std::numeric_limits<T>::infinity();
  std::uint32_t offset = 0;
};

// A small network that n coordinates share, each with three inputs and two outputs of its own:
//   h_j = tanh(in[0, j] x_0 + in[1, j] x_1 + in[2, j] x_2 + in[3, j]),   y_o = out[W, o] + sum over j of out[j, o] h_j
template <class T>
struct SharedNetwork {
  std::size_t width = 0;   // W
  const T* in = nullptr;   // [4 x W]
  const T* out = nullptr;  // [W + 1 x 2]
};

// The kernels of one target. Function pointers, so that the choice is made once, above every loop.
template <class T>
struct Table {
  std::string_view target;  // "scalar", "AVX2", "AVX3", "AVX3_SPR", "NEON", ...

  void (*product)(const Product<T>& p);
  // out[c, r] = in[r, c]
  void (*transpose)(std::size_t rows, std::size_t cols, const T* in, std::size_t ld_in, T* out, std::size_t ld_out);
  // out[n] = sum over m of in[m, n], added up in the order of m
  void (*column_sums)(std::size_t m, std::size_t n, const T* in, std::size_t ld, T* out);
  // sum of x[i] y[i]
  T (*dot)(std::size_t n, const T* x, const T* y);
  // y[i] += alpha x[i]
  void (*axpy)(std::size_t n, T alpha, const T* x, T* y);

  // Activations over [m x n] planes of one leading dimension: value (may be the plane z), first derivative d1 and, where d2 is not null,
  // second derivative d2, of tanh(z) and of the exact GELU z Phi(z). At most 2 ulp + 1e-7 (float) or 1e-15 (double) absolute from the real
  // value.
  void (*tanh)(std::size_t m, std::size_t n, std::size_t ld, const T* z, T* value, T* d1, T* d2);
  void (*gelu)(std::size_t m, std::size_t n, std::size_t ld, const T* z, T* value, T* d1, T* d2);
  // p[i] = 1 / (1 + exp(-z[i])); softplus[i] = log(1 + exp(z[i])), stable for any z; either may be null
  void (*logistic)(std::size_t n, const T* z, T* p, T* softplus);
  // Each column of z [m x n], m >= 1, becomes its softmax; log_mean[j] = log of the mean of exp over column j as it was. Within 4 ulp +
  // 2e-7 (float) or 2e-15 (double); stable for any z. A column's bits do not depend on the others.
  void (*softmax)(std::size_t m, std::size_t n, std::size_t ld, T* z, T* log_mean);
  // The way back: p [m x n] as softmax() left it, d = dloss/dp, d_log_mean [n]; d becomes dloss/dz = p (d - sum over m of p d +
  // d_log_mean).
  void (*softmax_backward)(std::size_t m, std::size_t n, std::size_t ld, const T* p, const T* d_log_mean, T* d);

  // out[i] = sign(x[i]) log(1 + |x[i]|), within 4 ulp; infinite and NaN as they are. May be in place.
  void (*signed_log)(std::size_t n, const T* x, T* out);

  // One Adam step with bias correction: m, v are the running moments, t >= 1 the step's number; theta -= rate * mhat / (sqrt(vhat) + eps)
  void (*adam)(std::size_t n, T rate, T beta1, T beta2, T eps, std::uint64_t t, const T* gradient, T* m, T* v, T* theta);

  // out[i, j] = |x_i - y_j|^2 for rows x_i of [m x d], y_j of [n x d]: summed from the differences themselves, so that near rows do not
  // cancel.
  void (*squared_distances)(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T* out,
                            std::size_t ld_out);
  // For rows x_i of [m x d] and y [d x n], a column's values side by side: out[i, j] and its like, over the columns k, of
  // gap = |x[i, k] - y[k, j]|: sum of them, largest of them, sum of min(gap, limit). Summed in the order of k. All of leading dimension
  // ld_out.
  void (*gaps)(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T limit, T* sum,
               T* largest, T* saturating, std::size_t ld_out);
  // A value that at least `rank` of the values are at most, and few more: 1 <= rank <= 64, n >= 2 rank. Which one differs by target.
  // Infinity where NaN or infinite values leave none.
  T (*limit_of)(std::size_t n, const T* values, std::size_t rank);
  // The places i of values[i] <= limit into `index`, which has room for n, rising; returns how many there are. A NaN is at most nothing.
  std::size_t (*at_most)(std::size_t n, const T* values, T limit, std::uint32_t* index);
  // All places of n <= kMostOrdered values into `index` [n], by rising values; of equal ones in the order of the places. A NaN counts as
  // infinite.
  void (*order)(std::size_t n, const T* values, std::uint32_t* index);

  // value[i] = z[i] / sqrt(z[i]^2 + c^2), and its slope c^2 / (z[i]^2 + c^2)^(3/2) unless `slope` is null; c > 0. May be in place.
  void (*squash)(std::size_t n, T c, const T* z, T* value, T* slope);
  // x [3 x n], hidden [W x n] and y [2 x n], all of leading dimension ld. Its tanh is within 4e-7 of the real value (float), its slope
  // 1 - h^2 within 1e-6: where tanh is near 1, few of the slope's digits are left.
  void (*shared_forward)(const SharedNetwork<T>& net, std::size_t n, const T* x, std::size_t ld, T* hidden, T* y);
  // The way back from d_y = dloss/dy [2 x n] and what the way there left in `hidden`: d_x [3 x n] becomes dloss/dx; what the n coordinates
  // add to the loss's slope by `in` and `out` is added to d_in and d_out.
  void (*shared_backward)(const SharedNetwork<T>& net, std::size_t n, const T* x, std::size_t ld, const T* hidden, const T* d_y, T* d_x,
                          T* d_in, T* d_out);

  // The places of n rows `levels` steps down from the root of a tree that lies as a heap: the root is 1, the children of i are 2 i and
  // 2 i + 1. cuts [2^levels], the first of which is none.
  void (*descend)(std::size_t n, const T* columns, const Cut<T>* cuts, std::size_t levels, std::uint32_t* at);

  // `rounds` times x <- x / 2 + 1 / 2 in all lanes of kChains chains that begin with `numbers`, which holds one lane of each in the end.
  // Returns the floating-point operations. Nothing holds them up: fma_peak.h times it.
  double (*multiply_add)(long rounds, T* numbers);
};

// The best table of this machine; $ODDSHOT_TARGET (a name of target_names()) forces another, for tests and bug reports.
// Throws ArgumentError if that names a target that this machine or build does not have.
template <class T>
const Table<T>& table();

// The table of a named target; throws ArgumentError as above.
template <class T>
const Table<T>& table(std::string_view target);

// Every target this machine can run, best first, "scalar" last.
std::vector<std::string_view> target_names();

extern template const Table<float>& table<float>();
extern template const Table<double>& table<double>();
extern template const Table<float>& table<float>(std::string_view);
extern template const Table<double>& table<double>(std::string_view);

}  // namespace oddshot::kernels
