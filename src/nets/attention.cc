#include "nets/attention.h"

#include <algorithm>
#include <cmath>

namespace oddshot::nets {
namespace {

// In place: z becomes its softmax. Returns the logarithm of the mean of exp(z).
template <class T>
T softmax(const kernels::Table<T>& kernels, std::size_t n, T* z) {
  const T largest = *std::max_element(z, z + n);
  for (std::size_t i = 0; i < n; ++i) {
    z[i] -= largest;
  }
  kernels.logistic(n, z, z, nullptr);
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    z[i] /= 1 - z[i];  // exp(z) = p / (1 - p) with p = 1 / (1 + exp(-z)); p <= 1/2, so nothing cancels
    sum += z[i];
  }
  const T scale = 1 / sum;
  for (std::size_t i = 0; i < n; ++i) {
    z[i] *= scale;
  }
  return largest + std::log(sum / static_cast<T>(n));
}

}  // namespace

template <class T>
void attend(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n, T* out,
            std::size_t ld_out, AttentionTape<T>& tape) {
  const std::size_t width = q.cols;
  const std::size_t d = width / heads;
  tape.transposed.resize(width * n);
  tape.weights.resize(heads * q.rows * n);
  tape.match.resize(heads * q.rows);
  kernels.transpose(n, width, k, width, tape.transposed.data(), n);
  for (std::size_t h = 0; h < heads; ++h) {
    T* weights = tape.weights.data() + h * q.rows * n;
    kernels::Product<T> match;  // q_h k_h^T / sqrt(d)
    match.m = q.rows;
    match.n = n;
    match.k = d;
    match.a = q.data + h * d;
    match.a_row = q.stride;
    match.b = tape.transposed.data() + h * d * n;
    match.ldb = n;
    match.alpha = 1 / std::sqrt(static_cast<T>(d));
    match.c = weights;
    match.ldc = n;
    kernels.product(match);
    for (std::size_t r = 0; r < q.rows; ++r) {
      tape.match[h * q.rows + r] = softmax(kernels, n, weights + r * n);
    }
    kernels::Product<T> mean;  // P_h v_h
    mean.m = q.rows;
    mean.n = d;
    mean.k = n;
    mean.a = weights;
    mean.a_row = n;
    mean.b = v + h * d;
    mean.ldb = width;
    mean.c = out + h * d;
    mean.ldc = ld_out;
    kernels.product(mean);
  }
}

template <class T>
void attend_backward(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n,
                     const T* d_out, std::size_t ld_out, const T* d_match, AttentionTape<T>& tape, T* d_q, T* d_k, T* d_v) {
  const std::size_t width = q.cols;
  const std::size_t d = width / heads;
  const T scale = 1 / std::sqrt(static_cast<T>(d));
  tape.d_weights.resize(q.rows * n);
  T* dz = tape.d_weights.data();
  kernels.transpose(n, width, v, width, tape.transposed.data(), n);
  for (std::size_t h = 0; h < heads; ++h) {
    const T* weights = tape.weights.data() + h * q.rows * n;
    kernels::Product<T> dv;  // P_h^T dout_h
    dv.m = n;
    dv.n = d;
    dv.k = q.rows;
    dv.a = weights;
    dv.a_row = 1;
    dv.a_col = n;
    dv.b = d_out + h * d;
    dv.ldb = ld_out;
    dv.c = d_v + h * d;
    dv.ldc = width;
    kernels.product(dv);
    kernels::Product<T> dp;  // dout_h v_h^T
    dp.m = q.rows;
    dp.n = n;
    dp.k = d;
    dp.a = d_out + h * d;
    dp.a_row = ld_out;
    dp.b = tape.transposed.data() + h * d * n;
    dp.ldb = n;
    dp.c = dz;
    dp.ldc = n;
    kernels.product(dp);
    for (std::size_t r = 0; r < q.rows; ++r) {
      const T* p = weights + r * n;
      T* row = dz + r * n;
      const T mean = kernels.dot(n, p, row) - d_match[h * q.rows + r];
      for (std::size_t i = 0; i < n; ++i) {
        row[i] = scale * p[i] * (row[i] - mean);
      }
    }
    kernels::Product<T> dq;  // += dz k_h
    dq.m = q.rows;
    dq.n = d;
    dq.k = n;
    dq.a = dz;
    dq.a_row = n;
    dq.b = k + h * d;
    dq.ldb = width;
    dq.addend = d_q + h * d;
    dq.ld_addend = width;
    dq.c = d_q + h * d;
    dq.ldc = width;
    kernels.product(dq);
    kernels::Product<T> dk;  // dz^T q_h
    dk.m = n;
    dk.n = d;
    dk.k = q.rows;
    dk.a = dz;
    dk.a_row = 1;
    dk.a_col = n;
    dk.b = q.data + h * d;
    dk.ldb = q.stride;
    dk.c = d_k + h * d;
    dk.ldc = width;
    kernels.product(dk);
  }
}

#define ODDSHOT_INSTANTIATE(T)                                                                                                        \
  template void attend(const kernels::Table<T>&, std::size_t, BasicMatrixView<T>, const T*, const T*, std::size_t, T*, std::size_t,   \
                       AttentionTape<T>&);                                                                                            \
  template void attend_backward(const kernels::Table<T>&, std::size_t, BasicMatrixView<T>, const T*, const T*, std::size_t, const T*, \
                                std::size_t, const T*, AttentionTape<T>&, T*, T*, T*)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::nets
