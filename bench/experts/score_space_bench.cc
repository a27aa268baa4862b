// An episode into score space at the size of training: four views of 40 columns, 256 reference rows, a support of 50 normals and 5
// anomalies, 64 query rows, on one thread. That a row scored alone gets the same numbers is checked before a time counts.
#include <algorithm>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "oddshot/base/random.h"
#include "oddshot/experts/score_space.h"

namespace oddshot {
namespace {

constexpr std::size_t kViews = 4;
constexpr std::size_t kColumns = 40;

struct Work {
  Work() {
    for (std::size_t v = 0; v < kViews; ++v) views.push_back({"view" + std::to_string(v), v * kColumns, kColumns});
    Stream stream(1, Purpose::kTest, 0);
    for (Matrix* rows : {&reference, &support, &query}) {
      for (std::size_t i = 0; i < rows->rows() * rows->cols(); ++i) rows->data()[i] = stream.normal();
    }
    for (std::size_t r = 50; r < 55; ++r) {
      labels[r] = 1;
      for (float& value : support.row(r)) value += 1;
    }
  }

  std::vector<ViewSpan> views;
  Matrix reference{256, kViews* kColumns};
  Matrix support{55, kViews* kColumns};
  Matrix query{64, kViews* kColumns};
  std::vector<std::uint8_t> labels = std::vector<std::uint8_t>(55);
};

void map(benchmark::State& state, bool fit, bool score) {
  const Work work;
  const ScoreSpace space(work.views, work.reference);
  const TaskScores fitted = space.fit(work.support, work.labels);
  const Matrix all = fitted.score(work.query);
  const Matrix alone = fitted.score(work.query.view().slice(17, 1));
  if (!std::ranges::equal(alone.row(0), all.row(17))) {
    state.SkipWithError("a row alone scores otherwise");
    return;
  }
  for (auto _ : state) {
    if (fit) benchmark::DoNotOptimize(space.fit(work.support, work.labels));
    if (score) benchmark::DoNotOptimize(fitted.score(work.query));
  }
}

BENCHMARK_CAPTURE(map, whole, true, true)->Name("score_space/map")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(map, fit, true, false)->Name("score_space/fit")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(map, score, false, true)->Name("score_space/score")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace oddshot
