// Leaving training tasks out.
#include "oddshot/tasks/folds.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

// The views of a suite whose tasks share their columns.
Views one_column() {
  Matrix rows(3, 1);
  for (std::size_t r = 0; r < 3; ++r) rows(r, 0) = static_cast<float>(r);
  return Views::fit(rows, std::vector{FeatureKind::kNumeric}, {});
}

// Normals 0 to 599 lie around x = 0, 100, ..., 800, in turn; then 10 anomalies a task, at x = 50.
TaskSuite example(std::size_t tasks) {
  auto pool = std::make_shared<RowPool>();
  const std::size_t normals = 600;
  pool->rows = Matrix(normals + 10 * tasks, 1);
  Stream stream(1, Purpose::kTest, 0);
  for (std::size_t r = 0; r < pool->rows.rows(); ++r) {
    pool->rows(r, 0) = (r < normals ? 100.0F * static_cast<float>(r % 9) : 50.0F) + stream.normal();
    pool->identity.push_back(static_cast<std::uint32_t>(r));
  }
  TaskSuite suite;
  suite.name = "example";
  suite.views = one_column();
  for (std::size_t t = 0; t < tasks; ++t) {
    Task task{std::string(1, static_cast<char>('a' + t)), pool, {}, {}};
    std::vector<std::uint32_t> numbers(normals);
    std::iota(numbers.begin(), numbers.end(), 0U);
    task.normals = std::move(numbers);
    for (std::size_t i = 0; i < 10; ++i) task.anomalies.push_back(static_cast<std::uint32_t>(normals + 10 * t + i));
    suite.training.push_back(std::move(task));
  }
  return suite;
}

std::set<std::uint32_t> as_set(std::span<const std::uint32_t> rows) { return {rows.begin(), rows.end()}; }

TEST(LeaveTasksOut, EveryTaskIsLeftOutOnceWithAllItsAnomalies) {
  const TaskSuite suite = example(5);
  std::vector<std::string> left_out;
  for (const TaskSuite& fold : leave_tasks_out(suite, 2, 50, 1)) {
    EXPECT_EQ(fold.training.size() + fold.held_out.size(), 5U);
    for (const auto* side : {&fold.training, &fold.held_out}) {
      for (const Task& task : *side) EXPECT_EQ(task.anomalies, suite.training[static_cast<std::size_t>(task.name[0] - 'a')].anomalies);
    }
    for (const Task& task : fold.held_out) left_out.push_back(task.name);
  }
  std::sort(left_out.begin(), left_out.end());
  EXPECT_EQ(left_out, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
}

TEST(LeaveTasksOut, NoNormalServesBothSidesOfAFold) {
  for (const TaskSuite& fold : leave_tasks_out(example(3), 3, 50, 1)) {
    const auto learned = as_set(fold.training[0].normals);
    EXPECT_EQ(as_set(fold.training[1].normals), learned);
    for (const std::uint32_t row : fold.held_out[0].normals) EXPECT_FALSE(learned.contains(row));
    EXPECT_EQ(learned.size() + fold.held_out[0].normals.size(), 600U);
  }
}

TEST(LeaveTasksOut, NormalsOfTheLeftOutDiffer) {
  for (const TaskSuite& fold : leave_tasks_out(example(3), 3, 50, 1)) {
    std::vector<std::size_t> group(9);
    for (const std::uint32_t row : fold.held_out[0].normals) ++group[row % 9];
    std::sort(group.rbegin(), group.rend());
    const auto total = static_cast<double>(fold.held_out[0].normals.size());
    EXPECT_GT(static_cast<double>(group[0] + group[1] + group[2]) / total, 0.6) << "a third, drawn at random";
  }
}

TEST(LeaveTasksOut, TheReferenceIsOfNormalsThatStay) {
  const TaskSuite suite = example(3);
  for (const TaskSuite& fold : leave_tasks_out(suite, 3, 50, 1)) {
    std::set<float> stay;
    for (const std::uint32_t row : fold.training[0].normals) stay.insert(fold.training[0].pool->rows(row, 0));
    ASSERT_EQ(fold.reference.rows(), kMostReferences);
    for (std::size_t r = 0; r < fold.reference.rows(); ++r) EXPECT_TRUE(stay.contains(fold.reference(r, 0)));
  }
}

TEST(LeaveTasksOut, ASideThatWouldBeTooSmallTakesNormalsEvenly) {
  for (const TaskSuite& fold : leave_tasks_out(example(3), 3, 199, 1)) EXPECT_EQ(fold.held_out[0].normals.size(), 200U);
}

TEST(LeaveTasksOut, ATableKeepsItsNormals) {
  TaskSuite tables = example(3);
  tables.views = {};
  for (const TaskSuite& fold : leave_tasks_out(tables, 3, 50, 1)) {
    EXPECT_EQ(fold.held_out[0].normals.size(), 600U);
    EXPECT_EQ(fold.training[1].normals.size(), 600U);
    EXPECT_EQ(fold.reference.rows(), 0U);
  }
}

TEST(LeaveTasksOut, DependsOnTheSeedAlone) {
  const TaskSuite suite = example(4);
  const auto normals = [&](std::uint64_t seed) { return leave_tasks_out(suite, 2, 50, seed)[0].held_out[0].normals; };
  EXPECT_EQ(normals(1), normals(1));
  EXPECT_NE(normals(1), normals(2));
}

TEST(LeaveTasksOut, RefusesMoreFoldsThanTasksAndFewerThanTwo) {
  EXPECT_THROW(leave_tasks_out(example(2), 3, 50, 1), ArgumentError);
  EXPECT_THROW(leave_tasks_out(example(2), 1, 50, 1), ArgumentError);
}

}  // namespace
}  // namespace oddshot
