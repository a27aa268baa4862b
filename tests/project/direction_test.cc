// Which folder may include which: the rule of docs, read off the sources themselves.
#include <algorithm>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "source_tree.h"

namespace oddshot::project {
namespace {

const std::vector<std::string> kSources = {".h", ".cc"};

std::vector<std::filesystem::path> sources_of(const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> all;
  for (const std::string& folder : folders) {
    const auto files = files_below(folder, kSources);
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

TEST(Direction, EachFolderIncludesOnlyFoldersBeforeItAndFacesOnlyPublicHeaders) {
  const auto files = sources_of({"include", "src", "faces"});
  ASSERT_GT(files.size(), 20U);
  for (const auto& file : files) {
    for (const std::string& offence : direction_offences(file, read_text(source_dir() / file))) ADD_FAILURE() << offence;
  }
}

TEST(Direction, AnIncludeAgainstTheOrderIsNoticed) {
  EXPECT_EQ(direction_offences("src/data/a.cc", "#include \"oddshot/data/table.h\"\n#include \"oddshot/tasks/task.h\"\n").size(), 1U);
  EXPECT_EQ(direction_offences("src/base/a.cc", "#include \"kernels/kernels.h\"\n").size(), 1U);
  EXPECT_EQ(direction_offences("include/oddshot/experts/a.h", "#include \"kernels/kernels.h\"\n").size(), 1U);
  EXPECT_EQ(direction_offences("faces/cli/a.cc", "#  include \"nets/mlp.h\"\n").size(), 1U);
  EXPECT_EQ(direction_offences("faces/python/a.cc", "#include \"cli/options.h\"\n").size(), 1U);
  EXPECT_EQ(direction_offences("src/tasks/a.cc", "#include <oddshot/oddshot.h>\n").size(), 1U);
}

TEST(Direction, AnIncludeWithTheOrderIsFine) {
  EXPECT_TRUE(direction_offences("src/tasks/a.cc", "#include <vector>\n#include \"data/csv.h\"\n#include \"tasks/split.h\"\n").empty());
  EXPECT_TRUE(direction_offences("faces/cli/a.cc", "#include \"oddshot/nets/layout.h\"\n#include \"options.h\"\n").empty());
}

TEST(Direction, EveryFolderOfSrcHasItsPlaceInTheOrder) {
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "src")) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    EXPECT_NE(std::find(kFolders.begin(), kFolders.end(), name), kFolders.end()) << "src/" << name << " is not in kFolders";
  }
}

// A face translates; what it speaks does not reach the library.
TEST(Direction, TheLibraryKnowsNoProtocolNoArgumentsAndNoPython) {
  const std::regex words(R"(\b(HTTP|argc|argv|numpy|nanobind)\b)");
  for (const auto& file : sources_of({"include", "src"})) {
    const std::string text = without_comments(read_text(source_dir() / file));
    std::smatch found;
    EXPECT_FALSE(std::regex_search(text, found, words)) << file << " says " << found.str();
  }
}

TEST(Direction, TheLibraryDoesNotPrintOrEndTheProcess) {
  const std::regex words(R"(\bstd::(cout|cerr|clog|abort|exit|terminate)\b|\b(printf|puts)\()");
  for (const auto& file : sources_of({"include", "src"})) {
    const std::string text = without_comments(read_text(source_dir() / file));
    std::smatch found;
    EXPECT_FALSE(std::regex_search(text, found, words)) << file << " says " << found.str();
  }
}

TEST(Direction, ThirdPartyHeadersStayOutOfPublicOnes) {
  const std::regex third_party(R"(#\s*include\s*["<](arrow|parquet|hwy|Eigen|nlohmann|toml\+\+|toml|fmt|spdlog|CLI|openssl|curl|gtest)\b)");
  for (const auto& file : sources_of({"include"})) {
    EXPECT_FALSE(std::regex_search(read_text(source_dir() / file), third_party)) << file;
  }
}

TEST(Direction, TheUmbrellaHeaderNamesEveryPublicHeader) {
  const std::string umbrella = read_text(source_dir() / "include/oddshot/oddshot.h");
  for (const auto& file : files_below("include/oddshot", {".h"})) {
    const std::string name = std::filesystem::relative(file, "include").generic_string();
    if (name == "oddshot/oddshot.h") continue;
    EXPECT_NE(umbrella.find("#include \"" + name + "\""), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace oddshot::project
