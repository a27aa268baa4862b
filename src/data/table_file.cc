#include "data/table_file.h"

#include <array>
#include <optional>
#include <string_view>

#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include "data/cell.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

struct Ending {
  std::string_view text;
  FileFormat format;
};
constexpr std::array kEndings = {Ending{".csv", FileFormat::kCsv},         Ending{".tsv", FileFormat::kCsv},
                                 Ending{".txt", FileFormat::kCsv},         Ending{".data", FileFormat::kCsv},
                                 Ending{".parquet", FileFormat::kParquet}, Ending{".arrow", FileFormat::kArrow},
                                 Ending{".ipc", FileFormat::kArrow},       Ending{".feather", FileFormat::kArrow}};

// The name's ending in lower case, without .gz.
std::string ending_of(const std::filesystem::path& path) {
  const auto lower = [](const std::filesystem::path& p) {
    std::string text = p.extension().string();
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
  };
  const std::string last = lower(path);
  return last == ".gz" ? lower(path.stem()) : last;
}

FileFormat format_of(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  for (const Ending& known : kEndings) {
    if (known.text == ending) return known.format;
  }
  throw ArgumentError(fmt::format(
      "{}: the ending does not tell the format; name the format, or end the name in .csv, .tsv, .parquet or .arrow", path.string()));
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

std::string TableFile::place(std::size_t row, std::size_t /*column*/) { return fmt::format("{}, row {}", path(), row); }

void TableFile::check_type(std::size_t column, const arrow::DataType& type) const {
  if (is_readable(type)) return;
  throw FormatError(fmt::format("{}, column {}: values of type {} are neither numbers nor text; ignore the column", path(),
                                in_quotes(names_[column]), type.ToString()));
}

bool TableFile::hand_on(const arrow::RecordBatch& batch, const TakeBatch& take) {
  Batch view{static_cast<std::size_t>(batch.num_rows()), {}, &batch};
  for (const auto& column : batch.columns()) view.columns.push_back(column.get());
  return take(view);
}

bool TableFile::check_and_hand_on(const arrow::RecordBatch& batch, const TakeBatch& take) const {
  const arrow::Status status = batch.ValidateFull();
  if (!status.ok()) bytes_.refuse(status, "inconsistent data");
  return hand_on(batch, take);
}

std::unique_ptr<TableFile> open_table_file(const std::filesystem::path& path, const ReadOptions& options) {
  const FileFormat format = options.format == FileFormat::kAuto ? format_of(path) : options.format;
  FileBytes bytes(path);
  switch (format) {
    case FileFormat::kParquet:
      return open_parquet_file(std::move(bytes));
    case FileFormat::kArrow:
      return open_arrow_file(std::move(bytes));
    default:
      return open_csv_file(std::move(bytes), options, options.separator.value_or(ending_of(path) == ".tsv" ? '\t' : ','));
  }
}

}  // namespace oddshot::data
