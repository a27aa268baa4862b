// oddshot explain DETECTOR ROWS: why rows score as they do.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/explain.h"
#include "options.h"
#include "rows.h"

namespace oddshot::cli {
namespace {

constexpr std::uint32_t kFirstRow = 1;  // the number of the first row, here as in messages

struct Given {
  std::string detector;
  Rows rows;
  std::vector<std::uint32_t> chosen;
  std::size_t top = 3;
  std::size_t columns = 8;
  bool json = false;
  ExplainOptions options;
  unsigned threads = 0;
};

// The `top` rows with the highest scores, highest first.
std::vector<std::uint32_t> highest(const std::vector<float>& scores, std::size_t top) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::greater<>(), [&](std::uint32_t row) { return scores[row]; });
  order.resize(std::min(top, order.size()));
  return order;
}

int explain_rows(const Given& given) {
  as_usage([&] { given.options.validate(); });
  check_format(given.rows.format);
  const Detector detector = read_detector("oddshot explain DETECTOR ROWS", given.detector, given.rows.file);
  const Table table = read_columns_of(given.rows, detector.preprocessor());
  std::vector<std::uint32_t> rows;
  for (const std::uint32_t row : given.chosen) {
    if (row < kFirstRow || row - kFirstRow >= table.rows()) {
      throw UsageError(fmt::format("--row {}: {} has rows {} to {}", row, given.rows.shown(), kFirstRow, table.rows() - 1 + kFirstRow));
    }
    rows.push_back(row - kFirstRow);
  }
  ThreadPool pool(given.threads);
  if (rows.empty()) rows = highest(detector.score(table, pool), given.top);
  const std::vector<Explanation> found = explain(detector, table, rows, given.options, pool);
  std::string out = given.json ? "[" : "";
  for (const Explanation& one : found) {
    if (&one != &found.front()) out += given.json ? ",\n" : "\n";
    out += given.json ? to_json(one, kFirstRow) : card(one, given.columns, kFirstRow);
  }
  fmt::print("{}{}", out, given.json ? "]\n" : "");
  return kDone;
}

}  // namespace

Command add_explain(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("explain", "say why rows score as they do: by columns, and by known rows alike");
  command->add_option("DETECTOR", given->detector, "a file of oddshot adapt")->required();
  command
      ->add_option("ROWS", given->rows.file,
                   fmt::format("a table with the columns that the detector was adapted to, in any order: {}", kRowsHelp))
      ->required();
  command
      ->add_option("--row", given->chosen,
                   "a row, counted from 1 as messages do, without the header; may be given again (default: those with the highest scores)")
      ->allow_extra_args(false);
  command->add_option("--top", given->top, "without --row: so many rows")->capture_default_str();
  command->add_option("--columns", given->columns, "shown of a row; the rest are summed up")->capture_default_str();
  add_format_option(*command, given->rows.format);
  command->add_flag("--json", given->json, "for programs: every column, with errors");
  command->add_option("--background", given->options.background, "normal rows to compare with, 1 to 100")->capture_default_str();
  command->add_option("--evaluations", given->options.evaluations, "rows to score for one row explained, 64 to 10000000; more: less error")
      ->capture_default_str();
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->footer("Example:  oddshot explain detector.safetensors rows.csv --row 17");
  return [given] { return explain_rows(*given); };
}

}  // namespace oddshot::cli
