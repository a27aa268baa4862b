#include "data/strict_json.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "data/cell.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

constexpr int kDeepest = 8;

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& where) {
  if (text.find('\0') != std::string_view::npos) throw FormatError(fmt::format("{}: a zero byte within JSON", where));
  std::vector<std::set<std::string>> fields;  // met so far, one set for each open object
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (depth > kDeepest) throw FormatError(fmt::format("{}: JSON of more than {} levels", where, kDeepest));
    if (event == nlohmann::json::parse_event_t::object_start) fields.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) fields.pop_back();
    if (event == nlohmann::json::parse_event_t::key && !fields.back().insert(parsed.get<std::string>()).second) {
      throw FormatError(fmt::format("{}: {} occurs twice", where, in_quotes(parsed.get_ref<const std::string&>())));
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), check);
  } catch (const nlohmann::json::parse_error& error) {
    throw FormatError(fmt::format("{}: not valid JSON at its byte {}", where, error.byte));
  } catch (const nlohmann::json::out_of_range&) {
    throw FormatError(fmt::format("{}: a number beyond the range of numbers", where));
  }
}

}  // namespace oddshot::data
