#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>
#include <arrow/csv/options.h>
#include <arrow/csv/reader.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <arrow/util/future.h>
#include <arrow/util/thread_pool.h>
#include <fmt/format.h>

#include "data/bounded_pool.h"
#include "data/cell.h"
#include "data/csv_rows.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

// Arrow finds the values, as text, and we make numbers of them: as fast as letting Arrow convert (102 MB of 40 columns, two busy cores: 1.1
// s, Arrow's threaded float32 conversion 1.4 s), and one rule then serves inferred and given kinds, blanks, missing spellings and true /
// false.

// A stream with a line end added at its end. A quote left open then leaves a value that ends in a line end, which is how it is noticed:
// Arrow takes the rest of the file for the value and says nothing.
class EndedStream : public arrow::io::InputStream {
 public:
  // lines: the number of the file's lines is added to it.
  EndedStream(std::shared_ptr<arrow::io::InputStream> stream, std::size_t& lines) : stream_(std::move(stream)), lines_(lines) {}

  arrow::Status Close() override { return stream_->Close(); }
  bool closed() const override { return stream_->closed(); }
  arrow::Result<std::int64_t> Tell() const override { return stream_->Tell(); }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, stream_->Read(size, out));
    count({static_cast<const char*>(out), static_cast<std::size_t>(got)});
    if (got > 0 || size == 0 || ended_) return got;
    end();
    *static_cast<char*>(out) = '\n';
    return 1;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto got, stream_->Read(size));
    count(std::string_view(*got));
    if (got->size() > 0 || size == 0 || ended_) return got;
    end();
    return arrow::Buffer::FromString("\n");
  }

 private:
  // Lines end with \n, \r\n or \r. Few files have a \r, so that these are looked for first.
  void count(std::string_view bytes) {
    if (bytes.empty()) return;
    lines_ += static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (last_ == '\r' && bytes.front() == '\n') --lines_;  // was counted at its \r
    if (bytes.find('\r') != std::string_view::npos) {
      std::size_t lone = bytes.back() == '\r' ? 1 : 0;
      for (std::size_t i = 0; i + 1 < bytes.size(); ++i) lone += bytes[i] == '\r' && bytes[i + 1] != '\n' ? 1 : 0;
      lines_ += lone;
    }
    last_ = bytes.back();
  }
  void end() {
    ended_ = true;
    lines_ += last_ == '\n' || last_ == '\r' ? 0 : 1;
  }

  std::shared_ptr<arrow::io::InputStream> stream_;  // shared with nobody, but Arrow hands out nothing else
  std::size_t& lines_;
  char last_ = '\n';
  bool ended_ = false;
};

// The threads that read one file ahead and find its values. Those that Arrow shares among all readers let go of the last pieces of a read
// that was broken off some time later, even while the program ends and they are torn down: a crash at exit, seldom. These are waited for.
// To be destroyed after the reader that uses them. One pool for reading and for values, so that idle means that nothing can come any more.
class ReadThreads {
 public:
  ReadThreads() {
    // One may wait for the disk while as many as there are cores find values.
    auto pool = arrow::internal::ThreadPool::Make(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())) + 1);
    if (!pool.ok()) throw IoError(fmt::format("no threads to read with: {}", pool.status().message()));
    pool_ = *std::move(pool);
  }
  ReadThreads(const ReadThreads&) = delete;
  ReadThreads& operator=(const ReadThreads&) = delete;
  ~ReadThreads() { pool_->WaitForIdle(); }

  arrow::internal::Executor* executor() const { return pool_.get(); }

 private:
  std::shared_ptr<arrow::internal::ThreadPool> pool_;  // shared with nobody, but Arrow hands out nothing else
};

class CsvFile : public TableFile {
 public:
  CsvFile(FileBytes bytes, const ReadOptions& options, std::optional<char> separator)
      : TableFile(std::move(bytes)),
        separator_(separator || options.header ? separator : ','),
        quote_(options.quote),
        header_(options.header) {
    CsvRows rows = open_rows();
    separator_ = rows.separator();
    bool more = rows.next();
    if (!more) throw FormatError(fmt::format("{}: the file is empty", path()));
    check_text(rows);
    check_closed(rows);
    blank_ = rows.line(0) - 1;
    if (header_) {
      for (const std::string& name : rows.values()) names_.emplace_back(trimmed(name));
      more = rows.next();
      if (!more) throw FormatError(fmt::format("{}: only a header, no data rows", path()));
    } else {
      for (const std::string& name : options.names) names_.emplace_back(trimmed(name));
      if (rows.values().size() != names_.size()) {
        throw FormatError(
            fmt::format("{}:{}: {} values, but {} names were given", path(), rows.line(0), rows.values().size(), names_.size()));
      }
    }
    block_size_ = std::max(block_size_, 32 * rows.bytes());
  }

  bool untyped() const override { return true; }

