// Any text is a preprocessor, which comes back from its own text and turns rows into finite features, or a FormatError.
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "oddshot/base/error.h"
#include "oddshot/data/preprocessor.h"
#include "require.h"

namespace oddshot {
namespace {

// The columns it asks for, with numbers large and small, missing values, and a category it never saw.
Table rows_for(const Preprocessor& preprocessor) {
  Table table;
  for (const std::string& name : preprocessor.numeric_columns()) {
    table.columns.push_back({.name = name,
                             .kind = ColumnKind::kNumeric,
                             .numbers = {0, -1e-30F, std::numeric_limits<float>::max(), std::numeric_limits<float>::quiet_NaN()},
                             .codes = {},
                             .categories = {}});
  }
  for (const std::string& name : preprocessor.category_columns()) {
    table.columns.push_back(
        {.name = name, .kind = ColumnKind::kCategory, .numbers = {}, .codes = {0, 1, 0, Column::kMissingCode}, .categories = {"a", "b"}});
  }
  return table;
}

}  // namespace
}  // namespace oddshot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  Preprocessor preprocessor;
  try {
    preprocessor = Preprocessor::from_json({reinterpret_cast<const char*>(data), size});
  } catch (const FormatError&) {
    return 0;
  }
  const std::string text = preprocessor.to_json();
  ODDSHOT_REQUIRE(Preprocessor::from_json(text).to_json() == text);
  const Table table = rows_for(preprocessor);
  std::vector<std::uint32_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  TransformReport report;
  const Matrix features = preprocessor.transform(table, rows, &report);
  ODDSHOT_REQUIRE(features.rows() == rows.size() && features.cols() == preprocessor.width());
  for (std::size_t r = 0; r < features.rows(); ++r) {
    for (const float value : features.row(r)) ODDSHOT_REQUIRE(std::isfinite(value));
  }
  return 0;
}
