// One file of any format as Arrow record batches. The only place that knows of formats.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
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
  // Whether values have no type but their spelling (CSV).
  virtual bool untyped() const { return false; }
  // Reads the columns from the start of the file: take(batch) is called for every batch of rows, in order, until it returns false.
  // columns: indices into names(), ascending, at least one. Refuses a column whose type is neither number nor text nor time.
  virtual void read(const std::vector<std::size_t>& columns, const TakeBatch& take) = 0;
  // "path, row 17" or "path:118": where the value stands in the file; row counts data rows from 0.
  virtual std::string place(std::size_t row, std::size_t column);

 protected:
  // Refuses the column if what is read of its type is nothing that a table holds.
  void check_type(std::size_t column, const arrow::DataType& type) const;
  static bool hand_on(const arrow::RecordBatch& batch, const TakeBatch& take);
  // The same, once it has been checked to be consistent: a hostile file may claim offsets beyond its buffers.
  bool check_and_hand_on(const arrow::RecordBatch& batch, const TakeBatch& take) const;

  FileBytes bytes_;
  std::vector<std::string> names_;
};

// The format decides. Throws ArgumentError if the format cannot be told by the name.
std::unique_ptr<TableFile> open_table_file(const std::filesystem::path& path, const ReadOptions& options);

std::unique_ptr<TableFile> open_csv_file(FileBytes bytes, const ReadOptions& options, char separator);
std::unique_ptr<TableFile> open_parquet_file(FileBytes bytes);
std::unique_ptr<TableFile> open_arrow_file(FileBytes bytes);

}  // namespace oddshot::data
