#include "rows.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "oddshot/data/row_stream.h"
#include "oddshot/model_io/shipped_models.h"
#include "options.h"

namespace oddshot::cli {
namespace {

constexpr std::string_view kOwnEnding = ".safetensors";

void take_format(const std::string& format, ReadOptions& read) {
  if (format.empty()) return;
  switch (parse_row_format(format)) {
    case RowFormat::kCsv:
      read.format = FileFormat::kCsv;
      break;
    case RowFormat::kTsv:
      read.format = FileFormat::kCsv;
      read.separator = '\t';
      break;
    case RowFormat::kJsonLines:
      read.format = FileFormat::kJsonLines;
      break;
    case RowFormat::kParquet:
      read.format = FileFormat::kParquet;
      break;
    case RowFormat::kArrow:
      read.format = FileFormat::kArrow;
      break;
  }
}

}  // namespace

void add_format_option(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "of the rows: csv, tsv, jsonl, parquet or arrow (default: by name or first bytes)");
}

void check_format(const std::string& format) {
  if (!format.empty()) as_usage([&] { parse_row_format(format); });
}

Table read_all(const Rows& rows, ReadOptions read) {
  take_format(rows.format, read);
  return read_table({rows.file}, read);
}

Table read_columns(const Rows& rows, std::vector<std::string> numeric, std::vector<std::string> category, const std::string& if_there) {
  ReadOptions read;
  read.numeric = std::move(numeric);
  read.category = std::move(category);
  if (!if_there.empty()) read.category_if_there.push_back(if_there);
  read.inferred_alone.emplace();
  return read_all(rows, std::move(read));
}

Table read_columns_of(const Rows& rows, const Preprocessor& preprocessor, std::vector<std::string> numeric,
                      std::vector<std::string> category) {
  ReadOptions read;
  read.numeric = std::move(numeric);
  read.category = std::move(category);
  std::ranges::copy(preprocessor.numeric_columns(), std::back_inserter(read.numeric));
  std::ranges::copy(preprocessor.category_columns(), std::back_inserter(read.category));
  read.inferred_alone = preprocessor.window_columns();
  return read_all(rows, std::move(read));
}

void check_order(std::string_view words, const std::string& own, const std::string& rows) {
  const bool table_first = row_format_of(own).has_value() || own == "-";
  const bool own_last = rows.ends_with(kOwnEnding);
  if (table_first && own_last) throw UsageError(fmt::format("{} and {} are the wrong way round: {}", own, rows, words));
  if (table_first) throw UsageError(fmt::format("{}: a table, by its name, where a {} file belongs: {}", own, kOwnEnding, words));
  if (own_last) throw UsageError(fmt::format("{}: a model or detector, by its name, where the rows belong: {}", rows, words));
}

Detector read_detector(std::string_view words, const std::string& file, const std::string& rows) {
  check_order(words, file, rows);
  const std::vector<std::string> shipped = shipped_models();
  if (!std::filesystem::exists(file) && std::ranges::find(shipped, file) != shipped.end()) {
    throw UsageError(fmt::format(
        "{}: a model that ships, not a detector; make one: oddshot adapt --model {} ROWS --label-column NAME -o detector.safetensors", file,
        file));
  }
  return load_detector(file);
}

std::string refuse_table_name(const std::string& file) {
  return row_format_of(file) ? fmt::format("{} is the name of a table; name a {} file", file, kOwnEnding) : "";
}

}  // namespace oddshot::cli
