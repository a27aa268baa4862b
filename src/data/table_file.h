// One file of any format as Arrow record batches. The only place that knows of formats.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/file_bytes.h"
#include "oddshot/data/reader.h"

namespace arrow {
class Array;
class DataType;
class RecordBatch;
}  // namespace arrow

namespace oddshot::data {

// Some rows of a file: one array [rows] for each column asked for. Borrowed for the call it is handed to.
struct Batch {
  std::size_t rows = 0;
  std::vector<const arrow::Array*> columns;
  const arrow::RecordBatch* whole = nullptr;  // the same, for who keeps it
  double share = 0;                           // of the file that has been read by its end, for who makes room; 0: unknown
};
using TakeBatch = std::function<bool(const Batch& batch)>;

// An open file. Not for concurrent use. Every method throws FormatError or IoError that begins with the path.
class TableFile {
 public:
  explicit TableFile(FileBytes bytes) : bytes_(std::move(bytes)) {}
  virtual ~TableFile() = default;
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  const std::string& path() const { return bytes_.path(); }
  // The columns as the file names them (blanks around a name dropped), in its order.
  const std::vector<std::string>& names() const { return names_; }
  // Whether values have no type but their spelling (CSV, and JSON lines to be alike).
  virtual bool untyped() const { return false; }
  // Reads the columns from the start of the file: take(batch) is called for every batch of rows, in order, until it returns false.
  // columns: indices into names(), ascending, at least one. Refuses a column whose type is neither number nor text nor time.
  virtual void read(const std::vector<std::size_t>& columns, const TakeBatch& take) = 0;
  // "path, row 18" or, of text, "path:118": where the value stands in the file. `row` counts data rows from 0, the place from 1.
  virtual std::string place(std::size_t row, std::size_t column);
  // Of text that has been read to its end: the line of the first row, if every row stands on one line and every line holds one.
  virtual std::optional<std::size_t> first_line() const { return std::nullopt; }

 protected:
  // Refuses the column if what is read of its type is nothing that a table holds.
  void check_type(std::size_t column, const arrow::DataType& type) const;
  static bool hand_on(const arrow::RecordBatch& batch, const TakeBatch& take, double share = 0);
  // The same, once it has been checked to be consistent: a hostile file may claim offsets beyond its buffers.
  bool check_and_hand_on(const arrow::RecordBatch& batch, const TakeBatch& take) const;

  FileBytes bytes_;
  std::vector<std::string> names_;
};

// The format decides, of a stream by its first bytes if its name does not tell. Throws ArgumentError if nothing tells it.
std::unique_ptr<TableFile> open_table_file(FileBytes bytes, const ReadOptions& options);

// separator: nothing where the first line is to tell.
std::unique_ptr<TableFile> open_csv_file(FileBytes bytes, const ReadOptions& options, std::optional<char> separator);
std::unique_ptr<TableFile> open_json_file(FileBytes bytes);
std::unique_ptr<TableFile> open_parquet_file(FileBytes bytes);
std::unique_ptr<TableFile> open_arrow_file(FileBytes bytes);

}  // namespace oddshot::data
