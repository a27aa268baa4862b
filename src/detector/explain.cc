#include "oddshot/detector/explain.h"

#include <fmt/format.h>

#include "detector/encode.h"
#include "oddshot/base/error.h"

namespace oddshot {

Explainer explainer_of(const Detector& detector, const ExplainOptions& options) {
  const Support support = detector.support();
  std::vector<std::uint32_t> of[2];
  for (std::uint32_t i = 0; i < support.labels.size(); ++i) of[support.labels[i]].push_back(i);
  // The plain view is the first, and in space "table" all there is.
  const MatrixView plain = support.rows.columns(0, detector.preprocessor().width());
  const RowScore score = [&detector](MatrixView features, std::span<float> out) {
    detector.scorer().score(encode_features(detector.model(), detector.preprocessor(), copied(features)), out);
  };
  return {detector.preprocessor(), gathered(plain, std::span<const std::uint32_t>(of[0])),
          gathered(plain, std::span<const std::uint32_t>(of[1])), score, options};
}

std::vector<Explanation> explain(const Detector& detector, const Table& table, std::span<const std::uint32_t> rows,
                                 const ExplainOptions& options, ThreadPool& pool) {
  for (const std::uint32_t row : rows) {
    if (row >= table.rows()) throw ShapeError(fmt::format("row {} of a table of {} rows", row, table.rows()));
  }
  return explain(detector, explainer_of(detector, options), table, rows, pool);
}

std::vector<Explanation> explain(const Detector& detector, const Explainer& explainer, const Table& table,
                                 std::span<const std::uint32_t> rows, ThreadPool& pool) {
  const Matrix features = detector.preprocessor().transform(table, rows);
  std::vector<Explanation> out(rows.size());
  pool.parallel_for(rows.size(), [&](std::size_t i, unsigned) { out[i] = explainer.explain(table, rows[i], features.row(i)); });
  return out;
}

}  // namespace oddshot
