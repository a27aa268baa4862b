#include "oddshot/data/table.h"

#include <gtest/gtest.h>

#include "error_text.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

Table two_columns() {
  Table table;
  table.columns.push_back({"duration", ColumnKind::kNumeric, {1, 2, 3}, {}, {}});
  table.columns.push_back({"service", ColumnKind::kCategory, {}, {0, 1, 0}, {"http", "smtp"}});
  return table;
}

TEST(Table, FindsColumnsByTheirExactName) {
  const Table table = two_columns();
  EXPECT_EQ(table.find("service"), 1U);
  EXPECT_EQ(table.find("Service"), std::nullopt);
  EXPECT_EQ(&table.column("duration"), &table.columns[0]);
}

TEST(Table, NamesTheNearestColumnOfAnUnknownOne) {
  const Table table = two_columns();
  EXPECT_EQ(error_text<ArgumentError>([&] { table.column("durations"); }), R"(there is no column "durations"; did you mean "duration"?)");
  EXPECT_EQ(error_text<ArgumentError>([&] { table.column("xyz"); }), R"(there is no column "xyz")");
}

TEST(Table, PlacesARowInItsFile) {
  Table table = two_columns();
  EXPECT_EQ(table.place(2), "row 2");
  table.sources = {{"a.csv", 0, 2}, {"b.csv", 2, 1}};
  EXPECT_EQ(table.place(1), "a.csv, row 1");
  EXPECT_EQ(table.place(2), "b.csv, row 0");
}

TEST(Table, WithoutColumnsHasNoRows) { EXPECT_EQ(Table{}.rows(), 0U); }

}  // namespace
}  // namespace oddshot
