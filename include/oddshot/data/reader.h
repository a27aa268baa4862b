// Reads CSV, TSV, Parquet and Arrow IPC files, plain or gzipped, into one Table, through Apache Arrow.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

enum class FileFormat : std::uint8_t { kAuto, kCsv, kParquet, kArrow };

struct ReadOptions {
  FileFormat format =
      FileFormat::kAuto;          // kAuto: by the name's ending (.csv .tsv .txt .data .parquet .arrow .ipc .feather, each also with .gz)
  std::optional<char> separator;  // nothing: tab for .tsv, else comma
  char quote = '"';
  bool header = true;              // CSV: the first line holds the names
  std::vector<std::string> names;  // CSV without header: one name a column; with header: must be empty
  std::vector<std::string> missing = {"",    "?",   "NA",   "N/A",
                                      "NaN", "nan", "null", "NULL"};  // spellings of a missing value, after trimming blanks
  // Columns whose kind is not to be inferred. A column in neither list is numeric if every present value is a number (true/false count as
  // 1/0), else a category. In a numeric column a value that is no number is an error; a category column keeps numbers as they are spelt.
  std::vector<std::string> numeric;
  std::vector<std::string> category;
  // Columns to leave out altogether (never parsed, so they may hold anything).
  std::vector<std::string> ignored;
};

// One table from one or more files with the same columns (order may differ; a byte-order mark and blanks around a value are dropped).
// Throws IoError if a file cannot be read; FormatError naming file, line, column and value if it is malformed: a row of the wrong length,
// text in a numeric column, an infinite number, a duplicate or unknown column name, a column missing from one of the files, no data rows.
Table read_table(const std::vector<std::filesystem::path>& files, const ReadOptions& options = {});

}  // namespace oddshot
