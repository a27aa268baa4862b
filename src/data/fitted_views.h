// What views have fitted, for those that say it otherwise: in ONNX.
#pragma once

#include <cstdint>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/data/views.h"

namespace oddshot::data {

struct FittedViews {
  // A map x -> clip((x - mean) matrix) of some columns of plain and rank.
  struct Whitening {
    std::vector<std::uint32_t> columns;  // [d], ascending, of the joined row
    std::vector<float> mean;             // [d]
    Matrix matrix;                       // [d x d], W^T
  };
  std::vector<std::uint32_t> numeric;  // the numeric features
  Matrix order_statistics;             // [numeric x K], ascending
  std::vector<float> quantiles;        // [2 K - 1]: normal quantile at each of the K order statistics and halfway between two
  std::vector<Whitening> whitenings;   // "whitened" if there are numeric features, then "joined"
};
FittedViews fitted_views(const Views& views);

}  // namespace oddshot::data
