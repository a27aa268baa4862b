#include <string_view>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "data/bounded_pool.h"
#include "data/cell.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

constexpr const char* kWhat = "not a readable Arrow file";

arrow::ipc::IpcReadOptions bounded() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = bounded_pool();
  return options;
}

// The Arrow IPC file (Feather version 2) and stream formats.
class IpcFile : public TableFile {
 public:
  explicit IpcFile(FileBytes bytes) : TableFile(std::move(bytes)) {
    const auto start = value(bytes_.stream()->Read(6));
    const std::string_view magic(*start);
    if (magic.starts_with("FEA1")) throw FormatError(fmt::format("{}: Feather version 1; save it as version 2", path()));
    is_file_ = magic == "ARROW1";
    const auto options = bounded();
    if (is_file_) {
      const auto file = bytes_.random_access();
      bytes_.check_end(*file, "ARROW1", "Arrow");
      schema_ = value(arrow::ipc::RecordBatchFileReader::Open(file, options))->schema();
    } else {
      schema_ = value(arrow::ipc::RecordBatchStreamReader::Open(bytes_.stream(), options))->schema();
    }
    for (const auto& field : schema_->fields()) names_.emplace_back(trimmed(field->name()));
  }

  void read(const std::vector<std::size_t>& columns, const TakeBatch& take) override {
    auto options = bounded();
    for (const std::size_t column : columns) {
      check_type(column, *schema_->field(static_cast<int>(column))->type());
      options.included_fields.push_back(static_cast<int>(column));
    }
    if (is_file_) {
      const auto reader = value(arrow::ipc::RecordBatchFileReader::Open(bytes_.random_access(), options));
      for (int i = 0; i < reader->num_record_batches(); ++i) {
        if (!check_and_hand_on(*value(reader->ReadRecordBatch(i)), take)) return;
      }
      return;
    }
    const auto reader = value(arrow::ipc::RecordBatchStreamReader::Open(bytes_.stream(), options));
    while (true) {
      const auto batch = value(reader->Next());
      if (batch == nullptr || !check_and_hand_on(*batch, take)) return;
    }
  }

 private:
  template <class T>
  T value(arrow::Result<T> result) const {
    if (!result.ok()) bytes_.refuse(result.status(), kWhat);
    return std::move(result).ValueOrDie();
  }

  bool is_file_ = false;
  std::shared_ptr<arrow::Schema> schema_;  // Arrow's readers share it
};

}  // namespace

std::unique_ptr<TableFile> open_arrow_file(FileBytes bytes) { return std::make_unique<IpcFile>(std::move(bytes)); }

}  // namespace oddshot::data
