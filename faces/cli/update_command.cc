// oddshot update DETECTOR: labels that come later, are corrected or withdrawn.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "detector_output.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"
#include "options.h"
#include "rows.h"

namespace oddshot::cli {
namespace {

struct Given {
  std::string detector;
  std::string labels;
  std::string withdrawn;
  std::string format;
  std::string output;
  bool json = false;
  unsigned threads = 0;
};

// Rows with the columns that the detector has kept, of the same kinds; others are not looked at.
Table read_rows(const Rows& file, const Detector& detector, bool with_label) {
  std::vector<std::string> numeric, category;
  const AdaptOptions& options = detector.options();
  for (const Column& column : detector.rows().table.columns) {
    if (column.name == options.label || (column.name == options.weight && !with_label)) continue;
    (column.kind == ColumnKind::kNumeric ? numeric : category).push_back(column.name);
  }
  if (with_label) category.push_back(options.label);
  return read_columns(file, std::move(numeric), std::move(category), with_label ? "" : options.label);
}

int update(const Given& given) {
  if (given.labels.empty() == given.withdrawn.empty()) throw UsageError("name the rows: --labels with their labels, or --withdraw");
  check_format(given.format);
  const bool adds = !given.labels.empty();
  const Rows file{adds ? given.labels : given.withdrawn, given.format};
  const Detector before = read_detector("oddshot update DETECTOR --labels ROWS", given.detector, file.file);
  ThreadPool pool(given.threads);
  Table rows;
  if (!before.rows().table.columns.empty()) rows = read_rows(file, before, adds);
  const auto began = std::chrono::steady_clock::now();
  const Detector after = adds ? before.updated(rows, pool, now()) : before.without(rows, pool, now());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::string& output = given.output.empty() ? given.detector : given.output;
  save_detector(after, output);
  print_detector(after, {.file = output, .milliseconds = 1000 * seconds, .again = true}, given.json, pool);
  return kDone;
}

}  // namespace

Command add_update(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("update", "add, correct or withdraw labels of a detector");
  command->add_option("DETECTOR", given->detector, "a file of oddshot adapt")->required();
  auto* labels =
      command->add_option("--labels", given->labels,
                          "rows with labels, as for adapt; one that equals a row there but for its label corrects it; -: standard input");
  command->add_option("--withdraw", given->withdrawn, "rows to forget: nothing of them is left in the detector; -: standard input")
      ->excludes(labels);
  add_format_option(*command, given->format);
  command->add_flag("--json", given->json, "what was learned as JSON, for programs");
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->add_option("-o,--output", given->output, "the detector file (default: in place of the old one)")
      ->check(refuse_stream)
      ->check(refuse_table_name);
  command->footer("Example:  oddshot update detector.safetensors --labels new.csv");
  return [given] { return update(*given); };
}

}  // namespace oddshot::cli
