// Why a detector scores a row of your table as it does: docs/explain.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/detector/detector.h"
#include "oddshot/evaluation/explanation.h"

namespace oddshot {

// Of these rows of the table, in their order. The same for any number of threads. Throws what Detector::score throws, ShapeError for a row
// that is not in the table, ArgumentError.   O(rows * evaluations rows scored); the pool takes rows side by side.
std::vector<Explanation> explain(const Detector& detector, const Table& table, std::span<const std::uint32_t> rows,
                                 const ExplainOptions& options, ThreadPool& pool);

}  // namespace oddshot
