// What a preprocessor has fitted of each column, for those that say it otherwise: in ONNX, or in words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"

namespace oddshot {

// A formula's parts, in the words of Preprocessor.
struct FittedColumn {
  std::string name;  // of the table, or of a window
  ColumnKind kind = ColumnKind::kNumeric;
  double mean = 0, deviation = 1;       // numeric
  std::vector<std::string> categories;  // category
  bool missing_feature = false;
  std::size_t first_feature = 0;  // its features are next to each other
  std::size_t features = 0;
};

// In the order of the features; windows are columns of their own here.
std::vector<FittedColumn> fitted_columns(const Preprocessor& preprocessor);
NumericTransform numeric_transform(const Preprocessor& preprocessor);

}  // namespace oddshot
