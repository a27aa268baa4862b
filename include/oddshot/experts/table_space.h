// Table space: a row of any table described by some fifty simple detectors fitted on the table's own support, and by a few numbers of the
// table itself. Its width is the same for every table, and nothing need be known of a table beforehand: what a learner learns here on many
// tables holds for one that was never seen.
//
// A support is n normals and k anomalies, k >= 0, in numeric columns [d], d >= 1, whose origins and units do not matter. Each detector
// (src/experts/table, a small file a family; docs/table-space.md lists them) gives leave-one-out scores of the support and scores of any
// row; of each the row keeps two numbers by the support normals' leave-one-out scores s_1..s_n:
//   level   t = (s - median) / half the range from their 16th to their 84th hundredth, above 6 6 + 3 log(1 + (t - 6) / 3); clipped to
//           [-6, 24], / 3
//   tail    -log10(1 - rank / (n + 1)), rank the number of the normals' scores below s, half of those equal to it counted
// and 0 where a detector says nothing (one by the anomalies where none is known). A support row's own numbers are leave-one-out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/experts/score_list.h"

namespace oddshot {

// One table's support, fitted. Const methods may be called concurrently. Owns all it needs.
class TableScores {
 public:
  ~TableScores();
  TableScores(TableScores&&) noexcept;
  TableScores& operator=(TableScores&&) noexcept;

  // [S x width], leave-one-out, in the order of the support's rows.
  const Matrix& support() const;
  // rows [M x d]; the result is [M x width], finite. A row's numbers do not depend on the rows beside it.
  // Throws ShapeError if the columns differ, ArgumentError (naming row and column) for a value that is not finite.
  Matrix score(MatrixView rows) const;

 private:
  friend class TableSpace;
  struct Fitted;
  explicit TableScores(std::unique_ptr<Fitted> fitted);
  std::unique_ptr<Fitted> fitted_;
};

class TableSpace {
 public:
  // More normals than these do not serve: of more, those whose columns' ranks hash lowest, whatever their order and units.
  static constexpr std::size_t kMostNormals = 512;

  // Detectors E, of which those from unlabelled() on need a known anomaly. Columns [0, E) of a row are their levels, [E, 2E) their tails,
  // [2E, width) the table's own numbers.
  static std::size_t experts();
  static std::size_t unlabelled();
  static std::size_t width();
  // [width]: "nearest-5/g", .., "nearest-5/g/tail", .., "table/columns", ..
  static const std::vector<std::string>& names();

  // rows [S x d], labels [S]: 1 anomaly, 0 normal; at least two normals. The order of the rows does not matter.
  // Throws ShapeError if sizes disagree or there is no column, ArgumentError (too few normals; a value that is not finite, by row and
  // column).   O(n^2 d + k n d), and for d columns at most 256 count, drawn without regard to their values.
  static TableScores fit(MatrixView rows, std::span<const std::uint8_t> labels, ScoreList list = kLatestScores);
};

}  // namespace oddshot
