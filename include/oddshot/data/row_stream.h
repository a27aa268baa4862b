// A table too long for memory, or without an end: read a few rows at a time, written with columns added, in the order of the rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

enum class RowFormat : std::uint8_t { kCsv, kTsv, kJsonLines, kParquet, kArrow };
std::string_view to_string(RowFormat format);
// csv, tsv, jsonl, parquet or arrow. Throws ArgumentError naming them.
RowFormat parse_row_format(std::string_view name);
// By the name's ending (.csv .txt .data .tsv .jsonl .ndjson .parquet .arrow .ipc .feather, each also with .gz), if it tells.
std::optional<RowFormat> row_format_of(std::string_view path);

// Rows as they came, spelt or typed as the file has them. Opaque: a RowWriter knows what to do with it.
struct CarriedRows;

struct RowBatch {
  Table typed;  // the columns that were asked for: numeric ones, then categories; places as of the whole input
  std::shared_ptr<const CarriedRows> carried;  // shared with nobody: only so that its type may stay unknown here
  std::size_t rows = 0;
};

struct RowReadOptions {
  // Nothing: by the name, and of standard input by the first bytes. CSV is separated by commas unless its first line has none, but a tab
  // or a semicolon.
  std::optional<RowFormat> format;
  // Columns of `typed`. Missing values and numbers are spelt as ReadOptions has them; a column that is not there is left out.
  std::vector<std::string> numeric;
  std::vector<std::string> category;
  std::vector<std::string> inferred;  // of the kind that the values of a batch tell
  // Columns that a writer will want, besides; nothing: all. Of Parquet and Arrow files others are not read.
  std::optional<std::vector<std::string>> carried;
  std::size_t rows_at_a_time = 8192;  // at most, >= 1
  bool whole = false;                 // all rows in one batch after all: for features of which a row's neighbours are a part
  // At the end of a CSV or JSON lines file waits for more, as `tail -f` does, until `stop`. A last line without its end is no row then.
  bool follow = false;
  std::function<bool()> stop;  // asked several times a second while waiting; may be empty
};

// Not for concurrent use.
class RowReader {
 public:
  virtual ~RowReader() = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  virtual RowFormat format() const = 0;
  // What stands between the values of CSV.
  virtual char separator() const { return ','; }
  // The columns, in the order of the file; of JSON lines those of the first object.
  virtual const std::vector<std::string>& names() const = 0;
  // Hands every batch on, in order, until take(batch) returns false. Where the input has no more for now (a pipe, a file that is followed),
  // what is there is handed on at once. To be called once. Throws FormatError by file and line, IoError, and what `take` throws.
  virtual void read(const std::function<bool(const RowBatch&)>& take) = 0;

 protected:
  RowReader() = default;
};

// "-" is standard input. Gzip is told by the content of regular files that are not followed, and refused of others. Memory is bounded
// whatever the length: of a Parquet file by its row groups; a Parquet or Arrow file (not an Arrow stream) from standard input is put aside
// in a temporary file first. Throws IoError, FormatError, ArgumentError.
std::unique_ptr<RowReader> open_rows(const std::string& path, const RowReadOptions& options);
// Rows that are gone through more than once, wherever they come from: what cannot be read again (standard input, a pipe) is put aside to
// its end in a temporary file without a name, in $TMPDIR or else /tmp, which is gone with this object or the program. It may be gzipped.
class RowSource {
 public:
  // Throws IoError (also where the folder has no room), FormatError if a stream is empty.
  explicit RowSource(std::string path);
  ~RowSource();
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  // From the first row; as open_rows, which it is for a file. Not to be followed if it was put aside.
  std::unique_ptr<RowReader> open(const RowReadOptions& options) const;

 private:
  struct Aside;
  std::string path_;
  std::unique_ptr<const Aside> aside_;  // null for a file
};

// Throws FormatError, naming the nearest that is there, if a column of the options' numeric, category and inferred is not. Of JSON lines,
// whose objects may differ, nothing is known yet. `whose`: "the detector".
void require_columns(const RowReader& reader, const RowReadOptions& options, std::string_view path, std::string_view whose);

// A column that is added to rows: a value a row. A NaN is written as a missing value.
struct AddedColumn {
  using Values = std::variant<std::vector<float>, std::vector<double>, std::vector<bool>, std::vector<std::string>>;
  std::string name;
  Values values;  // in CSV true is 1 and false 0
};

// Takes the next bytes of the output. May throw.
using ByteSink = std::function<void(std::span<const std::uint8_t> bytes)>;

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // Throws ArgumentError if the reader's rows cannot be written so: Parquet and Arrow are made of Parquet and Arrow alone.
  virtual void write(const RowBatch& batch, const std::vector<AddedColumn>& added) = 0;
  // The end of the file. Without it the file is not whole.
  virtual void finish() = 0;

 protected:
  RowWriter() = default;
};

// `kept`: the columns to write before those that are added; of JSON lines read and written, with every column kept, lines stay as they are
// but for what is added. `added`: their names and types, without values, for a table without rows has them too. `whole`: the bytes become
// a file rather than a stream, so that of Arrow it is the file format. CSV of CSV is separated as that is. Throws ArgumentError if a column
// to keep is not there (naming the nearest) or is called as one that is added.
std::unique_ptr<RowWriter> make_row_writer(RowFormat format, const RowReader& reader, std::optional<std::vector<std::string>> kept,
                                           const std::vector<AddedColumn>& added, ByteSink sink, bool whole);

}  // namespace oddshot
