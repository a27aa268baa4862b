// Every kernel as its formula reads: documentation, fallback and, in double, the oracle of the tests. Speed is no concern here.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "kernels/tables.h"

namespace oddshot::kernels {

namespace {

constexpr std::size_t kMostRank = 64;  // of limit_of

template <class T>
void product(const Product<T>& p) {
  for (std::size_t i = 0; i < p.m; ++i) {
    for (std::size_t j = 0; j < p.n; ++j) {
      T sum = p.bias ? p.bias[j] : T{0};
      for (std::size_t k = 0; k < p.k; ++k) sum += p.a[i * p.a_row + k * p.a_col] * p.b[k * p.ldb + j];
      if (p.a2) {
        for (std::size_t k = 0; k < p.k; ++k) sum += p.a2[i * p.a2_row + k * p.a2_col] * p.b2[k * p.ldb2 + j];
      }
      if (p.scale) sum *= p.scale[i * p.ld_scale + j];
      if (p.gate && !(p.gate[i * p.ld_gate + j] > T{0})) sum = T{0};
      sum *= p.alpha;
      if (p.addend) sum += p.addend[i * p.ld_addend + j];
      if (p.relu && sum <= T{0}) sum = T{0};  // a NaN stays
      p.c[i * p.ldc + j] = sum;
    }
  }
}

template <class T>
void transpose(std::size_t rows, std::size_t cols, const T* in, std::size_t ld_in, T* out, std::size_t ld_out) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) out[c * ld_out + r] = in[r * ld_in + c];
  }
}

template <class T>
void column_sums(std::size_t m, std::size_t n, const T* in, std::size_t ld, T* out) {
  std::fill_n(out, n, T{0});
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) out[j] += in[i * ld + j];
  }
}

template <class T>
T dot(std::size_t n, const T* x, const T* y) {
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

template <class T>
void axpy(std::size_t n, T alpha, const T* x, T* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

// Both activations go through double, so that the float version is right to its last bit.
template <class T>
void tanh(std::size_t m, std::size_t n, std::size_t ld, const T* z, T* value, T* d1, T* d2) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t at = i * ld; at < i * ld + n; ++at) {
      const double t = std::tanh(static_cast<double>(z[at]));
      const double slope = (1 - t) * (1 + t);
      value[at] = static_cast<T>(t);
      d1[at] = static_cast<T>(slope);
      if (d2) d2[at] = static_cast<T>(-2 * t * slope);
    }
  }
}

template <class T>
void gelu(std::size_t m, std::size_t n, std::size_t ld, const T* z, T* value, T* d1, T* d2) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t at = i * ld; at < i * ld + n; ++at) {
      const double x = z[at];
      const double area = 0.5 * std::erfc(-x / std::numbers::sqrt2);                                   // Phi(x)
      const double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;  // phi(x)
      value[at] = static_cast<T>(x * area);
      d1[at] = static_cast<T>(area + x * density);
      if (d2) d2[at] = static_cast<T>(density * (2 - x * x));
    }
  }
}

// By e = exp(-|z|), which cannot overflow.
template <class T>
void logistic(std::size_t n, const T* z, T* p, T* softplus) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = z[i];
    const double e = std::exp(-std::abs(x));
    if (p) p[i] = static_cast<T>((x < 0 ? e : 1.0) / (1 + e));
    if (softplus) softplus[i] = static_cast<T>((x < 0 ? 0.0 : x) + std::log1p(e));
  }
}

template <class T>
void softmax(std::size_t m, std::size_t n, std::size_t ld, T* z, T* log_mean) {
  for (std::size_t j = 0; j < n; ++j) {
    double largest = z[j];
    for (std::size_t i = 1; i < m; ++i) largest = std::max(largest, static_cast<double>(z[i * ld + j]));
    double sum = 0;
    for (std::size_t i = 0; i < m; ++i) sum += std::exp(static_cast<double>(z[i * ld + j]) - largest);
    for (std::size_t i = 0; i < m; ++i) z[i * ld + j] = static_cast<T>(std::exp(static_cast<double>(z[i * ld + j]) - largest) / sum);
    log_mean[j] = static_cast<T>(largest + std::log(sum / static_cast<double>(m)));
  }
}

