// Supports at the edge, as a table: for whatever is fitted on a few rows.
#pragma once

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "rows.h"

namespace oddshot::edge {

// What must hold: finite scores, and `odd` above `usual`.
struct Case {
  std::string name;
  Matrix normals;
  Matrix anomalies;
  Matrix usual;  // one row, like the normals
  Matrix odd;    // one row, far from them and like the anomalies
};
inline void PrintTo(const Case& at, std::ostream* out) { *out << at.name; }

inline Matrix filled(std::size_t rows, std::size_t columns, float value) {
  Matrix result(rows, columns);
  std::fill_n(result.data(), rows * columns, value);
  return result;
}

inline Matrix scaled(Matrix rows, float factor) {
  for (std::size_t i = 0; i < rows.rows() * rows.cols(); ++i) rows.data()[i] *= factor;
  return rows;
}

inline Matrix with_constant_columns(Matrix rows) {
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.cols(); c += 2) rows(r, c) = 4;
  }
  return rows;
}

// Each row four times.
inline Matrix repeated(const Matrix& rows) {
  Matrix result(4 * rows.rows(), rows.cols());
  for (std::size_t r = 0; r < result.rows(); ++r) std::ranges::copy(rows.row(r / 4), result.row(r).begin());
  return result;
}

// The normal with the smallest squared distance to all normals together.
inline std::size_t most_central(const Matrix& rows) {
  std::vector<double> sums(rows.rows());
  for (std::size_t a = 0; a < rows.rows(); ++a) {
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      for (std::size_t c = 0; c < rows.cols(); ++c)
        sums[a] += std::pow(static_cast<double>(rows(a, c)) - static_cast<double>(rows(b, c)), 2);
    }
  }
  return static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin());
}

inline std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](const char* name, Matrix normals, float far) {
    const std::size_t d = normals.cols();
    Matrix usual(1, d);
    std::ranges::copy(normals.row(most_central(normals)), usual.row(0).begin());
    Matrix odd = usual;
    for (float& value : odd.row(0)) value += far;
    Matrix anomalies = odd;
    all.push_back({name, std::move(normals), std::move(anomalies), std::move(usual), std::move(odd)});
  };
  add("two_rows", random_rows(2, 3, 1), 50);
  add("two_rows_one_column", random_rows(2, 1, 1), 50);
  add("two_identical_rows", filled(2, 3, 7), 50);
  add("three_rows_two_identical", matrix({{0, 0}, {0, 0}, {1, 1}}), 50);
  add("identical_rows", filled(12, 5, -3), 50);
  add("identical_rows_of_a_third", filled(30, 7, 1.0F / 3.0F), 50);
  add("more_columns_than_rows", random_rows(6, 80, 2), 50);
  add("one_column", random_rows(20, 1, 3), 50);
  add("constant_columns", with_constant_columns(random_rows(20, 8, 4)), 50);
  add("duplicates", repeated(random_rows(10, 4, 5)), 50);
  add("more_duplicates_than_neighbours", repeated(repeated(random_rows(3, 4, 6))), 50);
  add("mean_1e8", scaled(random_rows(20, 4, 7, 1e6F), 100), 5000);
  add("scale_1e8", scaled(random_rows(20, 4, 8), 1e8F), 50e8F);
  add("scale_1e30", scaled(random_rows(20, 4, 9), 1e30F), 50e30F);
  add("scale_1e30_wide", scaled(random_rows(8, 40, 9), 1e30F), 50e30F);
  add("scale_of_a_billionth_of_a_thousandth", scaled(random_rows(20, 4, 10), 1e-12F), 1e-6F);
  return all;
}

}  // namespace oddshot::edge
