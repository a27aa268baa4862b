// A table of named columns, as it was read: the value that enters the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

enum class ColumnKind : std::uint8_t { kNumeric, kCategory };

// One column of N rows. Numeric: `numbers` [N], NaN where the value is missing (a NaN cannot come from a file otherwise; infinities
// are refused on reading). Category: `codes` [N], an index into `categories`, or kMissingCode.
struct Column {
  static constexpr std::int32_t kMissingCode = -1;

  std::string name;
  ColumnKind kind = ColumnKind::kNumeric;
  std::vector<float> numbers;
  std::vector<std::int32_t> codes;
  std::vector<std::string> categories;  // distinct spellings, in order of first appearance

  std::size_t rows() const { return kind == ColumnKind::kNumeric ? numbers.size() : codes.size(); }
};

// Where the rows of a table come from: rows [first_row, first_row + rows) were read from `path`. Messages name it.
struct SourceFile {
  std::string path;
  std::size_t first_row = 0;
  std::size_t rows = 0;
  std::size_t counted_from = 0;  // what messages call its first row: 0 of arrays in memory, 1 of a file
  bool lines = false;            // of text, a row a line: that is the first row's line
};

// Columns of equal length. Invariants: every column has rows() rows; names are distinct; sources cover the rows in order (or are empty,
// for a table that was made in memory).
struct Table {
  std::vector<Column> columns;
  std::vector<SourceFile> sources;

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().rows(); }
  // Index of the column of that name, if there is one. O(columns).
  std::optional<std::size_t> find(std::string_view name) const;
  // The column of that name; throws ArgumentError that names it and the nearest existing name.
  const Column& column(std::string_view name) const;
  // "path, row 18" or, of text with a row a line, "path:19" for messages; "row 17", counted from 0, where there are no sources.
  std::string place(std::size_t row) const;
};

}  // namespace oddshot