template <class T>
void softmax_backward(std::size_t m, std::size_t n, std::size_t ld, const T* p, const T* d_log_mean, T* d) {
  for (std::size_t j = 0; j < n; ++j) {
    T mean = -d_log_mean[j];
    for (std::size_t i = 0; i < m; ++i) mean += p[i * ld + j] * d[i * ld + j];
    for (std::size_t i = 0; i < m; ++i) d[i * ld + j] = p[i * ld + j] * (d[i * ld + j] - mean);
  }
}

template <class T>
void signed_log(std::size_t n, const T* x, T* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::copysign(std::log1p(std::abs(x[i])), x[i]);
}

// Source: Kingma, Ba 2015, arXiv:1412.6980, algorithm 1.
template <class T>
void adam(std::size_t n, T rate, T beta1, T beta2, T eps, std::uint64_t t, const T* gradient, T* m, T* v, T* theta) {
  const T step = static_cast<T>(rate / (1 - std::pow(static_cast<double>(beta1), static_cast<double>(t))));
  const T correction = static_cast<T>(1 / (1 - std::pow(static_cast<double>(beta2), static_cast<double>(t))));
  for (std::size_t i = 0; i < n; ++i) {
    m[i] = beta1 * m[i] + (1 - beta1) * gradient[i];
    v[i] = beta2 * v[i] + (1 - beta2) * gradient[i] * gradient[i];
    theta[i] -= step * m[i] / (std::sqrt(v[i] * correction) + eps);
  }
}

template <class T>
void squared_distances(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T* out,
                       std::size_t ld_out) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::size_t k = 0; k < d; ++k) {
        const T gap = x[i * ldx + k] - y[j * ldy + k];
        sum += gap * gap;
      }
      out[i * ld_out + j] = sum;
    }
  }
}

template <class T>
void gaps(std::size_t m, std::size_t n, std::size_t d, const T* x, std::size_t ldx, const T* y, std::size_t ldy, T limit, T* sum,
          T* largest, T* saturating, std::size_t ld_out) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T all = 0;
      T most = 0;
      T bounded = 0;
      for (std::size_t k = 0; k < d; ++k) {
        const T gap = std::abs(x[i * ldx + k] - y[k * ldy + j]);
        all += gap;
        most = std::max(most, gap);
        bounded += std::min(gap, limit);
      }
      sum[i * ld_out + j] = all;
      largest[i * ld_out + j] = most;
      saturating[i * ld_out + j] = bounded;
    }
  }
}

// The smallest `rank` of all, by insertion.
template <class T>
T limit_of(std::size_t n, const T* values, std::size_t rank) {
  std::array<T, kMostRank> best;
  best.fill(std::numeric_limits<T>::infinity());
  for (std::size_t i = 0; i < n; ++i) {
    if (!(values[i] < best[rank - 1])) continue;
    std::size_t at = rank - 1;
    for (; at > 0 && values[i] < best[at - 1]; --at) best[at] = best[at - 1];
    best[at] = values[i];
  }
  return best[rank - 1];
}

