#include "tasks/cut.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

// A table built row by row: a label, a group, a kind and two features; files are added with next_file().
class TableMaker {
 public:
  TableMaker() {
    for (const char* name : {"label", "group", "kind", "x", "y"}) {
      Column column;
      column.name = name;
      column.kind = name[1] == '\0' ? ColumnKind::kNumeric : ColumnKind::kCategory;
      table_.columns.push_back(column);
    }
  }
  TableMaker& next_file() {
    table_.sources.push_back({"file" + std::to_string(table_.sources.size()), table_.rows(), 0});
    return *this;
  }
  // `count` rows; features count up so that no two rows are equal.
  TableMaker& add(std::size_t count, const std::string& label, const std::string& group = "g", const std::string& kind = "k") {
    for (std::size_t i = 0; i < count; ++i) add_row(label, group, kind, static_cast<float>(table_.rows()), 1.0F);
    return *this;
  }
  TableMaker& add_row(const std::string& label, const std::string& group, const std::string& kind, float x, float y) {
    code(0, label);
    code(1, group);
    code(2, kind);
    table_.columns[3].numbers.push_back(x);
    table_.columns[4].numbers.push_back(y);
    if (!table_.sources.empty()) ++table_.sources.back().rows;
    return *this;
  }
  Table take() { return table_; }

 private:
  void code(std::size_t c, const std::string& word) {
    Column& column = table_.columns[c];
    if (word.empty()) {
      column.codes.push_back(Column::kMissingCode);
      return;
    }
    const auto found = std::find(column.categories.begin(), column.categories.end(), word);
    column.codes.push_back(static_cast<std::int32_t>(found - column.categories.begin()));
    if (found == column.categories.end()) column.categories.push_back(word);
  }
  Table table_;
};

SuiteManifest manifest_of(std::vector<Side> sides = {}) {
  SuiteManifest manifest;
  manifest.file = "mine.toml";
  manifest.name = "mine";
  for (const Side side : sides) {
    manifest.files.emplace_back();
    manifest.files.back().side = side;
  }
  manifest.label = "label";
  manifest.normal = {"ok"};
  manifest.ignored = {"group", "kind"};
  manifest.training = {"*"};
  manifest.minimum_anomalies = 3;
  return manifest;
}

std::map<std::string, std::size_t> counts(const std::vector<TaskRows>& tasks) {
  std::map<std::string, std::size_t> result;
  for (const auto& task : tasks) result[task.name] = task.anomalies.size();
  return result;
}
using Counts = std::map<std::string, std::size_t>;

std::string error_of(const SuiteManifest& manifest, const Table& table) {
  return message_of<FormatError>([&] { cut_tasks(manifest, table); });
}

