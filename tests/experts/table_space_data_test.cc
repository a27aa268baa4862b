// Table space on real tables of many kinds, where they are at hand.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"
#include "oddshot/experts/expert.h"
#include "oddshot/experts/table_space.h"
#include "rows.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  const char* given = std::getenv("ODDSHOT_DATA");
  if (given != nullptr && *given != '\0') return given;
  return fs::path(ODDSHOT_SOURCE_DIR) / "../shared/data";
}

// The share of pairs of a normal and an anomaly in which the anomaly scores higher, a tie counting half.
double auroc(std::span<const float> normals, std::span<const float> anomalies) {
  double above = 0;
  for (const float a : anomalies) {
    for (const float n : normals) above += a > n ? 1 : a == n ? 0.5 : 0;
  }
  return above / static_cast<double>(normals.size() * anomalies.size());
}

// A table's rows, each column standardised by its normals.
struct Rows {
  Matrix normals, anomalies;
};

Rows read_rows(const fs::path& file) {
  ReadOptions reading;
  reading.category = {"label"};
  const Table table = read_table({file}, reading);
  const Column& label = table.column("label");
  std::vector<std::string> features;
  for (const Column& column : table.columns) {
    if (column.name != "label" && column.name != "split") features.push_back(column.name);
  }
  std::vector<std::uint32_t> kinds[2];
  for (std::uint32_t r = 0; r < table.rows(); ++r) {
    kinds[label.categories[static_cast<std::size_t>(label.codes[r])] == "normal" ? 0 : 1].push_back(r);
  }
  for (std::vector<std::uint32_t>& kind : kinds) test_stream(1).shuffle(std::span(kind));
  PreprocessorOptions options;
  options.numeric = NumericTransform::kIdentity;
  const Preprocessor preprocessor = Preprocessor::fit(table, features, kinds[0], kinds[1], options);
  kinds[0].resize(std::min<std::size_t>(kinds[0].size(), 600));
  kinds[1].resize(std::min<std::size_t>(kinds[1].size(), 100));
  return {preprocessor.transform(table, kinds[0]), preprocessor.transform(table, kinds[1])};
}

TEST(TableSpaceOnRealTables, TheMeanOfItsLevelsFindsMoreThanTheNearestNeighbours) {
  constexpr std::size_t kTables = 20;
  constexpr std::size_t kWidest = 60;
  std::vector<fs::path> files;
  if (fs::exists(data_folder() / "oddbench")) {
    for (const auto& entry : fs::directory_iterator(data_folder() / "oddbench")) {
      if (entry.path().string().ends_with(".csv.gz")) files.push_back(entry.path());
    }
  }
  if (files.size() < kTables)
    GTEST_SKIP() << "no tables in " << data_folder() / "oddbench" << "; set ODDSHOT_DATA to the folder of data sets";
  std::ranges::sort(files);
  double mean_of_levels = 0;
  double knn = 0;
  std::size_t tables = 0;
  for (const fs::path& file : files) {
    const Rows rows = read_rows(file);
    if (rows.normals.cols() > kWidest || rows.normals.rows() < 100) continue;
    const std::size_t half = rows.normals.rows() / 2;
    const MatrixView support = rows.normals.view().slice(0, half);
    const MatrixView query = rows.normals.view().slice(half, half);
    const TableScores scores = TableSpace::fit(support, std::vector<std::uint8_t>(half, 0));
    const auto levels = [&](MatrixView some) {
      const Matrix seen = scores.score(some);
      std::vector<float> out(seen.rows());
      for (std::size_t r = 0; r < seen.rows(); ++r) {
        const auto row = seen.row(r).first(TableSpace::unlabelled());
        out[r] = std::accumulate(row.begin(), row.end(), 0.0F);
      }
      return out;
    };
    const auto nearest = find_expert("knn")->fit(support, {}, test_stream(2));
    const auto distances = [&](MatrixView some) {
      std::vector<float> out(some.rows);
      nearest->score(some, out);
      return out;
    };
    mean_of_levels += auroc(levels(query), levels(rows.anomalies)) / kTables;
    knn += auroc(distances(query), distances(rows.anomalies)) / kTables;
    if (++tables == kTables) break;
  }
  ASSERT_EQ(tables, kTables);
  RecordProperty("mean_of_levels", std::to_string(mean_of_levels));
  RecordProperty("knn", std::to_string(knn));
  EXPECT_GT(mean_of_levels, knn + 0.01) << "mean AUROC of " << kTables << " tables";
}

}  // namespace
}  // namespace oddshot
