#include "data/json_lines.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "data/cell.h"
#include "data/row_input.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

// The object with blanks around its names dropped.
nlohmann::json with_trimmed_names(nlohmann::json object, const std::string& place) {
  const auto untrimmed = [](const std::string& name) { return trimmed(name).size() != name.size(); };
  bool any = false;
  for (const auto& [name, value] : object.items()) any = any || untrimmed(name);
  if (!any) return object;
  nlohmann::json out = nlohmann::json::object();
  for (auto& [name, value] : object.items()) {
    const std::string own(trimmed(name));
    if (out.contains(own)) throw FormatError(fmt::format("{}: two members are called {}", place, in_quotes(own)));
    out[own] = std::move(value);
  }
  return out;
}

}  // namespace

JsonLines::JsonLines(std::string path, ReadBytes read, bool unended) : path_(std::move(path)), read_(std::move(read)), unended_(unended) {}

bool JsonLines::next() {
  while (true) {
    std::size_t end = buffer_.find('\n', scanned_);
    while (end == std::string::npos) {
      scanned_ = buffer_.size();
      buffer_.erase(0, at_);
      scanned_ -= at_;
      at_ = 0;
      if (buffer_.size() > kLongestRow) {
        throw FormatError(fmt::format("{}:{}: a line of more than {} MiB", path_, line_ + 1, kLongestRow >> 20U));
      }
      const std::size_t before = buffer_.size();
      buffer_.resize(before + kPiece);
      buffer_.resize(before + read_(buffer_.data() + before, kPiece));
      if (buffer_.size() == before) {
        if (before == 0 || !unended_) return false;
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

nlohmann::json JsonLines::object() const {
  const std::string place = fmt::format("{}:{}", path_, line_);
  if (!is_utf8(text_)) throw FormatError(fmt::format("{}: not UTF-8", place));
  const auto refuse = [&] {
    throw FormatError(fmt::format("{}: a line that is not an object; JSON lines are an object a line, {{\"column\": value, ...}}", place));
  };
  // JSON that is no JSON lines: a list of objects, or an object over several lines.
  if (text_.starts_with('[') || text_ == "{") refuse();
  nlohmann::json object = parse_json(text_, place);
  if (!object.is_object()) refuse();
  return with_trimmed_names(std::move(object), place);
}

void JsonLines::take_names(const nlohmann::json& object) {
  bool all_seen = true;
  for (const auto& [name, value] : object.items()) all_seen = all_seen && seen_.contains(name);
  if (all_seen) return;
  const auto ordered = nlohmann::ordered_json::parse(text_);  // the other kind sorts names
  for (const auto& [spelt, value] : ordered.items()) {
    const std::string name(trimmed(spelt));
    if (seen_.insert(name).second) names_.push_back(name);
  }
}

void append_member(arrow::StringBuilder& column, const nlohmann::json& object, const std::string& name, bool nested,
                   const std::string& path, std::size_t line) {
  const auto found = object.find(name);
  arrow::Status status;
  if (found == object.end() || found->is_null()) {
    status = column.AppendNull();
  } else if (found->is_structured() && !nested) {
    throw FormatError(fmt::format("{}:{}, column {}: {} is neither a number nor text", path, line, in_quotes(name),
                                  found->is_array() ? "a list" : "an object"));
  } else {
    status = column.Append(found->is_string() ? found->get_ref<const std::string&>() : found->dump());
  }
  if (!status.ok()) throw FormatError(fmt::format("{}:{}: {}", path, line, status.message()));
}

}  // namespace oddshot::data
