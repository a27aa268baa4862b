#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

constexpr const char* kBasic = R"(name = "mine"
[[files]]
path = "a.csv"
[columns]
label = "kind"
normal = ["ok"]
[tasks]
training = ["a", "b"]
held_out = ["c"]
)";

SuiteManifest load(const std::string& text) {
  const TemporaryFolder folder;
  return load_manifest(folder.write("mine.toml", text));
}

// What loading complains of, without the folder.
std::string complaint(const std::string& text) {
  const TemporaryFolder folder;
  const auto file = folder.write("mine.toml", text);
  const std::string message = message_of<FormatError>([&] { load_manifest(file); });
  const std::string prefix = folder.path().string() + "/";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

TEST(Manifest, ReadsEveryKey) {
  const SuiteManifest m = load(R"(
name = "n"
title = "T"
domain = "industry"
description = "D"
[[files]]
path = "x/a.tsv"
side = "training"
sha256 = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"
url = "https://example.org/a"
source = "S"
licence = "L"
task = "pump"
[[files]]
path = "/b.tsv"
side = "held-out"
[[files]]
path = "c.tsv"
[read]
format = "csv"
separator = "\t"
quote = "'"
header = false
names = ["l", "g", "t", "p", "q", "r", "u"]
missing = ["-", "none"]
[columns]
label = "l"
normal = ["ok", "fine"]
ignored = ["u"]
numeric = ["p"]
category = ["q"]
features = ["p", "q", "r"]
time = "t"
[preprocess]
numeric = "identity"
clip = 5
[tasks]
cut = "file"
normals = "shared"
training = "*"
held_out = ["unseen", "b"]
held_out_normals = 0.25
minimum_anomalies = 20
)");
  EXPECT_EQ(m.name, "n");
  EXPECT_EQ(m.title, "T");
  EXPECT_EQ(m.domain, "industry");
  EXPECT_EQ(m.description, "D");
  ASSERT_EQ(m.files.size(), 3U);
  EXPECT_EQ(m.files[0].path, "x/a.tsv");
  EXPECT_EQ(m.files[0].side, Side::kTraining);
  EXPECT_EQ(m.files[0].sha256.size(), 64U);
  EXPECT_EQ(m.files[0].url, "https://example.org/a");
  EXPECT_EQ(m.files[0].source, "S");
  EXPECT_EQ(m.files[0].licence, "L");
  EXPECT_EQ(m.files[0].task, "pump");
  EXPECT_EQ(m.files[1].side, Side::kHeldOut);
  EXPECT_EQ(m.files[2].side, Side::kBoth);
  EXPECT_EQ(m.read.format, FileFormat::kCsv);
  EXPECT_EQ(m.read.separator, '\t');
  EXPECT_EQ(m.read.quote, '\'');
  EXPECT_FALSE(m.read.header);
  EXPECT_EQ(m.read.names.size(), 7U);
  EXPECT_EQ(m.read.missing, (std::vector<std::string>{"-", "none"}));
  EXPECT_EQ(m.label, "l");
  EXPECT_EQ(m.normal, (std::vector<std::string>{"ok", "fine"}));
  EXPECT_EQ(m.ignored, (std::vector<std::string>{"u"}));
  EXPECT_EQ(m.read.ignored, m.ignored);
  EXPECT_EQ(m.read.numeric, (std::vector<std::string>{"p"}));
  EXPECT_EQ(m.read.category, (std::vector<std::string>{"q"}));
  EXPECT_EQ(m.features, (std::vector<std::string>{"p", "q", "r"}));
  EXPECT_EQ(m.time, "t");
  EXPECT_EQ(m.preprocessor.numeric, NumericTransform::kIdentity);
  EXPECT_EQ(m.views.plain_clip, 5.0F);
  EXPECT_EQ(m.cut, Cut::kFile);
  EXPECT_FALSE(m.own_normals);
  EXPECT_EQ(m.training, (std::vector<std::string>{"*"}));
  EXPECT_EQ(m.held_out, (std::vector<std::string>{"unseen", "b"}));
  EXPECT_EQ(m.held_out_normals, 0.25);
  EXPECT_EQ(m.minimum_anomalies, 20U);
}

TEST(Manifest, LeavesOutMostKeysWithDefaults) {
  const SuiteManifest m = load(kBasic);
  EXPECT_EQ(m.title, "mine");
  EXPECT_EQ(m.domain, "other");
  EXPECT_EQ(m.cut, Cut::kLabel);
  EXPECT_FALSE(m.own_normals);
  EXPECT_EQ(m.minimum_anomalies, 13U);
  EXPECT_EQ(m.held_out_normals, 0.5);
  EXPECT_TRUE(m.read.header);
  EXPECT_EQ(m.preprocessor.numeric, NumericTransform::kSignedLog);
  EXPECT_EQ(m.file.filename(), "mine.toml");
}

TEST(Manifest, UnknownKeysAreErrorsThatNameTheNearest) {
  EXPECT_EQ(complaint(replaced(kBasic, "held_out =", "heldout =")),
            "mine.toml:9: unknown key \"heldout\" in tasks; did you mean \"held_out\"?");
  EXPECT_EQ(complaint(replaced(kBasic, "path =", "side = \"both\"\nurrl = \"\"\npath =")),
            "mine.toml:4: unknown key \"urrl\" in files[1]; did you mean \"url\"?");
  EXPECT_EQ(complaint(replaced(kBasic, "[columns]", "[colums]")), "mine.toml:4: unknown key \"colums\"; did you mean \"columns\"?");
  EXPECT_NE(complaint(replaced(kBasic, "name = \"mine\"", "colour = \"red\"")).find("unknown key \"colour\"; known are name, title"),
            std::string::npos);
}

TEST(Manifest, WrongTypesAndValuesAreErrorsThatNameThePlace) {
  struct Case {
    const char *from, *to, *expected;
  };
  const Case cases[] = {
      {"label = \"kind\"", "label = 3", "mine.toml:5: columns.label must be a text in quotes, not integer"},
      {"normal = [\"ok\"]", "normal = [\"ok\", 0]", "mine.toml:6: columns.normal must be a list of texts in quotes, not integer"},
      {"[[files]]\npath = \"a.csv\"", "files = \"a.csv\"", "mine.toml:2: files must be written as [[files]], not string"},
      {"[columns]", "[read]\nheader = \"no\"\n[columns]", "mine.toml:5: read.header must be true or false, not string"},
      {"[columns]", "[read]\nseparator = \"::\"\n[columns]", "mine.toml:5: read.separator is \"::\"; it must be one character"},
      {"held_out =", "minimum_anomalies = 1\nheld_out =",
       "mine.toml:9: tasks.minimum_anomalies is 1; it must be a whole number from 2 to 1000000"},
      {"held_out =", "minimum_anomalies = 2.5\nheld_out =",
       "mine.toml:9: tasks.minimum_anomalies must be a whole number from 2 to 1000000, not floating-point"},
      {"held_out =", "held_out_normals = 1.5\nheld_out =",
       "mine.toml:9: tasks.held_out_normals is 1.5; it must be a number above 0 and below 1"},
      {"held_out =", "held_out_normals = nan\nheld_out =",
       "mine.toml:9: tasks.held_out_normals is nan; it must be a number above 0 and below 1"},
      {"held_out =", "cut = \"labels\"\nheld_out =",
       "mine.toml:9: tasks.cut is \"labels\"; it must be one of \"label\", \"column\", \"file\", \"file-label\", \"cluster\", \"table\""},
      {"path = \"a.csv\"", "path = \"a.csv\"\nside = \"test\"",
       "mine.toml:4: files[1].side is \"test\"; it must be one of \"training\", \"held-out\", \"both\""},
      {"path = \"a.csv\"", "path = \"a.csv\"\nsha256 = \"12\"", "mine.toml:4: files[1].sha256 is \"12\"; it must be 64 hexadecimal digits"},
      {"[columns]", "[preprocess]\nclip = 0\n[columns]", "mine.toml:5: preprocess.clip is 0; it must be a number above 0 and below 1e+06"},
  };
  for (const auto& [from, to, expected] : cases) EXPECT_EQ(complaint(replaced(kBasic, from, to)), expected);
}

TEST(Manifest, ContradictionsAreErrorsThatSayWhy) {
  struct Case {
    const char *from, *to, *expected;
  };
  const Case cases[] = {
      {"normal = [\"ok\"]", "normal = \"ok\"\nignored = \"kind\"",
       "mine.toml:7: column \"kind\" is both columns.label and columns.ignored"},
      {"normal = [\"ok\"]", "normal = \"ok\"\nfeatures = [\"x\", \"kind\"]", "mine.toml:7: column \"kind\" is both columns.label and"},
      {"normal = [\"ok\"]", "normal = \"ok\"\ngroup = \"g\"\ntime = \"g\"",
       "mine.toml:8: column \"g\" is both columns.group and columns.time"},
      {"normal = [\"ok\"]", "normal = \"ok\"\nnumeric = [\"kind\"]",
       "mine.toml:7: column \"kind\" is columns.label, whose values are read as"},
      {"normal = [\"ok\"]", "normal = \"ok\"\nnumeric = [\"x\"]\ncategory = [\"x\"]", "mine.toml:8: \"x\" is in both columns.numeric and"},
      {"normal = [\"ok\"]", "normal = \"ok\"\nignored = [\"x\"]\ncategory = [\"x\"]", "mine.toml:7: \"x\" is in both columns.category and"},
      {"normal = [\"ok\"]", "", "mine.toml:5: columns.normal is missing"},
      {"label = \"kind\"", "", "mine.toml:4: columns.label is missing"},
      {"held_out = [\"c\"]", "held_out = [\"b\", \"c\"]", "mine.toml:9: \"b\" is in both tasks.training and tasks.held_out"},
      {"held_out = [\"c\"]", "held_out = [\"ok\"]", "mine.toml:9: \"ok\" is in both columns.normal and tasks.held_out"},
      {"held_out = [\"c\"]", "held_out = [\"c\", \"c\"]", "mine.toml:9: tasks.held_out names \"c\" twice"},
      {"held_out = [\"c\"]", "held_out = [\"unseen\"]", "mine.toml:9: \"unseen\" needs a file with side = \"held-out\""},
      {"training = [\"a\", \"b\"]", "training = [\"unseen\"]", "mine.toml:8: \"unseen\" is for tasks.held_out"},
      {"training = [\"a\", \"b\"]\nheld_out = [\"c\"]", "", "mine.toml:7: no tasks"},
      {"path = \"a.csv\"", "path = \"a.csv\"\nside = \"training\"", "mine.toml:10: there are held-out tasks, but every file has side"},
      {"[tasks]", "[windows]\nmeans = 5\n[tasks]", "mine.toml:7: [windows] needs columns.group, which rows are a run, and columns.time"},
      {"[tasks]", "[windows]\n[tasks]", "mine.toml:7: [windows] names no window"},
      {"normal = [\"ok\"]", "normal = \"ok\"\ngroup = \"g\"\ntime = \"t\"\n[windows]\nlags = [3, 0]",
       "mine.toml:9: windows: lags holds 0, which must be from 1 to 1000"},
      {"normal = [\"ok\"]", "normal = \"ok\"\ngroup = \"g\"\ntime = \"t\"\n[windows]\nlags = [2.5]",
       "mine.toml:10: windows.lags must be a list of whole numbers, not floating-point"},
      {"held_out =", "cut = \"cluster\"\nheld_out =", "mine.toml:9: tasks.cut = \"cluster\" needs tasks.clusters"},
      {"held_out =", "clusters = 4\nheld_out =", "mine.toml:9: tasks.clusters has a use only with"},
      {"held_out =", "held_out_anomalies = 0.5\nheld_out =", "mine.toml:9: tasks.held_out_anomalies has a use only with"},
      {"held_out =", "cut = \"column\"\nheld_out =", "mine.toml:9: tasks.cut = \"column\" needs tasks.column"},
      {"held_out =", "column = \"x\"\nheld_out =", "mine.toml:9: tasks.column has a use only with"},
      {"held_out =", "normals = \"own\"\nheld_out =", "mine.toml:9: tasks.normals = \"own\" has a meaning only with"},
      {"held_out =", "training_groups = [\"g\"]\nheld_out =", "mine.toml:9: groups are named, but there is no columns.group"},
      {"[[files]]\npath = \"a.csv\"", "", "mine.toml:1: no files"},
      {"path = \"a.csv\"", "path = \"a.csv\"\n[[files]]\npath = \"a.csv\"", "mine.toml:5: files[2].path: \"a.csv\" is listed twice"},
      {"path = \"a.csv\"", "side = \"both\"", "mine.toml:2: files[1] needs a path"},
      {"path = \"a.csv\"", "path = \"a.csv\"\ntask = \"x\"", "mine.toml:4: files[1].task has a use only with"},
      {"path = \"a.csv\"", "path = \"a.csv\"\nurl = \"http://x.org/a\"",
       "mine.toml:4: files[1].url is \"http://x.org/a\"; it must begin with"},
      {"path = \"a.csv\"", "path = \"a.csv\"\nurl = \"https://x.org/a\"", "mine.toml:4: files[1].url needs a sha256"},
      {"[columns]", "[read]\nheader = false\n[columns]", "mine.toml:5: files without a header need read.names"},
      {"[columns]", "[read]\ncolumns = \"any\"\n[columns]", "mine.toml:5: read.columns is \"any\"; it must be one of \"same\", \"union\""},
      {"[columns]", "[read]\nnames = [\"x\"]\n[columns]", "mine.toml:5: read.names are for files without a header"},
      {"[columns]", "[read]\nheader = false\nnames = [\"kinds\", \"x\"]\n[columns]",
       "mine.toml:8: column \"kind\" (columns.label) is not one of read.names; did you mean \"kinds\"?"},
      {"name = \"mine\"", "simulator = \"payment-fraud\"", "mine.toml:1: a suite has either files or a simulator, not both"},
      {"name = \"mine\"", "simulator = \"dice\"", "mine.toml:1: simulator is \"dice\"; it must be one of \"payment-fraud\""},
      {"[columns]", "[columns", "mine.toml:4: not valid TOML: "},
  };
  for (const auto& [from, to, expected] : cases) {
    const std::string message = complaint(replaced(kBasic, from, to));
    EXPECT_TRUE(message.starts_with(expected)) << message << "\nexpected " << expected;
  }
}

TEST(Manifest, AFileThatMayBeDownloadedStaysInsideTheDataFolder) {
  const std::string sum(64, 'a');
  for (const std::string path : {"../a.csv", "/etc/a.csv", "x/../../a.csv"}) {
    const std::string message =
        complaint(replaced(kBasic, "path = \"a.csv\"", "path = \"" + path + "\"\nurl = \"https://x.org/a\"\nsha256 = \"" + sum + "\""));
    EXPECT_NE(message.find("needs a path inside the data folder"), std::string::npos) << message;
  }
}

TEST(Manifest, WhatIsNoManifestIsOneClearError) {
  const TemporaryFolder folder;
  EXPECT_THROW(load_manifest(folder.path() / "absent.toml"), IoError);
  EXPECT_THROW(load_manifest(folder.path()), IoError);
  EXPECT_THROW(load_manifest(folder.write("big.toml", std::string(3 << 20, '#'))), FormatError);
  EXPECT_THROW(load_manifest(folder.write("binary.toml", std::string_view("\x00\xFF\x1F\x8B\n[", 6))), FormatError);
  EXPECT_THROW(load_manifest(folder.write("deep.toml", "a = " + std::string(100000, '['))), FormatError);
  EXPECT_THROW(load_manifest(folder.write("empty.toml", "")), FormatError);
}

TEST(Manifest, SuitesThatShipAreFoundByNameAndAreValid) {
  const ScopedVariable none("ODDSHOT_SUITES", nullptr);
  const auto names = shipped_suites();
  for (const std::string name : {"cardiotocography", "creditcard", "nsl-kdd", "payment-fraud", "steel-plates", "tep", "tep-windows",
                                 "thyroid", "ton-iot", "vehicle-insurance"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  for (const auto& name : names) EXPECT_EQ(load_manifest(find_manifest(name)).name, name);
}

TEST(Manifest, IsFoundByPathAndInTheFolderOfTheEnvironment) {
  const TemporaryFolder folder;
  const auto file = folder.write("mine.toml", kBasic);
  EXPECT_EQ(find_manifest(file.string()), file);
  const ScopedVariable suites("ODDSHOT_SUITES", folder.path().c_str());
  EXPECT_EQ(find_manifest("mine"), file);
}

TEST(Manifest, AnUnknownSuiteIsAnErrorThatNamesTheSuites) {
  const ScopedVariable none("ODDSHOT_SUITES", nullptr);
  const std::string message = message_of<ArgumentError>([] { find_manifest("nslkdd"); });
  EXPECT_NE(message.find("nsl-kdd"), std::string::npos);
  EXPECT_NE(message.find("did you mean nsl-kdd?"), std::string::npos) << message;
  EXPECT_THROW(find_manifest(""), ArgumentError);
  EXPECT_THROW(find_manifest("/nowhere/x.toml"), ArgumentError);
}

}  // namespace
}  // namespace oddshot
