// Explanations: shares add up, the columns that were tampered with are found, and words say the same as the numbers.
#include "oddshot/detector/explain.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "sample_table.h"

namespace oddshot {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Column numbers(std::string name) { return {std::move(name), ColumnKind::kNumeric, {}, {}, {}}; }
Column words(std::string name, std::vector<std::string> categories) {
  return {std::move(name), ColumnKind::kCategory, {}, {}, std::move(categories)};
}

// Eight numbers, of which b follows a and d is a heavy-tailed amount, and two categories. Normal rows.
constexpr std::size_t kNumbers = 8;
Table normal_rows(std::size_t rows, std::uint64_t index) {
  Stream stream(11, Purpose::kTest, index);
  Table table;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) table.columns.push_back(numbers(name));
  table.columns.push_back(words("service", {"http", "dns", "smtp", "ftp", "irc"}));
  table.columns.push_back(words("flag", {"SF", "S0", "REJ"}));
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < kNumbers; ++c) table.columns[c].numbers.push_back(stream.normal());
    table.columns[1].numbers.back() = table.columns[0].numbers.back() + 0.15F * stream.normal();
    table.columns[3].numbers.back() = 100 * std::exp(0.7F * stream.normal());
    table.columns[8].codes.push_back(static_cast<std::int32_t>(std::min<std::uint64_t>(stream.below(8), 2)));  // mostly smtp
    table.columns[9].codes.push_back(stream.below(10) == 0 ? 1 : 0);
  }
  return table;
}

// What is planted in a row: which columns, any of which may be named first; each of `all` must be among the first.
struct Planted {
  std::set<std::string> culprits;
  std::size_t found = 1;  // so many of the first are culprits
};

// Five kinds of anomaly in turn.
Planted plant(Table& table, std::size_t row, std::size_t kind, Stream& stream) {
  const auto shift = [&](std::size_t c, float by) { table.columns[c].numbers[row] += stream.below(2) == 0 ? by : -by; };
  switch (kind % 5) {
    case 0: {  // one number far off
      const auto c = 4 + stream.below(4);
      shift(c, 7);
      return {{table.columns[c].name}};
    }
    case 1: {  // two numbers rather far off
      const auto c = 4 + stream.below(3);
      shift(c, 6);
      shift(c + 1, 6);
      return {{table.columns[c].name, table.columns[c + 1].name}, 2};
    }
    case 2:  // two columns that no longer go together
      table.columns[0].numbers[row] = 2.5F;
      table.columns[1].numbers[row] = -2.5F;
      return {{"a", "b"}, 2};
    case 3:  // an amount of another size
      table.columns[3].numbers[row] = 20000;
      return {{"d"}};
    default:  // a category that was never seen
      table.columns[8].codes[row] = 4;
      return {{"service"}};
  }
}

Table labelled(Table table, std::size_t anomalies) {
  Column label = words("label", {"normal", "anomaly"});
  for (std::size_t r = 0; r < table.rows(); ++r) label.codes.push_back(r < anomalies ? 1 : 0);
  table.columns.push_back(std::move(label));
  return table;
}

Detector detector_of(Table table, std::size_t anomalies) {
  AdaptOptions options;
  options.label = "label";
  return Detector::adapt(table_model(), labelled(std::move(table), anomalies), options);
}

Detector detector_without_anomalies() { return detector_of(normal_rows(200, 1), 0); }

double sum_of(const Explanation& explanation) {
  return std::accumulate(explanation.columns.begin(), explanation.columns.end(), 0.0,
                         [](double sum, const ColumnShare& one) { return sum + one.share; });
}

