// Mahalanobis distance from the mean of the normals, in a covariance shrunk towards a multiple of the identity, so that it can be inverted
// with fewer rows than columns:
//   C = (1 - s) S + s m I,   m = trace(S) / D,   score(x) = sqrt((x - mean)^T C^-1 (x - mean))
//   s = min(1, ((1 - 2/D) trace(S^2) + trace(S)^2) / ((N + 1 - 2/D) (trace(S^2) - trace(S)^2 / D)))
// Identical rows have no scale: C = I.
// Source: Chen, Wiesel, Eldar, Hero 2010, "Shrinkage algorithms for MMSE covariance estimation", equation 23 (OAS). Ledoit and Wolf's s
// serves as well (Tennessee Eastman and NSL-KDD training kinds, 50 normals: equal to 0.01); this one needs no fourth moments.
// The eigenvectors of S make the left-out scores exact, s and m included, in O(min(N, D)) a row: see left_out.
//   O(N D r + r^3) to fit, O(D r) a row to score, r = min(N, D).
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <optional>

#include "experts/fitted.h"
#include "experts/shrunk_covariance.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using DoubleMatrix = BasicMatrix<double>;
using DoubleView = BasicMatrixView<double>;
using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kBlock = 64;  // rows scored at a time

std::vector<double> column_means(MatrixView rows) {
  std::vector<double> mean(rows.cols);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) mean[c] += static_cast<double>(rows(r, c));
  }
  for (double& value : mean) value /= static_cast<double>(rows.rows);
  return mean;
}

// out [rows.rows x D]: rows less the mean [D].
void centre(MatrixView rows, std::span<const double> mean, DoubleMatrix& out) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) out(r, c) = static_cast<double>(rows(r, c)) - mean[c];
  }
}

// a [m x k] b [k x n], a read by its strides.
DoubleMatrix multiply(std::size_t m, std::size_t n, std::size_t k, const double* a, std::size_t a_row, std::size_t a_col, DoubleView b) {
  DoubleMatrix c(m, n);
  kernels::Product<double> product;
  product.m = m;
  product.n = n;
  product.k = k;
  product.a = a;
  product.a_row = a_row;
  product.a_col = a_col;
  product.b = b.data;
  product.ldb = b.stride;
  product.c = c.data();
  product.ldc = n;
  kernels::table<double>().product(product);
  return c;
}
DoubleMatrix multiply(DoubleView a, DoubleView b) { return multiply(a.rows, b.cols, a.cols, a.data, a.stride, 1, b); }
DoubleMatrix multiply_transposed(DoubleView a, DoubleView b) { return multiply(a.cols, b.cols, a.rows, a.data, 1, a.stride, b); }

// The scatter T = Y^T Y of centred rows Y [N x D] = sum over k of values[k] u_k u_k^T, from the smaller of Y^T Y and Y Y^T.
struct Spectrum {
  std::vector<double> values;  // [r] >= 0
  DoubleMatrix coordinates;    // [N x r]: y_i along u_k
  DoubleMatrix directions;     // [D x r]: u_k, or u_k sqrt(values[k]) if there are more columns than rows (u_k may not exist there)
  bool by_rows = false;        // whether there are

  explicit Spectrum(const DoubleMatrix& y) : by_rows(y.rows() < y.cols()) {
    DoubleMatrix gram;
    if (by_rows) {
      DoubleMatrix transposed(y.cols(), y.rows());
      kernels::table<double>().transpose(y.rows(), y.cols(), y.data(), y.cols(), transposed.data(), y.rows());
      gram = multiply(y, transposed);
    } else {
      gram = multiply_transposed(y, y);
    }
    const std::size_t r = gram.rows();
    const auto size = static_cast<Eigen::Index>(r);
    const Eigen::SelfAdjointEigenSolver<Dense> solver(Eigen::Map<const Dense>(gram.data(), size, size));
    if (solver.info() != Eigen::Success) throw NumericError("mahalanobis: the eigenvalues of the covariance were not found");
    DoubleMatrix vectors(r, r);
    Eigen::Map<Dense>(vectors.data(), size, size) = solver.eigenvectors();
    values.resize(r);
    for (std::size_t k = 0; k < r; ++k) values[k] = std::max(0.0, solver.eigenvalues()[static_cast<Eigen::Index>(k)]);
    if (by_rows) {
      directions = multiply_transposed(y, vectors);
      for (std::size_t i = 0; i < r; ++i) {
        for (std::size_t k = 0; k < r; ++k) vectors(i, k) *= std::sqrt(values[k]);
      }
      coordinates = std::move(vectors);
    } else {
      coordinates = multiply(y, vectors);
      directions = std::move(vectors);
    }
  }
};

