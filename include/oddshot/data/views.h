// The views: several representations of the same columns, kept side by side in one joined row, so that a view is a slice of columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/data/preprocessor.h"
#include "oddshot/data/view_span.h"

namespace oddshot {

// An array as a model file keeps it: row-major, `values` as many as the product of `shape`.
struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> values;

  bool operator==(const NamedTensor&) const = default;
};

struct ViewOptions {
  float plain_clip = 8;                 // numeric features stay within so many deviations; above 0, at most 1e6
  float rank_clip = 10;                 // of the rank view, likewise
  float whitened_clip = 15;             // of "whitened" and "joined", likewise
  float whitened_shrinkage = 0.002F;    // s below, of "whitened": at least so much; 1e-6 to 1
  float joined_shrinkage = 0.02F;       // of "joined"
  std::size_t order_statistics = 2048;  // of each numeric feature that "rank" keeps; 2 to 65536
  std::size_t indicators = 128;         // in "joined", those that vary most; at most 4096
  std::size_t widest = 384;             // columns of "whitened" and of "joined", at most; 2 to 4096

  // Throws ArgumentError naming the value and its limits.
  void validate() const;
};

// Numeric features cut off at [-limit, limit], as in the plain view. features [N x D], kinds [D].
void clip_numeric(Matrix& features, std::span<const FeatureKind> kinds, float limit);

// Features of N rows that are made when they are asked for, so that not all of them need be held. The same whenever they are.
struct FeatureRows {
  std::size_t rows = 0;                                             // N
  std::function<std::vector<float>(std::size_t feature)> column;    // [N]; asked for of numeric features, each once
  std::function<Matrix(std::span<const std::uint32_t> rows)> some;  // [rows.size() x D]
};

// Views of the features that a Preprocessor gives, fitted on training normals [N x D]. A joined row is, in this order:
//   plain     [D] the features, numeric ones clipped to [-plain_clip, plain_clip]
//   rank      [numeric features] the normal quantile of each one's mid-rank among the N normals, (rank - 1/2) / N, so that 0 is the median;
//             equal values have equal ranks. Beyond the normals' range it goes on by sign * log1p(excess in deviations), and is clipped.
//             Only order_statistics of the N values are kept, evenly spaced by rank (all if N is no more); between them it is interpolated.
//   whitened  numeric columns of plain, x -> clip(W (x - mean)) with W C W^T = I, C the normals' covariance shrunk towards a sphere
//   joined    numeric columns of plain, all of rank and indicators, whitened together
// Without a numeric feature there is neither rank nor whitened. If there are more than `widest` columns to whiten, those that vary most
// among the normals stay: indicators first cut to `indicators` of them, then numeric features with their ranks.
//   C = (1 - s) S + s m I      S covariance (divided by N) of n normals, at most 32,768, evenly spaced      m = trace(S) / d, d columns
//   s = max(shrinkage, min(o, (d / n)^2)), o the shrinkage that errs least in C (Chen, Wiesel, Eldar, Hero 2010, arXiv:0907.4698, eq. 23,
//       OAS): where rows are few it decides. It fades where they are many, for its ridge hides the directions in which normals hardly vary,
//       and those tell anomalies. Columns that do not vary at all: S = 0, and C = I.
//   W = diag(1 / sqrt(values)) V^T from the eigenvectors V of C, largest value first, each with its largest element positive. Of all W this
//       one, because each column is then a direction of the normals: those in which they hardly vary are columns of their own, seen by
//       detectors that look at columns singly and by the clip. A Cholesky factor would depend on the order of the columns.
// A value; const methods may be called concurrently. Default: no columns.
class Views {
 public:
  Views() = default;
  // Throws ShapeError if there are not as many kinds as columns, ArgumentError for no rows, no columns or an option out of range,
  // NumericError for a value that is not finite (by row and column). Indicators are 0 or 1.   O(N D log N + n d^2 + d^3), d <= widest.
  static Views fit(MatrixView features, std::span<const FeatureKind> kinds, const ViewOptions& options = {});
  // The same. Holds one column and, of plain and rank, n rows. Throws ShapeError also if fewer or more is given than was asked for.
  static Views fit(const FeatureRows& features, std::span<const FeatureKind> kinds, const ViewOptions& options = {});

  std::size_t inputs() const { return kinds_.size(); }  // D
  std::size_t width() const { return width_; }          // of a joined row
  // Those there are, in the order of their columns; "plain" is the first, D wide, and "joined" the last.
  std::span<const ViewSpan> spans() const { return spans_; }
  const ViewSpan& span(std::string_view name) const { return find_view(spans_, name); }
  const ViewOptions& options() const { return options_; }

  // [features.rows x width()] joined rows; finite. Throws ShapeError if columns differ, NumericError for a value that is not finite. A row
  // does not depend on those beside it.   O(rows * (D + numeric log order_statistics + d^2)); allocates the result and a block of scratch.
  Matrix transform(MatrixView features) const;
  // Of these the columns of one view; plain alone takes O(rows * D). Throws ArgumentError if there is no such view.
  Matrix transform(MatrixView features, std::string_view name) const;

  // What was fitted, as a text and the arrays to it. from_parts(to_json(), tensors()) transforms to the same bits; it takes the tensors in
  // any order and throws FormatError for anything that these two do not give.
  std::string to_json() const;
  std::vector<NamedTensor> tensors() const;
  static Views from_parts(std::string_view json, std::vector<NamedTensor> tensors);

 private:
  // x -> clip((x - mean) matrix), of some columns of plain and rank.
  struct Whitening {
    std::vector<std::uint32_t> columns;  // [d], ascending, of the joined row
    std::vector<float> mean;             // [d]
    Matrix matrix;                       // [d x d], W^T
  };
  // What follows from kinds and whitenings: numeric_, spans_, width_, quantiles_.
  void finish();
  // The rows of `out` from `first` on, whose first columns are those of plain and rank.
  void fill_plain_and_rank(MatrixView features, std::size_t first, Matrix& out) const;
  // Their columns from `to` on, once plain and rank are there; `centred` is scratch.
  void fill_whitened(const Whitening& whitening, std::size_t to, std::size_t first, std::size_t count, Matrix& centred, Matrix& out) const;

  ViewOptions options_;
  std::vector<FeatureKind> kinds_;     // [D]
  std::uint64_t rows_ = 0;             // N
  Matrix order_statistics_;            // [numeric x min(N, order_statistics)], ascending
  std::vector<Whitening> whitenings_;  // "whitened" where there are numeric features, then "joined"

  std::vector<std::uint32_t> numeric_;  // the numeric features
  std::vector<float> quantiles_;        // [2 K - 1]: normal quantile at each of the K order statistics and halfway between two
  std::vector<ViewSpan> spans_;
  std::size_t width_ = 0;
};

}  // namespace oddshot
