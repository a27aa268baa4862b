// The kernels at the sizes of real work: a result is compared with the oracle before its time counts. Products report GFLOP/s, their share
// of the multiply-add peak measured just before (the clock of a core moves, so bare GFLOP/s mean little), and distances pairs per second.
// $ODDSHOT_TARGET picks the vector target.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/fma_peak.h"
#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

using kernels::Product;
using kernels::Table;

AlignedVector<float> normals(std::size_t count, std::uint64_t index) {
  Stream stream(1, Purpose::kTest, index);
  AlignedVector<float> values(count);
  for (float& value : values) value = stream.normal();
  return values;
}

bool near(const AlignedVector<float>& values, const AlignedVector<float>& expected, double tolerance) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(std::abs(values[i] - expected[i]) <= tolerance)) return false;
  }
  return true;
}

// Times `work` in runs short enough to fall between interruptions; the share of the peak compares the best run with the peak's best run.
class Clocked {
 public:
  template <class Work>
  Clocked(benchmark::State& state, double flop, const Work& work) {
    const double peak = kernels::fma_peak();
    std::vector<double> ns;
    const int inner = static_cast<int>(std::max(1.0, 1e6 / flop));
    for (auto _ : state) {
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < inner; ++i) {
        work();
        benchmark::ClobberMemory();
      }
      ns.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / inner);
      state.SetIterationTime(ns.back() * 1e-9);
    }
    std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2), ns.end());
    const double best = *std::min_element(ns.begin(), ns.end());
    state.counters["best_ns"] = best;
    state.counters["median_ns"] = ns[ns.size() / 2];
    state.counters["GFLOP/s"] = flop / best;
    state.counters["of_peak_%"] = 100 * flop / best / std::max(peak, kernels::fma_peak());
  }
};

enum Form { kForward, kTransposed, kPair, kGradientStep };

// c = a b in the forms a network needs: forward with bias and ReLU; a^T b; two pairs with a scale (the tangent pass); theta - rate a^T b.
void product(benchmark::State& state, Form form, std::size_t m, std::size_t n, std::size_t k) {
  const AlignedVector<float> a = normals(m * k, 1);
  const AlignedVector<float> b = normals(k * n, 2);
  const AlignedVector<float> a2 = normals(m * k, 3);
  const AlignedVector<float> b2 = normals(k * n, 4);
  const AlignedVector<float> plane = normals(m * n, 5);
  AlignedVector<float> c(m * n);
  Product<float> p;
  p.m = m;
  p.n = n;
  p.k = k;
  p.a = a.data();
  p.a_row = k;
  p.b = b.data();
  p.ldb = p.ldc = n;
  p.c = c.data();
  if (form == kForward) {
    p.bias = plane.data();
    p.relu = true;
  }
  if (form == kTransposed || form == kGradientStep) {
    p.a_row = 1;
    p.a_col = m;
  }
  if (form == kPair) {
    p.a2 = a2.data();
    p.a2_row = k;
    p.b2 = b2.data();
    p.ldb2 = n;
    p.scale = plane.data();
    p.ld_scale = n;
  }
  if (form == kGradientStep) {
    p.addend = plane.data();
    p.ld_addend = n;
    p.alpha = -0.1F;
  }
  kernels::table<float>("scalar").product(p);
  const AlignedVector<float> expected = c;
  kernels::table<float>().product(p);
  if (!near(c, expected, 1e-3)) {
    state.SkipWithError("differs from the oracle");
    return;
  }
  const double flop = 2.0 * static_cast<double>(m * n * k) * (form == kPair ? 2 : 1);
  const Table<float>& table = kernels::table<float>();
  const Clocked clocked(state, flop, [&] { table.product(p); });
}

void distances(benchmark::State& state, std::size_t m, std::size_t n, std::size_t d) {
  const AlignedVector<float> x = normals(m * d, 1);
  const AlignedVector<float> y = normals(n * d, 2);
  AlignedVector<float> out(m * n);
  const Table<float>& table = kernels::table<float>();
  kernels::table<float>("scalar").squared_distances(m, n, d, x.data(), d, y.data(), d, out.data(), n);
  const AlignedVector<float> expected = out;
  table.squared_distances(m, n, d, x.data(), d, y.data(), d, out.data(), n);
  if (!near(out, expected, 1e-3)) {
    state.SkipWithError("differs from the oracle");
    return;
  }
  // Counted as 4 (a difference fills a multiply-add's slot), so that 100% is what the units can do.
  const double flop = 4.0 * static_cast<double>(m * n * d);
  const Clocked clocked(state, flop, [&] { table.squared_distances(m, n, d, x.data(), d, y.data(), d, out.data(), n); });
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(m * n));
}

