// What the documents say of the project is so: links lead somewhere, verbs exist.
#include <cstdio>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "source_tree.h"

namespace oddshot::project {
namespace {

struct Outcome {
  int status = -1;
  std::string output;  // stdout and stderr
};

Outcome run_dev(const std::string& arguments) {
  const std::string command = "'" + (source_dir() / "dev").string() + "' " + arguments + " 2>&1";
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.output.append(buffer, n);
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

const std::vector<std::string> kVerbs = {"demo",   "test", "build",    "bench", "wheel", "results",
                                         "format", "lint", "sanitize", "fuzz",  "clean"};

TEST(Documents, EveryRelativeLinkLeadsToAFile) {
  std::vector<std::filesystem::path> pages = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "src/README.md"};
  for (const auto& page : files_below("docs", {".md"})) pages.push_back(page);
  std::size_t links = 0;
  for (const auto& page : pages) {
    ASSERT_TRUE(std::filesystem::exists(source_dir() / page)) << page;
    for (const std::string& link : relative_links(read_text(source_dir() / page))) {
      ++links;
      EXPECT_TRUE(std::filesystem::exists(source_dir() / page.parent_path() / link)) << page << " links to " << link;
    }
  }
  EXPECT_GT(links, 5U);
}

TEST(Documents, LinksAreFoundWithoutTheirAnchors) {
  EXPECT_EQ(relative_links("see [a](docs/a.md#b), [c](https://c.org) and [d](#d), [e](e.md)"),
            (std::vector<std::string>{"docs/a.md", "e.md"}));
}

TEST(Documents, TheMapOfTheSourceNamesEveryFolder) {
  const std::string map = read_text(source_dir() / "src/README.md");
  for (const std::string& folder : kFolders) EXPECT_NE(map.find("`" + folder + "`"), std::string::npos) << folder;
}

TEST(FrontDoor, AloneListsItsVerbs) {
  const Outcome outcome = run_dev("");
  EXPECT_EQ(outcome.status, 0);
  for (const std::string& verb : kVerbs) EXPECT_NE(outcome.output.find("\n  " + verb), std::string::npos) << verb;
}

TEST(FrontDoor, AnUnknownVerbIsWrongUsageAndNamesTheVerbs) {
  const Outcome outcome = run_dev("dance");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.output.find("\"dance\""), std::string::npos);
  for (const std::string& verb : kVerbs) EXPECT_NE(outcome.output.find(verb), std::string::npos) << verb;
}

}  // namespace
}  // namespace oddshot::project
