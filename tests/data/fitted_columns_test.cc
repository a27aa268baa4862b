// What is told of a fitted preprocessor is what it computes.
#include "oddshot/data/fitted_columns.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oddshot {
namespace {

Table flows() {
  Table table;
  table.columns = {{"duration", ColumnKind::kNumeric, {0, 1, NAN, 7}, {}, {}},
                   {"service", ColumnKind::kCategory, {}, {0, 1, 0, 2}, {"http", "smtp", "dns"}},
                   {"bytes", ColumnKind::kNumeric, {10, 20, 30, 1000}, {}, {}},
                   {"flag", ColumnKind::kCategory, {}, {-1, 0, 1, 0}, {"SF", "S0"}}};
  return table;
}

Preprocessor fit(const PreprocessorOptions& options = {}) {
  const std::vector<std::string> names = {"duration", "service", "bytes", "flag"};
  return Preprocessor::fit(flows(), names, std::vector<std::uint32_t>{0, 1, 2, 3}, {}, options);
}

TEST(FittedColumns, AreThoseOfTheFeaturesInTheirOrder) {
  const Preprocessor p = fit();
  const std::vector<FittedColumn> columns = fitted_columns(p);
  ASSERT_EQ(columns.size(), 4U);
  std::size_t next = 0;
  for (const FittedColumn& column : columns) {
    EXPECT_EQ(column.first_feature, next) << column.name;
    EXPECT_EQ(p.feature_names()[next].substr(0, column.name.size()), column.name);
    next += column.features;
  }
  EXPECT_EQ(next, p.width());
  EXPECT_TRUE(columns[0].missing_feature);
  EXPECT_FALSE(columns[1].missing_feature);
  EXPECT_EQ(columns[1].categories, (std::vector<std::string>{"http", "smtp", "dns"}));
  const Matrix m = p.transform(flows(), std::vector<std::uint32_t>{3});
  EXPECT_NEAR(m(0, columns[2].first_feature), (std::log1p(1000.0) - columns[2].mean) / columns[2].deviation, 1e-6);
}

TEST(FittedColumns, TellTheTransform) {
  EXPECT_EQ(numeric_transform(fit()), NumericTransform::kSignedLog);
  EXPECT_EQ(numeric_transform(fit({.numeric = NumericTransform::kIdentity})), NumericTransform::kIdentity);
}

}  // namespace
}  // namespace oddshot
