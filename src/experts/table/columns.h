// Columns fitted on a table's support normals: what the experts of table space see of a row.
//   z  (x - median) / deviation, within +-10                      a  asinh of (x - median) / (interquartile range / 1.35)
//   r  mid-rank among the normals / n, in [0.5/n, 1 - 0.5/n]      q  the normal quantile of r
//   w  z, turned to the normals' principal directions and divided by their deviations
// A column whose normals are all equal has no deviation: another value is as far away as it would be, had it been seen once,
// sqrt(n + 1) deviations. One whose middle half is equal takes the deviation for its range. Nothing depends on a column's origin or unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot::table {

// Rows in each kind of column: [B x d], w [B x d'].
struct Planes {
  Matrix z, a, r, q, w;
  // [B x d] how many of the normals have a value below this one, and how many one that is not above it.
  BasicMatrix<std::uint32_t> below, upto;
};

class Columns {
 public:
  // At most so many columns are looked at, drawn without regard to their values; and so many are whitened, evenly chosen of these.
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kMostWhitened = 128;

  // normals [n x D], n >= 2, D >= 1, finite.   O(d n log n + n d'^2 + d'^3).
  explicit Columns(MatrixView normals);

  std::size_t count() const { return chosen_.size(); }  // d
  std::size_t normals() const { return normals_; }      // n
  // rows [B x D] into `out`, whose matrices are given their sizes here. O(B d (log n + d')).
  void fill(MatrixView rows, Planes& out) const;

 private:
  struct Column {
    double median = 0;
    double per_deviation = 0, per_range = 0;  // 1 / scale; 0: all normals are equal
  };
  void fit_whitening(const Matrix& z);
  void fill_whitened(const Matrix& z, Matrix& w) const;

  std::size_t normals_ = 0;
  std::vector<std::uint32_t> chosen_;    // [d] of the row, ascending
  std::vector<Column> columns_;          // [d]
  Matrix sorted_;                        // [d x n] each column's normals, ascending
  std::vector<float> quantile_;          // [2n + 1] of rank h / 2n
  std::vector<std::uint32_t> whitened_;  // [d'] of the d
  std::vector<float> mean_;              // [d'] of the normals' z
  Matrix whitening_;                     // [d' x d']
};

}  // namespace oddshot::table
