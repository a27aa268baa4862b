// The universal model on a table of 512 normals and 5 anomalies in 20 columns, on one thread: fitting it to them, all that `oddshot adapt`
// does with them, and scoring 1,000 rows. That a row scored alone gets the same score is checked before a time counts.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "oddshot/detector/detector.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/shipped_models.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 512;
constexpr std::size_t kAnomalies = 5;
constexpr std::size_t kColumns = 20;
constexpr std::size_t kQuery = 1000;

// The last `anomalies` of the rows are some, and off the others in every column.
Table make_table(std::size_t rows, std::size_t anomalies, std::uint64_t index) {
  Table table;
  Stream stream(1, Purpose::kTest, index);
  for (std::size_t c = 0; c < kColumns; ++c) {
    Column column;
    column.name = "c" + std::to_string(c);
    for (std::size_t r = 0; r < rows; ++r) column.numbers.push_back(stream.normal() + (r >= rows - anomalies ? 2.0F : 0.0F));
    table.columns.push_back(column);
  }
  Column label;
  label.name = "y";
  label.kind = ColumnKind::kCategory;
  label.categories = {"normal", "anomaly"};
  for (std::size_t r = 0; r < rows; ++r) label.codes.push_back(r >= rows - anomalies ? 1 : 0);
  table.columns.push_back(label);
  return table;
}

// As `oddshot adapt` does by itself: a third of the normals held back, p-values by them, folds that say how well it does, beside simple
// methods.
Detector adapted(ThreadPool& pool) {
  AdaptOptions options;
  options.label = "y";
  return Detector::adapt(load_model(find_model("universal")), make_table(kNormals + kAnomalies, kAnomalies, 0), options, pool);
}

// A detector of all 512 normals, nothing else.
Detector fitted(ThreadPool& pool) {
  AdaptOptions options;
  options.label = "y";
  options.calibration = CalibrationScheme::kNone;
  options.fall_back = false;
  options.keep_rows = false;
  return Detector::adapt(load_model(find_model("universal")), make_table(kNormals + kAnomalies, kAnomalies, 0), options, pool);
}

void fit(benchmark::State& state) {
  ThreadPool pool(1);
  const Detector detector = fitted(pool);
  const auto method = learner_method(detector.model());
  for (auto _ : state) benchmark::DoNotOptimize(method->adapt(detector.support(), Stream(1, Purpose::kForest, 0)));
}

void adapt(benchmark::State& state) {
  ThreadPool pool(1);
  for (auto _ : state) benchmark::DoNotOptimize(adapted(pool).normals());
}

void score(benchmark::State& state) {
  ThreadPool pool(1);
  const Detector detector = fitted(pool);
  const Matrix rows = detector.encode(make_table(kQuery, 0, 1));
  const std::vector<float> all = detector.score_encoded(rows, pool);
  const std::vector<float> alone = detector.score_encoded(rows.view().slice(kQuery / 2, 1), pool);
  if (alone[0] != all[kQuery / 2]) {
    state.SkipWithError("a row scored alone gets another score");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(detector.score_encoded(rows, pool));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kQuery));
}

BENCHMARK(fit)->Name("universal/fit")->Unit(benchmark::kMillisecond);
BENCHMARK(adapt)->Name("universal/adapt")->Unit(benchmark::kMillisecond);
BENCHMARK(score)->Name("universal/score")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oddshot

BENCHMARK_MAIN();
