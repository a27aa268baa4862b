// Rows of JSON lines as they come: an object a line.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "data/carried_rows.h"
#include "data/json_lines.h"
#include "data/row_input.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

class JsonLinesReader final : public RowReader {
 public:
  JsonLinesReader(std::unique_ptr<InputFile> file, const RowReadOptions& options)
      : options_(options),
        input_(std::move(file), options, [this] { return options_.whole || hand_on(); }),
        lines_in_(input_.path(), [this](char* buffer, std::size_t size) { return input_.read(buffer, size); }, !options.follow) {
    if (!lines_in_.next()) throw FormatError(fmt::format("{}: the file is empty", input_.path()));
    lines_in_.take_names(lines_in_.object());
  }

  RowFormat format() const override { return RowFormat::kJsonLines; }
  const std::vector<std::string>& names() const override { return lines_in_.names(); }

  void read(const std::function<bool(const RowBatch&)>& take) override {
    take_ = &take;
    do {
      objects_.push_back(lines_in_.object());
      texts_.push_back(lines_in_.text());
      lines_.push_back(lines_in_.line());
      if (!options_.whole && lines_.size() == options_.rows_at_a_time) hand_on();
    } while (!ended_ && lines_in_.next());
    hand_on();
  }

 private:
  // Whether somebody wants to know what the values are, and not only how they are spelt.
  bool typed(const std::string& name) const {
    const auto in = [&](const std::vector<std::string>& list) { return std::ranges::find(list, name) != list.end(); };
    return in(options_.numeric) || in(options_.category) || in(options_.inferred);
  }

  bool hand_on() {
    if (lines_.empty() || take_ == nullptr) return !ended_;
    if (!wanted_known_) {  // a column that is asked for may come later than in the first object, but not later than in the first batch
      wanted_known_ = true;
      columns_ = names();
      for (const auto* list : {&options_.numeric, &options_.category}) {
        for (const std::string& name : *list) {
          const bool there = std::ranges::any_of(objects_, [&](const auto& object) { return object.contains(name); });
          if (there && std::ranges::find(columns_, name) == columns_.end()) columns_.push_back(name);
        }
      }
    }
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const std::string& name : columns_) {
      arrow::StringBuilder column;
      const bool nested = !typed(name);
      for (std::size_t r = 0; r < objects_.size(); ++r) {
        append_member(column, objects_[r], name, nested, input_.path(), lines_[r]);
      }
      fields.push_back(arrow::field(name, arrow::utf8()));
      const arrow::Status status = column.Finish(&arrays.emplace_back());
      if (!status.ok()) throw FormatError(fmt::format("{}: {}", input_.path(), status.message()));
    }
    auto carried = std::make_shared<CarriedRows>();
    carried->batch = arrow::RecordBatch::Make(arrow::schema(fields), static_cast<std::int64_t>(lines_.size()), std::move(arrays));
    carried->lines = std::move(texts_);
    RowBatch batch;
    batch.rows = lines_.size();
    batch.typed = typed_rows(*carried->batch, options_, true, source_of(input_.path(), batch.rows, handed_on_, lines_),
                             [&](std::size_t row) { return fmt::format("{}:{}", input_.path(), lines_[row]); });
    batch.carried = std::move(carried);
    handed_on_ += batch.rows;
    lines_.clear();
    texts_.clear();
    objects_.clear();
    if (!(*take_)(batch)) ended_ = true;
    return !ended_;
  }

  RowReadOptions options_;
  const std::function<bool(const RowBatch&)>* take_ = nullptr;
  bool ended_ = false;
  bool wanted_known_ = false;
  std::vector<std::string> columns_;  // names() and those asked for
  std::vector<nlohmann::json> objects_;
  std::vector<std::string> texts_;
  std::vector<std::size_t> lines_;
  std::size_t handed_on_ = 0;  // rows before them
  GrowingInput input_;
  JsonLines lines_in_;
};

}  // namespace

std::unique_ptr<RowReader> open_json_lines(std::unique_ptr<InputFile> file, const RowReadOptions& options) {
  return std::make_unique<JsonLinesReader>(std::move(file), options);
}

}  // namespace oddshot::data
