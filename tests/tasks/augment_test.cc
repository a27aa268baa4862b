#include "oddshot/tasks/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <span>
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

std::vector<std::string> pseudo_sources() {
  return {"mixtures", "clusters", "sub-clusters", "local", "global", "dependency", "shift", "swaps", "masks", "noise"};
}
// Those whose rows are the training rows themselves.
std::vector<std::string> index_sources() { return {"mixtures", "clusters", "sub-clusters"}; }
std::vector<std::string> made_sources() { return {"local", "global", "dependency", "shift", "swaps", "masks", "noise"}; }

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
    ASSERT_FALSE(a.empty()) << name;
    ASSERT_FALSE(b.empty()) << name;
    const auto content = [](const std::vector<Task>& tasks) {
      std::vector<float> values;
      for (const Task& task : tasks) {
        for (const auto r : task.anomalies) values.insert(values.end(), task.pool->rows.row(r).begin(), task.pool->rows.row(r).end());
      }
      return values;
    };
    const bool differs = content(a) != content(b);
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

TEST(Augment, ASubClusterIsPartOfOneKind) {
  const auto training = training_tasks();
  for (const Task& task : made("sub-clusters")) {
    const auto kinds = std::ranges::count_if(training, [&](const Task& kind) {
      return std::ranges::all_of(task.anomalies, [&](auto r) { return std::ranges::binary_search(kind.anomalies, r); });
    });
    EXPECT_EQ(kinds, 1) << task.name;
    EXPECT_LT(task.anomalies.size(), kAnomalies) << task.name;
    EXPECT_EQ(task.normals, training[0].normals) << task.name;
  }
}

TEST(Augment, AMadeRowIsARowThatCouldBe) {
  FeatureSpace narrow = space();
  narrow.limit = 3;  // within which all the toy's normals lie
  ThreadPool threads(1);
  auto training = training_tasks();
  const auto pool = std::make_shared<RowPool>(*training[0].pool);
  for (std::size_t r = 0; r < pool->rows.rows(); ++r) {
    for (std::size_t f = 0; f < kNumbers; ++f) pool->rows(r, f) = std::clamp(pool->rows(r, f), -3.0F, 3.0F);
  }
  for (Task& task : training) task.pool = pool;
  for (const auto& name : made_sources()) {
    const auto sources = augment(training, narrow, only(name.c_str()), kEpisode, 1, threads);
    ASSERT_EQ(sources.size(), 1U) << name;
    std::size_t changed = 0;
    for (const Task& task : sources[0].tasks) {
      EXPECT_NE(task.pool, pool) << name;
      for (std::size_t r = 0; r < task.pool->rows.rows(); ++r) {
        const auto row = task.pool->rows.row(r);
        for (std::size_t f = 0; f < kNumbers; ++f) ASSERT_LE(std::abs(row[f]), 3.0F) << task.name;
        ASSERT_TRUE(row[4] == 0 || (row[4] == 1 && row[3] == 0)) << task.name << ": a missing number has a value";
        for (const FeatureGroup& group : {narrow.groups[4], narrow.groups[5]}) {
          const auto category = row.subspan(group.first, group.count);
          ASSERT_EQ(std::ranges::count(category, 1.0F), 1) << task.name;
          ASSERT_EQ(static_cast<std::size_t>(std::ranges::count(category, 0.0F)), group.count - 1) << task.name;
        }
      }
      ++changed;
    }
    EXPECT_GE(changed, 10U) << name;
  }
}

TEST(Augment, MadeRowsPassThroughTheMapToPoolRows) {
  FeatureSpace doubled = space();
  doubled.rows_of = [](MatrixView features) {
    Matrix rows(features.rows, 2 * features.cols);
    for (std::size_t r = 0; r < features.rows; ++r) {
      for (std::size_t f = 0; f < features.cols; ++f) {
        rows(r, f) = features(r, f);
        rows(r, features.cols + f) = 10 * features(r, f);
      }
    }
    return rows;
  };
  ThreadPool threads(1);
  auto training = training_tasks(kWidth);
  const auto viewed = std::make_shared<RowPool>(*training[0].pool);
  viewed->views = {{"plain", 0, kWidth}, {"tenfold", kWidth, kWidth}};
  for (Task& task : training) task.pool = viewed;
  for (const auto& name : made_sources()) {
    const auto sources = augment(training, doubled, only(name.c_str(), 5), kEpisode, 1, threads);
    ASSERT_EQ(sources.size(), 1U) << name;
    for (const Task& task : sources[0].tasks) {
      ASSERT_EQ(task.pool->rows.cols(), 2 * kWidth) << name;
      EXPECT_EQ(task.pool->views, viewed->views) << name;
      for (const std::span<const std::uint32_t> rows : {std::span<const std::uint32_t>(task.normals), std::span(task.anomalies)}) {
        for (const auto r : rows) ASSERT_EQ(task.pool->rows(r, kWidth), 10 * task.pool->rows(r, 0)) << task.name;
      }
    }
  }
}

// The mean gap between a task's anomalies and normals, in deviations of the normals, over the numbers.
double gap(const Task& task) {
  double sum = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    double normal = 0, square = 0, anomaly = 0;
    for (const auto r : task.normals) normal += task.pool->rows(r, f) / static_cast<double>(task.normals.size());
    for (const auto r : task.normals) square += std::pow(task.pool->rows(r, f) - normal, 2) / static_cast<double>(task.normals.size());
    for (const auto r : task.anomalies) {
      anomaly += std::pow(task.pool->rows(r, f) - normal, 2) / square / static_cast<double>(task.anomalies.size());
    }
    sum += std::abs(std::sqrt(anomaly) - 1);
  }
  return sum;
}

