// JSON lines as a file that is read from its start as often as needed.
#include <memory>
#include <optional>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "data/json_lines.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

constexpr std::int64_t kRowsAtATime = 8192;

class JsonFile : public TableFile {
 public:
  explicit JsonFile(FileBytes bytes) : TableFile(std::move(bytes)) {
    JsonLines lines = open_lines();
    if (!lines.next()) throw FormatError(fmt::format("{}: the file is empty", path()));
    do lines.take_names(lines.object());
    while (lines.next());
    names_ = lines.names();
    if (names_.empty()) throw FormatError(fmt::format("{}: objects without members, so no columns", path()));
  }

  bool untyped() const override { return true; }

  void read(const std::vector<std::size_t>& columns, const TakeBatch& take) override {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const std::size_t column : columns) fields.push_back(arrow::field(names_[column], arrow::utf8()));
    const auto schema = arrow::schema(std::move(fields));
    std::vector<arrow::StringBuilder> values(columns.size());
    std::int64_t rows = 0;
    const auto hand_on_rows = [&] {
      std::vector<std::shared_ptr<arrow::Array>> arrays(columns.size());
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const arrow::Status status = values[c].Finish(&arrays[c]);
        if (!status.ok()) bytes_.refuse(status, "not readable as JSON lines");
      }
      return hand_on(*arrow::RecordBatch::Make(schema, std::exchange(rows, 0), std::move(arrays)), take);
    };
    JsonLines lines = open_lines();
    std::size_t read = 0;
    one_a_line_ = true;
    while (lines.next()) {
      one_a_line_ = one_a_line_ && lines.line() == ++read;
      const nlohmann::json object = lines.object();
      for (std::size_t c = 0; c < columns.size(); ++c) append_member(values[c], object, names_[columns[c]], false, path(), lines.line());
      if (++rows == kRowsAtATime && !hand_on_rows()) return;
    }
    if (rows > 0) hand_on_rows();
  }

  std::optional<std::size_t> first_line() const override { return one_a_line_ ? std::optional<std::size_t>(1) : std::nullopt; }

  std::string place(std::size_t row, std::size_t /*column*/) override {
    JsonLines lines = open_lines();
    for (std::size_t skip = row; lines.next() && skip > 0; --skip) {
    }
    return fmt::format("{}:{}", path(), lines.line());
  }

 private:
  JsonLines open_lines() {
    return {path(),
            [this, stream = bytes_.stream()](char* buffer, std::size_t size) {
              const auto got = stream->Read(static_cast<std::int64_t>(size), buffer);
              if (!got.ok()) bytes_.refuse_reading(got.status());
              return static_cast<std::size_t>(*got);
            },
            true};
  }

  bool one_a_line_ = false;  // every row
};

}  // namespace

std::unique_ptr<TableFile> open_json_file(FileBytes bytes) { return std::make_unique<JsonFile>(std::move(bytes)); }

}  // namespace oddshot::data
