// Suites whose pool makes its rows when they are drawn: to the same bits as one that holds them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/tasks/augment.h"
#include "oddshot/tasks/folds.h"
#include "oddshot/tasks/suite.h"
#include "tasks/identity.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

constexpr std::size_t kRows = 9000;  // more than are encoded at a time, on either side

// Two training kinds and a held-out one; numbers, missing values, categories (one of them unseen in training) and rows that occur twice.
SuiteRows example(std::size_t window = 0) {
  SuiteRows rows;
  rows.manifest.name = "example";
  rows.manifest.label = "label";
  rows.manifest.normal = {"ok"};
  if (window > 0) {
    rows.manifest.preprocessor.windows.group = "run";
    rows.manifest.preprocessor.windows.time = "time";
    rows.manifest.preprocessor.windows.means = {window};
  }
  Column label{"label", ColumnKind::kCategory, {}, {}, {"ok", "a", "b", "c"}};
  Column colour{"colour", ColumnKind::kCategory, {}, {}, {"red", "blue", "green"}};
  Column run{"run", ColumnKind::kCategory, {}, {}, {"one", "two"}};
  Column time{"time", ColumnKind::kNumeric, {}, {}, {}};
  std::vector<Column> numbers;
  for (const char* name : {"x", "y", "z"}) numbers.push_back({name, ColumnKind::kNumeric, {}, {}, {}});
  std::vector<TaskRows> tasks = {{"a", {}, {}}, {"b", {}, {}}, {"c", {}, {}}};
  std::vector<std::uint32_t> held_out_normals;
  Stream stream(1, Purpose::kTest, 0);
  for (std::uint32_t r = 0; r < 2 * kRows; ++r) {
    const bool held_out = r % 2 == 1;
    const std::size_t kind = r % 40 >= 36 ? (held_out ? 3 : 1 + r / 40 % 2) : 0;
    const bool again = r > 80 && stream.below(8) == 0;  // the row 80 before, of the same kind and side
    for (std::size_t c = 0; c < numbers.size(); ++c) {
      auto& values = numbers[c].numbers;
      const bool missing = c == 1 && stream.below(20) == 0;
      const float drawn = missing ? std::numeric_limits<float>::quiet_NaN() : 100 * stream.normal() + 50 * static_cast<float>(kind);
      values.push_back(again ? values[r - 80] : drawn);
    }
    const auto drawn = static_cast<std::int32_t>(stream.below(held_out ? 3 : 2));
    colour.codes.push_back(again ? colour.codes[r - 80] : drawn);
    label.codes.push_back(static_cast<std::int32_t>(kind));
    run.codes.push_back(static_cast<std::int32_t>(r % 2));
    time.numbers.push_back(static_cast<float>(r));
    if (kind > 0) tasks[kind - 1].anomalies.push_back(r);
    if (kind == 0) (held_out ? held_out_normals : rows.training_normals).push_back(r);
  }
  rows.table.columns = std::move(numbers);
  for (Column* column : {&label, &colour, &run, &time}) rows.table.columns.push_back(std::move(*column));
  rows.feature_columns = {"x", "y", "z", "colour"};
  tasks[0].normals = tasks[1].normals = rows.training_normals;
  tasks[2].normals = std::move(held_out_normals);
  rows.held_out = {std::move(tasks[2])};
  tasks.pop_back();
  rows.training = std::move(tasks);
  return rows;
}

void expect_equal(const Matrix& a, const Matrix& b) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.cols(), b.cols());
  EXPECT_TRUE(a.empty() || std::memcmp(a.data(), b.data(), a.rows() * a.cols() * sizeof(float)) == 0);  // the bits
}

void expect_equal(const Episode& a, const Episode& b) {
  EXPECT_EQ(a.task, b.task);
  expect_equal(a.support_rows, b.support_rows);
  expect_equal(a.query_rows, b.query_rows);
  EXPECT_EQ(a.support_labels, b.support_labels);
  EXPECT_EQ(a.query_labels, b.query_labels);
}

void expect_equal(const TransformReport& a, const TransformReport& b) {
  const auto list = [](const std::vector<TransformReport::Count>& counts) {
    std::vector<std::pair<std::string, std::size_t>> all;
    for (const auto& count : counts) all.emplace_back(count.column, count.rows);
    return all;
  };
  EXPECT_EQ(list(a.unseen_categories), list(b.unseen_categories));
  EXPECT_EQ(list(a.unexpected_missing), list(b.unexpected_missing));
  EXPECT_EQ(a.extra_columns, b.extra_columns);
}

