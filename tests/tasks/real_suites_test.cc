// The suites that ship, read from the real files: skipped, and said so, where those are not at hand.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {
namespace {

using Counts = std::map<std::string, std::size_t>;

Counts counts(const std::vector<TaskRows>& tasks) {
  Counts result;
  for (const auto& task : tasks) result[task.name] = task.anomalies.size();
  return result;
}

std::filesystem::path data_folder() {
  const char* folder = std::getenv("ODDSHOT_DATA");
  return folder != nullptr && *folder != '\0' ? std::filesystem::path(folder)
                                              : std::filesystem::path(ODDSHOT_SOURCE_DIR) / ".." / "shared" / "data";
}

class RealSuite : public testing::Test {
 protected:
  static void require(const char* folder) {
    if (!std::filesystem::is_directory(data_folder() / folder)) {
      GTEST_SKIP() << "NOT TESTED: no real data in " << data_folder() / folder << "; set $ODDSHOT_DATA to the folder that holds " << folder;
    }
  }
  static SuiteRows read(const char* suite) {
    return read_suite(load_manifest(std::filesystem::path(ODDSHOT_SOURCE_DIR) / "suites" / (std::string(suite) + ".toml")),
                      {.folder = data_folder(), .download = false});
  }
  static std::set<std::uint32_t> rows_of(const std::vector<TaskRows>& tasks) {
    std::set<std::uint32_t> rows;
    for (const auto& task : tasks) {
      rows.insert(task.normals.begin(), task.normals.end());
      rows.insert(task.anomalies.begin(), task.anomalies.end());
    }
    return rows;
  }
  static std::set<std::uint32_t> training_rows(const SuiteRows& rows) {
    std::set<std::uint32_t> training = rows_of(rows.training);
    training.insert(rows.training_normals.begin(), rows.training_normals.end());
    return training;
  }
  // No row on both sides.
  static void expect_rows_apart(const SuiteRows& rows) {
    const auto held_out = rows_of(rows.held_out);
    for (const auto r : training_rows(rows)) EXPECT_FALSE(held_out.contains(r)) << rows.table.place(r);
  }
  // No row on both sides, and no anomaly of a kind that is held out among the training rows.
  static void expect_sides_apart(const SuiteRows& rows) {
    expect_rows_apart(rows);
    std::set<std::string> held_out_kinds;
    for (const auto& task : rows.held_out) held_out_kinds.insert(task.name);
    const Column& label = rows.table.column(rows.manifest.label);
    for (const auto r : training_rows(rows)) {
      EXPECT_FALSE(held_out_kinds.contains(label.categories.at(static_cast<std::size_t>(label.codes[r])))) << rows.table.place(r);
    }
  }
  // No normal row on one side that equals a normal row on the other in every feature.
  static void expect_no_feature_row_on_both_sides(const SuiteRows& rows) {
    const auto content = [&](std::uint32_t r) {
      std::string text;
      for (const auto& name : rows.feature_columns) {
        const Column& column = rows.table.column(name);
        text += std::to_string(column.kind == ColumnKind::kNumeric ? std::bit_cast<std::int32_t>(column.numbers[r]) : column.codes[r]);
        text += ' ';
      }
      return text;
    };
    std::set<std::string> training;
    for (const auto r : rows.training_normals) training.insert(content(r));
    for (const auto& task : rows.held_out) {
      for (const auto r : task.normals) EXPECT_FALSE(training.contains(content(r))) << rows.table.place(r);
    }
  }
};

// Every suite of files: [suite, folder of its data].
class EveryRealSuite : public RealSuite, public testing::WithParamInterface<std::pair<const char*, const char*>> {
 protected:
  void SetUp() override { require(GetParam().second); }
};

TEST_P(EveryRealSuite, KeepsRowsAndTheirDuplicatesOfTheSupportOutOfTheQuery) {
  const SuiteRows rows = read(GetParam().first);
  const TaskSuite suite = encode(rows);
  const auto row_of = [](const Matrix& matrix, std::size_t r) {
    const auto row = MatrixView(matrix).row(r);
    return std::vector<float>(row.begin(), row.end());
  };
  std::uint64_t draw = 0;
  for (const auto* side : {&suite.training, &suite.held_out}) {
    for (const Task& task : *side) {
      const Episode episode = sample_episode(task, {.shots = 10, .normals = 50, .query_normals = 300, .query_anomalies = 200},
                                             Stream(1, Purpose::kTest, draw++));
      std::set<std::vector<float>> support[2];
      for (std::size_t r = 0; r < episode.support_rows.rows(); ++r) {
        support[episode.support_labels[r]].insert(row_of(episode.support_rows, r));
      }
      for (std::size_t r = 0; r < episode.query_rows.rows(); ++r) {
        ASSERT_FALSE(support[episode.query_labels[r]].contains(row_of(episode.query_rows, r))) << task.name << ", query row " << r;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, EveryRealSuite,
                         testing::Values(std::pair("nsl-kdd", "nsl-kdd"), std::pair("ton-iot", "ton-iot"),
                                         std::pair("creditcard", "creditcard"), std::pair("vehicle-insurance", "vehicle-insurance"),
                                         std::pair("tep", "tep"), std::pair("tep-windows", "tep"),
                                         std::pair("steel-plates", "steel-plates"), std::pair("thyroid", "thyroid"),
                                         std::pair("cardiotocography", "cardiotocography")),
                         [](const auto& test) {
                           std::string name = test.param.first;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class NslKdd : public RealSuite {
 protected:
  void SetUp() override { require("nsl-kdd"); }
};

TEST_F(NslKdd, HasTheTasksOfTheTrainingFileAndTheTypesOfTheTestFileAlone) {
  const SuiteRows rows = read("nsl-kdd");
  EXPECT_EQ(counts(rows.training), (Counts{{"back", 196},
                                           {"ipsweep", 710},
                                           {"neptune", 8282},
                                           {"nmap", 301},
                                           {"pod", 38},
                                           {"portsweep", 587},
                                           {"satan", 691},
                                           {"smurf", 529},
                                           {"teardrop", 188},
                                           {"warezclient", 181}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"apache2", 737},
                                           {"httptunnel", 133},
                                           {"mailbomb", 293},
                                           {"mscan", 996},
                                           {"named", 17},
                                           {"processtable", 685},
                                           {"ps", 15},
                                           {"saint", 319},
                                           {"sendmail", 14},
                                           {"snmpgetattack", 178},
                                           {"snmpguess", 331},
                                           {"xterm", 13}}));
  EXPECT_EQ(rows.training_normals.size(), 13449U);
  for (const auto& task : rows.training) EXPECT_EQ(task.normals.size(), 13449U) << task.name;
  for (const auto& task : rows.held_out) EXPECT_EQ(task.normals.size(), 9711U) << task.name;
  EXPECT_EQ(rows.feature_columns.size(), 41U);
  expect_sides_apart(rows);
}

TEST_F(NslKdd, EncodesEveryRow) {
  const SuiteRows rows = read("nsl-kdd");
  const TaskSuite suite = encode(rows);
  // 13,449 normals and 11,703 anomalies to train on, 9,711 normals and 3,731 anomalies held out.
  EXPECT_EQ(suite.training[0].pool->rows.rows(), 13449U + 11703U + 9711U + 3731U);
  EXPECT_EQ(suite.preprocessor.dropped(), (std::vector<std::string>{"urgent", "num_outbound_cmds", "is_host_login"}));
  const Episode episode = sample_episode(suite.held_out[2], {.shots = 5, .normals = 50, .query_normals = 2000, .query_anomalies = 200},
                                         Stream(1, Purpose::kTest, 0));
  EXPECT_EQ(episode.query_rows.rows(), 2200U);
}

class TennesseeEastman : public RealSuite {
 protected:
  void SetUp() override { require("tep"); }
};

TEST_F(TennesseeEastman, KeepsRunsOnOneSide) {
  const SuiteRows rows = read("tep");
  Counts training, held_out;
  for (const int fault : {2, 6, 7, 9, 11, 13, 14, 15, 17, 18, 19, 21}) training["fault_" + std::to_string(fault)] = 480 + 800;
  for (const int fault : {1, 3, 4, 5, 8, 10, 12, 16, 20}) held_out["fault_" + std::to_string(fault)] = 800;
  EXPECT_EQ(counts(rows.training), training);
  EXPECT_EQ(counts(rows.held_out), held_out);
  EXPECT_EQ(rows.training_normals.size(), 500U + 12 * 160);  // run train_0, the start of the test runs of training faults
  for (const auto& task : rows.held_out) EXPECT_EQ(task.normals.size(), 960U + 9 * 160) << task.name;
  EXPECT_EQ(rows.feature_columns.size(), 52U);
  expect_sides_apart(rows);

  const Column& run = rows.table.column("run");
  std::set<std::int32_t> training_runs;
  for (const auto r : rows.training_normals) training_runs.insert(run.codes[r]);
  for (const auto& task : rows.training) {
    for (const auto r : task.anomalies) training_runs.insert(run.codes[r]);
  }
  for (const auto& task : rows.held_out) {
    for (const auto* part : {&task.normals, &task.anomalies}) {
      for (const auto r : *part) EXPECT_FALSE(training_runs.contains(run.codes[r])) << rows.table.place(r);
    }
  }
}

TEST_F(TennesseeEastman, WindowsChangeNoTaskAndHoldNoRowOfAnotherRun) {
  const SuiteRows plain = read("tep"), rows = read("tep-windows");
  EXPECT_EQ(counts(rows.training), counts(plain.training));
  EXPECT_EQ(counts(rows.held_out), counts(plain.held_out));
  EXPECT_EQ(rows.training_normals, plain.training_normals);
  const Preprocessor preprocessor = fit_preprocessor(rows);
  EXPECT_EQ(preprocessor.width(), 3U * 52);
  // With every other run set to 0, the rows of this run stay as they are.
  const Column& run = rows.table.column("run");
  const std::int32_t code = run.codes[rows.held_out[0].anomalies[0]];
  std::vector<std::uint32_t> of_run;
  for (std::uint32_t r = 0; r < rows.table.rows(); ++r) {
    if (run.codes[r] == code) of_run.push_back(r);
  }
  ASSERT_EQ(of_run.size(), 960U);
  Table blank = rows.table;
  for (const auto& name : rows.feature_columns) {
    auto& numbers = blank.columns[*blank.find(name)].numbers;
    for (std::uint32_t r = 0; r < numbers.size(); ++r) {
      if (run.codes[r] != code) numbers[r] = 0;
    }
  }
  const Matrix before = preprocessor.transform(rows.table, of_run), after = preprocessor.transform(blank, of_run);
  EXPECT_TRUE(std::equal(before.data(), before.data() + before.rows() * before.cols(), after.data()));
}

class TonIot : public RealSuite {
 protected:
  void SetUp() override { require("ton-iot"); }
};

TEST_F(TonIot, HoldsOutKindsOnOneDeviceAndAllOfTheOther) {
  const SuiteRows rows = read("ton-iot");
  EXPECT_EQ(counts(rows.training), (Counts{{"gps/backdoor", 5000}, {"gps/injection", 5000}, {"gps/ransomware", 2833}, {"gps/xss", 577}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"gps/ddos", 5000},
                                           {"gps/password", 5000},
                                           {"gps/scanning", 550},
                                           {"weather/backdoor", 5000},
                                           {"weather/ddos", 5000},
                                           {"weather/injection", 5000},
                                           {"weather/password", 5000},
                                           {"weather/ransomware", 2865},
                                           {"weather/scanning", 529},
                                           {"weather/xss", 866}}));
  EXPECT_EQ(rows.feature_columns, (std::vector<std::string>{"latitude", "longitude", "temperature", "pressure", "humidity"}));
  for (const auto* side : {&rows.training, &rows.held_out}) {
    for (const auto& task : *side) {
      const Column& reading = rows.table.column(task.name.starts_with("gps/") ? "latitude" : "humidity");
      for (const auto r : task.normals) ASSERT_FALSE(std::isnan(reading.numbers[r])) << task.name << ", " << rows.table.place(r);
    }
  }
  expect_rows_apart(rows);
  expect_no_feature_row_on_both_sides(rows);
  // Every reading has a deviation of its own device's normals.
  EXPECT_TRUE(fit_preprocessor(rows).dropped().empty());
}

class Creditcard : public RealSuite {
 protected:
  void SetUp() override { require("creditcard"); }
};

TEST_F(Creditcard, TrainsOnClustersOfSomeFraudsAndHoldsOutOthers) {
  const SuiteRows rows = read("creditcard");
  EXPECT_EQ(counts(rows.training), (Counts{{"cluster-1", 73}, {"cluster-3", 32}, {"cluster-5", 21}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"cluster-2", 39}, {"cluster-4", 28}, {"cluster-6", 14}}));
  EXPECT_EQ(counts(rows.too_small), (Counts{{"cluster-7", 10}, {"cluster-8", 7}}));
  EXPECT_EQ(rows.training_normals.size(), 12971U);
  for (const auto& task : rows.held_out) EXPECT_EQ(task.normals.size(), 13031U) << task.name;
  EXPECT_EQ(rows.feature_columns.size(), 29U);
  EXPECT_FALSE(rows.table.find("Time").has_value());
  expect_rows_apart(rows);
  expect_no_feature_row_on_both_sides(rows);
}

class VehicleInsurance : public RealSuite {
 protected:
  void SetUp() override { require("vehicle-insurance"); }
};

TEST_F(VehicleInsurance, JudgesFraudsAmongClaimsOnTheSameTypeOfPolicy) {
  const SuiteRows rows = read("vehicle-insurance");
  EXPECT_EQ(counts(rows.training), (Counts{{"Sedan - All Perils", 411}, {"Sedan - Liability", 36}, {"Sport - Collision", 48}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"Sedan - Collision", 384}, {"Utility - All Perils", 41}}));
  EXPECT_EQ(rows.training_normals.size(), 3676U + 4951U + 300U);
  EXPECT_EQ(rows.held_out[0].normals.size(), 5200U);
  EXPECT_EQ(rows.held_out[1].normals.size(), 299U);
  const Column& policy = rows.table.column("PolicyType");
  for (const auto* side : {&rows.training, &rows.held_out}) {
    for (const auto& task : *side) {
      for (const auto r : task.normals) ASSERT_EQ(policy.categories[static_cast<std::size_t>(policy.codes[r])], task.name);
    }
  }
  expect_rows_apart(rows);
}

class SteelPlates : public RealSuite {
 protected:
  void SetUp() override { require("steel-plates"); }
};

TEST_F(SteelPlates, TakesKindsInTurnAndNotTheAnswer) {
  const SuiteRows rows = read("steel-plates");
  EXPECT_EQ(counts(rows.training), (Counts{{"1", 402}, {"3", 190}, {"5", 72}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"2", 391}, {"4", 158}, {"6", 55}}));
  EXPECT_EQ(rows.training_normals.size() + rows.held_out[0].normals.size(), 673U);
  EXPECT_FALSE(rows.table.find("target").has_value());
  expect_sides_apart(rows);
  expect_no_feature_row_on_both_sides(rows);
}

class Thyroid : public RealSuite {
 protected:
  void SetUp() override { require("thyroid"); }
};

TEST_F(Thyroid, HasTenDiagnosesToTrainOnAndFiveHeldOut) {
  const SuiteRows rows = read("thyroid");
  EXPECT_EQ(counts(rows.training),
            (Counts{{"K", 436}, {"I", 346}, {"R", 196}, {"L", 115}, {"N", 110}, {"GK", 49}, {"J", 30}, {"B", 21}, {"AK", 46}, {"MK", 16}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"G", 359}, {"F", 233}, {"A", 147}, {"M", 111}, {"S", 85}}));
  EXPECT_EQ(rows.training_normals.size() + rows.held_out[0].normals.size(), 6771U);
  const Column& tsh = rows.table.column("TSH");  // "?" is a gap, not a category
  EXPECT_EQ(tsh.kind, ColumnKind::kNumeric);
  EXPECT_EQ(std::count_if(tsh.numbers.begin(), tsh.numbers.end(), [](float value) { return std::isnan(value); }), 842);
  expect_sides_apart(rows);
  expect_no_feature_row_on_both_sides(rows);
}

class Cardiotocography : public RealSuite {
 protected:
  void SetUp() override { require("cardiotocography"); }
};

TEST_F(Cardiotocography, HasThreePatternsOnEachSideAndFourNormalOnes) {
  const SuiteRows rows = read("cardiotocography");
  EXPECT_EQ(counts(rows.training), (Counts{{"class_6", 332}, {"class_7", 252}, {"class_9", 69}}));
  EXPECT_EQ(counts(rows.held_out), (Counts{{"class_5", 72}, {"class_8", 107}, {"class_10", 197}}));
  EXPECT_EQ(rows.training_normals.size() + rows.held_out[0].normals.size(), 384U + 579 + 53 + 81);
  expect_sides_apart(rows);
  expect_no_feature_row_on_both_sides(rows);
}

}  // namespace
}  // namespace oddshot
