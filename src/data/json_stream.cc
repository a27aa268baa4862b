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
#include "data/cell.h"
#include "data/row_input.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

class JsonLinesReader final : public RowReader {
 public:
  JsonLinesReader(std::unique_ptr<InputFile> file, const RowReadOptions& options)
      : options_(options), input_(std::move(file), options, [this] { return options_.whole || hand_on(); }) {
    if (!next_line()) throw FormatError(fmt::format("{}: the file is empty", input_.path()));
    parse(text_);  // throws if it is none
    const auto first = nlohmann::ordered_json::parse(text_);
    for (const auto& [name, value] : first.items()) names_.push_back(name);
  }

  RowFormat format() const override { return RowFormat::kJsonLines; }
  const std::vector<std::string>& names() const override { return names_; }

  void read(const std::function<bool(const RowBatch&)>& take) override {
    take_ = &take;
    do {
      objects_.push_back(parse(text_));
      texts_.push_back(text_);
      lines_.push_back(line_);
      if (!options_.whole && lines_.size() == options_.rows_at_a_time) hand_on();
    } while (!ended_ && next_line());
    hand_on();
  }

 private:
  // The next line that is not blank.
  bool next_line() {
    while (true) {
      std::size_t end = buffer_.find('\n', scanned_);
      while (end == std::string::npos) {
        scanned_ = buffer_.size();
        buffer_.erase(0, at_);
        scanned_ -= at_;
        at_ = 0;
        if (buffer_.size() > kLongestRow) {
          throw FormatError(fmt::format("{}:{}: a line of more than {} MiB", input_.path(), line_ + 1, kLongestRow >> 20U));
        }
        const std::size_t before = buffer_.size();
        buffer_.resize(before + kPiece);
        buffer_.resize(before + input_.read(buffer_.data() + before, kPiece));
        if (buffer_.size() == before) {
          if (before == 0 || options_.follow) return false;
          buffer_ += '\n';
        }
        end = buffer_.find('\n', scanned_);
      }
      std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
      if (line_ == 0 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
      ++line_;
      at_ = scanned_ = end + 1;
      const std::size_t begin = line.find_first_not_of(" \t\r");
      if (begin == std::string_view::npos) continue;
      text_ = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
      return true;
    }
  }

  std::string place() const { return fmt::format("{}:{}", input_.path(), line_); }

  nlohmann::json parse(const std::string& text) const {
    if (!is_utf8(text)) throw FormatError(fmt::format("{}: not UTF-8", place()));
    nlohmann::json object = parse_json(text, place());
    if (!object.is_object()) throw FormatError(fmt::format("{}: a line that is not an object", place()));
    return object;
  }

  void append(arrow::StringBuilder& column, const nlohmann::json& object, const std::string& name, std::size_t line) const {
    const auto found = object.find(name);
    arrow::Status status;
    if (found == object.end() || found->is_null()) {
      status = column.AppendNull();
    } else if (found->is_structured()) {
      throw FormatError(fmt::format("{}:{}, column {}: {} is neither a number nor text", input_.path(), line, in_quotes(name),
                                    found->is_array() ? "a list" : "an object"));
    } else {
      status = column.Append(found->is_string() ? found->get_ref<const std::string&>() : found->dump());
    }
    if (!status.ok()) throw FormatError(fmt::format("{}: {}", input_.path(), status.message()));
  }

  bool hand_on() {
    if (lines_.empty() || take_ == nullptr) return !ended_;
    if (!wanted_known_) {  // a column that is asked for may come later than in the first object, but not later than in the first batch
      wanted_known_ = true;
      columns_ = names_;
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
      for (std::size_t r = 0; r < objects_.size(); ++r) append(column, objects_[r], name, lines_[r]);
      fields.push_back(arrow::field(name, arrow::utf8()));
      const arrow::Status status = column.Finish(&arrays.emplace_back());
      if (!status.ok()) throw FormatError(fmt::format("{}: {}", input_.path(), status.message()));
    }
    auto carried = std::make_shared<CarriedRows>();
    carried->batch = arrow::RecordBatch::Make(arrow::schema(fields), static_cast<std::int64_t>(lines_.size()), std::move(arrays));
    carried->lines = std::move(texts_);
    RowBatch batch;
    batch.rows = lines_.size();
    batch.typed = typed_rows(*carried->batch, options_, true, input_.path(),
                             [&](std::size_t row) { return fmt::format("{}:{}", input_.path(), lines_[row]); });
    batch.carried = std::move(carried);
    lines_.clear();
    texts_.clear();
    objects_.clear();
    if (!(*take_)(batch)) ended_ = true;
    return !ended_;
  }

  static constexpr std::size_t kPiece = std::size_t{1} << 16U;

  RowReadOptions options_;
  const std::function<bool(const RowBatch&)>* take_ = nullptr;
  bool ended_ = false;
  bool wanted_known_ = false;
  std::vector<std::string> names_;
  std::vector<std::string> columns_;  // names_ and those asked for
  std::vector<nlohmann::json> objects_;
  std::vector<std::string> texts_;
  std::vector<std::size_t> lines_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // up to where there is no line end after at_
  std::size_t line_ = 0;
  std::string text_;
  GrowingInput input_;
};

}  // namespace

std::unique_ptr<RowReader> open_json_lines(std::unique_ptr<InputFile> file, const RowReadOptions& options) {
  return std::make_unique<JsonLinesReader>(std::move(file), options);
}

}  // namespace oddshot::data
