// Every expert at the size of a draw: 50 normals and 5 anomalies in 120 columns to fit on, 2,200 rows to score, on one thread. That a row
// scored alone gets the same score is checked before a time counts.
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "oddshot/base/random.h"
#include "oddshot/experts/expert.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 50;
constexpr std::size_t kAnomalies = 5;
constexpr std::size_t kColumns = 120;
constexpr std::size_t kQuery = 2200;

Matrix rows_of(std::size_t rows, float shift, std::uint64_t index) {
  Matrix out(rows, kColumns);
  Stream stream(1, Purpose::kTest, index);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < kColumns; ++c) out(r, c) = stream.normal() + shift;
  }
  return out;
}

void fit(benchmark::State& state, const Expert* expert) {
  const Matrix normals = rows_of(kNormals, 0, 1);
  const Matrix anomalies = rows_of(kAnomalies, 0.5F, 2);
  for (auto _ : state) benchmark::DoNotOptimize(expert->fit(normals, anomalies, Stream(1, Purpose::kForest, 0)));
}

void score(benchmark::State& state, const Expert* expert) {
  const auto fitted = expert->fit(rows_of(kNormals, 0, 1), rows_of(kAnomalies, 0.5F, 2), Stream(1, Purpose::kForest, 0));
  const Matrix query = rows_of(kQuery, 0.1F, 3);
  std::vector<float> out(kQuery);
  float alone = 0;
  fitted->score(query, out);
  fitted->score(query.view().slice(kQuery / 2, 1), {&alone, 1});
  if (alone != out[kQuery / 2]) {
    state.SkipWithError("a row scored alone gets another score");
    return;
  }
  for (auto _ : state) {
    fitted->score(query, out);
    benchmark::ClobberMemory();
  }
}

}  // namespace
}  // namespace oddshot

int main(int argc, char** argv) {
  for (const oddshot::Expert* expert : oddshot::experts()) {
    benchmark::RegisterBenchmark((std::string("fit/") + std::string(expert->name())).c_str(), oddshot::fit, expert)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((std::string("score/") + std::string(expert->name())).c_str(), oddshot::score, expert)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
