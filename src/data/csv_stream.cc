// Rows of CSV as they come.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "data/carried_rows.h"
#include "data/cell.h"
#include "data/csv_rows.h"
#include "data/row_input.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

class CsvRowReader final : public RowReader {
 public:
  CsvRowReader(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::optional<char> separator)
      : options_(options),
        input_(std::move(file), options, [this] { return options_.whole || hand_on(); }),
        rows_([this](char* buffer, std::size_t size) { return take_bytes(buffer, size); }, separator, '"') {
    if (!rows_.next()) throw FormatError(fmt::format("{}: the file is empty", input_.path()));
    check_text();
    for (const std::string& name : rows_.values()) names_.emplace_back(trimmed(name));
    for (auto name = names_.begin(); name != names_.end(); ++name) {
      if (name->empty()) throw FormatError(fmt::format("{}: column {} has no name", input_.path(), name - names_.begin() + 1));
      if (std::find(names_.begin(), name, *name) != name) {
        throw FormatError(fmt::format("{}: two columns are called {}", input_.path(), in_quotes(*name)));
      }
      fields_.push_back(arrow::field(*name, arrow::utf8()));
    }
    columns_.resize(names_.size());
    row_start_ = rows_.bytes();
  }

  RowFormat format() const override { return separator() == '\t' ? RowFormat::kTsv : RowFormat::kCsv; }
  char separator() const override { return rows_.separator(); }
  const std::vector<std::string>& names() const override { return names_; }

  void read(const std::function<bool(const RowBatch&)>& take) override {
    take_ = &take;
    while (!ended_ && rows_.next()) {
      if (rows_.unclosed() && !options_.follow) {
        const std::size_t last = rows_.values().size() - 1;
        throw FormatError(
            fmt::format("{}:{}: a quote is opened and never closed: {}", input_.path(), rows_.line(last), in_quotes(rows_.values()[last])));
      }
      if (options_.follow && ended_input_ && input_.last() != '\n' && input_.last() != '\r') break;  // a line without its end
      add_row();
      row_start_ = rows_.bytes();
      if (!options_.whole && lines_.size() == options_.rows_at_a_time) hand_on();
    }
    hand_on();
  }

 private:
  std::size_t take_bytes(char* buffer, std::size_t size) {
    if (input_.bytes() - row_start_ > kLongestRow) {
      throw FormatError(fmt::format("{}: a row of more than {} MiB; is a quote never closed?", input_.path(), kLongestRow >> 20U));
    }
    const std::size_t count = input_.read(buffer, size);
    ended_input_ = count == 0;
    return count;
  }

  void check_text() const {
    const std::string_view start = rows_.values()[0];
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
      throw FormatError(fmt::format("{}: UTF-16 text; save the file as UTF-8", input_.path()));
    }
    for (const std::string& value : rows_.values()) {
      if (value.find('\0') != std::string::npos) throw FormatError(fmt::format("{}: binary data, not text", input_.path()));
      if (!is_utf8(value)) throw FormatError(fmt::format("{}:{}: {} is not UTF-8", input_.path(), rows_.line(0), in_quotes(value)));
    }
  }

  void add_row() {
    const std::vector<std::string>& values = rows_.values();
    if (values.size() != names_.size()) {
      throw FormatError(fmt::format("{}:{}: {} {}, but there are {} columns", input_.path(), rows_.line(0), values.size(),
                                    values.size() == 1 ? "value" : "values", names_.size()));
    }
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (!is_utf8(values[c])) {
        throw FormatError(
            fmt::format("{}:{}, column {}: {} is not UTF-8", input_.path(), rows_.line(c), in_quotes(names_[c]), in_quotes(values[c])));
      }
      check(columns_[c].Append(values[c]));
    }
    lines_.push_back(rows_.line(0));
  }

  void check(const arrow::Status& status) const {
    if (!status.ok()) throw FormatError(fmt::format("{}: {}", input_.path(), status.message()));
  }

  // False if nobody wants more.
  bool hand_on() {
    if (lines_.empty() || take_ == nullptr) return !ended_;
    std::vector<std::shared_ptr<arrow::Array>> arrays(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) check(columns_[c].Finish(&arrays[c]));
    auto carried = std::make_shared<CarriedRows>();
    carried->batch = arrow::RecordBatch::Make(arrow::schema(fields_), static_cast<std::int64_t>(lines_.size()), std::move(arrays));
    RowBatch batch;
    batch.rows = lines_.size();
    batch.typed = typed_rows(*carried->batch, options_, true, source_of(input_.path(), batch.rows, handed_on_, lines_),
                             [&](std::size_t row) { return fmt::format("{}:{}", input_.path(), lines_[row]); });
    batch.carried = std::move(carried);
    handed_on_ += batch.rows;
    lines_.clear();
    if (!(*take_)(batch)) ended_ = true;
    return !ended_;
  }

  RowReadOptions options_;
  const std::function<bool(const RowBatch&)>* take_ = nullptr;
  bool ended_ = false;        // nobody wants more
  bool ended_input_ = false;  // there are no more bytes
  std::size_t row_start_ = 0;
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<arrow::Field>> fields_;
  std::vector<arrow::StringBuilder> columns_;
  std::vector<std::size_t> lines_;  // of the rows that wait to be handed on
  std::size_t handed_on_ = 0;       // rows before them
  GrowingInput input_;
  CsvRows rows_;
};

}  // namespace

std::unique_ptr<RowReader> open_csv_rows(std::unique_ptr<InputFile> file, const RowReadOptions& options, std::optional<char> separator) {
  return std::make_unique<CsvRowReader>(std::move(file), options, separator);
}

}  // namespace oddshot::data
