// Reads CSV, TSV, JSON lines, Parquet and Arrow IPC files, plain or gzipped, into one Table, through Apache Arrow.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

enum class FileFormat : std::uint8_t { kAuto, kCsv, kJsonLines, kParquet, kArrow };

struct ReadOptions {
  // kAuto: by the name's ending (.csv .tsv .txt .data .jsonl .ndjson .parquet .arrow .ipc .feather, each also with .gz), of a stream whose
  // name does not tell by its first bytes.
  FileFormat format = FileFormat::kAuto;
  // CSV; nothing: tab for .tsv, else comma, unless the header has none but a tab or a semicolon: that.
  std::optional<char> separator;
  char quote = '"';                // CSV; 0: none
  bool header = true;              // CSV: the first line holds the names
  std::vector<std::string> names;  // CSV without header: one name a column; with header: must be empty
  std::vector<std::string> missing = {"",    "?",   "NA",   "N/A",
                                      "NaN", "nan", "null", "NULL"};  // spellings of a missing value, after trimming blanks
  // Columns whose kind is not to be inferred. A column in neither list is numeric if every present value is a number in every file
  // (true/false count as 1/0; text of a Parquet or Arrow file is text, whatever it looks like), else a category. In a numeric column a
  // value that is no number is an error; a category column keeps numbers as they are spelt. Dates and timestamps of Parquet and Arrow files
  // are categories spelt 2024-05-01 or 2024-05-01T12:00:00.250 (Z if the zone is known), so that spellings sort as times do; in `numeric`
  // they are seconds since 1970, which as floats are only good to about two minutes. Times of day and durations are numbers of seconds.
  std::vector<std::string> numeric;
  std::vector<std::string> category;
  // Categories that files may lack.
  std::vector<std::string> category_if_there;
  // Columns to leave out altogether (never parsed, so they may hold anything). One of several files may lack them.
  std::vector<std::string> ignored;
  // If given: columns that are in no list, this one included, are ignored.
  std::optional<std::vector<std::string>> inferred_alone;
  // Files may differ in their columns: the table has all of them, those of the first file first, and the rows of a file miss the columns
  // that it lacks. Otherwise such a file is an error.
  bool columns_may_differ = false;
};

// One table from one or more files with the same columns (but see columns_may_differ; order may differ; a byte-order mark and blanks around
// a value or name are dropped), in the order of the first file. "-" is standard input. The columns of JSON lines are the members of all its
// objects. Text is UTF-8. Empty lines are skipped. Gzip is told by the content. Throws
// IoError if a file cannot be read; FormatError naming file, line, column and value if it is malformed: a row of the wrong length, text in
// a numeric column, an infinite number or one beyond float, a duplicate, empty or unknown column name, a column missing from one of the
// files, no data rows; ArgumentError if the options contradict each other. Files are read twice only for columns where text follows after a
// first block of numbers; JSON lines once more, first of all, for the names of their members. Uses as many threads as the machine has; the
// table does not depend on them.
Table read_table(const std::vector<std::filesystem::path>& files, const ReadOptions& options = {});

}  // namespace oddshot
