// The suites that ship, read from the real files: skipped, and said so, where those are not at hand.
#include <cstdlib>
#include <map>
#include <set>
#include <string>

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
  // No row on both sides, and no anomaly of a kind that is held out among the training rows.
  static void expect_sides_apart(const SuiteRows& rows) {
    std::set<std::uint32_t> training, held_out;
    for (const auto& task : rows.training) {
      training.insert(task.normals.begin(), task.normals.end());
      training.insert(task.anomalies.begin(), task.anomalies.end());
    }
    training.insert(rows.training_normals.begin(), rows.training_normals.end());
    const Column& label = rows.table.column(rows.manifest.label);
    std::set<std::string> held_out_kinds;
    for (const auto& task : rows.held_out) {
      held_out_kinds.insert(task.name);
      held_out.insert(task.normals.begin(), task.normals.end());
      held_out.insert(task.anomalies.begin(), task.anomalies.end());
    }
    for (const auto r : training) {
      EXPECT_FALSE(held_out.contains(r)) << rows.table.place(r);
      EXPECT_FALSE(held_out_kinds.contains(label.categories.at(static_cast<std::size_t>(label.codes[r])))) << rows.table.place(r);
    }
  }
};

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
  const TaskSuite suite = encode(rows, fit_preprocessor(rows));
  // 13,449 normals and 11,703 anomalies to train on, 9,711 normals and 3,731 anomalies held out.
  EXPECT_EQ(suite.training[0].pool->rows.rows(), 13449U + 11703U + 9711U + 3731U);
  EXPECT_EQ(suite.preprocessor.dropped(), (std::vector<std::string>{"wrong_fragment", "urgent", "num_outbound_cmds", "is_host_login"}));
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

}  // namespace
}  // namespace oddshot
