#include "nets/layer_norm.h"

#include <algorithm>
#include <cmath>

namespace oddshot::nets {
namespace {

constexpr double kEpsilon = 1e-5;  // added to the variance, so that a constant row stays finite

template <class T>
T mean(std::size_t n, const T* x) {
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += x[i];
  }
  return sum / static_cast<T>(n);
}

template <class T>
T mean_product(std::size_t n, const T* x, const T* y) {
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += x[i] * y[i];
  }
  return sum / static_cast<T>(n);
}

}  // namespace

template <class T>
void layer_norm(std::size_t rows, std::size_t cols, const T* s, const T* gain, const T* shift, T* normalised, T* inverse, T* a) {
  for (std::size_t r = 0; r < rows; ++r) {
    const T* in = s + r * cols;
    T* n = normalised + r * cols;
    const T centre = mean(cols, in);
    for (std::size_t c = 0; c < cols; ++c) {
      n[c] = in[c] - centre;
    }
    inverse[r] = 1 / std::sqrt(mean_product(cols, n, n) + static_cast<T>(kEpsilon));
    for (std::size_t c = 0; c < cols; ++c) {
      n[c] *= inverse[r];
      a[r * cols + c] = n[c] * gain[c] + shift[c];
    }
  }
}

template <class T>
void layer_norm_backward(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* d_a, T* d_gain,
                         T* d_shift, T* d_s) {
  std::fill(d_gain, d_gain + cols, T{0});
  std::fill(d_shift, d_shift + cols, T{0});
  for (std::size_t r = 0; r < rows; ++r) {
    const T* n = normalised + r * cols;
    const T* da = d_a + r * cols;
    T* out = d_s + r * cols;
    for (std::size_t c = 0; c < cols; ++c) {
      d_gain[c] += da[c] * n[c];
      d_shift[c] += da[c];
      out[c] = da[c] * gain[c];  // dloss/dn
    }
    // d_s = (dn - mean(dn) - n mean(dn n)) / sigma
    const T m0 = mean(cols, out);
    const T m1 = mean_product(cols, out, n);
    for (std::size_t c = 0; c < cols; ++c) {
      out[c] = inverse[r] * (out[c] - m0 - n[c] * m1);
    }
  }
}

template <class T>
void layer_norm_tangent(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* t_gain,
                        const T* t_shift, const T* t_s, T* t_normalised, T* t_inverse, T* t_a) {
  for (std::size_t r = 0; r < rows; ++r) {
    const T* n = normalised + r * cols;
    const T* ts = t_s + r * cols;
    T* tn = t_normalised + r * cols;
    // R{sigma} = mean(n R{s});  R{1/sigma} = -R{sigma} / sigma^2;  R{n} = (R{s} - mean(R{s}) - n R{sigma}) / sigma
    const T t_sigma = mean_product(cols, n, ts);
    const T centre = mean(cols, ts);
    t_inverse[r] = -inverse[r] * inverse[r] * t_sigma;
    for (std::size_t c = 0; c < cols; ++c) {
      tn[c] = inverse[r] * (ts[c] - centre - n[c] * t_sigma);
    }
    for (std::size_t c = 0; c < cols; ++c) {
      t_a[r * cols + c] = tn[c] * gain[c] + n[c] * t_gain[c] + t_shift[c];
    }
  }
}

template <class T>
void layer_norm_tangent_backward(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* t_gain,
                                 const T* d_a, const T* t_normalised, const T* t_inverse, const T* t_d_a, T* t_d_gain, T* t_d_shift,
                                 T* t_d_s) {
  std::fill(t_d_gain, t_d_gain + cols, T{0});
  std::fill(t_d_shift, t_d_shift + cols, T{0});
  for (std::size_t r = 0; r < rows; ++r) {
    const T* n = normalised + r * cols;
    const T* tn = t_normalised + r * cols;
    const T* da = d_a + r * cols;
    const T* tda = t_d_a + r * cols;
    T* out = t_d_s + r * cols;
    T m0 = 0;    // mean(dn)
    T m1 = 0;    // mean(dn n)
    T t_m0 = 0;  // and their tangents
    T t_m1 = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      t_d_gain[c] += tda[c] * n[c] + da[c] * tn[c];
      t_d_shift[c] += tda[c];
      const T dn = da[c] * gain[c];
      out[c] = tda[c] * gain[c] + da[c] * t_gain[c];  // R{dn}
      m0 += dn;
      m1 += dn * n[c];
      t_m0 += out[c];
      t_m1 += out[c] * n[c] + dn * tn[c];
    }
    const T count = static_cast<T>(cols);
    m0 /= count;
    m1 /= count;
    t_m0 /= count;
    t_m1 /= count;
    for (std::size_t c = 0; c < cols; ++c) {
      const T dn = da[c] * gain[c];
      out[c] = t_inverse[r] * (dn - m0 - n[c] * m1) + inverse[r] * (out[c] - t_m0 - tn[c] * m1 - n[c] * t_m1);
    }
  }
}

#define ODDSHOT_INSTANTIATE(T)                                                                                                        \
  template void layer_norm(std::size_t, std::size_t, const T*, const T*, const T*, T*, T*, T*);                                       \
  template void layer_norm_backward(std::size_t, std::size_t, const T*, const T*, const T*, const T*, T*, T*, T*);                    \
  template void layer_norm_tangent(std::size_t, std::size_t, const T*, const T*, const T*, const T*, const T*, const T*, T*, T*, T*); \
  template void layer_norm_tangent_backward(std::size_t, std::size_t, const T*, const T*, const T*, const T*, const T*, const T*,     \
                                            const T*, const T*, T*, T*, T*)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::nets