bool has_note(const SuiteRows& rows, const std::string& text) {
  return std::any_of(rows.notes.begin(), rows.notes.end(), [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

std::set<std::uint32_t> rows_of(const std::vector<TaskRows>& tasks) {
  std::set<std::uint32_t> rows;
  for (const auto& task : tasks) {
    rows.insert(task.normals.begin(), task.normals.end());
    rows.insert(task.anomalies.begin(), task.anomalies.end());
  }
  return rows;
}

bool disjoint(const std::set<std::uint32_t>& a, const std::set<std::uint32_t>& b) {
  return std::none_of(a.begin(), a.end(), [&](std::uint32_t r) { return b.contains(r); });
}

TEST(CutByLabel, UnseenKindsAreThoseOfHeldOutFilesOnly) {
  const Table table = TableMaker()
                          .next_file()
                          .add(10, "ok")
                          .add(5, "a")
                          .add(4, "b")
                          .add(2, "rare")
                          .next_file()
                          .add(20, "ok")
                          .add(6, "a")
                          .add(9, "rare")
                          .add(7, "new")
                          .add(1, "newrare")
                          .take();
  SuiteManifest manifest = manifest_of({Side::kTraining, Side::kHeldOut});
  manifest.held_out = {"unseen"};
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(counts(rows.training), (Counts{{"a", 5}, {"b", 4}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"new", 7}}));
  EXPECT_EQ(counts(rows.too_small), (Counts{{"newrare", 1}, {"rare", 2}}));
  EXPECT_EQ(rows.training_normals.size(), 10U);
  EXPECT_EQ(rows.training[0].normals, rows.training_normals);
  EXPECT_EQ(rows.held_out[0].normals.size(), 20U);
  EXPECT_EQ(rows.feature_columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(has_note(rows, "anomalies of training kinds on the held-out side are left out: a 6"));
}

TEST(CutByLabel, RowsOfAHeldOutKindNeverServeTraining) {
  const Table table =
      TableMaker().next_file().add(10, "ok").add(5, "a").add(8, "h").next_file().add(10, "ok").add(6, "a").add(7, "h").take();
  SuiteManifest manifest = manifest_of({Side::kTraining, Side::kBoth});
  manifest.held_out = {"h"};
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(counts(rows.training), (Counts{{"a", 11}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"h", 7}}));
  EXPECT_TRUE(has_note(rows, "anomalies of held-out kinds on the training side are left out: h 8"));
  EXPECT_TRUE(disjoint(rows_of(rows.training), rows_of(rows.held_out)));
}

TEST(CutByLabel, KindsOnNoSideAreNoted) {
  SuiteManifest manifest = manifest_of();
  manifest.training = {"a"};
  const SuiteRows rows = cut_tasks(manifest, TableMaker().add(9, "ok").add(4, "a").add(5, "b").add(2, "").take());
  EXPECT_EQ(counts(rows.training), (Counts{{"a", 4}}));
  EXPECT_TRUE(rows.held_out.empty());
  EXPECT_TRUE(has_note(rows, "kinds that are on neither side are left out: b 5"));
  EXPECT_TRUE(has_note(rows, "2 rows without a label are left out"));
  EXPECT_EQ(rows.training_normals.size(), 9U);  // no held-out tasks: none is put aside for them
}

TEST(CutByLabel, WhatTheDataDoNotHoldIsAnErrorWithTheNearest) {
  const Table table = TableMaker().add(9, "ok").add(4, "smurf").take();
  SuiteManifest manifest = manifest_of();
  manifest.training = {"smurfs"};
  EXPECT_EQ(error_of(manifest, table),
            "mine.toml: tasks.training names \"smurfs\", but no anomaly is of that kind; did you mean \"smurf\"?");
  manifest = manifest_of();
  manifest.label = "labels";
  EXPECT_EQ(error_of(manifest, table), "mine.toml: the data have no column \"labels\" (columns.label); did you mean \"label\"?");
  manifest = manifest_of();
  manifest.normal = {"okk"};
  EXPECT_EQ(error_of(manifest, table), "mine.toml: no row has the normal value \"okk\" in column \"label\"; did you mean \"ok\"?");
  manifest = manifest_of();
  manifest.features = {"z"};
  EXPECT_NE(error_of(manifest, table).find("no column \"z\" (columns.features)"), std::string::npos);
  manifest = manifest_of();
  manifest.ignored = {"group", "kind", "x", "y"};
  EXPECT_NE(error_of(manifest, table).find("no feature columns"), std::string::npos);
}

TEST(CutByLabel, OneClassIsAnError) {
  EXPECT_NE(error_of(manifest_of(), TableMaker().add(9, "ok").take()).find("every row is normal"), std::string::npos);
  EXPECT_NE(error_of(manifest_of(), TableMaker().add(9, "a").take()).find("no row has the normal value"), std::string::npos);
}

TEST(CutByLabel, NoTaskLargeEnoughIsAnErrorThatTellsTheCounts) {
  EXPECT_EQ(
      error_of(manifest_of(), TableMaker().add(9, "ok").add(2, "a").add(1, "b").take()),
      "mine.toml: no training task is left: none of the kinds asked for has tasks.minimum_anomalies = 3 rows on that side (a 2, b 1)");
}

TEST(CutByLabel, ATaskWithoutNormalsIsAnError) {
  const Table table = TableMaker().next_file().add(9, "ok").add(4, "a").next_file().add(4, "b").take();
  SuiteManifest manifest = manifest_of({Side::kTraining, Side::kHeldOut});
  manifest.held_out = {"b"};
  EXPECT_NE(error_of(manifest, table).find("held-out task \"b\" has no normal rows"), std::string::npos);
}

TEST(CutByLabel, LabelsThatAreNumbersAreSpeltAsNumbers) {
  Table table = TableMaker().add(9, "ok").add(4, "a").add(5, "b").take();
  Column& label = table.columns[0];
  label.kind = ColumnKind::kNumeric;
  for (const auto code : label.codes) label.numbers.push_back(static_cast<float>(code) * 1.5F);
  label.codes.clear();
  label.categories.clear();
  SuiteManifest manifest = manifest_of();
  manifest.normal = {"0"};
  EXPECT_EQ(counts(cut_tasks(manifest, table).training), (Counts{{"1.5", 4}, {"3", 5}}));
}

TEST(SplitNormals, AreOnOneSideWithAllTheirDuplicates) {
  TableMaker maker;
  for (int i = 0; i < 4000; ++i) maker.add_row("ok", "g", "k", static_cast<float>(i % 1000), i % 2000 < 1000 ? 0.0F : -0.0F);
  const Table table = maker.add(5, "a").add(5, "b").take();
  SuiteManifest manifest = manifest_of();
  manifest.held_out = {"b"};
  manifest.held_out_normals = 0.3;
  const SuiteRows rows = cut_tasks(manifest, table);
  std::map<float, std::set<bool>> sides;
  for (const auto r : rows.training_normals) sides[table.columns[3].numbers[r]].insert(true);
  for (const auto r : rows.held_out[0].normals) sides[table.columns[3].numbers[r]].insert(false);
  EXPECT_EQ(sides.size(), 1000U);
  for (const auto& [x, both] : sides) EXPECT_EQ(both.size(), 1U) << x;
  EXPECT_EQ(rows.training_normals.size() + rows.held_out[0].normals.size(), 4000U);
  // 1000 distinct rows, 0.3 of them: five standard deviations are 72 of 1000.
  EXPECT_NEAR(static_cast<double>(rows.held_out[0].normals.size()) / 4000, 0.3, 0.072);
}

TEST(SplitNormals, DoNotDependOnTheOrderOfRowsOrCategories) {
  const auto held_out = [](bool reversed) {
    TableMaker maker;
    for (int i = 0; i < 600; ++i) {
      const int n = reversed ? 599 - i : i;
      maker.add_row("ok", "g", "k" + std::to_string(n % 7), static_cast<float>(n), 0);
    }
    const Table table = maker.add(5, "a").add(5, "b").take();
    SuiteManifest manifest = manifest_of();
    manifest.ignored = {"group"};
    manifest.held_out = {"b"};
    const SuiteRows rows = cut_tasks(manifest, table);
    std::set<float> values;
    for (const auto r : rows.held_out[0].normals) values.insert(table.columns[3].numbers[r]);
    return values;
  };
  EXPECT_EQ(held_out(false), held_out(true));
}

TEST(Groups, FollowTheirAnomaliesAndNeverServeBothSides) {
  TableMaker maker;
  for (int g = 0; g < 40; ++g) maker.add(6, "ok", "quiet" + std::to_string(g));
  const Table table = maker.add(5, "ok", "one").add(4, "a", "one").add(5, "ok", "two").add(4, "b", "two").add(3, "ok", "three").take();
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"kind"};
  manifest.group = "group";
  manifest.held_out = {"b"};
  manifest.training_groups = {"quiet3"};
  manifest.held_out_groups = {"three", "quiet7"};
  const SuiteRows rows = cut_tasks(manifest, table);
  std::map<std::string, std::set<bool>> sides;
  const auto group = [&](std::uint32_t r) { return table.columns[1].categories[static_cast<std::size_t>(table.columns[1].codes[r])]; };
  for (const auto r : rows_of(rows.training)) sides[group(r)].insert(true);
  for (const auto r : rows_of(rows.held_out)) sides[group(r)].insert(false);
  EXPECT_EQ(sides.size(), 43U);
  for (const auto& [name, both] : sides) EXPECT_EQ(both.size(), 1U) << name;
  EXPECT_EQ(sides["one"], std::set<bool>{true});
  EXPECT_EQ(sides["two"], std::set<bool>{false});
  EXPECT_EQ(sides["three"], std::set<bool>{false});
  EXPECT_EQ(sides["quiet3"], std::set<bool>{true});
  EXPECT_EQ(sides["quiet7"], std::set<bool>{false});
  EXPECT_EQ(rows.feature_columns, (std::vector<std::string>{"x", "y"}));
}

TEST(Groups, AreBoundByTheFilesTheyAreIn) {
  const Table table = TableMaker()
                          .next_file()
                          .add(10, "ok", "t")
                          .add(4, "b", "u")
                          .next_file()
                          .add(6, "ok", "mixed")
                          .add(4, "a", "mixed")
                          .add(7, "ok", "h")
                          .add(4, "b", "h")
                          .take();
  SuiteManifest manifest = manifest_of({Side::kTraining, Side::kBoth});
  manifest.ignored = {"kind"};
  manifest.group = "group";
  manifest.held_out = {"b"};
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(rows.training_normals.size(), 16U);      // all of t (its file), mixed (its anomalies)
  EXPECT_EQ(rows.held_out[0].normals.size(), 7U);    // h
  EXPECT_EQ(rows.held_out[0].anomalies.size(), 4U);  // not those of u: their file serves training
}

TEST(Groups, WithAnomaliesOfBothSidesAreAnErrorThatExplains) {
  const Table table = TableMaker().add(9, "ok", "q").add(4, "a", "both").add(5, "b", "both").take();
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"kind"};
  manifest.group = "group";
  manifest.held_out = {"b"};
  EXPECT_EQ(
      error_of(manifest, table),
      "mine.toml: group \"both\" of column \"group\" holds anomalies of the training task \"a\" (row 9) and of the held-out task \"b\" "
      "(row 13), but rows of one group never serve both sides: put both tasks on one side, or choose a finer group");
}

