// Tables of rows, and the files that a detector or a model comes from, as far as several commands need them alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"
#include "oddshot/data/table.h"
#include "oddshot/detector/detector.h"

namespace CLI {
class App;
}

namespace oddshot::cli {

// A table on the command line; "-" is standard input.
struct Rows {
  std::string file;
  std::string format;  // csv, tsv, jsonl, parquet or arrow; empty: by name or first bytes

  // As messages name it.
  std::string shown() const { return file == "-" ? "standard input" : file; }
};

inline constexpr const char* kRowsHelp = "CSV, TSV, JSON lines, Parquet or Arrow, also gzipped; -: standard input";

void add_format_option(CLI::App& command, std::string& format);
// Throws UsageError if the format is none.
void check_format(const std::string& format);

// The whole table, its columns as `read` has them.
Table read_all(const Rows& rows, ReadOptions read);
// These columns, as read_table gives them; what others hold is never parsed, so they may hold anything. `if_there`: a category that the
// file may lack; empty: none.
Table read_columns(const Rows& rows, std::vector<std::string> numeric, std::vector<std::string> category, const std::string& if_there = {});
// Those that a preprocessor needs, with the group and time of its windows, and these besides.
Table read_columns_of(const Rows& rows, const Preprocessor& preprocessor, std::vector<std::string> numeric = {},
                      std::vector<std::string> category = {});

// Refuses a table where a file of ours belongs and the other way round, as when two words are swapped. words: "oddshot score DETECTOR
// ROWS". rows may be empty, for a command that has none. Throws UsageError.
void check_order(std::string_view words, const std::string& own, const std::string& rows);
// load_detector, once the words are known to be in order; says what to do with the name of a model that ships.
Detector read_detector(std::string_view words, const std::string& file, const std::string& rows = {});
// Refuses a table's name for a file of ours. For an option's check: returns what is wrong.
std::string refuse_table_name(const std::string& file);

}  // namespace oddshot::cli