using Activation = decltype(Table<float>::tanh);

void activation(benchmark::State& state, Activation Table<float>::* member) {
  constexpr std::size_t kRows = 64;
  constexpr std::size_t kCols = 64;
  const AlignedVector<float> z = normals(kRows * kCols, 1);
  AlignedVector<float> value(z.size());
  AlignedVector<float> d1(z.size());
  AlignedVector<float> d2(z.size());
  (kernels::table<float>("scalar").*member)(kRows, kCols, kCols, z.data(), value.data(), d1.data(), d2.data());
  const AlignedVector<float> expected = d1;
  const Activation run = kernels::table<float>().*member;
  run(kRows, kCols, kCols, z.data(), value.data(), d1.data(), d2.data());
  if (!near(d1, expected, 1e-6)) {
    state.SkipWithError("differs from the oracle");
    return;
  }
  for (auto _ : state) {
    run(kRows, kCols, kCols, z.data(), value.data(), d1.data(), d2.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * z.size()));
}

void transpose(benchmark::State& state, std::size_t rows, std::size_t cols) {
  const AlignedVector<float> in = normals(rows * cols, 1);
  AlignedVector<float> out(in.size());
  AlignedVector<float> expected(in.size());
  const Table<float>& table = kernels::table<float>();
  kernels::table<float>("scalar").transpose(rows, cols, in.data(), cols, expected.data(), rows);
  table.transpose(rows, cols, in.data(), cols, out.data(), rows);
  if (out != expected) {
    state.SkipWithError("differs from the oracle");
    return;
  }
  for (auto _ : state) {
    table.transpose(rows, cols, in.data(), cols, out.data(), rows);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * in.size()));
}

void register_product(const char* name, Form form, std::size_t m, std::size_t n, std::size_t k) {
  const std::string title = std::string("product/") + name + "/m" + std::to_string(m) + "/n" + std::to_string(n) + "/k" + std::to_string(k);
  benchmark::RegisterBenchmark(title.c_str(), [=](benchmark::State& state) { product(state, form, m, n, k); })->UseManualTime();
}

void register_all() {
  // The layers of 40-64-64-1 with 20 support rows and 64 query rows; then what they tend to at either end.
  for (const std::size_t m : {20, 64, 128}) {
    register_product("forward", kForward, m, 64, 40);
    register_product("forward", kForward, m, 64, 64);
    register_product("forward", kForward, m, 40, 64);
    register_product("forward", kForward, m, 32, 64);
    register_product("forward", kForward, m, 1, 64);
    register_product("pair", kPair, m, 64, 64);
    register_product("gradient_step", kGradientStep, 40, 64, m);
    register_product("gradient_step", kGradientStep, 64, 64, m);
    register_product("gradient_step", kGradientStep, 64, 1, m);
  }
  register_product("transposed", kTransposed, 64, 64, 128);
  register_product("forward", kForward, 128, 128, 128);
  register_product("forward", kForward, 2, 64, 64);
  register_product("forward", kForward, 1, 64, 64);
  register_product("forward", kForward, 1024, 64, 120);
  benchmark::RegisterBenchmark("squared_distances/m2200/n50/d120", distances, 2200, 50, 120)->UseManualTime();
  benchmark::RegisterBenchmark("squared_distances/m20000/n40/d40", distances, 20000, 40, 40)->UseManualTime();
  benchmark::RegisterBenchmark("squared_distances/m1/n50/d120", distances, 1, 50, 120)->UseManualTime();
  benchmark::RegisterBenchmark("tanh/64x64", activation, &Table<float>::tanh);
  benchmark::RegisterBenchmark("gelu/64x64", activation, &Table<float>::gelu);
  benchmark::RegisterBenchmark("transpose/64x64", transpose, 64, 64);
  benchmark::RegisterBenchmark("transpose/40x64", transpose, 40, 64);
}

}  // namespace
}  // namespace oddshot

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::printf("target %s, one thread, multiply-add peak %.0f GFLOP/s\n", std::string(oddshot::kernels::table<float>().target).c_str(),
              oddshot::kernels::fma_peak());
  oddshot::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