TEST(Groups, NamedWronglyAreErrors) {
  const Table table = TableMaker().add(9, "ok", "q1").add(4, "a", "one").add(5, "b", "two").take();
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"kind"};
  manifest.group = "group";
  manifest.held_out = {"b"};
  manifest.training_groups = {"two"};
  EXPECT_NE(error_of(manifest, table).find("names \"two\", but that group holds anomalies of a held-out task"), std::string::npos);
  manifest.training_groups = {"q2"};
  EXPECT_NE(error_of(manifest, table).find("holds no such group; did you mean \"q1\"?"), std::string::npos);
  const Table without = TableMaker().add(9, "ok", "").add(4, "a", "one").add(5, "b", "two").take();
  manifest.training_groups = {};
  EXPECT_NE(error_of(manifest, without).find("row 0: the row has no group in column \"group\""), std::string::npos);
}

TEST(CutByColumn, EachValueIsATask) {
  const Table table =
      TableMaker().add(6, "ok", "g", "car").add(4, "bad", "g", "car").add(5, "bad", "g", "van").add(3, "bad", "g", "").take();
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"group"};
  manifest.cut = Cut::kColumn;
  manifest.cut_column = "kind";
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(counts(rows.training), (Counts{{"car", 4}, {"van", 5}}));
  EXPECT_EQ(rows.training[1].normals.size(), 6U);  // shared
  EXPECT_EQ(rows.feature_columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(has_note(rows, "3 anomalies without a value in column \"kind\""));
}