// Everything of the two, with episodes of each view and of all.
void expect_equal(const TaskSuite& held, const TaskSuite& made) {
  EXPECT_EQ(held.preprocessor.to_json(), made.preprocessor.to_json());
  EXPECT_EQ(held.views.to_json(), made.views.to_json());
  EXPECT_EQ(held.views.tensors(), made.views.tensors());
  expect_equal(held.reference, made.reference);
  expect_equal(held.report, made.report);
  ASSERT_EQ(held.training.size(), made.training.size());
  ASSERT_EQ(held.held_out.size(), made.held_out.size());
  EXPECT_EQ(held.training[0].pool->identity, made.training[0].pool->identity);
  EXPECT_EQ(held.training[0].pool->views, made.training[0].pool->views);
  EXPECT_EQ(held.training[0].pool->width(), made.training[0].pool->width());
  for (const bool held_out : {false, true}) {
    for (std::size_t t = 0; t < (held_out ? held.held_out : held.training).size(); ++t) {
      const Task& a = (held_out ? held.held_out : held.training)[t];
      const Task& b = (held_out ? made.held_out : made.training)[t];
      EXPECT_EQ(a.normals, b.normals);
      EXPECT_EQ(a.anomalies, b.anomalies);
      for (const char* view : {"", "plain", "rank", "whitened", "joined"}) {
        for (std::uint64_t i = 0; i < 5; ++i) {
          const EpisodeSpec spec{.shots = 1 + i, .normals = 7 + 11 * i};
          expect_equal(sample_episode(a, spec, Stream(2, Purpose::kTest, i), view),
                       sample_episode(b, spec, Stream(2, Purpose::kTest, i), view));
        }
      }
    }
  }
}

TEST(OnDemand, ASuiteIsTheSameAsOneThatHoldsItsRows) {
  const SuiteRows rows = example();
  const TaskSuite held = encode(rows);
  ASSERT_FALSE(held.report.unseen_categories.empty()) << "the example is to show them";
  const TaskSuite made = encode(std::make_shared<const SuiteRows>(rows), 0);
  EXPECT_TRUE(made.training[0].pool->rows.empty());
  expect_equal(held, made);
  const TaskSuite again = encode(std::make_shared<const SuiteRows>(rows), held.preprocessor, held.views, held.reference, 0);
  EXPECT_TRUE(again.training[0].pool->rows.empty());
  expect_equal(held, again);
}

// Pseudo-tasks of every source are made of the same rows, to the same episodes.
TEST(OnDemand, TheSuiteIsAugmentedAlike) {
  const SuiteRows rows = example();
  const TaskSuite held = encode(rows);
  const TaskSuite made = encode(std::make_shared<const SuiteRows>(rows), 0);
  const AugmentOptions options = parse_augment("real=1,mixtures=1,clusters=1,sub-clusters=1,local=1,tasks=8");
  const EpisodeSpec episode{.shots = 2, .normals = 10};
  ThreadPool threads(2);
  const auto of_held = augment(held.training, feature_space(held.preprocessor, held.views), options, episode, 1, threads);
  const auto of_made = augment(made.training, feature_space(made.preprocessor, made.views), options, episode, 1, threads);
  ASSERT_EQ(of_held.size(), of_made.size());
  ASSERT_GT(of_held.size(), 3U);
  for (std::size_t s = 0; s < of_held.size(); ++s) {
    EXPECT_EQ(of_held[s].name, of_made[s].name);
    ASSERT_EQ(of_held[s].tasks.size(), of_made[s].tasks.size()) << of_held[s].name;
    for (std::size_t t = 0; t < of_held[s].tasks.size(); ++t) {
      expect_equal(sample_episode(of_held[s].tasks[t], episode, Stream(2, Purpose::kTest, t)),
                   sample_episode(of_made[s].tasks[t], episode, Stream(2, Purpose::kTest, t)));
    }
  }
}

// A suite with nothing held out.
TEST(OnDemand, TheOtherSideMayBeEmpty) {
  SuiteRows rows = example();
  rows.held_out.clear();
  const TaskSuite held = encode(rows);
  EXPECT_TRUE(held.held_out.empty());
  expect_equal(held, encode(std::make_shared<const SuiteRows>(rows), 0));
}

TEST(OnDemand, ASuiteKeepsTheTableThatItIsGiven) {
  SuiteRows rows = example();
  const TaskSuite held = encode(rows);
  expect_equal(held, encode(std::move(rows), 0));
}

TEST(OnDemand, WithWindowsTheFeaturesAreHeld) {
  const SuiteRows rows = example(5);
  const TaskSuite held = encode(rows);
  const TaskSuite made = encode(std::make_shared<const SuiteRows>(rows), 0);
  EXPECT_TRUE(made.training[0].pool->rows.empty());
  expect_equal(held, made);
}

