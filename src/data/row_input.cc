#include "data/row_input.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/arrow_values.h"
#include "data/cell.h"
#include "data/column_builder.h"
#include "data/file_bytes.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/data/reader.h"

namespace oddshot::data {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(100);

}  // namespace

GrowingInput::GrowingInput(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::function<bool()> pause)
    : path_(file->path()), file_(std::move(file)), follow_(options.follow), stop_(options.stop), pause_(std::move(pause)) {
  if (file_->number() == STDIN_FILENO || !file_->regular() || follow_) return;
  FileBytes bytes(path_, file_->there());  // refuses an empty file, and one that is called .gz and is none
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

SourceFile source_of(const std::string& path, std::size_t rows, std::size_t before, std::span<const std::size_t> lines) {
  SourceFile source{.path = path, .first_row = 0, .rows = rows, .counted_from = before + 1, .lines = !lines.empty()};
  for (std::size_t r = 1; r < lines.size(); ++r) source.lines = source.lines && lines[r] == lines[r - 1] + 1;
  if (source.lines) source.counted_from = lines.front();
  return source;
}

Table typed_rows(const arrow::RecordBatch& batch, const RowReadOptions& options, bool untyped, SourceFile source,
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
  table.sources.push_back(std::move(source));
  return table;
}

Guess guess_format(std::string_view start) {
  if (start.starts_with("PAR1")) return {.format = RowFormat::kParquet, .stream = false};
  if (start.starts_with("ARROW1")) return {.format = RowFormat::kArrow, .stream = false};
  if (start.starts_with("\xFF\xFF\xFF\xFF")) return {.format = RowFormat::kArrow, .stream = true};
  if (start.starts_with("\xEF\xBB\xBF")) start.remove_prefix(3);
  const std::size_t text = start.find_first_not_of(" \t\r\n");
  std::size_t brace = text;
  if (text != std::string_view::npos && start[text] == '[')
    brace = start.find_first_not_of(" \t\r\n", text + 1);  // to be refused as what it is
  const bool object = brace != std::string_view::npos && start[brace] == '{';
  return {.format = object ? RowFormat::kJsonLines : RowFormat::kCsv, .stream = false};
}

}  // namespace oddshot::data

namespace oddshot {
namespace {

using data::InputFile;

constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::size_t kLongestMark = 8;

// What the first bytes say, which are put back.
data::Guess guess(InputFile& file) {
  std::string start;
  char buffer[data::kTellingBytes];
  while (start.size() < sizeof(buffer)) {
    const std::size_t count = file.read(buffer, sizeof(buffer) - start.size());
    if (count == 0) break;
    start.append(buffer, count);
    if (start.size() >= kLongestMark) break;
    // Text may come slowly; only the marks of binary formats are waited for.
    if (start[0] != 'P' && start[0] != 'A' && start[0] != '\xFF' && start[0] != kGzip[0]) break;
  }
  if (start.starts_with(kGzip)) {
    throw FormatError(fmt::format("{}: gzip data, which is unpacked of whole files alone; unpack it first, as gzip -dc does", file.path()));
  }
  const data::Guess found = data::guess_format(start);
  file.unread(std::move(start));
  return found;
}

void check_options(const RowReadOptions& options) {
  if (options.rows_at_a_time == 0) throw ArgumentError("rows_at_a_time is 0; it must be 1 or more");
}

// By its first bytes, unpacked.
data::Guess guess(const data::FileBytes& bytes) {
  std::string start(data::kTellingBytes, 0);
  const auto stream = bytes.stream();
  const auto got = stream->Read(static_cast<std::int64_t>(start.size()), start.data());
  if (!got.ok()) bytes.refuse_reading(got.status());
  start.resize(static_cast<std::size_t>(*got));
  return data::guess_format(start);
}

bool is_text(RowFormat format) { return format == RowFormat::kCsv || format == RowFormat::kTsv || format == RowFormat::kJsonLines; }

// Rows of text, which are read as they come.
std::unique_ptr<RowReader> open_text(std::unique_ptr<InputFile> file, RowFormat format, const RowReadOptions& options) {
  if (format == RowFormat::kJsonLines) return data::open_json_lines(std::move(file), options);
  return data::open_csv_rows(std::move(file), options, format == RowFormat::kTsv ? std::optional('\t') : std::nullopt);
}

}  // namespace

std::unique_ptr<RowReader> open_rows(const std::string& path, const RowReadOptions& options) {
  check_options(options);
  auto file = std::make_unique<InputFile>(path);
  std::optional<RowFormat> wanted = options.format;
  if (!wanted) wanted = row_format_of(path);
  const bool whole_file = path != "-" && file->regular() && !options.follow;
  if (!wanted && path != "-" && file->regular()) {
    throw ArgumentError(
        fmt::format("{}: the ending does not tell the format; name it, or end the name in .csv, .tsv, .jsonl, .parquet or .arrow", path));
  }
  data::Guess kind;
  if (!whole_file) kind = guess(*file);
  const RowFormat format = wanted.value_or(kind.format);
  if (is_text(format)) return open_text(std::move(file), format, options);
  if (options.follow) throw ArgumentError(fmt::format("{}: only CSV and JSON lines can be followed", file->path()));
  if (kind.stream && format == RowFormat::kArrow) return data::open_arrow_stream(std::move(file), options);
  if (whole_file) return data::open_column_rows(data::FileBytes(path), format, options);
  const data::ReadBytes rest = [&](char* buffer, std::size_t size) { return file->read(buffer, size); };
  return data::open_column_rows(data::FileBytes(file->path(), rest), format, options);
}

struct RowSource::Aside {
  data::FileBytes bytes;
  std::optional<RowFormat> named;  // by the ending of the path
};

RowSource::RowSource(std::string path) : path_(std::move(path)) {
  InputFile file(path_);
  if (path_ != "-" && file.regular()) return;
  const data::ReadBytes rest = [&](char* buffer, std::size_t size) { return file.read(buffer, size); };
  aside_ = std::make_unique<const Aside>(Aside{data::FileBytes(file.path(), rest), row_format_of(path_)});
}

RowSource::~RowSource() = default;

std::unique_ptr<RowReader> RowSource::open(const RowReadOptions& options) const {
  if (!aside_) return open_rows(path_, options);
  check_options(options);
  const data::FileBytes& bytes = aside_->bytes;
  if (options.follow) throw ArgumentError(fmt::format("{}: what was put aside cannot be followed", bytes.path()));
  const data::Guess kind = guess(bytes);
  const RowFormat format = options.format ? *options.format : aside_->named.value_or(kind.format);
  if (is_text(format)) return open_text(std::make_unique<InputFile>(bytes.path(), bytes.there()), format, options);
  if (kind.stream && format == RowFormat::kArrow) return data::open_arrow_stream(bytes, options);
  return data::open_column_rows(bytes, format, options);
}

void require_columns(const RowReader& reader, const RowReadOptions& options, std::string_view path, std::string_view whose) {
  if (reader.format() == RowFormat::kJsonLines) return;
  const std::vector<std::string>& names = reader.names();
  for (const auto* list : {&options.numeric, &options.category, &options.inferred}) {
    for (const std::string& name : *list) {
      if (std::ranges::find(names, name) != names.end()) continue;
      const auto near = nearest(name, std::span<const std::string>(names));
      throw FormatError(fmt::format("{}: column {} is missing, which {} needs{}", path == "-" ? "standard input" : path,
                                    data::in_quotes(name), whose, near ? fmt::format("; did you mean {}?", data::in_quotes(*near)) : ""));
    }
  }
}

}  // namespace oddshot