TEST(CutByColumn, WithOwnNormalsThoseFollowTheirTask) {
  const Table table = TableMaker()
                          .add(6, "ok", "g", "car")
                          .add(4, "bad", "g", "car")
                          .add(7, "ok", "g", "van")
                          .add(5, "bad", "g", "van")
                          .add(2, "ok", "g", "bus")
                          .take();
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"group"};
  manifest.cut = Cut::kColumn;
  manifest.cut_column = "kind";
  manifest.own_normals = true;
  manifest.held_out = {"van"};
  const SuiteRows rows = cut_tasks(manifest, table);
  ASSERT_EQ(rows.training.size(), 1U);
  ASSERT_EQ(rows.held_out.size(), 1U);
  EXPECT_EQ(rows.training[0].normals.size(), 6U);
  EXPECT_EQ(rows.held_out[0].normals.size(), 7U);
  EXPECT_EQ(rows.training_normals, rows.training[0].normals);
  EXPECT_TRUE(has_note(rows, "2 normal rows are left out"));
}

TEST(CutByFile, EachFileIsATaskWithItsOwnNormals) {
  const Table table = TableMaker()
                          .next_file()
                          .add(6, "ok")
                          .add(4, "bad")
                          .next_file()
                          .add(7, "ok")
                          .add(5, "bad")
                          .next_file()
                          .add(8, "ok")
                          .add(6, "worse")
                          .take();
  SuiteManifest manifest = manifest_of({Side::kBoth, Side::kBoth, Side::kBoth});
  manifest.files[0].path = "x/fridge.csv.gz";
  manifest.files[1].path = "x/pump.log.csv";
  manifest.files[2].path = "x/pump2.csv";
  manifest.files[2].task = "pump two";
  manifest.cut = Cut::kFile;
  manifest.own_normals = true;
  manifest.held_out = {"pump two"};
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(counts(rows.training), (Counts{{"fridge", 4}, {"pump.log", 5}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"pump two", 6}}));
  EXPECT_EQ(rows.training[0].normals.size(), 6U);
  EXPECT_EQ(rows.held_out[0].normals.size(), 8U);
}