TEST(Augment, MadeKindsRunFromObviousToSubtle) {
  for (const char* name : {"local", "shift"}) {
    const auto tasks = made(name);
    ASSERT_GE(tasks.size(), 20U);
    double obvious = 0, subtle = 0;
    for (std::size_t t = 0; t < 8; ++t) {
      obvious += gap(tasks[t]);
      subtle += gap(tasks[tasks.size() - 1 - t]);
    }
    EXPECT_GT(obvious, 2 * subtle) << name;
  }
}

TEST(Augment, BrokenDependenciesKeepTheDistributionOfEachColumn) {
  const auto tasks = made("dependency");
  ASSERT_FALSE(tasks.empty());
  // Normals are two clouds, so that numbers go together; in the most obvious kind they do not.
  const auto moments = [](const Task& task, const std::vector<std::uint32_t>& rows) {
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (const auto r : rows) {
      const double x = task.pool->rows(r, 0), y = task.pool->rows(r, 1);
      a += x, b += y, aa += x * x, bb += y * y, ab += x * y;
    }
    const auto n = static_cast<double>(rows.size());
    const double va = aa / n - a * a / n / n, vb = bb / n - b * b / n / n;
    return std::array{std::sqrt(va), (ab / n - a * b / n / n) / std::sqrt(va * vb)};
  };
  const auto [normal_deviation, normal_correlation] = moments(tasks[0], tasks[0].normals);
  const auto [deviation, correlation] = moments(tasks[0], tasks[0].anomalies);
  EXPECT_NEAR(deviation, normal_deviation, 0.3 * normal_deviation);
  EXPECT_GT(normal_correlation, 0.8);
  EXPECT_LT(std::abs(correlation), 0.35);  // 4 standard errors of 120 rows
}

TEST(Augment, AMaskedColumnIsTheSameInEveryRow) {
  std::size_t masked = 0;
  for (const Task& task : made("masks")) {
    std::size_t constant = 0;
    for (const FeatureGroup& group : space().groups) {
      bool same = true;
      for (std::size_t r = 1; same && r < task.pool->rows.rows(); ++r) {
        same = std::ranges::equal(task.pool->rows.row(r).subspan(group.first, group.count),
                                  task.pool->rows.row(0).subspan(group.first, group.count));
      }
      constant += same ? 1 : 0;
    }
    EXPECT_GE(constant, 1U) << task.name;
    EXPECT_LE(constant, 4U) << task.name;  // at most six tenths of six
    masked += constant;
  }
  EXPECT_GT(masked, 0U);
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
    const bool is_first = task.normals[0] < kNormals / 2;
    of_first += is_first ? 1 : 0;
    for (const std::span<const std::uint32_t> rows : {std::span<const std::uint32_t>(task.normals), std::span(task.anomalies)}) {
      for (const auto r : rows) {
        EXPECT_EQ(
            std::ranges::binary_search(is_first ? first : second, r) || std::ranges::binary_search(training[is_first ? 0 : 1].anomalies, r),
            true);
      }
    }
  }
  EXPECT_GT(of_first, 0U);
  EXPECT_LT(of_first, sources[0].tasks.size());
}

TEST(Augment, FeatureGroupsAreNumbersWithTheirFlagsAndCategories) {
  Table table;
  const float missing = std::numeric_limits<float>::quiet_NaN();
  table.columns = {{"x", ColumnKind::kNumeric, {1, 2, 3, 5}, {}, {}},
                   {"colour", ColumnKind::kCategory, {}, {0, 1, 1, 0}, {"red", "blue"}},
                   {"y", ColumnKind::kNumeric, {1, missing, 3, 4}, {}, {}},
                   {"run", ColumnKind::kNumeric, {1, 1, 1, 1}, {}, {}},
                   {"t", ColumnKind::kNumeric, {1, 2, 3, 4}, {}, {}}};
  const std::vector<std::string> columns = {"x", "colour", "y"};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  PreprocessorOptions options;
  options.numeric = NumericTransform::kIdentity;
  using Group = std::array<std::size_t, 3>;
  const auto groups = [](const FeatureSpace& space) {
    std::vector<Group> found;
    for (const FeatureGroup& group : space.groups) found.push_back({group.first, group.count, group.category ? 1U : 0U});
    return found;
  };
  const auto preprocessor = Preprocessor::fit(table, columns, rows, {}, options);
  const Matrix features = preprocessor.transform(table, rows);
  const Views views = Views::fit(features, preprocessor.feature_kinds(), {.plain_clip = 5.0F});
  const FeatureSpace found = feature_space(preprocessor, views);
  EXPECT_EQ(groups(found), (std::vector<Group>{{0, 1, 0}, {1, 3, 1}, {4, 2, 0}}));
  EXPECT_EQ(found.width(), preprocessor.width());
  EXPECT_EQ(found.limit, 5.0F);
  EXPECT_EQ(found.rows_of(features).cols(), views.width());

  // Windows of a column are numbers of their own.
  options.windows.changes = {1};
  options.windows.group = "run";
  options.windows.time = "t";
  const auto windowed = Preprocessor::fit(table, columns, rows, {}, options);
  ASSERT_EQ(windowed.feature_names()[6], "x (change over 1)");
  EXPECT_EQ(groups(feature_space(windowed, views)), (std::vector<Group>{{0, 1, 0}, {1, 3, 1}, {4, 2, 0}, {6, 1, 0}, {7, 2, 0}}));
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
      {"ghosts=1", "no source \"ghosts\"; choose from real, mixtures, clusters, sub-clusters, local"},
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