TEST(OnDemand, RowsAreHeldUpToTheLimit) {
  const auto rows = std::make_shared<const SuiteRows>(example());
  const Matrix all = encode(rows).training[0].pool->rows;
  const std::size_t bytes = all.rows() * all.cols() * sizeof(float);
  EXPECT_GT(bytes, 0U);
  EXPECT_FALSE(encode(rows, bytes).training[0].pool->rows.empty());
  EXPECT_TRUE(encode(rows, bytes - 1).training[0].pool->rows.empty());
}

TEST(OnDemand, EpisodesMayBeDrawnFromSeveralThreads) {
  const SuiteRows rows = example();
  const TaskSuite held = encode(rows);
  const TaskSuite made = encode(std::make_shared<const SuiteRows>(rows), 0);
  std::vector<Episode> drawn(40);
  const auto draw = [&](std::size_t first) {
    for (std::size_t i = first; i < drawn.size(); i += 2) drawn[i] = sample_episode(made.training[i % 2], {}, Stream(3, Purpose::kTest, i));
  };
  std::thread other(draw, 0);
  draw(1);
  other.join();
  for (std::size_t i = 0; i < drawn.size(); ++i)
    expect_equal(drawn[i], sample_episode(held.training[i % 2], {}, Stream(3, Purpose::kTest, i)));
}

TEST(OnDemand, FoldsAreTheSame) {
  const SuiteRows rows = example();
  const auto held = leave_tasks_out(encode(rows), 2, 10, 1);
  const auto made = leave_tasks_out(encode(std::make_shared<const SuiteRows>(rows), 0), 2, 10, 1);
  for (std::size_t f = 0; f < 2; ++f) {
    expect_equal(held[f].reference, made[f].reference);
    EXPECT_EQ(held[f].training[0].normals, made[f].training[0].normals);
    EXPECT_EQ(held[f].held_out[0].normals, made[f].held_out[0].normals);
  }
}

// At once, and not when an episode is drawn.
TEST(OnDemand, ErrorsAreThoseOfEncoding) {
  const SuiteRows good = example();
  const TaskSuite fitted = encode(good);
  SuiteRows lacking = good;
  lacking.table.columns.erase(lacking.table.columns.begin() + 2);
  SuiteRows words = good;  // a held-out row alone has a word for a number
  words.table.columns[2] = {"z", ColumnKind::kCategory, {}, std::vector<std::int32_t>(2 * kRows, Column::kMissingCode), {"much"}};
  words.table.columns[2].codes[2 * kRows - 1] = 0;
  for (const SuiteRows& bad : {lacking, words}) {
    const auto message = message_of<FormatError>([&] { encode(bad, fitted.preprocessor, fitted.views, fitted.reference); });
    EXPECT_NE(message.find("\"z\""), std::string::npos) << message;
    EXPECT_EQ(message_of<FormatError>(
                  [&] { encode(std::make_shared<const SuiteRows>(bad), fitted.preprocessor, fitted.views, fitted.reference, 0); }),
              message);
  }
  SuiteRows infinite = good;
  infinite.table.columns[0].numbers[good.training_normals[4]] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(message_of<NumericError>([&] { encode(std::make_shared<const SuiteRows>(infinite), 0); }),
            message_of<NumericError>([&] { encode(infinite); }));
  EXPECT_THROW(encode(std::make_shared<const SuiteRows>(good), 0).training[0].pool->gather({}, "no view"), ArgumentError);
}

TEST(Identities, RowsThatShareAHashAreStillToldApart) {
  Matrix rows(6000, 1);  // more than are compared at a time
  std::vector<std::uint8_t> classes(rows.rows());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    rows(r, 0) = r % 7 == 0 ? -0.0F : static_cast<float>(r % 7);
    if (r % 14 == 0) rows(r, 0) = 0;
    classes[r] = r >= 3000 ? 1 : 0;
  }
  std::map<std::pair<float, std::uint8_t>, std::uint32_t> first;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t r = 0; r < rows.rows(); ++r) expected.push_back(first.emplace(std::pair(rows(r, 0), classes[r]), r).first->second);
  EXPECT_EQ(identities(rows, classes), expected);
  const std::vector<std::uint64_t> one_hash(rows.rows(), 5);
  EXPECT_EQ(identities(one_hash, [&](std::span<const std::uint32_t> some) { return gathered(rows.view(), some); }, classes), expected);
}

}  // namespace
}  // namespace oddshot