  void read(const std::vector<std::size_t>& columns, const TakeBatch& take) override {
    auto read_options = arrow::csv::ReadOptions::Defaults();
    read_options.block_size = static_cast<std::int32_t>(std::min<std::size_t>(block_size_, std::size_t{1} << 30U));
    read_options.skip_rows = static_cast<std::int32_t>(std::min<std::size_t>(blank_, std::numeric_limits<std::int32_t>::max()));
    read_options.autogenerate_column_names = true;  // f0, f1, ...: positions, whatever the header says
    read_options.skip_rows_after_names = header_ ? 1 : 0;
    auto parse_options = arrow::csv::ParseOptions::Defaults();
    parse_options.delimiter = *separator_;
    parse_options.quoting = quote_ != 0;
    parse_options.quote_char = quote_;
    parse_options.newlines_in_values = true;
    auto convert_options = arrow::csv::ConvertOptions::Defaults();
    convert_options.strings_can_be_null = false;
    convert_options.check_utf8 = false;  // most values are numbers: ColumnBuilder looks at what is text
    for (const std::size_t column : columns) {
      convert_options.include_columns.push_back(fmt::format("f{}", column));
      convert_options.column_types[convert_options.include_columns.back()] = arrow::utf8();
    }
    // The last column is needed to see whether the last value was closed.
    const bool extra = columns.back() + 1 != names_.size();
    if (extra) {
      convert_options.include_columns.push_back(fmt::format("f{}", names_.size() - 1));
      convert_options.column_types[convert_options.include_columns.back()] = arrow::binary();
    }
    std::size_t lines = 0, read = 0;
    const ReadThreads threads;  // goes before what the stream refers to
    auto reader = arrow::csv::StreamingReader::MakeAsync(arrow::io::IOContext(bounded_pool(), threads.executor()),
                                                         std::make_shared<EndedStream>(bytes_.stream(), lines), threads.executor(),
                                                         read_options, parse_options, convert_options)
                      .MoveResult();
    if (!reader.ok()) explain(reader.status(), columns);
    const auto bytes = static_cast<double>(bytes_.size().value_or(0));
    bool suspect = false;
    while (true) {
      auto batch = (*reader)->Next();
      if (!batch.ok()) explain(batch.status(), columns);
      if (*batch == nullptr) break;
      read += static_cast<std::size_t>((*batch)->num_rows());
      const auto& last = static_cast<const arrow::BinaryArray&>(*(*batch)->columns().back());
      if (last.length() > 0) suspect = last.GetView(last.length() - 1).ends_with('\n');
      if (extra) batch = (*batch)->RemoveColumn(static_cast<int>(columns.size()));
      if (!batch.ok()) explain(batch.status(), columns);
      if (!hand_on(**batch, take, bytes > 0 ? static_cast<double>((*reader)->bytes_read()) / bytes : 0)) return;
    }
    one_a_line_ = lines == blank_ + (header_ ? 1 : 0) + read;
    if (!suspect) return;
    CsvRows rows = open_rows();
    while (rows.next()) check_closed(rows);
  }

  std::optional<std::size_t> first_line() const override {
    if (!one_a_line_) return std::nullopt;
    return blank_ + (header_ ? 2 : 1);
  }

  std::string place(std::size_t row, std::size_t column) override {
    CsvRows rows = open_rows();
    for (std::size_t skip = row + (header_ ? 1 : 0); rows.next() && skip > 0; --skip) {
    }
    return fmt::format("{}:{}", path(), column < rows.values().size() ? rows.line(column) : rows.line(0));
  }

 private:
  CsvRows open_rows() {
    return CsvRows(
        [this, stream = bytes_.stream()](char* buffer, std::size_t size) {
          const auto got = stream->Read(static_cast<std::int64_t>(size), buffer);
          if (!got.ok()) bytes_.refuse_reading(got.status());
          return static_cast<std::size_t>(*got);
        },
        separator_, quote_);
  }

  // A first row with a byte 0 is no text, one that starts like UTF-16 is none we read.
  void check_text(const CsvRows& first) const {
    const std::string_view start = first.values()[0];
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
      throw FormatError(fmt::format("{}: UTF-16 text; save the file as UTF-8", path()));
    for (const std::string& value : first.values()) {
      if (value.find('\0') != std::string::npos) throw FormatError(fmt::format("{}: binary data, not text", path()));
      if (header_ && !is_utf8(value)) throw FormatError(fmt::format("{}:{}: {} is not UTF-8", path(), first.line(0), in_quotes(value)));
    }
  }

  void check_closed(const CsvRows& rows) const {
    if (!rows.unclosed()) return;
    const std::size_t last = rows.values().size() - 1;
    throw FormatError(
        fmt::format("{}:{}: a quote is opened and never closed: {}", path(), rows.line(last), in_quotes(rows.values()[last])));
  }

  // Arrow refused the file without a line: reads it again, slowly, for the first row that is wrong.
  [[noreturn]] void explain(const arrow::Status& status, const std::vector<std::size_t>& columns) {
    CsvRows rows = open_rows();
    if (header_) rows.next();
    while (rows.next()) {
      const std::size_t count = rows.values().size();
      check_closed(rows);
      if (count != names_.size()) {
        throw FormatError(fmt::format("{}:{}: {} {}, but there are {} columns", path(), rows.line(0), count,
                                      count == 1 ? "value" : "values", names_.size()));
      }
      for (const std::size_t column : columns) {
        const std::string& value = rows.values()[column];
        if (is_utf8(value)) continue;
        throw FormatError(
            fmt::format("{}:{}, column {}: {} is not UTF-8", path(), rows.line(column), in_quotes(names_[column]), in_quotes(value)));
      }
    }
    bytes_.refuse(status, "not readable as CSV");
  }

  std::optional<char> separator_;  // known once the first row has been read
  char quote_;
  bool header_;
  std::size_t blank_ = 0;    // lines before the first row, which Arrow would take for it
  bool one_a_line_ = false;  // every row
  std::size_t block_size_ = std::size_t{1} << 20U;
};

}  // namespace

std::unique_ptr<TableFile> open_csv_file(FileBytes bytes, const ReadOptions& options, std::optional<char> separator) {
  return std::make_unique<CsvFile>(std::move(bytes), options, separator);
}

}  // namespace oddshot::data
