// From a manifest and files on the disk to tasks; and that docs/suites.md tells the truth.
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"
#include "tasks/locate.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

std::string document() {
  std::ifstream in(ODDSHOT_SOURCE_DIR "/docs/suites.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

// The first example of docs/suites.md.
std::string example_manifest() {
  const std::string text = document();
  const auto start = text.find("```toml\n") + 8;
  return text.substr(start, text.find("```\n", start) - start);
}

void add_rows(std::string& csv, int count, const std::string& diagnosis, const std::string& pump) {
  static int row = 0;
  for (int i = 0; i < count; ++i, ++row) {
    csv += pump + "," + diagnosis + "," + std::to_string(row % 17) + ".5," + (row % 3 == 0 ? "?" : "high") + ",\"a, b\"," +
           std::to_string(row) + ",2024-01-01T00:00:" + std::to_string(10 + row % 50) + "\n";
  }
}
constexpr const char* kHeader = "pump_id,diagnosis,pressure,level,comment,serial,measured_at\n";

SuiteRows read_example(const TemporaryFolder& folder) {
  std::string before = kHeader, after = kHeader;
  add_rows(before, 30, "none", "1");
  add_rows(before, 20, "cavitation", "2");
  add_rows(before, 15, "worn bearing", "3");
  add_rows(before, 5, "leak", "3");
  add_rows(after, 25, "none", "11");
  add_rows(after, 10, "ok", "12");
  add_rows(after, 14, "cavitation", "13");
  add_rows(after, 16, "broken shaft", "14");
  folder.write("pumps-2023.csv", before);
  folder.write("pumps-2024.csv", after);  // named .csv.gz in the manifest
  return read_suite(load_manifest(folder.write("pumps.toml", example_manifest())), {});
}

TEST(ReadSuite, TheExampleOfTheDocumentWorks) {
  const TemporaryFolder folder;
  const ScopedVariable none("ODDSHOT_DATA", nullptr);
  const SuiteRows rows = read_example(folder);
  ASSERT_EQ(rows.training.size(), 2U);
  EXPECT_EQ(rows.training[0].name, "cavitation");
  EXPECT_EQ(rows.training[0].anomalies.size(), 20U);
  EXPECT_EQ(rows.training[1].name, "worn bearing");
  ASSERT_EQ(rows.held_out.size(), 1U);
  EXPECT_EQ(rows.held_out[0].name, "broken shaft");
  EXPECT_EQ(rows.held_out[0].anomalies.size(), 16U);
  EXPECT_EQ(rows.held_out[0].normals.size(), 35U);
  EXPECT_EQ(rows.training_normals.size(), 30U);
  ASSERT_EQ(rows.too_small.size(), 1U);
  EXPECT_EQ(rows.too_small[0].name, "leak");
  EXPECT_EQ(rows.feature_columns, (std::vector<std::string>{"pressure", "level"}));
  EXPECT_EQ(rows.table.column("pump_id").kind, ColumnKind::kCategory);  // a number, but a name here
}

TEST(ReadSuite, ReadsTheSameFromGzippedFiles) {
  const TemporaryFolder folder;
  const ScopedVariable none("ODDSHOT_DATA", nullptr);
  const SuiteRows plain = read_example(folder);
  const auto file = folder.path() / "pumps-2023.csv";
  ASSERT_EQ(std::system(("gzip '" + file.string() + "'").c_str()), 0);
  const SuiteRows zipped = read_suite(load_manifest(folder.path() / "pumps.toml"), {});
  EXPECT_EQ(zipped.table.column("pressure").numbers, plain.table.column("pressure").numbers);
  EXPECT_EQ(zipped.training_normals, plain.training_normals);
}

TEST(ReadSuite, AColumnThatTheFilesLackIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  folder.write("a.csv", "x,kind\n1,ok\n2,bad\n");
  const auto manifest = folder.write("m.toml",
                                     "[[files]]\npath = \"a.csv\"\n[columns]\nlabel = \"kinds\"\nnormal = \"ok\"\n"
                                     "[tasks]\ntraining = \"*\"\n");
  const std::string message = message_of<FormatError>([&] { read_suite(load_manifest(manifest), {}); });
  EXPECT_NE(message.find("\"kinds\""), std::string::npos) << message;
  EXPECT_NE(message.find("\"kind\""), std::string::npos) << message;
}

TEST(ReadSuite, AFileOfAnotherContentThanTheManifestSaysIsRefused) {
  const TemporaryFolder folder;
  folder.write("a.csv", "x,kind\n1,ok\n2,bad\n");
  const auto manifest = folder.write("m.toml", "[[files]]\npath = \"a.csv\"\nsha256 = \"" + std::string(64, '0') +
                                                   "\"\n[columns]\nlabel = \"kind\"\nnormal = \"ok\"\n[tasks]\ntraining = \"*\"\n");
  EXPECT_NE(message_of<IoError>([&] { read_suite(load_manifest(manifest), {}); }).find(std::string(64, '0')), std::string::npos);
}

// An unknown key that is near to none makes the message list every known one of its section.
TEST(SuitesDocument, ListsEveryKey) {
  const std::string text = document();
  const TemporaryFolder folder;
  std::size_t keys = 0;
  for (const std::string section :
       {"", "[[files]]\n", "[tables]\n", "[read]\n", "[columns]\n", "[preprocess]\n", "[windows]\n", "[tasks]\n"}) {
    const auto file = folder.write("m.toml", section + "a_key_that_is_not_there = 1\n");
    const std::string message = message_of<FormatError>([&] { load_manifest(file); });
    const std::string marker = "; known are ";
    ASSERT_NE(message.find(marker), std::string::npos) << message;
    std::stringstream list(message.substr(message.find(marker) + marker.size()));
    for (std::string key; std::getline(list >> std::ws, key, ','); ++keys) {
      const bool is_section = text.find("`[" + key + "]`") != std::string::npos || text.find("`[[" + key + "]]`") != std::string::npos;
      EXPECT_TRUE(is_section || text.find("| `" + key + "` |") != std::string::npos) << section << key;
    }
  }
  EXPECT_EQ(keys, 55U);
}

}  // namespace
}  // namespace oddshot
