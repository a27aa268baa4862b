// oddshot bench: how fast this machine does the yardstick's work.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "count_option.h"
#include "oddshot/training/yardstick.h"
#include "options.h"

namespace oddshot::cli {
namespace {

struct Given {
  YardstickOptions yardstick;
  std::string workload;
  std::string hidden = "64,64";
  bool json = false;
};

void print_json(const YardstickOptions& options, const YardstickResult& result) {
  std::string out = fmt::format(
      "{{\"workload\": \"{}\", \"threads\": {}, \"steps\": {}, \"mflop_per_step\": {:.3f}, \"ms_per_step\": {:.6f}, \"p50_us\": {:.3f}, "
      "\"p99_us\": {:.3f}, \"gflops\": {:.2f}, \"fma_peak_gflops\": {:.2f}, \"share_of_peak\": {:.4f}, \"rows_per_s\": {:.0f}",
      to_string(options.workload), result.threads, result.steps, result.mflop_per_step, result.ms_per_step, result.p50_us, result.p99_us,
      result.gflops, result.fma_peak_gflops, result.share_of_peak, result.rows_per_s);
  if (options.workload == Workload::kScore) out += fmt::format(", \"rows_per_s_singly\": {:.0f}", result.rows_per_s_singly);
  fmt::print("{}}}\n", out);
}

void print_table_head() {
  fmt::print("{:<9}{:>12}{:>12}{:>12}{:>10}{:>8}{:>16}\n", "work", "fastest", "p50", "p99", "GFLOP/s", "peak", "rows/s");
}

void print_line(const YardstickOptions& options, const YardstickResult& result) {
  fmt::print("{:<9}{:>9.1f} us{:>9.1f} us{:>9.1f} us{:>10.1f}{:>7.1f}%{:>16.0f}\n", to_string(options.workload), result.ms_per_step * 1e3,
             result.p50_us, result.p99_us, result.gflops, 100 * result.share_of_peak, result.rows_per_s);
  if (options.workload == Workload::kScore) fmt::print("{:<73}{:>11.0f}\n", "  one row a call", result.rows_per_s_singly);
}

int bench(Given& given) {
  YardstickOptions& options = given.yardstick;
  options.hidden = given.hidden == "none" ? std::vector<std::size_t>() : parse_numbers("--hidden", given.hidden);
  std::vector<std::string> names = {"w1", "w2", "w3", "w4", "adapt", "score"};
  if (!given.workload.empty()) names = parse_names(given.workload);
  as_usage([&] {
    options.validate();
    for (const std::string& name : names) parse_workload(name);
  });
  YardstickResult last;
  for (const std::string& name : names) {
    options.workload = parse_workload(name);
    as_usage([&] { last = measure(options); });
    if (!given.json && &name == &names.front()) print_table_head();  // once it is known that there is something to measure
    given.json ? print_json(options, last) : print_line(options, last);
  }
  if (!given.json)
    fmt::print("multiply-add peak of {} {}: {:.0f} GFLOP/s\n", last.threads, last.threads == 1 ? "thread" : "threads",
               last.fma_peak_gflops);
  return kDone;
}

}  // namespace

Command add_bench(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  YardstickOptions& options = given->yardstick;
  CLI::App* command = parent.add_subcommand("bench", "measure how fast this machine trains, adapts and scores");
  command->add_option("--workload", given->workload, "a list of w1, w2, w3, w4, adapt, score (default: all)");
  add_count(*command, "--threads", options.threads, "1 to 1024")->capture_default_str();
  add_count(*command, "--columns", options.columns, "of the rows")->capture_default_str();
  command->add_option("--hidden", given->hidden, "widths of the encoder's hidden layers, a list; or none")->capture_default_str();
  add_count(*command, "--support", options.support, "rows to adapt on")->capture_default_str();
  add_count(*command, "--query", options.query, "rows to judge by")->capture_default_str();
  add_count(*command, "--tasks", options.tasks, "episodes a training step")->capture_default_str();
  add_count(*command, "--inner-steps", options.inner_steps, "steps of the inner loop")->capture_default_str();
  command->add_option("--seconds", options.seconds, "how long to measure each")->capture_default_str();
  command->add_flag("--json", given->json, "for programs: one object a line");
  command->footer("Example:  oddshot bench --workload w1,adapt\nWhat is measured: docs/performance.md");
  return [given] { return bench(*given); };
}

}  // namespace oddshot::cli
