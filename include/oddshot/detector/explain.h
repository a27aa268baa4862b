// Why a detector scores a row of your table as it does: docs/explain.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/detector/detector.h"
#include "oddshot/evaluation/explanation.h"

namespace oddshot {

// Of rows of the detector's table, by the rows that it was adapted to. The detector must live on. Throws ArgumentError.
Explainer explainer_of(const Detector& detector, const ExplainOptions& options);

// Of these rows of the table, in their order. The same for any number of threads. Throws what Detector::score throws, ShapeError for a row
// that is not in the table, ArgumentError.   O(rows * evaluations rows scored); the pool takes rows side by side.
std::vector<Explanation> explain(const Detector& detector, const Table& table, std::span<const std::uint32_t> rows,
                                 const ExplainOptions& options, ThreadPool& pool);
// The same by an explainer that is kept, explainer_of(detector, options).
std::vector<Explanation> explain(const Detector& detector, const Explainer& explainer, const Table& table,
                                 std::span<const std::uint32_t> rows, ThreadPool& pool);

}  // namespace oddshot
