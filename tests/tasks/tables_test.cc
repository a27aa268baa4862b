// Suites of tables: every file is a table with columns of its own, and one task.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

constexpr const char* kManifest = R"(name = "several"
[tables]
folder = "t"
[columns]
label = "kind"
normal = "ok"
ignored = "split"
[tasks]
cut = "table"
minimum_anomalies = 2
training = ["pumps", "claims"]
held_out = ["flows"]
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

// Three tables that have nothing in common but the label.
void write_tables(const TemporaryFolder& folder) {
  std::string pumps = "pressure,flow,kind\n", claims = "amount,type,age,kind,split\n", flows = "bytes,kind,port,idle\n";
  for (int i = 0; i < 20; ++i) {
    const std::string kind = i % 5 == 4 ? "bad" : "ok";
    pumps += std::to_string(i * i) + "," + (i == 3 ? "?" : std::to_string(i % 7)) + "," + kind + "\n";
    claims += std::to_string(1000 - i) + "," + (i % 2 == 0 ? "car" : "house") + "," + std::to_string(20 + i) + "," + kind + ",train\n";
    flows += std::to_string(i + 1) + "," + (i == 0 ? "?" : kind) + "," + (i % 3 == 0 ? "80" : "443") + ",0\n";
  }
  folder.write("t/pumps.csv", pumps);
  folder.write("t/claims.csv", claims);
  folder.write("t/flows.csv", flows);
}

SuiteRows read(const TemporaryFolder& folder, const std::string& manifest = kManifest) {
  write_tables(folder);
  return read_suite(load_manifest(folder.write("several.toml", manifest)), {.folder = folder.path(), .download = false});
}

TEST(Tables, EveryTableIsATaskWithItsOwnColumns) {
  const TemporaryFolder folder;
  const SuiteRows rows = read(folder);
  ASSERT_EQ(rows.tables.size(), 3U);
  EXPECT_EQ(rows.tables[0].task.name, "claims");
  EXPECT_EQ(rows.tables[0].feature_columns, (std::vector<std::string>{"amount", "type", "age"}));
  EXPECT_FALSE(rows.tables[0].held_out);
  EXPECT_EQ(rows.tables[1].task.name, "flows");
  EXPECT_EQ(rows.tables[1].feature_columns, (std::vector<std::string>{"bytes", "port", "idle"}));
  EXPECT_TRUE(rows.tables[1].held_out);
  EXPECT_EQ(rows.tables[1].task.normals.size(), 15U) << "one normal row has no label";
  EXPECT_EQ(rows.tables[1].task.anomalies, (std::vector<std::uint32_t>{4, 9, 14, 19}));
  EXPECT_EQ(rows.notes, (std::vector<std::string>{"flows: 1 rows without a label are left out"}));
}

TEST(Tables, EveryTaskHasAPoolAsWideAsItsTable) {
  const TemporaryFolder folder;
  const TaskSuite suite = encode(read(folder));
  EXPECT_TRUE(suite.of_tables());
  ASSERT_EQ(suite.training.size(), 2U);
  ASSERT_EQ(suite.held_out.size(), 1U);
  EXPECT_EQ(suite.training[0].pool->rows.cols(), 5U) << "claims: amount, age; type is car, house or unseen";
  EXPECT_EQ(suite.training[1].pool->rows.cols(), 3U) << "pumps: pressure, flow, and whether flow is missing";
  EXPECT_EQ(suite.held_out[0].pool->rows.cols(), 2U) << "flows: idle is constant";
  EXPECT_EQ(suite.held_out[0].pool->span(kPlain).count, 2U);
}

TEST(Tables, NumbersAreScaledByTheNormalsOfTheirTableWithoutALogarithm) {
  const TemporaryFolder folder;
  const TaskSuite suite = encode(read(folder));
  const Task& pumps = suite.training[1];
  // pressure is i^2; its z-scores keep the ratios of differences, which a logarithm does not.
  const Matrix& rows = pumps.pool->rows;
  const float unit = (rows(pumps.normals[1], 0) - rows(pumps.normals[0], 0));  // 1 - 0
  EXPECT_NEAR((rows(pumps.normals[3], 0) - rows(pumps.normals[0], 0)) / unit, 9, 1e-3);
  double sum = 0;
  for (const auto r : pumps.normals) sum += rows(r, 0);
  EXPECT_NEAR(sum, 0, 1e-4);
}

