#include "data/table_file.h"

#include <optional>
#include <string_view>

#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include "data/cell.h"
#include "data/row_input.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

// How a file is to be read.
struct Reading {
  FileFormat format;
  std::optional<char> separator;  // of CSV; nothing: the first line tells
};

Reading reading_of(RowFormat format) {
  switch (format) {
    case RowFormat::kParquet:
      return {FileFormat::kParquet, {}};
    case RowFormat::kArrow:
      return {FileFormat::kArrow, {}};
    case RowFormat::kJsonLines:
      return {FileFormat::kJsonLines, {}};
    case RowFormat::kTsv:
      return {FileFormat::kCsv, '\t'};
    default:
      return {FileFormat::kCsv, {}};
  }
}

// By the name, of a stream else by its first bytes.
Reading reading_of(const FileBytes& bytes) {
  if (const auto format = row_format_of(bytes.path())) return reading_of(*format);
  if (bytes.regular()) {
    throw ArgumentError(
        fmt::format("{}: the ending does not tell the format; name the format, or end the name in .csv, .tsv, .jsonl, .parquet or .arrow",
                    bytes.path()));
  }
  const auto start = bytes.stream()->Read(kTellingBytes);
  if (!start.ok()) bytes.refuse_reading(start.status());
  return reading_of(guess_format(std::string_view(**start)).format);
}

bool is_readable(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DICTIONARY:
      return is_readable(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION:
      return is_readable(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    case arrow::Type::NA:
    case arrow::Type::BOOL:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::DURATION:
      return true;
    default:
      return arrow::is_numeric(type.id()) || type.id() == arrow::Type::DECIMAL128 || type.id() == arrow::Type::DECIMAL256;
  }
}

}  // namespace

std::string TableFile::place(std::size_t row, std::size_t /*column*/) { return fmt::format("{}, row {}", path(), row + 1); }

void TableFile::check_type(std::size_t column, const arrow::DataType& type) const {
  if (is_readable(type)) return;
  throw FormatError(fmt::format("{}, column {}: values of type {} are neither numbers nor text; ignore the column", path(),
                                in_quotes(names_[column]), type.ToString()));
}

bool TableFile::hand_on(const arrow::RecordBatch& batch, const TakeBatch& take, double share) {
  Batch view{static_cast<std::size_t>(batch.num_rows()), {}, &batch, share};
  for (const auto& column : batch.columns()) view.columns.push_back(column.get());
  return take(view);
}

bool TableFile::check_and_hand_on(const arrow::RecordBatch& batch, const TakeBatch& take) const {
  const arrow::Status status = batch.ValidateFull();
  if (!status.ok()) bytes_.refuse(status, "inconsistent data");
  return hand_on(batch, take);
}

std::unique_ptr<TableFile> open_table_file(FileBytes bytes, const ReadOptions& options) {
  Reading reading{options.format, {}};
  if (options.format == FileFormat::kAuto) {
    reading = reading_of(bytes);
  } else if (row_format_of(bytes.path()) == RowFormat::kTsv) {
    reading.separator = '\t';
  }
  switch (reading.format) {
    case FileFormat::kParquet:
      return open_parquet_file(std::move(bytes));
    case FileFormat::kArrow:
      return open_arrow_file(std::move(bytes));
    case FileFormat::kJsonLines:
      return open_json_file(std::move(bytes));
    default:
      return open_csv_file(std::move(bytes), options, options.separator ? options.separator : reading.separator);
  }
}

}  // namespace oddshot::data
