// oddshot score DETECTOR ROWS: a score beside every row.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/base/error.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/atomic_file.h"
#include "options.h"

namespace oddshot::cli {
namespace {

constexpr const char* kScore = "score";

struct Given {
  std::string detector;
  std::string rows;
  std::string columns = "all";
  std::string output;
  unsigned threads = 0;
};

// A value as a CSV file has it.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// The columns that are asked for, every value as it is spelt; a table without columns for none.
Table read_spelt(const Given& given, const Table& typed) {
  std::vector<std::string> names = parse_names(given.columns);
  if (given.columns == "all") {
    names.clear();
    for (const Column& column : typed.columns) names.push_back(column.name);
  }
  for (const std::string& name : names) {
    typed.column(name);  // throws, with the nearest name, if it is not there
    if (name == kScore) {
      throw ArgumentError(fmt::format("{} has a column \"{}\" itself; name the columns to keep without it: --columns", given.rows, kScore));
    }
  }
  if (names.empty()) return {};
  ReadOptions read;
  read.missing = {""};
  for (const Column& column : typed.columns) read.category.push_back(column.name);
  const Table spelt = read_table({given.rows}, read);
  Table kept;
  for (const std::string& name : names) kept.columns.push_back(spelt.column(name));
  return kept;
}

std::string to_csv(const Table& kept, const std::vector<float>& scores) {
  std::string out;
  for (const Column& column : kept.columns) out += quoted(column.name) + ",";
  out += fmt::format("{}\n", kScore);
  for (std::size_t r = 0; r < scores.size(); ++r) {
    for (const Column& column : kept.columns) {
      if (column.codes[r] != Column::kMissingCode) out += quoted(column.categories[static_cast<std::size_t>(column.codes[r])]);
      out += ',';
    }
    out += fmt::format("{}\n", scores[r]);
  }
  return out;
}

int score(const Given& given) {
  const Detector detector = load_detector(given.detector);
  ReadOptions read;
  read.numeric = detector.preprocessor().numeric_columns();
  read.category = detector.preprocessor().category_columns();
  const Table table = read_table({given.rows}, read);
  const Table kept = read_spelt(given, table);
  ThreadPool pool(given.threads);
  const std::string csv = to_csv(kept, detector.score(table, pool));
  if (given.output.empty()) {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
    if (std::fflush(stdout) != 0) throw IoError("standard output cannot be written");
  } else {
    write_file_atomically(given.output, csv);
    fmt::print(stderr, "{} rows scored: {}\n", table.rows(), given.output);
  }
  return kDone;
}

}  // namespace

Command add_score(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("score", "score rows by a detector: CSV with a column score, rising with abnormality");
  command->add_option("DETECTOR", given->detector, "a file of oddshot adapt")->required();
  command->add_option("ROWS", given->rows, "a table with the columns that the detector was adapted to, in any order")->required();
  command->add_option("--columns", given->columns, "of the rows, to write before the score: all, none or a list")->capture_default_str();
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->add_option("-o,--output", given->output, "the CSV file (default: standard output)");
  command->footer("Example:  oddshot score detector.safetensors rows.csv -o scores.csv");
  return [given] { return score(*given); };
}

}  // namespace oddshot::cli
