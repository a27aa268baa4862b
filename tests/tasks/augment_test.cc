#include "oddshot/tasks/augment.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 1500;
constexpr std::size_t kKinds = 4;
constexpr std::size_t kAnomalies = 60;  // of each kind
constexpr std::size_t kHeldOut = 40;    // rows at the end of the pool that no training task names
constexpr std::size_t kNumbers = 4;
constexpr EpisodeSpec kEpisode = {.shots = 5, .normals = 50};

// Four numbers, of which the last may be missing, and two categories of 4 and 3 values. Every row lies in the pool twice.
FeatureSpace space() {
  FeatureSpace result;
  for (std::size_t f = 0; f < kNumbers - 1; ++f) result.groups.push_back({.first = f, .count = 1, .category = false});
  result.groups.push_back({.first = 3, .count = 2, .category = false});
  result.groups.push_back({.first = 5, .count = 4, .category = true});
  result.groups.push_back({.first = 9, .count = 3, .category = true});
  return result;
}
constexpr std::size_t kWidth = 12;

void fill_row(std::span<float> row, std::size_t kind, Stream& stream) {
  const float centre = stream.below(2) == 0 ? -1.5F : 1.5F;  // two clouds of normals
  for (std::size_t f = 0; f < kNumbers; ++f) row[f] = centre + 0.5F * stream.normal();
  if (kind > 0) row[kind - 1] += 4;
  if (stream.below(10) == 0) {
    row[3] = 0;
    row[4] = 1;
  }
  row[5 + stream.below(4)] = 1;
  row[9 + stream.below(3)] = 1;
}

// `extra`: columns that other views take.
std::vector<Task> training_tasks(std::size_t extra = 0) {
  Stream stream(1, Purpose::kTest, 0);
  const auto pool = std::make_shared<RowPool>();
  const std::size_t rows = kNormals + kKinds * kAnomalies + kHeldOut;
  pool->rows = Matrix(rows, kWidth + extra);
  pool->identity.resize(rows);
  std::vector<Task> tasks(kKinds);
  std::vector<std::uint32_t> normals;
  for (std::uint32_t r = 0; r < rows; ++r) {
    const std::size_t kind = r < kNormals ? 0 : std::min<std::size_t>(1 + (r - kNormals) / kAnomalies, kKinds);
    pool->identity[r] = r % 2 == 0 ? r : r - 1;
    if (r % 2 == 0) {
      fill_row(pool->rows.row(r), kind, stream);
    } else {
      std::ranges::copy(pool->rows.row(r - 1), pool->rows.row(r).begin());
    }
    if (r >= rows - kHeldOut) continue;
    if (kind == 0) {
      normals.push_back(r);
    } else {
      tasks[kind - 1].anomalies.push_back(r);
    }
  }
  for (std::size_t t = 0; t < kKinds; ++t) {
    tasks[t].name = "kind" + std::to_string(t + 1);
    tasks[t].normals = normals;
    tasks[t].pool = pool;
  }
  return tasks;
}

AugmentOptions only(const char* source, std::size_t tasks = 40) {
  return parse_augment(std::string(source) + "=1,tasks=" + std::to_string(tasks));
}

// The tasks of one source.
std::vector<Task> made(const char* source, std::size_t tasks = 40, std::uint64_t seed = 1) {
  ThreadPool threads(1);
  const auto training = training_tasks();
  auto sources = augment(training, space(), only(source, tasks), kEpisode, seed, threads);
  EXPECT_EQ(sources.size(), 1U);
  return sources.empty() ? std::vector<Task>() : std::move(sources.front().tasks);
}

std::vector<std::string> pseudo_sources() { return {"mixtures", "clusters"}; }
// Those whose rows are the training rows themselves.
std::vector<std::string> index_sources() { return {"mixtures", "clusters"}; }

void expect_same(const std::vector<Task>& a, const std::vector<Task>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t t = 0; t < a.size(); ++t) {
    EXPECT_EQ(a[t].name, b[t].name);
    EXPECT_EQ(a[t].normals, b[t].normals);
    EXPECT_EQ(a[t].anomalies, b[t].anomalies);
    EXPECT_TRUE(std::equal(a[t].pool->rows.data(), a[t].pool->rows.data() + a[t].pool->rows.rows() * a[t].pool->rows.cols(),
                           b[t].pool->rows.data()));
  }
}

