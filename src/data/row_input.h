// Bytes of a stream of rows, and what is typed of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/file_bytes.h"
#include "data/input_file.h"
#include "oddshot/data/row_stream.h"
#include "oddshot/data/table.h"

namespace arrow {
class RecordBatch;
namespace io {
class InputStream;
}
}  // namespace arrow

namespace oddshot::data {

// Bytes for a reader of lines that wants to know of pauses, and of the end of a file that grows.
class GrowingInput {
 public:
  // pause(): called before waiting; false ends the input. Regular files that are not followed may be gzipped.
  GrowingInput(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::function<bool()> pause);
  ~GrowingInput();
  GrowingInput(const GrowingInput&) = delete;
  GrowingInput& operator=(const GrowingInput&) = delete;

  const std::string& path() const { return path_; }
  std::size_t read(char* buffer, std::size_t size);
  // The last byte that was read; a newline if there was none.
  char last() const { return last_; }
  // Bytes read so far.
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t read_some(char* buffer, std::size_t size);

  std::string path_;
  std::unique_ptr<InputFile> file_;
  std::shared_ptr<arrow::io::InputStream> unpacked_;  // of a gzipped file; Arrow hands out nothing else
  std::function<std::size_t(char*, std::size_t)> read_unpacked_;
  bool follow_;
  std::function<bool()> stop_;
  std::function<bool()> pause_;
  char last_ = '\n';
  std::size_t bytes_ = 0;
};

// What the first bytes of an input say it is.
struct Guess {
  RowFormat format = RowFormat::kCsv;
  bool stream = false;  // Arrow's format for streams
};
inline constexpr std::size_t kTellingBytes = 64;
Guess guess_format(std::string_view start);

// A row may not be longer: a quote that is never closed would take the rest of an endless stream into memory.
inline constexpr std::size_t kLongestRow = std::size_t{64} << 20U;

// Where the rows of a batch come from, `before` rows into `path`. lines: of text, the line of each; where not every row is the next line,
// rows are counted.
SourceFile source_of(const std::string& path, std::size_t rows, std::size_t before, std::span<const std::size_t> lines = {});

// The columns of the batch that were asked for and are there, typed. place(row) says where a row stands. untyped: text is a number if it
// looks like one. Throws FormatError.
Table typed_rows(const arrow::RecordBatch& batch, const RowReadOptions& options, bool untyped, SourceFile source,
                 const std::function<std::string(std::size_t row)>& place);

std::unique_ptr<RowReader> open_csv_rows(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::optional<char> separator);
std::unique_ptr<RowReader> open_json_lines(std::unique_ptr<InputFile> file, const RowReadOptions& options);
// Of a file, Parquet or Arrow.
std::unique_ptr<RowReader> open_column_rows(FileBytes bytes, RowFormat format, const RowReadOptions& options);
// Of an Arrow IPC stream that cannot be read twice.
std::unique_ptr<RowReader> open_arrow_stream(std::unique_ptr<InputFile> file, const RowReadOptions& options);
// Of a file that is there to be read again, gzipped or not; it must live on.
std::unique_ptr<RowReader> open_arrow_stream(const FileBytes& bytes, const RowReadOptions& options);

}  // namespace oddshot::data
