// Table space at the size of real work: a support of 512 normals and 5 anomalies, 1,000 rows to score, on one thread; and each family of
// its experts by itself. That a row scored alone gets the same numbers is checked before a time counts.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "experts/table/task.h"
#include "oddshot/base/random.h"
#include "oddshot/experts/table_space.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 512;
constexpr std::size_t kAnomalies = 5;
constexpr std::size_t kQuery = 1000;

Matrix rows_of(std::size_t rows, std::size_t columns, float shift, std::uint64_t index) {
  Matrix out(rows, columns);
  Stream stream(1, Purpose::kTest, index);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out(r, c) = stream.normal() + shift;
  }
  return out;
}

struct Support {
  Matrix rows;
  std::vector<std::uint8_t> labels;
};

Support support_of(std::size_t columns) {
  Support support{Matrix(kNormals + kAnomalies, columns), std::vector<std::uint8_t>(kNormals + kAnomalies)};
  const Matrix normals = rows_of(kNormals, columns, 0, 1);
  const Matrix anomalies = rows_of(kAnomalies, columns, 1, 2);
  std::copy_n(normals.data(), kNormals * columns, support.rows.data());
  std::copy_n(anomalies.data(), kAnomalies * columns, support.rows.row(kNormals).data());
  std::fill(support.labels.begin() + kNormals, support.labels.end(), std::uint8_t{1});
  return support;
}

void fit(benchmark::State& state) {
  const Support support = support_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(TableSpace::fit(support.rows, support.labels));
}

void score(benchmark::State& state) {
  const auto columns = static_cast<std::size_t>(state.range(0));
  const Support support = support_of(columns);
  const TableScores scores = TableSpace::fit(support.rows, support.labels);
  const Matrix query = rows_of(kQuery, columns, 0.5F, 3);
  const Matrix all = scores.score(query);
  const Matrix alone = scores.score(query.view().slice(kQuery / 2, 1));
  if (!std::ranges::equal(alone.row(0), all.row(kQuery / 2))) {
    state.SkipWithError("a row scored alone gets other numbers");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(scores.score(query));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kQuery));
}

// A task with standardised scores that stand for those of the experts that come first.
struct Prepared {
  explicit Prepared(std::size_t columns) {
    const Matrix normals = rows_of(kNormals, columns, 0, 1);
    task = table::describe(table::Columns(normals), normals, rows_of(kAnomalies, columns, 1, 2));
    task->normals.scores = rows_of(kNormals, TableSpace::unlabelled() - 1, 0, 4);
    task->anomalies.scores = rows_of(kAnomalies, TableSpace::unlabelled() - 1, 1, 5);
    table::place_scores(*task);
    query = rows_of(kQuery, columns, 0.5F, 3);
    block.scores = rows_of(kQuery, TableSpace::unlabelled() - 1, 0.5F, 6);
    table::fill_block(*task, query, block);
    table::fill_score_distances(*task, block);
  }
  std::unique_ptr<table::Task> task;
  Matrix query;
  table::Block block;
};

// Columns, distances and neighbours of 1,000 rows, which all families share.
void distances(benchmark::State& state) {
  Prepared prepared(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    table::fill_block(*prepared.task, prepared.query, prepared.block);
    table::fill_score_distances(*prepared.task, prepared.block);
    benchmark::ClobberMemory();
  }
}

void family(benchmark::State& state, const table::FamilyEntry& entry) {
  const Prepared prepared(20);
  Matrix out(kQuery, entry.names.size());
  for (auto _ : state) {
    entry.fit(*prepared.task)->score(prepared.block, out, 0);
    benchmark::ClobberMemory();
  }
}

BENCHMARK(fit)->Arg(5)->Arg(20)->Arg(60)->Unit(benchmark::kMillisecond);
BENCHMARK(score)->Arg(5)->Arg(20)->Arg(60)->Unit(benchmark::kMillisecond);
BENCHMARK(distances)->Arg(20)->Unit(benchmark::kMillisecond);

struct Named {
  const char* name;
  const table::FamilyEntry& entry;
};

const std::array<Named, 13> kFamilies = {Named{"nearest", table::kNearest},
                                         {"tails", table::kTails},
                                         {"density", table::kDensity},
                                         {"rarity", table::kRarity},
                                         {"conditional", table::kConditional},
                                         {"subspaces", table::kSubspaceNear},
                                         {"score_near", table::kScoreNear},
                                         {"contrast", table::kContrast},
                                         {"subspace_contrast", table::kSubspaceContrast},
                                         {"weighted", table::kWeighted},
                                         {"ridge", table::kRidge},
                                         {"likelihood", table::kLikelihood},
                                         {"trees", table::kTrees}};

}  // namespace
}  // namespace oddshot

int main(int argc, char** argv) {
  for (const auto& [name, entry] : oddshot::kFamilies) {
    benchmark::RegisterBenchmark((std::string("family/") + name).c_str(), oddshot::family, entry)->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