template <class T>
std::size_t at_most(std::size_t n, const T* values, T limit, std::uint32_t* index) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (values[i] <= limit) index[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

// By insertion.
template <class T>
void order(std::size_t n, const T* values, std::uint32_t* index) {
  const auto value = [values](std::uint32_t i) { return std::isnan(values[i]) ? std::numeric_limits<T>::infinity() : values[i]; };
  for (std::size_t i = 0; i < n; ++i) {
    const auto place = static_cast<std::uint32_t>(i);
    std::size_t at = i;
    for (; at > 0 && value(place) < value(index[at - 1]); --at) index[at] = index[at - 1];
    index[at] = place;
  }
}

template <class T>
void squash(std::size_t n, T c, const T* z, T* value, T* slope) {
  for (std::size_t i = 0; i < n; ++i) {
    const T square = z[i] * z[i] + c * c;
    const T root = std::sqrt(square);
    value[i] = z[i] / root;
    if (slope) slope[i] = c * c / (square * root);
  }
}

template <class T>
void shared_forward(const SharedNetwork<T>& net, std::size_t n, const T* x, std::size_t ld, T* hidden, T* y) {
  const std::size_t width = net.width;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t o = 0; o < 2; ++o) y[o * ld + i] = net.out[2 * width + o];
    for (std::size_t j = 0; j < width; ++j) {
      T z = net.in[3 * width + j];
      for (std::size_t s = 0; s < 3; ++s) z += net.in[s * width + j] * x[s * ld + i];
      const T h = std::tanh(z);
      hidden[j * ld + i] = h;
      for (std::size_t o = 0; o < 2; ++o) y[o * ld + i] += net.out[2 * j + o] * h;
    }
  }
}

template <class T>
void shared_backward(const SharedNetwork<T>& net, std::size_t n, const T* x, std::size_t ld, const T* hidden, const T* d_y, T* d_x, T* d_in,
                     T* d_out) {
  const std::size_t width = net.width;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t s = 0; s < 3; ++s) d_x[s * ld + i] = 0;
    for (std::size_t o = 0; o < 2; ++o) d_out[2 * width + o] += d_y[o * ld + i];
    for (std::size_t j = 0; j < width; ++j) {
      const T h = hidden[j * ld + i];
      T d_h = 0;
      for (std::size_t o = 0; o < 2; ++o) {
        d_h += net.out[2 * j + o] * d_y[o * ld + i];
        d_out[2 * j + o] += h * d_y[o * ld + i];
      }
      const T d_z = d_h * (1 - h * h);
      for (std::size_t s = 0; s < 3; ++s) {
        d_in[s * width + j] += x[s * ld + i] * d_z;
        d_x[s * ld + i] += net.in[s * width + j] * d_z;
      }
      d_in[3 * width + j] += d_z;
    }
  }
}

template <class T>
void descend(std::size_t n, const T* columns, const Cut<T>* cuts, std::size_t levels, std::uint32_t* at) {
  for (std::size_t j = 0; j < n; ++j) {
    std::uint32_t place = 1;
    for (std::size_t level = 0; level < levels; ++level) {
      place = 2 * place + (columns[cuts[place].offset + j] > cuts[place].threshold ? 1 : 0);
    }
    at[j] = place;
  }
}

template <class T>
double multiply_add(long rounds, T* numbers) {
  for (long i = 0; i < rounds; ++i) {
    for (std::size_t c = 0; c < kChains; ++c) numbers[c] = numbers[c] * T{0.5} + T{0.5};
  }
  return static_cast<double>(rounds) * static_cast<double>(kChains * 2);
}

}  // namespace

template <class T>
const Table<T>& scalar_table() {
  static constexpr Table<T> kTable{
      .target = "scalar",
      .product = product<T>,
      .transpose = transpose<T>,
      .column_sums = column_sums<T>,
      .dot = dot<T>,
      .axpy = axpy<T>,
      .tanh = tanh<T>,
      .gelu = gelu<T>,
      .logistic = logistic<T>,
      .softmax = softmax<T>,
      .softmax_backward = softmax_backward<T>,
      .signed_log = signed_log<T>,
      .adam = adam<T>,
      .squared_distances = squared_distances<T>,
      .gaps = gaps<T>,
      .limit_of = limit_of<T>,
      .at_most = at_most<T>,
      .order = order<T>,
      .squash = squash<T>,
      .shared_forward = shared_forward<T>,
      .shared_backward = shared_backward<T>,
      .descend = descend<T>,
      .multiply_add = multiply_add<T>,
  };
  return kTable;
}

template const Table<float>& scalar_table<float>();
template const Table<double>& scalar_table<double>();

}  // namespace oddshot::kernels