TEST(Augment, GivesTheSameTasksForAnyNumberOfThreads) {
  const auto training = training_tasks();
  ThreadPool one(1), four(4);
  for (const auto& name : pseudo_sources()) {
    SCOPED_TRACE(name);
    const auto a = augment(training, space(), only(name.c_str()), kEpisode, 3, one);
    const auto b = augment(training, space(), only(name.c_str()), kEpisode, 3, four);
    ASSERT_EQ(a.size(), 1U);
    ASSERT_EQ(b.size(), 1U);
    expect_same(a[0].tasks, b[0].tasks);
  }
}

TEST(Augment, DependsOnTheSeed) {
  for (const auto& name : pseudo_sources()) {
    const auto a = made(name.c_str(), 5, 1);
    const auto b = made(name.c_str(), 5, 2);
    bool differs = a.size() != b.size();
    for (std::size_t t = 0; !differs && t < a.size(); ++t) differs = a[t].anomalies != b[t].anomalies || a[t].name != b[t].name;
    EXPECT_TRUE(differs) << name;
  }
}

TEST(Augment, EveryPseudoTaskHasRoomForTheLargestEpisode) {
  for (const auto& name : pseudo_sources()) {
    const auto tasks = made(name.c_str());
    EXPECT_FALSE(tasks.empty()) << name;
    EXPECT_LE(tasks.size(), 40U) << name;
    for (const Task& task : tasks) {
      SCOPED_TRACE(name + ": " + task.name);
      std::set<std::uint32_t> anomalies, normals;
      for (const auto r : task.anomalies) anomalies.insert(task.pool->identity[r]);
      for (const auto r : task.normals) normals.insert(task.pool->identity[r]);
      EXPECT_GE(anomalies.size(), 12U);
      EXPECT_GT(normals.size(), 50U);
      EXPECT_NO_THROW(sample_episode(task, kEpisode, Stream(1, Purpose::kTest, 7)));
    }
  }
}

TEST(Augment, NoRowIsBothNormalAndAnomalousAndEqualRowsHaveOneIdentity) {
  for (const auto& name : pseudo_sources()) {
    for (const Task& task : made(name.c_str(), 12)) {
      SCOPED_TRACE(name + ": " + task.name);
      const auto features = [&](std::uint32_t r) {
        const auto row = task.pool->rows.row(r);
        return std::vector<float>(row.begin(), row.end());
      };
      std::map<std::vector<float>, std::uint32_t> normals, anomalies;
      for (const auto r : task.normals)
        EXPECT_EQ(normals.emplace(features(r), task.pool->identity[r]).first->second, task.pool->identity[r]);
      for (const auto r : task.anomalies) {
        EXPECT_EQ(anomalies.emplace(features(r), task.pool->identity[r]).first->second, task.pool->identity[r]);
        EXPECT_FALSE(normals.contains(features(r)));
      }
    }
  }
}

TEST(Augment, HeldOutRowsAreNeverTouched) {
  for (const auto& name : index_sources()) {
    for (const Task& task : made(name.c_str())) {
      const auto is_held_out = [&](std::uint32_t r) { return r >= task.pool->rows.rows() - kHeldOut; };
      EXPECT_TRUE(std::ranges::none_of(task.normals, is_held_out)) << name << ": " << task.name;
      EXPECT_TRUE(std::ranges::none_of(task.anomalies, is_held_out)) << name << ": " << task.name;
    }
  }
}

TEST(Augment, AClusterIsAtMostThreeTenthsOfTheRowsAndNoNormalOfItsTaskIsInside) {
  for (const Task& task : made("clusters")) {
    EXPECT_LE(task.anomalies.size(), (kNormals + kKinds * kAnomalies - kHeldOut) * 3 / 10) << task.name;
    const std::set<std::uint32_t> inside(task.anomalies.begin(), task.anomalies.end());
    EXPECT_TRUE(std::ranges::none_of(task.normals, [&](std::uint32_t r) { return inside.contains(r); })) << task.name;
    EXPECT_TRUE(std::ranges::all_of(task.normals, [](std::uint32_t r) { return r < kNormals; })) << task.name;
    // The normals are all the others.
    const auto normals_inside = std::ranges::count_if(task.anomalies, [](std::uint32_t r) { return r < kNormals; });
    EXPECT_EQ(task.normals.size() + static_cast<std::size_t>(normals_inside), kNormals) << task.name;
  }
}

