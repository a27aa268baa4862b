#include "oddshot/tasks/simulator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {
namespace {

bool same(const Table& a, const Table& b) {
  if (a.columns.size() != b.columns.size()) return false;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const auto &x = a.columns[c], &y = b.columns[c];
    const auto equal = [](float p, float q) { return p == q || (std::isnan(p) && std::isnan(q)); };
    if (x.name != y.name || x.codes != y.codes || x.categories != y.categories || !std::ranges::equal(x.numbers, y.numbers, equal))
      return false;
  }
  return true;
}

SuiteRows suite() { return read_suite(load_manifest(find_manifest("payment-fraud")), {}); }

TEST(Simulator, DependsOnTheOptionsAlone) {
  EXPECT_TRUE(same(simulate_payment_fraud({.customers = 600, .seed = 5}), simulate_payment_fraud({.customers = 600, .seed = 5})));
  EXPECT_FALSE(same(simulate_payment_fraud({.customers = 600, .seed = 5}), simulate_payment_fraud({.customers = 600, .seed = 6})));
  EXPECT_TRUE(same(simulate("payment-fraud"), simulate_payment_fraud()));
}

TEST(Simulator, RefusesAbsurdSettings) {
  EXPECT_THROW(simulate_payment_fraud({.customers = 10}), ArgumentError);
  EXPECT_THROW(simulate_payment_fraud({.customers = 2000000}), ArgumentError);
  EXPECT_THROW(simulate("dice"), ArgumentError);
}

TEST(Simulator, EveryValueIsPlausible) {
  const Table table = simulate_payment_fraud();
  EXPECT_GT(table.rows(), 15000U);
  for (const auto& column : table.columns) {
    ASSERT_EQ(column.rows(), table.rows()) << column.name;
    for (const float value : column.numbers) {
      EXPECT_FALSE(std::isinf(value));
      EXPECT_FALSE(value < 0) << column.name;
    }
    for (const auto code : column.codes) EXPECT_LT(code, static_cast<std::int32_t>(column.categories.size())) << column.name;
  }
  for (const float hour : table.column("hour").numbers) EXPECT_LE(hour, 24);
  const auto& devices = table.column("device_age_days").numbers;
  EXPECT_TRUE(std::any_of(devices.begin(), devices.end(), [](float x) { return std::isnan(x); }));
}

TEST(Simulator, ACustomerMeetsOneKindOfFraudAtMost) {
  const Table table = simulate_payment_fraud();
  std::map<std::int32_t, std::set<std::int32_t>> kinds;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    if (table.column("pattern").codes[r] != 0) kinds[table.column("customer").codes[r]].insert(table.column("pattern").codes[r]);
  }
  EXPECT_GT(kinds.size(), 400U);
  for (const auto& [customer, met] : kinds) EXPECT_EQ(met.size(), 1U);
}

TEST(PaymentFraudSuite, HasNineTrainingAndFiveHeldOutTasksOfUsefulSize) {
  const SuiteRows rows = suite();
  EXPECT_EQ(rows.training.size(), 9U);
  EXPECT_EQ(rows.held_out.size(), 5U);
  EXPECT_TRUE(rows.too_small.empty());
  for (const auto* tasks : {&rows.training, &rows.held_out}) {
    for (const auto& task : *tasks) {
      EXPECT_GE(task.anomalies.size(), 100U) << task.name;
      EXPECT_GE(task.normals.size(), 5000U) << task.name;
    }
  }
  EXPECT_EQ(rows.training.size() + rows.held_out.size(), payment_fraud_patterns().size());
}

TEST(PaymentFraudSuite, NoCustomerIsOnBothSides) {
  const SuiteRows rows = suite();
  const auto customers = [&](const std::vector<TaskRows>& tasks) {
    std::set<std::int32_t> result;
    for (const auto& task : tasks) {
      for (const auto* part : {&task.normals, &task.anomalies}) {
        for (const auto r : *part) result.insert(rows.table.column("customer").codes[r]);
      }
    }
    return result;
  };
  const auto training = customers(rows.training);
  for (const auto customer : customers(rows.held_out)) EXPECT_FALSE(training.contains(customer));
}

TEST(PaymentFraudSuite, SaysThatItIsSimulated) {
  const SuiteRows rows = suite();
  EXPECT_NE(describe(rows).find("SIMULATED"), std::string::npos);
  EXPECT_NE(rows.manifest.title.find("simulated"), std::string::npos);
  ASSERT_FALSE(rows.notes.empty());
  EXPECT_NE(rows.notes.front().find("simulated"), std::string::npos);
}

// Chance that a random anomaly lies above a random normal row, ties half; by sorting.
double auroc(std::vector<float> normals, std::vector<float> anomalies) {
  std::sort(normals.begin(), normals.end());
  double wins = 0;
  for (const float a : anomalies) {
    const auto below = std::lower_bound(normals.begin(), normals.end(), a) - normals.begin();
    const auto not_above = std::upper_bound(normals.begin(), normals.end(), a) - normals.begin();
    wins += 0.5 * static_cast<double>(below + not_above);
  }
  return wins / (static_cast<double>(normals.size()) * static_cast<double>(anomalies.size()));
}

TEST(PaymentFraudSuite, EveryKindShowsAndNoFeatureAloneGivesItAway) {
  const SuiteRows rows = suite();
  const TaskSuite tasks = encode(rows);
  for (const auto* side : {&tasks.training, &tasks.held_out}) {
    for (const auto& task : *side) {
      double best = 0;
      std::string feature;
      for (std::size_t f = 0; f < tasks.preprocessor.width(); ++f) {
        const auto values = [&](const std::vector<std::uint32_t>& from) {
          std::vector<float> result;
          for (const auto r : from) result.push_back(task.pool->rows(r, f));
          return result;
        };
        const double area = auroc(values(task.normals), values(task.anomalies));
        if (std::max(area, 1 - area) > best) {
          best = std::max(area, 1 - area);
          feature = tasks.preprocessor.feature_names()[f];
        }
      }
      EXPECT_GT(best, 0.7) << task.name;
      EXPECT_LT(best, 0.97) << task.name << ": " << feature;
      RecordProperty(task.name, feature + " " + std::to_string(best));
    }
  }
}

}  // namespace
}  // namespace oddshot
