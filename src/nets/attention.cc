#include "nets/attention.h"

#include <algorithm>
#include <cmath>

namespace oddshot::nets {
namespace {

// Everything is held with the rows r last, so that vectors run over rows, of which there are many, and not over keys or a head's width.
// Rows are filled up to whole vectors: a few rows in part of one would cost far more than a full one.
constexpr std::size_t kWhole = 16;
std::size_t filled(std::size_t rows) { return (rows + kWhole - 1) / kWhole * kWhole; }

// out [cols x filled(rows)] = in [rows x cols] transposed, zero where there is no row.
template <class T>
void fill_transposed(const kernels::Table<T>& kernels, std::size_t rows, std::size_t cols, const T* in, std::size_t ld,
                     AlignedVector<T>& out) {
  const std::size_t whole = filled(rows);
  out.resize(cols * whole);
  for (std::size_t c = 0; c < cols && rows < whole; ++c) std::fill(out.data() + c * whole + rows, out.data() + (c + 1) * whole, T{0});
  kernels.transpose(rows, cols, in, ld, out.data(), whole);
}

}  // namespace

template <class T>
void attend(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n, T* out,
            std::size_t ld_out, AttentionTape<T>& tape) {
  const std::size_t rows = q.rows;
  const std::size_t whole = filled(rows);
  const std::size_t width = q.cols;
  const std::size_t d = width / heads;
  fill_transposed(kernels, rows, width, q.data, q.stride, tape.queries);
  tape.outputs.resize(width * whole);
  tape.weights.resize(heads * n * whole);
  tape.match.resize(heads * rows);
  tape.of_head.resize(whole);
  for (std::size_t h = 0; h < heads; ++h) {
    T* weights = tape.weights.data() + h * n * whole;
    kernels::Product<T> match;  // k_h q_h^T / sqrt(d)
    match.m = n;
    match.n = whole;
    match.k = d;
    match.a = k + h * d;
    match.a_row = width;
    match.b = tape.queries.data() + h * d * whole;
    match.ldb = whole;
    match.alpha = 1 / std::sqrt(static_cast<T>(d));
    match.c = weights;
    match.ldc = whole;
    kernels.product(match);
    kernels.softmax(n, whole, whole, weights, tape.of_head.data());
    std::copy_n(tape.of_head.data(), rows, tape.match.data() + h * rows);
    kernels::Product<T> mean;  // v_h^T P_h^T
    mean.m = d;
    mean.n = whole;
    mean.k = n;
    mean.a = v + h * d;
    mean.a_row = 1;
    mean.a_col = width;
    mean.b = weights;
    mean.ldb = whole;
    mean.c = tape.outputs.data() + h * d * whole;
    mean.ldc = whole;
    kernels.product(mean);
  }
  kernels.transpose(width, rows, tape.outputs.data(), whole, out, ld_out);
}

template <class T>
void attend_backward(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n,
                     const T* d_out, std::size_t ld_out, const T* d_match, AttentionTape<T>& tape, T* d_q, T* d_k, T* d_v) {
  const std::size_t rows = q.rows;
  const std::size_t whole = filled(rows);
  const std::size_t width = q.cols;
  const std::size_t d = width / heads;
  const T scale = 1 / std::sqrt(static_cast<T>(d));
  tape.d_weights.resize(n * whole);
  tape.of_head.assign(whole, T{0});
  T* dz = tape.d_weights.data();
  fill_transposed(kernels, rows, width, d_out, ld_out, tape.outputs);
  for (std::size_t h = 0; h < heads; ++h) {
    const T* weights = tape.weights.data() + h * n * whole;
    kernels::Product<T> dv;  // P_h^T dout_h
    dv.m = n;
    dv.n = d;
    dv.k = rows;
    dv.a = weights;
    dv.a_row = whole;
    dv.b = d_out + h * d;
    dv.ldb = ld_out;
    dv.c = d_v + h * d;
    dv.ldc = width;
    kernels.product(dv);
    kernels::Product<T> dp;  // v_h dout_h^T
    dp.m = n;
    dp.n = whole;
    dp.k = d;
    dp.a = v + h * d;
    dp.a_row = width;
    dp.b = tape.outputs.data() + h * d * whole;
    dp.ldb = whole;
    dp.c = dz;
    dp.ldc = whole;
    kernels.product(dp);
    std::copy_n(d_match + h * rows, rows, tape.of_head.data());
    kernels.softmax_backward(n, whole, whole, weights, tape.of_head.data(), dz);
    kernels::Product<T> dk;  // dz^T q_h / sqrt(d)
    dk.m = n;
    dk.n = d;
    dk.k = rows;
    dk.a = dz;
    dk.a_row = whole;
    dk.b = q.data + h * d;
    dk.ldb = q.stride;
    dk.alpha = scale;
    dk.c = d_k + h * d;
    dk.ldc = width;
    kernels.product(dk);
    kernels::Product<T> dq;  // k_h^T dz^T / sqrt(d), over dout_h^T, which has served
    dq.m = d;
    dq.n = whole;
    dq.k = n;
    dq.a = k + h * d;
    dq.a_row = 1;
    dq.a_col = width;
    dq.b = dz;
    dq.ldb = whole;
    dq.alpha = scale;
    dq.c = tape.outputs.data() + h * d * whole;
    dq.ldc = whole;
    kernels.product(dq);
  }
  kernels.transpose(width, rows, tape.outputs.data(), whole, tape.queries.data(), width);
  kernels.axpy(rows * width, T{1}, tape.queries.data(), d_q);
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