TEST(Augment, EqualRowsOfBothClassesServeAClusterOnce) {
  auto training = training_tasks();
  const auto pool = std::make_shared<RowPool>(*training[0].pool);
  // The anomalies of the first kind become the same rows as normals: other identities, equal features.
  for (const auto r : training[0].anomalies) std::ranges::copy(pool->rows.row(r - kNormals), pool->rows.row(r).begin());
  for (Task& task : training) task.pool = pool;
  ThreadPool threads(1);
  const auto sources = augment(training, space(), only("clusters"), kEpisode, 1, threads);
  ASSERT_EQ(sources.size(), 1U);
  for (const Task& task : sources[0].tasks) {
    for (const auto r : task.anomalies) {
      EXPECT_TRUE(!std::ranges::binary_search(training[0].anomalies, r)) << task.name << ": row " << r << " equals row " << r - kNormals;
    }
  }
}

TEST(Augment, ClustersAreFoundInTheFeaturesAndNotInOtherColumnsOfThePool) {
  ThreadPool threads(1);
  const auto plain = augment(training_tasks(), space(), only("clusters"), kEpisode, 1, threads);
  auto joined = training_tasks(3);
  const auto pool = std::make_shared<RowPool>(*joined[0].pool);
  for (std::size_t r = 0; r < pool->rows.rows(); ++r) pool->rows(r, kWidth + 1) = static_cast<float>(r);
  for (Task& task : joined) task.pool = pool;
  const auto wide = augment(joined, space(), only("clusters"), kEpisode, 1, threads);
  ASSERT_EQ(plain.size(), 1U);
  ASSERT_EQ(wide.size(), 1U);
  ASSERT_EQ(plain[0].tasks.size(), wide[0].tasks.size());
  for (std::size_t t = 0; t < plain[0].tasks.size(); ++t) EXPECT_EQ(plain[0].tasks[t].anomalies, wide[0].tasks[t].anomalies);
}

TEST(Augment, AMixtureIsHalfOfEachOfTwoKinds) {
  auto training = training_tasks();
  training[1].anomalies.resize(30);  // the smaller kind decides
  ThreadPool threads(1);
  const auto sources = augment(training, space(), only("mixtures"), kEpisode, 1, threads);
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].tasks.size(), kKinds * (kKinds - 1) / 2);
  for (const Task& task : sources[0].tasks) {
    std::vector<std::size_t> of_kind;
    for (const Task& kind : training) {
      of_kind.push_back(std::ranges::count_if(task.anomalies, [&](auto r) { return std::ranges::binary_search(kind.anomalies, r); }));
    }
    std::ranges::sort(of_kind);
    EXPECT_EQ(of_kind[0] + of_kind[1], 0U) << task.name;
    EXPECT_EQ(of_kind[2], of_kind[3]) << task.name;
    EXPECT_EQ(task.normals, training[0].normals);
  }
}

TEST(Augment, ASourceWithNothingToGiveIsLeftOut) {
  ThreadPool threads(1);
  const auto training = training_tasks();
  const auto sources = augment({training.data(), 1}, space(), parse_augment("real=1,mixtures=1"), kEpisode, 1, threads);
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].name, "real");
  ASSERT_EQ(sources[0].tasks.size(), 1U);
  EXPECT_EQ(sources[0].tasks[0].name, "kind1");
}

TEST(Augment, TasksWithNormalsOfTheirOwnAreAugmentedApart) {
  auto training = training_tasks();
  training.resize(2);
  std::vector<std::uint32_t> first, second;
  for (const auto r : training[0].normals) (r < kNormals / 2 ? first : second).push_back(r);
  training[0].normals = first;
  training[1].normals = second;
  ThreadPool threads(1);
  const auto sources = augment(training, space(), only("clusters"), kEpisode, 1, threads);
  ASSERT_EQ(sources.size(), 1U);
  std::size_t of_first = 0;
  for (const Task& task : sources[0].tasks) {
    const bool is_first = task.normals.front() < kNormals / 2;
    of_first += is_first ? 1 : 0;
    for (const auto* rows : {&task.normals, &task.anomalies}) {
      for (const auto r : *rows) {
        EXPECT_EQ(
            std::ranges::binary_search(is_first ? first : second, r) || std::ranges::binary_search(training[is_first ? 0 : 1].anomalies, r),
            true);
      }
    }
  }
  EXPECT_GT(of_first, 0U);
  EXPECT_LT(of_first, sources[0].tasks.size());
}

