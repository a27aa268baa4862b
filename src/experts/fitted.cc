#include "experts/fitted.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

// By the exponent's bits, without a branch per value, so that the compiler turns it into vector code.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7F800000;
  std::uint32_t found = 0;
  for (const float value : values) found |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent);
  return found == 0;
}

void check_finite(std::string_view expert, std::string_view what, MatrixView rows) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    if (all_finite(rows.row(r))) continue;
    for (std::size_t c = 0; c < rows.cols; ++c) {
      if (!std::isfinite(rows(r, c))) {
        throw ArgumentError(fmt::format("{}: {} row {}, column {}: {} is not a finite number", expert, what, r, c, rows(r, c)));
      }
    }
  }
}

}  // namespace

void check_support(const Expert& expert, MatrixView normals, MatrixView anomalies) {
  if (!expert.missing().empty()) throw ArgumentError(fmt::format("{} {}", expert.name(), expert.missing()));
  if (normals.rows < 2) {
    throw ArgumentError(fmt::format("{}: {} normal rows to fit on, at least 2 are needed", expert.name(), normals.rows));
  }
  if (normals.cols == 0) throw ArgumentError(fmt::format("{}: the rows to fit on have no columns", expert.name()));
  check_finite(expert.name(), "normal", normals);
  if (!expert.uses_labels()) return;
  if (anomalies.rows == 0) throw ArgumentError(fmt::format("{}: no anomalies to fit on, at least 1 is needed", expert.name()));
  if (anomalies.cols != normals.cols) {
    throw ShapeError(fmt::format("{}: anomalies have {} columns, normals {}", expert.name(), anomalies.cols, normals.cols));
  }
  check_finite(expert.name(), "anomaly", anomalies);
}

void Fitted::score(MatrixView rows, std::span<float> out) const {
  if (rows.cols != columns_ && rows.rows > 0) {
    throw ShapeError(fmt::format("{}: rows to score have {} columns, fitted on {}", name_, rows.cols, columns_));
  }
  if (out.size() != rows.rows) throw ShapeError(fmt::format("{}: room for {} scores, {} rows to score", name_, out.size(), rows.rows));
  if (rows.rows == 0) return;
  check_finite(name_, "scored", rows);
  score_rows(rows, out);
  if (all_finite(out)) return;
  for (std::size_t r = 0; r < out.size(); ++r) {
    if (!std::isfinite(out[r])) throw NumericError(fmt::format("{}: the score of row {} is beyond the range of float", name_, r));
  }
}

}  // namespace oddshot
