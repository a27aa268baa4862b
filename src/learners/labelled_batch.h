// An episode's support and query as one batch of labelled rows, support first.
#pragma once

#include <algorithm>
#include <vector>

#include "learners/inner_loop.h"

namespace oddshot::learners {

template <class T>
struct LabelledBatch {
  BasicMatrix<T> rows;               // [S + Q x D]
  std::vector<std::uint8_t> labels;  // [S + Q]

  void join(const LabelledRows<T>& support, const LabelledRows<T>& query) {
    rows.resize(support.rows.rows + query.rows.rows, query.rows.cols);
    labels.assign(support.labels.begin(), support.labels.end());
    labels.insert(labels.end(), query.labels.begin(), query.labels.end());
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const auto row = r < support.rows.rows ? support.rows.row(r) : query.rows.row(r - support.rows.rows);
      std::copy(row.begin(), row.end(), rows.row(r).begin());
    }
  }
  LabelledRows<T> view() const { return {rows, labels}; }
};

}  // namespace oddshot::learners