TEST(Augment, FeatureGroupsAreThePreprocessorsColumns) {
  Table table;
  const float missing = std::numeric_limits<float>::quiet_NaN();
  table.columns = {{"x", ColumnKind::kNumeric, {1, 2, 3, 4}, {}, {}},
                   {"colour", ColumnKind::kCategory, {}, {0, 1, 1, 0}, {"red", "blue"}},
                   {"y", ColumnKind::kNumeric, {1, missing, 3, 4}, {}, {}}};
  const std::vector<std::string> columns = {"x", "colour", "y"};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  const auto preprocessor = Preprocessor::fit(table, columns, rows, {}, {.numeric = NumericTransform::kIdentity});
  const Matrix features = preprocessor.transform(table, rows);
  const Views views = Views::fit(features, preprocessor.feature_kinds(), {.plain_clip = 5.0F});
  const FeatureSpace found = feature_space(preprocessor, views);
  ASSERT_EQ(found.groups.size(), 3U);
  EXPECT_EQ(found.width(), preprocessor.width());
  EXPECT_EQ(found.limit, 5.0F);
  EXPECT_EQ(found.rows_of(features).cols(), views.width());
  const std::vector<std::array<std::size_t, 3>> expected = {{0, 1, 0}, {1, 3, 1}, {4, 2, 0}};
  for (std::size_t g = 0; g < 3; ++g) {
    EXPECT_EQ(found.groups[g].first, expected[g][0]);
    EXPECT_EQ(found.groups[g].count, expected[g][1]);
    EXPECT_EQ(found.groups[g].category, expected[g][2] == 1);
  }
}

TEST(Augment, OptionsReadBackFromTheirText) {
  AugmentOptions options = AugmentOptions::none();
  EXPECT_EQ(to_string(options), "none");
  EXPECT_EQ(parse_augment("none"), options);
  options.clusters = 1.0F / 3.0F;
  options.real = 0;
  options.tasks = 77;
  EXPECT_EQ(parse_augment(to_string(options)), options);
  EXPECT_EQ(parse_augment(to_string(AugmentOptions())), AugmentOptions());
  EXPECT_EQ(parse_augment("real=2,mixtures=1").clusters, 0.0F);
}

TEST(Augment, RefusesWhatCannotBe) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      parse_augment(text);
      return "accepted";
    } catch (const ArgumentError& error) {
      return error.what();
    }
  };
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "has no ="},
      {"real", "has no ="},
      {"real=1,,clusters=1", "has no ="},
      {"ghosts=1", "no source \"ghosts\"; choose from real, mixtures, clusters"},
      {"real=1,real=2", "twice"},
      {"real=-1", "source \"real\" is -1"},
      {"real=nan", "source \"real\" is nan"},
      {"real=1x", "\"1x\" is not a number"},
      {"clusters=0", "no source of training tasks has a weight above 0"},
      {"real=1,tasks=0", "it must be 1 to 10000"},
      {"real=1,tasks=1.5", "\"1.5\" is not a whole number"},
  };
  for (const auto& [text, words] : table) EXPECT_NE(message(text).find(words), std::string::npos) << text << ": " << message(text);

  ThreadPool threads(1);
  const auto training = training_tasks();
  FeatureSpace wide = space();
  wide.groups.back().count = 50;
  EXPECT_THROW(augment(training, wide, AugmentOptions(), kEpisode, 1, threads), ShapeError);
  FeatureSpace holed = space();
  holed.groups.erase(holed.groups.begin());
  EXPECT_THROW(augment(training, holed, AugmentOptions(), kEpisode, 1, threads), ShapeError);
}

}  // namespace
}  // namespace oddshot