std::vector<std::uint32_t> all_rows(const Table& table) {
  std::vector<std::uint32_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

TEST(Explain, FindsTheColumnsThatWereTamperedWith) {
  constexpr std::size_t kCases = 200;
  Table table = normal_rows(kCases, 2);
  Stream stream(12, Purpose::kTest, 0);
  std::vector<Planted> planted;
  for (std::size_t r = 0; r < kCases; ++r) planted.push_back(plant(table, r, r, stream));
  const Detector detector = detector_without_anomalies();
  ThreadPool pool;
  const std::vector<Explanation> found = explain(detector, table, all_rows(table), {.evaluations = 512}, pool);
  std::vector<std::size_t> missed(5);
  for (std::size_t r = 0; r < kCases; ++r) {
    for (std::size_t i = 0; i < planted[r].found; ++i) {
      if (!planted[r].culprits.contains(found[r].columns[i].column) || found[r].columns[i].share <= 0) {
        ++missed[r % 5];
        break;
      }
    }
    EXPECT_NEAR(sum_of(found[r]), found[r].score - found[r].baseline, 1e-4) << r;
  }
  EXPECT_LE(std::accumulate(missed.begin(), missed.end(), std::size_t{0}), 5U) << ::testing::PrintToString(missed);
}

TEST(Explain, StartsFromTheScoreThatTheDetectorGives) {
  const Detector detector = detector_without_anomalies();
  const Table table = normal_rows(5, 3);
  ThreadPool one(1), two(2);
  const std::vector<float> scores = detector.score(table, one);
  const std::vector<Explanation> found = explain(detector, table, all_rows(table), {}, one);
  for (std::size_t r = 0; r < 5; ++r) EXPECT_EQ(found[r].score, scores[r]);
  const std::vector<Explanation> again = explain(detector, table, std::vector<std::uint32_t>{3}, {}, two);
  EXPECT_EQ(to_json(again[0]), to_json(found[3]));
}

// The first support rows are the anomalies of a kind: an amount of another size.
TEST(Explain, NamesTheKnownRowsThatARowIsLike) {
  Table table = normal_rows(203, 4);
  for (std::size_t r = 0; r < 3; ++r) table.columns[3].numbers[r] = 20000;
  const Detector detector = detector_of(table, 3);
  ThreadPool pool(1);
  const std::vector<Explanation> found = explain(detector, table, std::vector<std::uint32_t>{1, 150}, {}, pool);
  EXPECT_TRUE(found[0].looks_like_anomaly());
  ASSERT_EQ(found[0].anomalies.size(), 3U);
  EXPECT_EQ(found[0].anomalies[0].number, 2U);
  EXPECT_EQ(found[0].anomalies[0].distance, 0);
  EXPECT_TRUE(found[0].anomalies[0].unlike.empty());
  ASSERT_FALSE(found[0].normals.empty());
  EXPECT_NE(std::ranges::find(found[0].normals[0].unlike, "d"), found[0].normals[0].unlike.end());
  EXPECT_FALSE(found[1].looks_like_anomaly());
  EXPECT_EQ(found[1].normals[0].number, 148U);  // the 148th normal row: three anomalies came before
  EXPECT_NE(card(found[0]).find("looks like known anomaly 2: 100% alike"), std::string::npos) << card(found[0]);
  EXPECT_NE(card(found[1]).find("nearest normal row 148: 100% alike"), std::string::npos) << card(found[1]);
}

TEST(Explain, TellsValuesAsTheTableHasThemAndWhatIsUsual) {
  Table table = normal_rows(4, 5);
  table.columns[3].numbers[0] = 20000;
  table.columns[4].numbers[1] = kNan;
  table.columns[8].codes[2] = 4;
  table.columns[8].codes[3] = Column::kMissingCode;
  const Detector detector = detector_without_anomalies();
  ThreadPool pool(1);
  const std::vector<Explanation> found = explain(detector, table, all_rows(table), {}, pool);
  const auto of = [&](std::size_t row, const std::string& name) {
    return *std::ranges::find(found[row].columns, name, &ColumnShare::column);
  };
  EXPECT_EQ(of(0, "d").value, "20000");
  const double usual = std::stod(*of(0, "d").usual);
  EXPECT_GT(usual, 20);
  EXPECT_LT(usual, 500);
  EXPECT_EQ(of(1, "e").value, "(missing)");
  EXPECT_EQ(of(2, "service").value, "irc");
  EXPECT_EQ(of(2, "service").usual, "smtp");
  EXPECT_EQ(of(3, "service").value, "(missing)");
  EXPECT_EQ(reasons(found[0], 1).substr(0, 9), "d=20000 (");
}

TEST(Explain, WorksForEveryLearnerThatAdaptsToAnomalies) {
  Table table = normal_rows(60, 6);
  for (std::size_t r = 0; r < 3; ++r) table.columns[3].numbers[r] = 20000;
  AdaptOptions options;
  options.label = "label";
  ThreadPool pool(1);
  for (const LearnerEntry& entry : learner_table()) {
    const Detector detector = Detector::adapt(table_model(std::string(entry.name)), labelled(table, 3), options);
    const Explanation found = explain(detector, table, std::vector<std::uint32_t>{0}, {.evaluations = 64}, pool).front();
    EXPECT_NEAR(sum_of(found), found.score - found.baseline, 1e-4) << entry.name;
    EXPECT_EQ(found.columns.size(), 10U);
  }
}

TEST(Explain, RefusesWhatIsOutOfRange) {
  const Detector detector = detector_without_anomalies();
  const Table table = normal_rows(3, 7);
  ThreadPool pool(1);
  EXPECT_THROW(explain(detector, table, std::vector<std::uint32_t>{3}, {}, pool), ShapeError);
  EXPECT_THROW(explain(detector, table, std::vector<std::uint32_t>{0}, {.background = 0}, pool), ArgumentError);
  EXPECT_THROW(explain(detector, table, std::vector<std::uint32_t>{0}, {.evaluations = 1}, pool), ArgumentError);
  EXPECT_THROW(explain(detector, table, std::vector<std::uint32_t>{0}, {.neighbours = 101}, pool), ArgumentError);
}

}  // namespace
}  // namespace oddshot
