// The yardstick: fixed pieces of work that tell how fast a machine does what Oddshot does, counted in floating-point operations, beside
// the multiply-add peak of the same cores measured in between. A clock that moves, or a neighbour, then moves both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace oddshot {

enum class Workload : std::uint8_t {
  kMaml,     // "w1": a training step of MAML, exact second order
  kFomaml,   // "w2": the same, first order
  kReptile,  // "w3": a training step of Reptile on the support's rows alone
  kProto,    // "w4": a training step of a prototypical network
  kAdapt,    // "adapt": MAML's inner loop on one support
  kScore,    // "score": rows through an adapted network, in batches and one at a time
};
std::string_view to_string(Workload workload);
Workload parse_workload(std::string_view name);  // throws ArgumentError naming the choices

// Defaults are the yardstick's own sizes. Half of the support's and of the query's rows are anomalies.
struct YardstickOptions {
  Workload workload = Workload::kMaml;
  unsigned threads = 1;                        // 1 to 1024; 0: one per core
  std::size_t columns = 40;                    // of the rows, 1 to 65536
  std::vector<std::size_t> hidden = {64, 64};  // the encoder's layers
  std::size_t embedding = 32;                  // w4: the encoder's outputs
  std::size_t support = 20;                    // rows, 4 to 65536
  std::size_t query = 64;                      // rows, 2 to 65536
  std::size_t tasks = 32;                      // episodes a step, 1 to 4096
  std::size_t inner_steps = 5;                 // 1 to 1000
  double seconds = 1;                          // how long to measure, above 0 to 3600; at least ten times in any case

  void validate() const;  // throws ArgumentError naming field, value and range
};

// Operations are those of the products that are made. Where rows are much wider than the support has rows, layer 1 goes by products of the
// rows with each other (src/learners/row_products.h): fewer than a pass over all its weights would take, and fewer are counted.
// One step is one of training, one adaptation, or one pass over 4096 rows. The fastest step is what the machine can do, and is what is
// compared with the fastest stretch of multiply-adds; percentiles tell what it did with everything else that ran. A step of training on
// one thread, milliseconds long, is timed by the work of that thread, as it would seldom run through where others want the core.
struct YardstickResult {
  unsigned threads = 0;
  std::uint64_t steps = 0;       // timed, on all threads
  double mflop_per_step = 0;     // products alone: 2 for each weight and row that a pass meets; of wide rows, see below
  double ms_per_step = 0;        // the fastest; of training on one thread one step in 500 is faster
  double p50_us = 0;             // of all steps
  double p99_us = 0;             //
  double gflops = 0;             // of the fastest step, on all threads
  double fma_peak_gflops = 0;    // of all threads
  double share_of_peak = 0;      // gflops / fma_peak_gflops
  double rows_per_s = 0;         // support and query rows of a step; for kScore rows scored; on all threads
  double rows_per_s_singly = 0;  // kScore: one row a call; else 0
};

// Measures. Training steps share their episodes among the threads; kAdapt and kScore are done by every thread at once, each its own. The
// numbers worked on are made from a fixed seed.
YardstickResult measure(const YardstickOptions& options);

}  // namespace oddshot
