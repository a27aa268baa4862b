// How fast this machine is cannot be tested; what is counted, and that it is measured, can.
#include "oddshot/training/yardstick.h"

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

YardstickOptions small(Workload workload) {
  YardstickOptions options;
  options.workload = workload;
  options.hidden = {8};
  options.columns = 5;
  options.tasks = 4;
  options.seconds = 0.001;
  return options;
}

// By hand: 6720 weights and 32 tasks; a gradient takes 2 x (6720 + 6720 + 4160) a row, a Hessian product 60160.
TEST(Yardstick, CountsTheOperationsOfItsWork) {
  const struct {
    Workload workload;
    double mflop;
  } cases[] = {{Workload::kMaml, 32e-6 * (164 * 35200.0 + 100 * 60160.0)},
               {Workload::kFomaml, 32e-6 * 164 * 35200.0},
               {Workload::kReptile, 32e-6 * 100 * 35200.0},
               {Workload::kProto, 32e-6 * 84 * 2 * (8704.0 + 8704.0 + 6144.0)},
               {Workload::kAdapt, 1e-6 * 100 * 35200.0},
               {Workload::kScore, 4096e-6 * 2 * 6720.0}};
  for (const auto& one : cases) {
    YardstickOptions options;
    options.workload = one.workload;
    options.seconds = 0.001;
    EXPECT_NEAR(measure(options).mflop_per_step, one.mflop, 1e-9 * one.mflop) << to_string(one.workload);
  }
}

TEST(Yardstick, ItsFiguresAgreeWithOneAnother) {
  for (const char* name : {"w1", "w2", "w3", "w4", "adapt", "score"}) {
    for (const unsigned threads : {1U, 2U}) {
      YardstickOptions options = small(parse_workload(name));
      options.threads = threads;
      const YardstickResult result = measure(options);
      EXPECT_EQ(result.threads, threads);
      EXPECT_GE(result.steps, 10U) << name;
      EXPECT_GT(result.ms_per_step, 0) << name;
      EXPECT_LE(result.ms_per_step * 1e3, result.p50_us + 1) << name;  // two clocks
      EXPECT_LE(result.p50_us, result.p99_us) << name;
      const bool each_its_own = options.workload == Workload::kAdapt || options.workload == Workload::kScore;
      EXPECT_NEAR(result.gflops, (each_its_own ? threads : 1) * result.mflop_per_step / result.ms_per_step, 1e-9 * result.gflops) << name;
      EXPECT_GT(result.fma_peak_gflops, 0) << name;
      EXPECT_DOUBLE_EQ(result.share_of_peak, result.gflops / result.fma_peak_gflops) << name;
      EXPECT_GT(result.rows_per_s, 0) << name;
      EXPECT_EQ(result.rows_per_s_singly > 0, options.workload == Workload::kScore) << name;
    }
  }
}

TEST(Yardstick, RefusesWhatCannotBeMeasured) {
  const auto expect_refused = [](auto change) {
    YardstickOptions options = small(Workload::kMaml);
    change(options);
    EXPECT_THROW(measure(options), ArgumentError);
  };
  expect_refused([](YardstickOptions& o) { o.support = 3; });
  expect_refused([](YardstickOptions& o) { o.query = 1; });
  expect_refused([](YardstickOptions& o) { o.columns = 0; });
  expect_refused([](YardstickOptions& o) { o.tasks = 0; });
  expect_refused([](YardstickOptions& o) { o.inner_steps = 0; });
  expect_refused([](YardstickOptions& o) { o.hidden = {0}; });
  expect_refused([](YardstickOptions& o) { o.seconds = 0; });
  expect_refused([](YardstickOptions& o) { o.threads = 5000; });
  EXPECT_THROW(parse_workload("w5"), ArgumentError);
}

}  // namespace
}  // namespace oddshot