TEST(CutByFileAndLabel, MakesATaskOfEveryKindInEveryFileWithTheNormalsOfThatFile) {
  const Table table = TableMaker()
                          .next_file()
                          .add(200, "ok")
                          .add(5, "flood")
                          .add(4, "scan")
                          .next_file()
                          .add(100, "ok")
                          .add(6, "flood")
                          .add(2, "scan")
                          .take();
  SuiteManifest manifest = manifest_of({Side::kBoth, Side::kBoth});
  manifest.files[0].path = "lamp.csv.gz";
  manifest.files[1].path = "b.csv";
  manifest.files[1].task = "door";
  manifest.cut = Cut::kFileLabel;
  manifest.own_normals = true;
  manifest.training = {"lamp/flood"};
  manifest.held_out = {"*"};
  const SuiteRows rows = cut_tasks(manifest, table);
  EXPECT_EQ(counts(rows.training), (Counts{{"lamp/flood", 5}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"door/flood", 6}, {"lamp/scan", 4}}));
  EXPECT_EQ(counts(rows.too_small), (Counts{{"door/scan", 2}}));
  const auto files_of = [](const std::vector<std::uint32_t>& part) {
    std::set<int> files;
    for (const auto r : part) files.insert(r < 209 ? 0 : 1);
    return files;
  };
  EXPECT_EQ(files_of(rows.training[0].normals), (std::set<int>{0}));
  EXPECT_EQ(files_of(rows.held_out[0].normals), (std::set<int>{1}));
  EXPECT_EQ(files_of(rows.held_out[1].normals), (std::set<int>{0}));
  EXPECT_TRUE(disjoint(rows_of(rows.training), rows_of(rows.held_out)));
  // The normals of both files fit the preprocessor, about half of each.
  EXPECT_EQ(files_of(rows.training_normals), (std::set<int>{0, 1}));
  EXPECT_EQ(rows.training_normals.size() + rows.held_out[0].normals.size() + rows.held_out[1].normals.size(), 300U);
  EXPECT_NEAR(static_cast<double>(rows.held_out[0].normals.size()), 50, 20);
}

Table two_blobs_of_anomalies() {
  TableMaker maker;
  Stream stream(1, Purpose::kTest, 0);
  for (int i = 0; i < 50; ++i) maker.add_row("ok", "g", "k", stream.normal(), stream.normal());
  for (int i = 0; i < 30; ++i) maker.add_row("bad", "g", "k", 100 + stream.normal(), stream.normal());
  for (int i = 0; i < 20; ++i) maker.add_row("bad", "g", "k", stream.normal(), 100 + stream.normal());
  return maker.take();
}

TEST(CutByCluster, MakesKindsOfTheAnomaliesTheLargestFirst) {
  SuiteManifest manifest = manifest_of();
  manifest.preprocessor.numeric = NumericTransform::kIdentity;
  manifest.cut = Cut::kCluster;
  manifest.clusters = 2;
  manifest.held_out = {"cluster-2"};
  const SuiteRows rows = cut_tasks(manifest, two_blobs_of_anomalies());
  EXPECT_EQ(counts(rows.training), (Counts{{"cluster-1", 30}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"cluster-2", 20}}));
  EXPECT_EQ(rows.training[0].anomalies.front(), 50U);
}

