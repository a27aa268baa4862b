// Rows of Parquet and Arrow files, a few at a time, and of Arrow streams as they come.
#include <algorithm>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "data/bounded_pool.h"
#include "data/carried_rows.h"
#include "data/cell.h"
#include "data/row_input.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

// Cuts batches to size and hands them on.
class Cutter {
 public:
  Cutter(const RowReadOptions& options, std::string path, const std::function<bool(const RowBatch&)>& take)
      : options_(options), path_(std::move(path)), take_(take) {}

  bool operator()(const arrow::RecordBatch& batch) {
    if (options_.whole) {
      parts_.push_back(batch.Slice(0));
      return true;
    }
    const auto most = static_cast<std::int64_t>(options_.rows_at_a_time);
    for (std::int64_t first = 0; first < batch.num_rows(); first += most) {
      if (!hand_on(batch.Slice(first, most))) return false;
    }
    return true;
  }

  void finish() {
    if (parts_.empty()) return;
    auto all = arrow::ConcatenateRecordBatches(parts_, bounded_pool());
    if (!all.ok()) throw FormatError(fmt::format("{}: {}", path_, all.status().message()));
    hand_on(*std::move(all));
  }

 private:
  bool hand_on(std::shared_ptr<arrow::RecordBatch> rows) {
    auto carried = std::make_shared<CarriedRows>();
    carried->batch = std::move(rows);
    RowBatch part;
    part.rows = static_cast<std::size_t>(carried->batch->num_rows());
    part.typed = typed_rows(*carried->batch, options_, false, source_of(path_, part.rows, rows_),
                            [&](std::size_t row) { return fmt::format("{}, row {}", path_, rows_ + row + 1); });
    part.carried = std::move(carried);
    rows_ += part.rows;
    return take_(part);
  }

  const RowReadOptions& options_;
  std::string path_;
  const std::function<bool(const RowBatch&)>& take_;
  std::size_t rows_ = 0;
  std::vector<std::shared_ptr<arrow::RecordBatch>> parts_;  // shared as Arrow does
};

class ColumnRowReader final : public RowReader {
 public:
  ColumnRowReader(FileBytes bytes, RowFormat format, const RowReadOptions& options)
      : options_(options),
        format_(format),
        file_(format == RowFormat::kParquet ? open_parquet_file(std::move(bytes)) : open_arrow_file(std::move(bytes))) {}

  RowFormat format() const override { return format_; }
  const std::vector<std::string>& names() const override { return file_->names(); }

  void read(const std::function<bool(const RowBatch&)>& take) override {
    Cutter cut(options_, file_->path(), take);
    const auto wanted = [&](const std::string& name) {
      const auto in = [&](const std::vector<std::string>& list) { return std::ranges::find(list, name) != list.end(); };
      return !options_.carried || in(*options_.carried) || in(options_.numeric) || in(options_.category) || in(options_.inferred);
    };
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < names().size(); ++i) {
      if (wanted(names()[i])) columns.push_back(i);
    }
    if (columns.empty()) throw FormatError(fmt::format("{}: there is none of the columns that are asked for", file_->path()));
    file_->read(columns, [&](const Batch& batch) { return cut(*batch.whole); });
    cut.finish();
  }

 private:
  RowReadOptions options_;
  RowFormat format_;
  std::unique_ptr<TableFile> file_;
};

// A descriptor as Arrow reads it.
class DescriptorStream final : public arrow::io::InputStream {
 public:
  explicit DescriptorStream(std::unique_ptr<InputFile> file) : file_(std::move(file)) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    std::int64_t done = 0;
    while (done < size) {
      const std::size_t count = file_->read(static_cast<char*>(out) + done, static_cast<std::size_t>(size - done));
      if (count == 0) break;
      done += static_cast<std::int64_t>(count);
    }
    at_ += done;
    return done;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size, bounded_pool()));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, Read(size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::unique_ptr<InputFile> file_;
  bool closed_ = false;
  std::int64_t at_ = 0;
};

class ArrowStreamReader final : public RowReader {
 public:
  ArrowStreamReader(std::string path, std::shared_ptr<arrow::io::InputStream> stream, const RowReadOptions& options)
      : options_(options), path_(std::move(path)), stream_(std::move(stream)) {
    auto read = arrow::ipc::IpcReadOptions::Defaults();
    read.memory_pool = bounded_pool();
    reader_ = value(arrow::ipc::RecordBatchStreamReader::Open(stream_, read));
    for (const auto& field : reader_->schema()->fields()) names_.emplace_back(trimmed(field->name()));
  }

  RowFormat format() const override { return RowFormat::kArrow; }
  const std::vector<std::string>& names() const override { return names_; }

  void read(const std::function<bool(const RowBatch&)>& take) override {
    Cutter cut(options_, path_, take);
    while (true) {
      const auto batch = value(reader_->Next());
      if (batch == nullptr) return cut.finish();
      const arrow::Status status = batch->ValidateFull();
      if (!status.ok()) refuse(status);
      if (!cut(*batch)) return;
    }
  }

 private:
  [[noreturn]] void refuse(const arrow::Status& status) const {
    throw FormatError(fmt::format("{}: not a readable Arrow stream: {}", path_, status.message()));
  }
  template <class T>
  T value(arrow::Result<T> result) const {
    if (!result.ok()) refuse(result.status());
    return std::move(result).ValueOrDie();
  }

  RowReadOptions options_;
  std::string path_;
  std::shared_ptr<arrow::io::InputStream> stream_;               // shared with Arrow's reader
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader_;  // Arrow hands out nothing else
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<RowReader> open_column_rows(FileBytes bytes, RowFormat format, const RowReadOptions& options) {
  return std::make_unique<ColumnRowReader>(std::move(bytes), format, options);
}

std::unique_ptr<RowReader> open_arrow_stream(std::unique_ptr<InputFile> file, const RowReadOptions& options) {
  std::string path = file->path();
  return std::make_unique<ArrowStreamReader>(std::move(path), std::make_shared<DescriptorStream>(std::move(file)), options);
}

std::unique_ptr<RowReader> open_arrow_stream(const FileBytes& bytes, const RowReadOptions& options) {
  return std::make_unique<ArrowStreamReader>(bytes.path(), bytes.stream(), options);
}

}  // namespace oddshot::data
