#include <exception>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include "data/bounded_pool.h"
#include "data/cell.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

constexpr const char* kWhat = "not a readable Parquet file";

class ParquetFile : public TableFile {
 private:
  // Arrow's value, or our error for its status and for the exceptions that a few paths of the Parquet library let through.
  template <class Run>
  auto guarded(const Run& run) const {
    try {
      auto result = run();
      if (!result.ok()) bytes_.refuse(result.status(), kWhat);
      return std::move(result).ValueOrDie();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      bytes_.refuse(arrow::Status::Invalid(error.what()), kWhat);
    }
  }

 public:
  explicit ParquetFile(FileBytes bytes) : TableFile(std::move(bytes)) {
    open();
    for (const auto& field : reader_->manifest().schema_fields) names_.emplace_back(trimmed(field.field->name()));
  }

  void read(const std::vector<std::size_t>& columns, const TakeBatch& take) override {
    std::vector<int> leaves;
    for (const std::size_t column : columns) {
      const auto& field = reader_->manifest().schema_fields[column];
      check_type(column, *field.field->type());
      leaves.push_back(field.column_index);
    }
    // A group at a time: what the reader fetches ahead stays in memory until the last row of what it was asked for.
    for (int group = 0; group < reader_->num_row_groups(); ++group) {
      const auto batches = guarded([&] { return reader_->GetRecordBatchReader({group}, leaves); });
      while (true) {
        const auto batch = guarded([&] { return batches->Next(); });
        if (batch == nullptr) break;
        if (!check_and_hand_on(*batch, take)) return;
      }
    }
  }

 private:
  void open() {
    const auto file = bytes_.random_access();
    bytes_.check_end(*file, "PAR1", "Parquet");
    reader_ = guarded([&]() -> arrow::Result<std::unique_ptr<::parquet::arrow::FileReader>> {
      ::parquet::arrow::FileReaderBuilder builder;
      ARROW_RETURN_NOT_OK(builder.Open(file, ::parquet::ReaderProperties(bounded_pool())));
      auto properties = ::parquet::default_arrow_reader_properties();
      properties.set_use_threads(true);
      return builder.memory_pool(bounded_pool())->properties(properties)->Build();
    });
  }

  std::unique_ptr<::parquet::arrow::FileReader> reader_;
};

}  // namespace

std::unique_ptr<TableFile> open_parquet_file(FileBytes bytes) { return std::make_unique<ParquetFile>(std::move(bytes)); }

}  // namespace oddshot::data
