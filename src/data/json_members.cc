#include "data/json_members.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>

#include "data/cell.h"
#include "oddshot/base/error.h"

namespace oddshot::data {

using Json = nlohmann::json;

Members::Members(std::string_view what, const Json& object, std::string place, std::initializer_list<std::string_view> names)
    : what_(what), object_(object), place_(std::move(place)) {
  if (!object.is_object()) refuse("is not an object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(names.begin(), names.end(), key) == names.end()) refuse("has an unknown member " + in_quotes(key));
  }
}

const Json& Members::at(const char* name) const {
  const auto found = object_.find(name);
  if (found == object_.end()) refuse("lacks " + in_quotes(name));
  return *found;
}

const std::string& Members::text(const char* name) const {
  const Json& value = at(name);
  if (!value.is_string()) refuse_type(name, "a text");
  return value.get_ref<const std::string&>();
}

bool Members::flag(const char* name) const {
  const Json& value = at(name);
  if (!value.is_boolean()) refuse_type(name, "true or false");
  return value.get<bool>();
}

double Members::number(const char* name) const {
  const Json& value = at(name);
  if (!value.is_number()) refuse_type(name, "a number");
  return value.get<double>();
}

std::uint64_t Members::whole(const char* name) const {
  const Json& value = at(name);
  if (!value.is_number_unsigned()) refuse_type(name, "a whole number");
  return value.get<std::uint64_t>();
}

const Json& Members::list(const char* name) const {
  const Json& value = at(name);
  if (!value.is_array()) refuse_type(name, "a list");
  return value;
}

std::vector<std::string> Members::texts(const char* name) const {
  std::vector<std::string> out;
  std::unordered_set<std::string_view> seen;
  for (const Json& item : list(name)) {
    if (!item.is_string()) refuse_type(name, "a list of texts");
    const std::string& text = item.get_ref<const std::string&>();
    if (!seen.insert(text).second) refuse(fmt::format("has in {} twice {}", in_quotes(name), in_quotes(text)));
    out.push_back(text);
  }
  return out;
}

std::vector<std::uint32_t> Members::indices(const char* name) const {
  std::vector<std::uint32_t> out;
  for (const Json& item : list(name)) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      refuse_type(name, "a list of whole numbers");
    }
    const auto index = item.get<std::uint32_t>();
    if (!out.empty() && index <= out.back()) refuse_type(name, "in ascending order");
    out.push_back(index);
  }
  return out;
}

void Members::refuse(const std::string& words) const { throw FormatError(fmt::format("{}: {} {}", what_, place_, words)); }

void Members::refuse_type(const char* name, std::string_view wanted) const {
  throw FormatError(fmt::format("{}: {}: {} is not {}", what_, place_, in_quotes(name), wanted));
}

}  // namespace oddshot::data
