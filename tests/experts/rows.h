// Rows for the tests of experts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/experts/expert.h"

namespace oddshot {

inline Stream test_stream(std::uint64_t index) { return Stream(7, Purpose::kTest, index); }

// Correlated standard normals, the columns of unequal scale, around `mean`.
inline Matrix random_rows(std::size_t rows, std::size_t columns, std::uint64_t index, float mean = 0) {
  Stream stream = test_stream(index);
  Matrix result(rows, columns);
  for (std::size_t r = 0; r < rows; ++r) {
    const float shared = stream.normal();
    for (std::size_t c = 0; c < columns; ++c) {
      result(r, c) = mean + (0.5F * shared + stream.normal()) * (0.5F + 0.25F * static_cast<float>(c % 5));
    }
  }
  return result;
}

inline Matrix matrix(std::initializer_list<std::initializer_list<float>> rows) {
  Matrix result(rows.size(), rows.begin()->size());
  std::size_t r = 0;
  for (const auto& row : rows) std::copy(row.begin(), row.end(), result.row(r++).begin());
  return result;
}

inline Matrix without_row(const Matrix& rows, std::size_t gone) {
  Matrix result(rows.rows() - 1, rows.cols());
  for (std::size_t r = 0; r < result.rows(); ++r) std::ranges::copy(rows.row(r < gone ? r : r + 1), result.row(r).begin());
  return result;
}

inline std::vector<float> scores(const Scorer& scorer, MatrixView rows) {
  std::vector<float> out(rows.rows);
  scorer.score(rows, out);
  return out;
}

}  // namespace oddshot