TEST(CutByCluster, IsFittedOnAnomaliesOfTrainingFilesOnly) {
  Table table = two_blobs_of_anomalies();
  table.sources = {{"a", 0, 80}, {"b", 80, 20}};  // the second blob lies in the held-out file alone
  SuiteManifest manifest = manifest_of({Side::kTraining, Side::kHeldOut});
  manifest.cut = Cut::kCluster;
  manifest.clusters = 31;
  EXPECT_NE(error_of(manifest, table).find("tasks.clusters is 31, but there are 30 anomalies to cluster in the files that serve training"),
            std::string::npos);
}

TEST(CutByCluster, SetsAShareOfTheAnomaliesAsideForHeldOutTasks) {
  Table table = two_blobs_of_anomalies();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {  // every anomaly twice
    Column& column = table.columns[c];
    for (std::size_t r = 50; r < 100; ++r) {
      if (column.kind == ColumnKind::kNumeric) {
        column.numbers.push_back(column.numbers[r]);
      } else {
        column.codes.push_back(column.codes[r]);
      }
    }
  }
  SuiteManifest manifest = manifest_of();
  manifest.preprocessor.numeric = NumericTransform::kIdentity;
  manifest.cut = Cut::kCluster;
  manifest.clusters = 2;
  manifest.held_out_anomalies = 0.5;
  manifest.training = {"cluster-1"};
  manifest.held_out = {"cluster-2"};
  const SuiteRows rows = cut_tasks(manifest, table);
  ASSERT_EQ(rows.training.size(), 1U);
  ASSERT_EQ(rows.held_out.size(), 1U);
  const std::size_t training = rows.training[0].anomalies.size(), held_out = rows.held_out[0].anomalies.size();
  EXPECT_TRUE(has_note(rows, "anomalies of training kinds on the held-out side are left out: cluster-1 " + std::to_string(60 - training)));
  EXPECT_TRUE(has_note(rows, "anomalies of held-out kinds on the training side are left out: cluster-2 " + std::to_string(40 - held_out)));
  EXPECT_GT(training, 10U);
  EXPECT_LT(training, 50U);
  // Equal rows went the same way: a row is there exactly if its copy is.
  for (const auto* part : {&rows.training[0].anomalies, &rows.held_out[0].anomalies}) {
    const std::set<std::uint32_t> there(part->begin(), part->end());
    for (const auto r : there) EXPECT_TRUE(there.contains(r < 100 ? r + 50 : r - 50)) << r;
  }
}

TEST(CutByCluster, SetsWholeGroupsAside) {
  TableMaker maker;
  for (int g = 0; g < 40; ++g) maker.add(5, "bad", "g" + std::to_string(g)).add(2, "ok", "g" + std::to_string(g));
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"kind"};
  manifest.group = "group";
  manifest.cut = Cut::kCluster;
  manifest.clusters = 2;
  manifest.held_out_anomalies = 0.5;
  manifest.training = {"cluster-1"};
  manifest.held_out = {"cluster-2"};
  const SuiteRows rows = cut_tasks(manifest, maker.take());
  std::set<std::int32_t> training, held_out;
  const Column& group = rows.table.column("group");
  for (const auto r : rows_of(rows.training)) training.insert(group.codes[r]);
  for (const auto r : rows_of(rows.held_out)) held_out.insert(group.codes[r]);
  EXPECT_FALSE(training.empty());
  for (const auto g : held_out) EXPECT_FALSE(training.contains(g)) << g;
}

TEST(Cut, AnIdentifierAmongTheFeaturesIsPointedOut) {
  TableMaker maker;
  for (int i = 0; i < 1500; ++i) maker.add_row("ok", "id" + std::to_string(i), "k", 1, 2);
  SuiteManifest manifest = manifest_of();
  manifest.ignored = {"kind"};
  EXPECT_TRUE(has_note(cut_tasks(manifest, maker.add(4, "a").take()), "column \"group\" has 1501 distinct values"));
}

}  // namespace
}  // namespace oddshot
