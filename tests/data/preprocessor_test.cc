#include "oddshot/data/preprocessor.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <gtest/gtest.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

Column numeric(std::string name, std::vector<float> numbers) { return {std::move(name), ColumnKind::kNumeric, std::move(numbers), {}, {}}; }

// "" is missing.
Column category(std::string name, const std::vector<std::string>& values) {
  Column column{std::move(name), ColumnKind::kCategory, {}, {}, {}};
  for (const std::string& value : values) {
    if (value.empty()) {
      column.codes.push_back(Column::kMissingCode);
      continue;
    }
    auto found = std::find(column.categories.begin(), column.categories.end(), value);
    if (found == column.categories.end()) found = column.categories.insert(found, value);
    column.codes.push_back(static_cast<std::int32_t>(found - column.categories.begin()));
  }
  return column;
}

std::vector<std::uint32_t> all_rows(const Table& table) {
  std::vector<std::uint32_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::vector<std::string> names(const Table& table) {
  std::vector<std::string> out;
  for (const Column& column : table.columns) out.push_back(column.name);
  return out;
}

Preprocessor fit(const Table& table, const PreprocessorOptions& options = {}) {
  return Preprocessor::fit(table, names(table), all_rows(table), {}, options);
}

Table flows() {
  Table table;
  table.columns = {numeric("duration", {0, 1, kNone, 7}), category("service", {"http", "smtp", "http", "dns"}),
                   numeric("bytes", {10, 20, 30, 1000}), category("flag", {"", "SF", "S0", "SF"})};
  return table;
}

TEST(Preprocessor, NamesEveryFeatureAndItsSource) {
  const Preprocessor p = fit(flows());
  const std::vector<std::string> expected = {"duration",    "duration is missing", "service=http",   "service=smtp",
                                             "service=dns", "service=(unseen)",    "bytes",          "flag=SF",
                                             "flag=S0",     "flag=(unseen)",       "flag is missing"};
  EXPECT_EQ(p.feature_names(), expected);
  EXPECT_EQ(p.feature_sources(), (std::vector<std::uint32_t>{0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 3}));
  EXPECT_EQ(p.width(), expected.size());
  EXPECT_EQ(p.schema_columns(), (std::vector<std::string>{"duration", "service", "bytes", "flag"}));
  EXPECT_EQ(p.numeric_columns(), (std::vector<std::string>{"duration", "bytes"}));
  EXPECT_EQ(p.category_columns(), (std::vector<std::string>{"service", "flag"}));
}

TEST(Preprocessor, GivesSignedLogScoresAndOneHotCategories) {
  const Table table = flows();
  const Preprocessor p = fit(table);
  const Matrix m = p.transform(table, all_rows(table));
  ASSERT_EQ(m.rows(), 4U);
  ASSERT_EQ(m.cols(), 11U);
  const double t[] = {0, std::log(2.0), std::log(8.0)};
  const double mean = (t[0] + t[1] + t[2]) / 3;
  double variance = 0;
  for (const double x : t) variance += (x - mean) * (x - mean) / 3;
  EXPECT_NEAR(m(0, 0), (t[0] - mean) / std::sqrt(variance), 1e-6);
  EXPECT_NEAR(m(3, 0), (t[2] - mean) / std::sqrt(variance), 1e-6);
  EXPECT_EQ(m(2, 0), 0.0F) << "a missing value takes the mean";
  EXPECT_EQ(m(2, 1), 1.0F);
  EXPECT_EQ(m(3, 1), 0.0F);
  const std::vector<float> http_missing(m.row(0).begin() + 2, m.row(0).end());
  EXPECT_EQ((std::vector<float>{http_missing.begin(), http_missing.begin() + 4}), (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ((std::vector<float>{http_missing.begin() + 5, http_missing.end()}), (std::vector<float>{0, 0, 0, 1}));
}

TEST(Preprocessor, TransformsTheRowsAskedForInTheirOrder) {
  const Table table = flows();
  const Preprocessor p = fit(table);
  const Matrix whole = p.transform(table, all_rows(table));
  const std::uint32_t rows[] = {3, 0, 3};
  const Matrix some = p.transform(table, rows);
  ASSERT_EQ(some.rows(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::equal(some.row(i).begin(), some.row(i).end(), whole.row(rows[i]).begin()));
  }
}

// Numbers, whether they are missing, categories; with windows and without.
TEST(Preprocessor, GivesOneFeatureAsAmongAll) {
  Table table = flows();
  table.columns.push_back(numeric("at", {0, 1, 2, 3}));
  for (const bool windows : {false, true}) {
    PreprocessorOptions options;
    if (windows) options.windows = {.means = {2}, .deviations = {}, .changes = {}, .lags = {1}, .group = "service", .time = "at"};
    const std::vector<std::string> columns = windows ? std::vector<std::string>{"duration", "bytes", "flag"} : names(table);
    const Preprocessor p = Preprocessor::fit(table, columns, all_rows(table), {}, options);
    const std::uint32_t rows[] = {3, 0, 2};
    const Matrix whole = p.transform(table, rows);
    for (std::size_t f = 0; f < p.width(); ++f) {
      const std::vector<float> one = p.transform_feature(table, rows, f);
      ASSERT_EQ(one.size(), 3U);
      for (std::size_t r = 0; r < 3; ++r) EXPECT_EQ(one[r], whole(r, f)) << p.feature_names()[f] << (windows ? ", windows" : "");
    }
    EXPECT_THROW(p.transform_feature(table, rows, p.width()), ArgumentError);
  }
}

TEST(Preprocessor, FitsOnTheRowsGivenAlone) {
  Table table;
  table.columns = {numeric("a", {1, 2, 3, 1e6F}), category("c", {"x", "y", "x", "z"})};
  const std::uint32_t rows[] = {0, 1, 2};
  const Preprocessor p = Preprocessor::fit(table, names(table), rows, {}, {NumericTransform::kIdentity});
  EXPECT_EQ(p.feature_names(), (std::vector<std::string>{"a", "c=x", "c=y", "c=(unseen)"}));
  const Matrix m = p.transform(table, all_rows(table));
  EXPECT_EQ(m(1, 0), 0.0F);
  EXPECT_NEAR(m(3, 0), (1e6 - 2) / std::sqrt(2.0 / 3), 1) << "not clipped";
  EXPECT_EQ(m(3, 3), 1.0F) << "unseen";
}

struct Degenerate {
  const char* what;
  std::vector<float> values;
  std::optional<std::vector<float>> scores;  // identity transform; nothing: the column is dropped
};

TEST(Preprocessor, TreatsDegenerateColumnsAsDocumented) {
  const float tiny = 1e-30F;
  const Degenerate cases[] = {
      {"one value", {3, 3, 3, 3}, std::nullopt},
      {"all missing", {kNone, kNone, kNone, kNone}, std::nullopt},
      {"zero and minus zero", {0.0F, -0.0F, 0.0F, 0.0F}, std::nullopt},
      {"one value and missing ones", {3, kNone, 3, 3}, std::vector<float>{0, 0, 0, 0}},
      {"mean 1e8, neighbours of float", {1e8F, 1e8F + 8, 1e8F, 1e8F + 8}, std::vector<float>{-1, 1, -1, 1}},
      {"tiny scale", {tiny, -tiny, tiny, -tiny}, std::vector<float>{1, -1, 1, -1}},
      {"smallest floats", {1e-45F, 0, 1e-45F, 0}, std::vector<float>{1, -1, 1, -1}},
      {"largest floats", {3e38F, -3e38F, 3e38F, -3e38F}, std::vector<float>{1, -1, 1, -1}},
  };
  for (const Degenerate& c : cases) {
    Table table;
    table.columns = {numeric("other", {0, 1, 2, 3}), numeric("a", c.values)};
    const Preprocessor p = fit(table, {NumericTransform::kIdentity});
    if (!c.scores) {
      EXPECT_EQ(p.dropped(), std::vector<std::string>{"a"}) << c.what;
      EXPECT_EQ(p.width(), 1U) << c.what;
      continue;
    }
    EXPECT_TRUE(p.dropped().empty()) << c.what;
    const Matrix m = p.transform(table, all_rows(table));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(m(i, 1), (*c.scores)[i], 1e-6) << c.what;
  }
}

TEST(Preprocessor, KeepsNeighboursAtAMeanOfAHundredMillionApartInTheLogToo) {
  Table table;
  table.columns = {numeric("a", {1e8F, 1e8F + 8, 1e8F, 1e8F + 8})};
  const Matrix m = fit(table).transform(table, all_rows(table));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(m(i, 0), i % 2 == 0 ? -1 : 1, 1e-6);
}

TEST(Preprocessor, DropsCategoriesThatNeverVary) {
  Table table;
  table.columns = {category("same", {"a", "a"}), category("none", {"", ""}), category("sometimes", {"a", ""})};
  const Preprocessor p = fit(table);
  EXPECT_EQ(p.dropped(), (std::vector<std::string>{"same", "none"}));
  EXPECT_EQ(p.feature_names(), (std::vector<std::string>{"sometimes=a", "sometimes=(unseen)", "sometimes is missing"}));
}

// What normals never show, an anomaly may.
TEST(Preprocessor, KeepsAColumnThatOnlyTrainingAnomaliesVary) {
  Table table;
  table.columns = {numeric("urgent", {2, 2, 2, 3}),
                   category("land", {"no", "no", "no", "yes"}),
                   numeric("same", {2, 2, 2, 2}),
                   category("none", {"a", "a", "a", "a"}),
                   numeric("gap", {2, 2, 2, kNone}),
                   category("blank", {"", "", "", "x"}),
                   numeric("late", {kNone, kNone, kNone, 5})};
  const std::uint32_t normals[] = {0, 1, 2};
  const std::uint32_t anomalies[] = {3};
  const Preprocessor p = Preprocessor::fit(table, names(table), normals, anomalies, {NumericTransform::kIdentity});
  EXPECT_EQ(p.dropped(), (std::vector<std::string>{"same", "none"}));
  EXPECT_EQ(p.feature_names(), (std::vector<std::string>{"urgent", "land=no", "land=(unseen)", "gap", "gap is missing", "blank=(unseen)",
                                                         "blank is missing", "late", "late is missing"}));
  const Matrix m = p.transform(table, all_rows(table));
  const std::vector<float> normal = {0, 1, 0, 0, 0, 0, 1, 0, 1};
  const std::vector<float> anomaly = {1, 0, 1, 0, 1, 1, 0, 5, 0};  // the deviation of a constant is 1
  EXPECT_TRUE(std::ranges::equal(m.row(0), normal));
  EXPECT_TRUE(std::ranges::equal(m.row(3), anomaly));
  const Preprocessor again = Preprocessor::from_json(p.to_json());
  EXPECT_EQ(again.feature_names(), p.feature_names());
}

TEST(Preprocessor, TakesMeanAndDeviationFromTheNormalsAlone) {
  Table table;
  table.columns = {numeric("a", {1, 3, 100, -50}), category("c", {"x", "y", "z", "x"})};
  const std::uint32_t normals[] = {0, 1};
  const std::uint32_t anomalies[] = {2, 3};
  EXPECT_EQ(Preprocessor::fit(table, names(table), normals, anomalies).to_json(),
            Preprocessor::fit(table, names(table), normals).to_json());
}

TEST(Preprocessor, StaysFiniteBeyondTheRangeOfFloat) {
  const float tiny = 1e-30F;
  Table table;
  table.columns = {numeric("a", {tiny, -tiny, 3e38F, -3e38F})};
  const std::uint32_t normals[] = {0, 1};
  const Matrix m = Preprocessor::fit(table, names(table), normals, {}, {NumericTransform::kIdentity}).transform(table, all_rows(table));
  EXPECT_EQ(m(2, 0), 1e30F);
  EXPECT_EQ(m(3, 0), -1e30F);
}

TEST(Preprocessor, RefusesToFitOnNothing) {
  Table table;
  table.columns = {numeric("a", {1, 1, 2})};
  const std::vector<std::string> features = {"a"};
  const std::uint32_t one[] = {0};
  EXPECT_EQ(error_text<ArgumentError>([&] { Preprocessor::fit(table, features, {}); }), "no rows to fit a preprocessor on");
  EXPECT_EQ(error_text<ArgumentError>([&] { Preprocessor::fit(table, features, one); }),
            "all 1 feature columns are constant or empty in the 1 rows fitted on");
  EXPECT_EQ(error_text<ArgumentError>([&] { Preprocessor::fit(table, {}, one); }), "no feature columns to fit a preprocessor on");
}

TEST(Preprocessor, RefusesArgumentsOutOfRange) {
  Table table;
  table.columns = {numeric("a", {1, 2, std::numeric_limits<float>::infinity()})};
  const std::vector<std::string> features = {"a"};
  const std::vector<std::string> twice = {"a", "a"};
  const std::vector<std::string> unknown = {"b"};
  const std::uint32_t good[] = {0, 1};
  const std::uint32_t beyond[] = {0, 3};
  const std::uint32_t infinite[] = {0, 2};
  EXPECT_EQ(error_text<ArgumentError>([&] { Preprocessor::fit(table, features, good, {}, {.max_categories = 0}); }),
            "max_categories must be at least 1, not 0");
  EXPECT_EQ(error_text<ShapeError>([&] { Preprocessor::fit(table, features, beyond); }), "row 3 of a table of 3 rows");
  EXPECT_EQ(error_text<ShapeError>([&] { Preprocessor::fit(table, features, good, beyond); }), "row 3 of a table of 3 rows");
  EXPECT_EQ(error_text<NumericError>([&] { Preprocessor::fit(table, features, infinite); }), "row 2, column \"a\": inf is infinite");
  EXPECT_EQ(error_text<ArgumentError>([&] { Preprocessor::fit(table, twice, good); }), "feature column \"a\" is named twice");
  EXPECT_THROW(Preprocessor::fit(table, unknown, good), ArgumentError);
  EXPECT_THROW(Preprocessor::fit(table, features, good).transform(table, beyond), ShapeError);
}

TEST(Preprocessor, RefusesTextThatIsNotUtf8) {
  Table table;
  table.columns = {category("a", {"x", "\xE9"})};
  EXPECT_EQ(error_text<ArgumentError>([&] { fit(table); }), "column \"a\": the category \"\\xe9\" is not UTF-8");
}

TEST(Preprocessor, RefusesIdentifiersAndSaysWhatSpoiltANumericColumn) {
  PreprocessorOptions options;
  options.max_categories = 3;
  Table table;
  table.columns = {category("id", {"a", "b", "c", "d"})};
  EXPECT_EQ(error_text<ArgumentError>([&] { fit(table, options); }),
            "column \"id\" has 4 categories, 3 are the limit: leave it out, or raise the limit");
  table.columns = {category("id", {"1", "2.5", "12,5", "4"})};
  EXPECT_EQ(error_text<ArgumentError>([&] { fit(table, options); }),
            "column \"id\" has 4 categories, 3 are the limit: it would be numeric but for values such as \"12,5\"");
  options.max_categories = 4;
  EXPECT_EQ(fit(table, options).width(), 5U);
}

TEST(Preprocessor, ReportsWhatFittingHadNotMet) {
  const Preprocessor p = fit(flows());
  Table other;
  other.columns = {numeric("extra", {1, 2, 3}), category("flag", {"SF", "", "S0"}), numeric("bytes", {kNone, 1, kNone}),
                   category("service", {"ftp", "http", "ssh"}), numeric("duration", {1, kNone, 2})};
  TransformReport report;
  report.extra_columns = {"stale"};
  const Matrix m = p.transform(other, all_rows(other), &report);
  ASSERT_EQ(report.unseen_categories.size(), 1U);
  EXPECT_EQ(report.unseen_categories[0].column, "service");
  EXPECT_EQ(report.unseen_categories[0].rows, 2U);
  ASSERT_EQ(report.unexpected_missing.size(), 1U);
  EXPECT_EQ(report.unexpected_missing[0].column, "bytes");
  EXPECT_EQ(report.unexpected_missing[0].rows, 2U);
  EXPECT_EQ(report.extra_columns, std::vector<std::string>{"extra"});
  EXPECT_EQ(m(0, 5), 1.0F) << "service=(unseen)";
  EXPECT_EQ(m(0, 6), 0.0F) << "bytes at its mean";
}

TEST(Preprocessor, DoesNotCallADroppedColumnExtra) {
  Table table;
  table.columns = {numeric("a", {1, 2}), numeric("constant", {1, 1})};
  TransformReport report;
  fit(table).transform(table, all_rows(table), &report);
  EXPECT_TRUE(report.extra_columns.empty());
}

TEST(Preprocessor, NamesTheMissingColumn) {
  const Preprocessor p = fit(flows());
  Table other = flows();
  other.columns[2].name = "Bytes";
  other.sources = {{"new.csv", 0, 4}};
  EXPECT_EQ(error_text<FormatError>([&] { p.transform(other, all_rows(other)); }),
            R"(new.csv: column "bytes" is missing; did you mean "Bytes"?)");
}

TEST(Preprocessor, NamesTheFirstValueOfTheWrongKind) {
  const Preprocessor p = fit(flows());
  const std::uint32_t rows[] = {1, 2};
  Table other = flows();
  other.sources = {{"new.csv", 0, 4}};
  other.columns[0] = category("duration", {"a", "3", "12,5", "b"});
  EXPECT_EQ(error_text<FormatError>([&] { p.transform(other, rows); }), R"(new.csv, row 2, column "duration": "12,5" is not a number)");
  other.columns[0] = category("duration", {"a", "", "3", "b"});
  EXPECT_EQ(error_text<FormatError>([&] { p.transform(other, rows); }),
            R"(new.csv, row 2, column "duration": the category "3" where a number is expected; read it as numeric)");
  other = flows();
  other.columns[1] = numeric("service", {1, kNone, 80, 4});
  EXPECT_EQ(error_text<FormatError>([&] { p.transform(other, rows); }),
            R"(row 2, column "service": the number 80 where a category is expected; read it as a category)");
}

TEST(Preprocessor, TakesAColumnWithoutValuesAsEitherKind) {
  const Preprocessor p = fit(flows());
  Table other = flows();
  other.columns[0] = category("duration", {"", "", "", ""});
  other.columns[1] = numeric("service", {kNone, kNone, kNone, kNone});
  TransformReport report;
  const Matrix m = p.transform(other, all_rows(other), &report);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(m(i, 1), 1.0F);
    for (std::size_t f = 2; f < 6; ++f) EXPECT_EQ(m(i, f), 0.0F);
  }
  ASSERT_EQ(report.unexpected_missing.size(), 1U);
  EXPECT_EQ(report.unexpected_missing[0].column, "service");
  EXPECT_EQ(report.unexpected_missing[0].rows, 4U);
}

TEST(Preprocessor, TransformsToTheSameBitsAfterJson) {
  Table table;
  Stream stream(3, Purpose::kTest, 0);
  std::vector<float> a(300);
  std::vector<float> b(300);
  for (float& x : a) x = std::exp(20 * stream.normal());
  for (float& x : b) x = stream.below(5) == 0 ? kNone : stream.normal() / 3;
  std::vector<std::string> c(300);
  for (std::string& x : c) x = stream.below(3) == 0 ? "\"quoted\", \n\xC3\xA9" : stream.below(2) == 0 ? "" : "plain";
  table.columns = {numeric("a", a), numeric("b b", b), category("c", c), numeric("constant", std::vector<float>(300, 2.0F))};
  for (const NumericTransform transform : {NumericTransform::kSignedLog, NumericTransform::kIdentity}) {
    const Preprocessor p = fit(table, {transform});
    const Preprocessor q = Preprocessor::from_json(p.to_json());
    EXPECT_EQ(q.to_json(), p.to_json());
    EXPECT_EQ(q.feature_names(), p.feature_names());
    EXPECT_EQ(q.feature_sources(), p.feature_sources());
    EXPECT_EQ(q.dropped(), p.dropped());
    const Matrix m = p.transform(table, all_rows(table));
    const Matrix n = q.transform(table, all_rows(table));
    ASSERT_TRUE(std::equal(m.data(), m.data() + m.rows() * m.cols(), n.data()));
  }
}

TEST(Preprocessor, RefusesEveryDamagedJson) {
  const std::string good =
      R"({"format":"oddshot preprocessor","version":1,"transform":"identity","dropped":["d"],"columns":[)"
      R"({"name":"a","kind":"numeric","missing":true,"mean":1,"deviation":2},{"name":"c","kind":"category","missing":false,"categories":["x","y"]}]})";
  EXPECT_EQ(Preprocessor::from_json(good).width(), 5U);
  struct Damage {
    const char* from;
    const char* to;
  };
  const Damage damages[] = {{"oddshot preprocessor", "other"},
                            {"\"version\":1", "\"version\":2"},
                            {"\"version\":1", "\"version\":\"1\""},
                            {"identity", "rank"},
                            {"\"transform\":\"identity\",", ""},
                            {"\"transform\":\"identity\"", "\"transform\":\"identity\",\"more\":1"},
                            {"[\"d\"]", "\"d\""},
                            {"[\"d\"]", "[1]"},
                            {"[\"d\"]", "[\"d\",\"d\"]"},
                            {"[\"d\"]", "[\"a\"]"},
                            {"\"name\":\"c\"", "\"name\":\"a\""},
                            {"\"name\":\"c\"", "\"name\":7"},
                            {"\"kind\":\"numeric\"", "\"kind\":\"category\""},
                            {"\"kind\":\"category\"", "\"kind\":\"numeric\""},
                            {"\"missing\":true", "\"missing\":1"},
                            {"\"mean\":1", "\"mean\":\"1\""},
                            {"\"mean\":1", "\"mean\":1e999"},
                            {"\"mean\":1", "\"mean\":null"},
                            {"\"deviation\":2", "\"deviation\":0"},
                            {"\"deviation\":2", "\"deviation\":-2"},
                            {",\"deviation\":2", ""},
                            {"[\"x\",\"y\"]", "[]"},
                            {"[\"x\",\"y\"]", "[\"x\",\"x\"]"},
                            {"[\"x\",\"y\"]", "[\"x\",null]"},
                            {"[\"x\",\"y\"]", "{\"x\":1}"},
                            {"[\"x\",\"y\"]", "[\"x\",\"\xFF\"]"}};
  for (const Damage& damage : damages) {
    std::string bad = good;
    const auto at = bad.find(damage.from);
    ASSERT_NE(at, std::string::npos) << damage.from;
    bad.replace(at, std::string_view(damage.from).size(), damage.to);
    EXPECT_THROW(Preprocessor::from_json(bad), FormatError) << bad;
  }
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_THROW(Preprocessor::from_json(good.substr(0, length)), FormatError) << length;
  for (const std::string& text : {std::string("[]"), std::string("null"), std::string("7"), std::string(100000, '['), good + "x"}) {
    EXPECT_THROW(Preprocessor::from_json(text), FormatError);
  }
  const auto columns = good.find("\"columns\":[") + 11;
  EXPECT_THROW(Preprocessor::from_json(good + std::string("\0{", 2)), FormatError);         // a zero byte does not end the text
  EXPECT_THROW(Preprocessor::from_json("{\"version\": 1," + good.substr(1)), FormatError);  // a name twice
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THROW(Preprocessor::from_json("{\"version\": " + deep + "," + good.substr(1)), FormatError);
  EXPECT_THROW(Preprocessor::from_json(good.substr(0, columns) + "]}"), FormatError);
  EXPECT_THROW(Preprocessor::from_json(good.substr(0, columns) + "7]}"), FormatError);
}

}  // namespace
}  // namespace oddshot