class FittedMahalanobis final : public Fitted {
 public:
  // `leave_out`: whether fitting_scores() will be asked for.
  FittedMahalanobis(std::string_view name, MatrixView normals, bool leave_out = true)
      : Fitted(name, normals.cols), mean_(column_means(normals)) {
    DoubleMatrix y(normals.rows, normals.cols);
    centre(normals, mean_, y);
    Spectrum spectrum(y);
    const auto n = static_cast<double>(normals.rows);
    const auto d = static_cast<double>(normals.cols);
    double sum = 0;
    double sum_of_squares = 0;
    for (const double value : spectrum.values) {
      sum += value;
      sum_of_squares += value * value;
    }
    const ShrunkCovariance shrunk(sum, sum_of_squares, n, d);
    if (leave_out) {
      fitting_scores_.resize(normals.rows);
      for (std::size_t r = 0; r < normals.rows; ++r) {
        const std::optional<float> score = left_out(spectrum, r, sum, sum_of_squares, n, d);
        fitting_scores_[r] = score ? *score : refitted_without(name, normals, r);
      }
    }

    // By columns: score^2 = sum of (u_k v)^2 / c_k with c_k = weight values[k] + ridge. By rows the u_k do not span the space:
    //   score^2 = |v|^2 / ridge - sum of (u_k v)^2 (1 / ridge - 1 / c_k)
    own_weight_ = spectrum.by_rows ? 1 / shrunk.ridge : 0;
    projection_ = std::move(spectrum.directions);
    for (std::size_t k = 0; k < spectrum.values.size(); ++k) {
      const double c = shrunk.weight * spectrum.values[k] + shrunk.ridge;
      const double factor = std::sqrt(spectrum.by_rows ? shrunk.weight / (shrunk.ridge * c) : 1 / c);
      for (std::size_t j = 0; j < projection_.rows(); ++j) projection_(j, k) *= factor;
    }
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  // Without row i, with f = N / (N - 1):   x_i - mean_i = f y_i,   T_i = T - f y_i y_i^T. The traces of T_i and T_i^2 give weight_i and
  // ridge_i, and the inverse of weight_i T_i + ridge_i I follows by Sherman and Morrison from that of B = weight_i T + ridge_i I:
  //   score_i^2 = f^2 q / (1 - weight_i f q),   q = y_i^T B^-1 y_i
  // Nothing where digits were lost: all other rows (nearly) coincide, measured by this one.
  static std::optional<float> left_out(const Spectrum& spectrum, std::size_t row, double sum, double sum_of_squares, double n, double d) {
    const double f = n / (n - 1);
    const auto coordinates = spectrum.coordinates.row(row);
    double length = 0;  // |y|^2
    double form = 0;    // y^T T y
    for (std::size_t k = 0; k < coordinates.size(); ++k) {
      const double square = coordinates[k] * coordinates[k];
      length += square;
      form += spectrum.values[k] * square;
    }
    if (sum > 0 && sum - f * length < kSafeShare * sum) return std::nullopt;
    const ShrunkCovariance shrunk(sum - f * length, sum_of_squares - 2 * f * form + f * f * length * length, n - 1, d);
    double q = 0;
    for (std::size_t k = 0; k < coordinates.size(); ++k) {
      q += coordinates[k] * coordinates[k] / (shrunk.weight * spectrum.values[k] + shrunk.ridge);
    }
    return static_cast<float>(f * std::sqrt(q / (1 - shrunk.weight * f * q)));
  }

  static float refitted_without(std::string_view name, MatrixView normals, std::size_t row) {
    Matrix rest(normals.rows - 1, normals.cols);
    for (std::size_t r = 0; r < rest.rows(); ++r) std::ranges::copy(normals.row(r < row ? r : r + 1), rest.row(r).begin());
    float score = 0;
    FittedMahalanobis(name, rest, false).score_rows(normals.slice(row, 1), {&score, 1});
    return score;
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    const auto& kernel = kernels::table<double>();
    DoubleMatrix block(std::min(kBlock, rows.rows), columns());
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows - first);
      centre(rows.slice(first, count), mean_, block);
      const DoubleMatrix projected = multiply(block.view().slice(0, count), projection_);
      for (std::size_t r = 0; r < count; ++r) {
        const auto along = projected.row(r);
        double square = kernel.dot(along.size(), along.data(), along.data());
        if (own_weight_ > 0) {
          const auto v = block.row(r);
          square = std::max(0.0, own_weight_ * kernel.dot(v.size(), v.data(), v.data()) - square);
        }
        out[first + r] = static_cast<float>(std::sqrt(square));
      }
    }
  }

  std::vector<double> mean_;           // [D]
  DoubleMatrix projection_;            // [D x r]
  double own_weight_ = 0;              // of |v|^2; 0: the projection says all
  std::vector<float> fitting_scores_;  // [N]
};

class Mahalanobis final : public Expert {
 public:
  std::string_view name() const override { return "mahalanobis"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedMahalanobis>(name(), normals);
  }
};

}  // namespace

const Expert& mahalanobis_expert() {
  static const Mahalanobis expert;
  return expert;
}

}  // namespace oddshot
