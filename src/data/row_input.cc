#include "data/row_input.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/arrow_values.h"
#include "data/cell.h"
#include "data/column_builder.h"
#include "data/file_bytes.h"
#include "oddshot/base/error.h"
#include "oddshot/data/reader.h"

namespace oddshot::data {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(100);

[[noreturn]] void fail(const std::string& path, int error) {
  throw IoError(fmt::format("{}: {}", path, error == ENOENT ? "no such file" : std::generic_category().message(error)));
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path == "-" ? "standard input" : path) {
  number_ = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number_ < 0) fail(path_, errno);
  struct stat status{};
  if (::fstat(number_, &status) != 0) fail(path_, errno);
  if (S_ISDIR(status.st_mode)) throw IoError(fmt::format("{}: a folder, not a file", path_));
  regular_ = S_ISREG(status.st_mode);
}

InputFile::~InputFile() {
  if (number_ > STDIN_FILENO) ::close(number_);
}

bool InputFile::ready() const {
  if (!ahead_.empty() || regular_) return true;
  pollfd wanted{.fd = number_, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

std::size_t InputFile::read(char* buffer, std::size_t size) {
  if (!ahead_.empty()) {
    const std::size_t count = ahead_.copy(buffer, size);
    ahead_.erase(0, count);
    return count;
  }
  for (;;) {
    const ssize_t count = ::read(number_, buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) fail(path_, errno);
  }
}

GrowingInput::GrowingInput(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::function<bool()> pause)
    : path_(file->path()), file_(std::move(file)), follow_(options.follow), stop_(options.stop), pause_(std::move(pause)) {
  if (file_->number() == STDIN_FILENO || !file_->regular() || follow_) return;
  FileBytes bytes(path_);  // refuses an empty file, and one that is called .gz and is none
  unpacked_ = bytes.stream();
  read_unpacked_ = [bytes, stream = unpacked_](char* buffer, std::size_t size) {
    const auto got = stream->Read(static_cast<std::int64_t>(size), buffer);
    if (!got.ok()) bytes.refuse_reading(got.status());
    return static_cast<std::size_t>(*got);
  };
}

GrowingInput::~GrowingInput() = default;

std::size_t GrowingInput::read_some(char* buffer, std::size_t size) {
  if (read_unpacked_) return read_unpacked_(buffer, size);
  if (!file_->ready() && !pause_()) return 0;
  while (true) {
    if (!file_->regular() && stop_) {  // a wait that can be ended
      while (!file_->ready()) {
        if (stop_()) return 0;
        std::this_thread::sleep_for(kLookAgain);
      }
    }
    if (const std::size_t count = file_->read(buffer, size); count > 0) return count;
    // The end of a pipe is that nobody writes to it any more.
    if (!follow_ || !file_->regular() || !pause_() || (stop_ && stop_())) return 0;
    struct stat status{};
    if (file_->regular() && ::fstat(file_->number(), &status) == 0 && status.st_size < ::lseek(file_->number(), 0, SEEK_CUR)) {
      throw IoError(fmt::format("{}: it was made shorter while it was followed", path_));
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::size_t GrowingInput::read(char* buffer, std::size_t size) {
  const std::size_t count = read_some(buffer, size);
  if (count > 0) last_ = buffer[count - 1];
  bytes_ += count;
  return count;
}

Table typed_rows(const arrow::RecordBatch& batch, const RowReadOptions& options, bool untyped, const std::string& path,
                 const std::function<std::string(std::size_t row)>& place) {
  static const MissingSpellings missing(ReadOptions().missing);
  Table table;
  const auto add = [&](const std::string& name, ColumnBuilder::Wish wish) {
    const auto& fields = batch.schema()->fields();
    const auto found = std::ranges::find_if(fields, [&](const auto& field) { return trimmed(field->name()) == name; });
    if (found == fields.end()) return;
    const auto& values = *batch.column(static_cast<int>(found - fields.begin()));
    const auto built = [&](ColumnBuilder::Wish as) {
      auto made = std::make_unique<ColumnBuilder>(name, as, missing);
      append(*made, values, untyped);
      return made;
    };
    auto builder = built(wish);
    if (builder->late_text()) builder = built(ColumnBuilder::Wish::kCategory);
    if (const auto& offence = builder->offence()) {
      throw FormatError(fmt::format("{}, column {}: {}", place(offence->row), in_quotes(name), offence->reason));
    }
    table.columns.push_back(std::move(*builder).finish());
  };
  for (const std::string& name : options.numeric) add(name, ColumnBuilder::Wish::kNumeric);
  for (const std::string& name : options.category) add(name, ColumnBuilder::Wish::kCategory);
  for (const std::string& name : options.inferred) add(name, ColumnBuilder::Wish::kInfer);
  table.sources = {{path, 0, static_cast<std::size_t>(batch.num_rows())}};
  return table;
}

}  // namespace oddshot::data

namespace oddshot {
namespace {

using data::InputFile;

// What the first bytes of a stream say it is, with the bytes put back.
struct Guess {
  RowFormat format;
  bool stream;  // Arrow's format for streams
};

Guess guess(InputFile& file) {
  std::string start;
  char buffer[8];
  while (start.size() < sizeof(buffer)) {
    const std::size_t count = file.read(buffer, sizeof(buffer) - start.size());
    if (count == 0) break;
    start.append(buffer, count);
    // Text may come slowly; only the marks of binary formats are waited for.
    if (start[0] != 'P' && start[0] != 'A' && start[0] != '\xFF') break;
  }
  const std::size_t text = start.find_first_not_of(" \t\r\n");
  Guess found{.format = RowFormat::kCsv, .stream = false};
  if (start.starts_with("PAR1")) {
    found.format = RowFormat::kParquet;
  } else if (start.starts_with("ARROW1")) {
    found.format = RowFormat::kArrow;
  } else if (start.starts_with("\xFF\xFF\xFF\xFF")) {
    found = {.format = RowFormat::kArrow, .stream = true};
  } else if (text != std::string::npos && start[text] == '{') {
    found.format = RowFormat::kJsonLines;
  }
  file.unread(std::move(start));
  return found;
}

// The rest of the input as a file without a name, which is gone when it is closed.
std::unique_ptr<InputFile> put_aside(InputFile& file) {
  std::FILE* aside = std::tmpfile();
  if (aside == nullptr) throw IoError(fmt::format("no temporary file can be made: {}", std::generic_category().message(errno)));
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (const std::size_t count = file.read(buffer.data(), buffer.size())) {
    if (std::fwrite(buffer.data(), 1, count, aside) != count) {
      std::fclose(aside);
      throw IoError(fmt::format("a temporary file cannot be written: {}", std::generic_category().message(errno)));
    }
  }
  std::fflush(aside);
  const std::string path = fmt::format("/proc/self/fd/{}", ::fileno(aside));
  auto again = std::make_unique<InputFile>(path);  // opened anew, so that it outlives the other
  std::fclose(aside);
  return again;
}

}  // namespace

std::unique_ptr<RowReader> open_rows(const std::string& path, const RowReadOptions& options) {
  if (options.rows_at_a_time == 0) throw ArgumentError("rows_at_a_time is 0; it must be 1 or more");
  auto file = std::make_unique<InputFile>(path);
  Guess kind{.format = RowFormat::kCsv, .stream = false};
  std::optional<RowFormat> wanted = options.format;
  if (!wanted) wanted = row_format_of(path);
  if (!wanted || (*wanted == RowFormat::kArrow && !file->regular())) {
    if (path != "-" && !wanted && file->regular()) {
      throw ArgumentError(
          fmt::format("{}: the ending does not tell the format; name it, or end the name in .csv, .tsv, .jsonl, .parquet or .arrow", path));
    }
    kind = guess(*file);
  }
  if (wanted) kind.format = *wanted;
  switch (kind.format) {
    case RowFormat::kCsv:
      return data::open_csv_rows(std::move(file), options, ',');
    case RowFormat::kTsv:
      return data::open_csv_rows(std::move(file), options, '\t');
    case RowFormat::kJsonLines:
      return data::open_json_lines(std::move(file), options);
    default:
      break;
  }
  if (options.follow) throw ArgumentError(fmt::format("{}: only CSV and JSON lines can be followed", file->path()));
  if (kind.stream) return data::open_arrow_stream(std::move(file), options);
  if (file->regular() && path != "-") return data::open_column_rows(path, path, kind.format, options, nullptr);
  const std::string shown = file->path();
  auto aside = put_aside(*file);
  const std::string there = fmt::format("/proc/self/fd/{}", aside->number());
  return data::open_column_rows(there, shown, kind.format, options, std::move(aside));
}

}  // namespace oddshot