TEST(Tables, EpisodesKeepSupportAndQueryApart) {
  const TemporaryFolder folder;
  const TaskSuite suite = encode(read(folder));
  const Episode episode = sample_episode(suite.training[0], {.shots = 2, .normals = 8, .query_normals = 100, .query_anomalies = 100},
                                         Stream(1, Purpose::kTest, 0));
  EXPECT_EQ(episode.query_rows.rows(), 8U + 2U);
  std::set<float> support;
  for (std::size_t r = 0; r < episode.support_rows.rows(); ++r) support.insert(episode.support_rows(r, 0));
  for (std::size_t r = 0; r < episode.query_rows.rows(); ++r) EXPECT_FALSE(support.contains(episode.query_rows(r, 0)));
}

TEST(Tables, ATableWithTooFewAnomaliesIsNoTask) {
  const TemporaryFolder folder;
  write_tables(folder);
  folder.write("t/few.csv", "a,kind\n1,ok\n2,ok\n3,bad\n");
  const std::string manifest = replaced(kManifest, R"("claims"])", R"("claims", "few"])");
  const SuiteRows rows = read(folder, manifest);
  EXPECT_EQ(rows.tables.size(), 3U);
  ASSERT_EQ(rows.too_small.size(), 1U);
  EXPECT_EQ(rows.too_small[0].name, "few");
}

TEST(Tables, ATableThatRepeatsOneAnomalyIsNoTask) {
  const TemporaryFolder folder;
  folder.write("t/one.csv", "a,kind\n1,ok\n2,ok\n3,bad\n3,bad\n3,bad\n");
  const SuiteRows rows = read(folder, replaced(kManifest, R"("claims"])", R"("claims", "one"])"));
  ASSERT_EQ(rows.too_small.size(), 1U);
  EXPECT_EQ(rows.too_small[0].name, "one");
  EXPECT_EQ(rows.notes.front(), "one: its 3 anomalies have only 1 distinct rows");
}

TEST(Tables, CheckingNamesEveryTableAndItsColumns) {
  const TemporaryFolder folder;
  const std::string text = describe(read(folder));
  EXPECT_NE(text.find("tables: 3, each with columns of its own"), std::string::npos) << text;
  EXPECT_NE(text.find("training tables (2)"), std::string::npos) << text;
  EXPECT_NE(text.find("constant: idle"), std::string::npos) << text;
}

TEST(Tables, CheckingPointsAtATableThatIsOnBothSides) {
  const TemporaryFolder folder;
  write_tables(folder);
  std::filesystem::copy_file(folder.path() / "t/pumps.csv", folder.path() / "t/again.csv");
  const std::string text = describe(read(folder, replaced(kManifest, R"(["flows"])", R"(["again"])")));
  EXPECT_NE(text.find("of the held-out table again 20 of 20 distinct rows are in the training table pumps"), std::string::npos) << text;
}

TEST(Tables, NoPreprocessorOfOneTableFitsThemAll) {
  const TemporaryFolder folder;
  const SuiteRows rows = read(folder);
  EXPECT_NE(message_of<ArgumentError>([&] { fit_preprocessor(rows); }).find("suite several have columns of their own"), std::string::npos);
  EXPECT_NE(message_of<ArgumentError>([&] { encode(rows, {}, {}, {}); }).find("only models of space \"table\""), std::string::npos);
}

// What reading complains of.
std::string complaint(const std::string& from, const std::string& to) {
  const TemporaryFolder folder;
  std::string message = message_of<FormatError>([&] { read(folder, replaced(kManifest, from, to)); });
  for (auto at = message.find(folder.path().string()); at != std::string::npos; at = message.find(folder.path().string())) {
    message.erase(at, folder.path().string().size() + 1);
  }
  return message;
}

