// Reading the public data sets, where they are at hand.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include <gtest/gtest.h>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  const char* given = std::getenv("ODDSHOT_DATA");
  if (given != nullptr && *given != '\0') return given;
  return fs::path(ODDSHOT_SOURCE_DIR) / "../shared/data";
}

#define ODDSHOT_NEED(file)                 \
  if (!fs::exists(data_folder() / (file))) \
  GTEST_SKIP() << "no " << data_folder() / (file) << "; set ODDSHOT_DATA to the folder of data sets"

std::ptrdiff_t count(const Table& table, const char* column, const char* value) {
  const Column& c = table.column(column);
  const auto code = std::find(c.categories.begin(), c.categories.end(), value) - c.categories.begin();
  return std::count(c.codes.begin(), c.codes.end(), code);
}

ReadOptions nsl_kdd_options() {
  ReadOptions options;
  options.header = false;
  for (int i = 0; i < 41; ++i) options.names.push_back("x" + std::to_string(i));
  options.names.insert(options.names.end(), {"attack", "difficulty"});
  return options;
}

TEST(RealData, ReadsNslKddAsItsDescriptionCountsIt) {
  const fs::path train = data_folder() / "nsl-kdd/KDDTrain+_20Percent.txt.gz";
  const fs::path test = data_folder() / "nsl-kdd/KDDTest+.txt.gz";
  ODDSHOT_NEED("nsl-kdd/KDDTrain+_20Percent.txt.gz");
  const Table table = read_table({train, test}, nsl_kdd_options());
  ASSERT_EQ(table.rows(), 25'192U + 22'544U);
  EXPECT_EQ(table.sources[1].first_row, 25'192U);
  EXPECT_EQ(count(table, "attack", "mscan"), 996);
  EXPECT_EQ(count(table, "attack", "teardrop"), 188 + 12);
  std::vector<std::string> categories;
  for (const Column& column : table.columns) {
    if (column.kind == ColumnKind::kCategory) categories.push_back(column.name);
  }
  EXPECT_EQ(categories, (std::vector<std::string>{"x1", "x2", "x3", "attack"}));
  EXPECT_EQ(table.column("x4").numbers.front(), 491.0F);
}

TEST(RealData, EncodesNslKddWithoutSurprises) {
  ODDSHOT_NEED("nsl-kdd/KDDTrain+_20Percent.txt.gz");
  const Table table = read_table({data_folder() / "nsl-kdd/KDDTrain+_20Percent.txt.gz"}, nsl_kdd_options());
  std::vector<std::string> features;
  for (int i = 0; i < 41; ++i) features.push_back("x" + std::to_string(i));
  std::vector<std::uint32_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  const Preprocessor p = Preprocessor::fit(table, features, rows);
  EXPECT_EQ(p.dropped(), (std::vector<std::string>{"x19", "x20"})) << "num_outbound_cmds and is_host_login are 0 throughout";
  TransformReport report;
  const Matrix m = p.transform(table, rows, &report);
  EXPECT_TRUE(report.unseen_categories.empty());
  EXPECT_TRUE(report.unexpected_missing.empty());
  EXPECT_TRUE(std::all_of(m.data(), m.data() + m.rows() * m.cols(), [](float x) { return std::isfinite(x); }));
}

TEST(RealData, ReadsTennesseeEastmanAsItsDescriptionCountsIt) {
  ODDSHOT_NEED("tep/tep_test.csv.gz");
  const Table table = read_table({data_folder() / "tep/tep_train.csv.gz", data_folder() / "tep/tep_test.csv.gz"});
  EXPECT_EQ(table.rows(), 10'580U + 21'120U);
  EXPECT_EQ(table.columns.size(), 55U);
  EXPECT_EQ(std::count_if(table.columns.begin(), table.columns.end(), [](const Column& c) { return c.kind == ColumnKind::kNumeric; }), 53);
  for (const Column& column : table.columns) {
    EXPECT_TRUE(std::none_of(column.numbers.begin(), column.numbers.end(), [](float x) { return std::isnan(x); })) << column.name;
  }
}

TEST(RealData, ReadsThyroidWithItsMissingValues) {
  ODDSHOT_NEED("thyroid/thyroid0387.csv.gz");
  const Table table = read_table({data_folder() / "thyroid/thyroid0387.csv.gz"});
  EXPECT_EQ(table.rows(), 9'172U);
  EXPECT_EQ(count(table, "diagnosis", "K"), 436);
  const Column& tsh = table.column("TSH");
  ASSERT_EQ(tsh.kind, ColumnKind::kNumeric);
  const Column& measured = table.column("TSH_measured");
  const auto no = std::find(measured.categories.begin(), measured.categories.end(), "f") - measured.categories.begin();
  for (std::size_t i = 0; i < table.rows(); ++i) ASSERT_EQ(std::isnan(tsh.numbers[i]), measured.codes[i] == no) << i;
}

}  // namespace
}  // namespace oddshot