TEST(Tables, WrongManifestsAndTablesAreRefusedByName) {
  EXPECT_EQ(complaint("label = \"kind\"", "label = \"kin\""),
            "t/pumps.csv: there is no column \"kin\", which is asked for as a category; did you mean \"kind\"?");
  EXPECT_EQ(complaint("normal = \"ok\"", "normal = [\"fine\", \"good\"]"),
            "t/pumps.csv: no row has the normal value \"fine\" or \"good\" in column \"kind\"");
  EXPECT_EQ(complaint("\"split\"", "\"spilt\""), "several.toml: columns.ignored names \"spilt\", but no table has such a column");
  EXPECT_EQ(complaint("minimum_anomalies = 2", "minimum_anomalies = 5"),
            "several.toml: no training task is left: no table of that side has tasks.minimum_anomalies = 5 distinct anomalies");
  EXPECT_EQ(complaint("cut = \"table\"", "cut = \"label\""), "several.toml:2: [tables] has a use only with tasks.cut = \"table\"");
  EXPECT_EQ(complaint("[tables]\nfolder = \"t\"\n", ""), "several.toml:7: tasks.cut = \"table\" needs [tables], where the tables are");
  EXPECT_EQ(complaint("[tables]", "[[files]]\npath = \"a.csv\"\n[tables]"),
            "several.toml:2: a suite of tables names them in tasks.training and tasks.held_out; leave [[files]] out");
  EXPECT_EQ(complaint("normal = \"ok\"", "normal = \"ok\"\ngroup = \"customer\""),
            "several.toml:7: columns.group has no use with tasks.cut = \"table\": every table has columns and normals of its own");
  EXPECT_EQ(complaint("[\"flows\"]", "\"*\""), "several.toml:12: tasks.held_out names \"*\"; name the tables one by one");
  EXPECT_EQ(complaint("[\"flows\"]", "\"pumps\""),
            "several.toml:12: \"pumps\" is in both tasks.training and tasks.held_out; a task is for training or held out, never both");
}

TEST(Tables, AMissingFileIsNamed) {
  const TemporaryFolder folder;
  const std::string message = message_of<IoError>([&] { read(folder, replaced(kManifest, "\"flows\"", "\"flaws\"")); });
  EXPECT_NE(message.find("t/flaws.csv"), std::string::npos) << message;
}

// The suites of tables that ship: [suite, tables].
class RealTables : public testing::TestWithParam<std::pair<const char*, std::size_t>> {};

TEST_P(RealTables, HaveTheirTablesAndEnoughForAnEpisode) {
  const char* variable = std::getenv("ODDSHOT_DATA");
  const std::filesystem::path data = variable != nullptr && *variable != '\0'
                                         ? std::filesystem::path(variable)
                                         : std::filesystem::path(ODDSHOT_SOURCE_DIR) / ".." / "shared" / "data";
  const auto [name, count] = GetParam();
  if (!std::filesystem::is_directory(data / name)) GTEST_SKIP() << "NOT TESTED: no real data in " << data / name;
  const std::filesystem::path manifest = std::filesystem::path(ODDSHOT_SOURCE_DIR) / "suites" / (std::string(name) + ".toml");
  const SuiteRows rows = read_suite(load_manifest(manifest), {.folder = data, .download = false});
  EXPECT_EQ(rows.tables.size(), count);
  EXPECT_EQ(rows.tables.size() + rows.too_small.size(), rows.manifest.files.size());
  EXPECT_GT(2 * std::ranges::count_if(rows.tables, [](const TableRows& table) { return !table.held_out; }), std::ssize(rows.tables));
  const TaskSuite suite = encode(rows);
  for (const auto* side : {&suite.training, &suite.held_out}) {
    for (const Task& task : *side) {
      const Episode episode =
          sample_episode(task, {.shots = 5, .normals = 50, .query_normals = 64, .query_anomalies = 64}, Stream(1, Purpose::kTest, 0));
      EXPECT_GE(episode.query_rows.rows(), 30U) << task.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, RealTables, testing::Values(std::pair("adbench", 22), std::pair("oddbench", 205)),
                         [](const auto& suite) { return std::string(suite.param.first); });

}  // namespace
}  // namespace oddshot
