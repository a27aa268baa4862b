#include "model_io/json_object.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "data/cell.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using data::in_quotes;

// A value as it stands in the text, short. Lists and objects are named only: printing them would recurse.
std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return value.is_string() ? in_quotes(value.get_ref<const std::string&>()) : value.dump();
}

}  // namespace

JsonObject::JsonObject(std::string_view text, std::string where) : where_(std::move(where)), json_(data::parse_json(text, where_)) {
  if (!json_.is_object()) refuse(fmt::format("{} where an object belongs", shown(json_)));
}

void JsonObject::refuse(const std::string& what) const { throw FormatError(fmt::format("{}: {}", where_, what)); }

void JsonObject::wrong(const char* field, const nlohmann::json& value, const char* wanted) const {
  refuse(fmt::format("{}: {} where {} belongs", field, shown(value), wanted));
}

const nlohmann::json& JsonObject::take(const char* field) {
  const auto found = json_.find(field);
  if (found == json_.end()) refuse(fmt::format("{} is missing", field));
  taken_.insert(field);
  return *found;
}

std::string JsonObject::text(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_string()) wrong(field, value, "text");
  return value.get<std::string>();
}

bool JsonObject::flag(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_boolean()) wrong(field, value, "true or false");
  return value.get<bool>();
}

std::uint64_t JsonObject::whole(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_number_unsigned()) wrong(field, value, "a whole number from 0 to 2^64 - 1");
  return value.get<std::uint64_t>();
}

double JsonObject::number(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_number()) wrong(field, value, "a number");
  return value.get<double>();
}

float JsonObject::number32(const char* field) {
  const double value = number(field);
  if (std::abs(value) > double{std::numeric_limits<float>::max()}) refuse(fmt::format("{}: {} is too large", field, value));
  return static_cast<float>(value);
}

std::vector<double> JsonObject::numbers(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_array()) wrong(field, value, "a list of numbers");
  for (const nlohmann::json& item : value) {
    if (!item.is_number()) wrong(field, item, "a number");
  }
  return value.get<std::vector<double>>();
}

std::vector<std::uint64_t> JsonObject::wholes(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_array()) wrong(field, value, "a list of whole numbers");
  for (const nlohmann::json& item : value) {
    if (!item.is_number_unsigned()) wrong(field, item, "a whole number from 0 to 2^64 - 1");
  }
  return value.get<std::vector<std::uint64_t>>();
}

std::vector<std::string> JsonObject::texts(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_array()) wrong(field, value, "a list of texts");
  for (const nlohmann::json& item : value) {
    if (!item.is_string()) wrong(field, item, "text");
  }
  return value.get<std::vector<std::string>>();
}

std::optional<double> JsonObject::optional_number(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_number() && !value.is_null()) wrong(field, value, "a number or null");
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

std::vector<std::optional<double>> JsonObject::optional_numbers(const char* field) {
  const nlohmann::json& value = take(field);
  if (!value.is_array()) wrong(field, value, "a list of numbers");
  std::vector<std::optional<double>> numbers;
  for (const nlohmann::json& item : value) {
    if (!item.is_number() && !item.is_null()) wrong(field, item, "a number or null");
    numbers.push_back(item.is_null() ? std::nullopt : std::optional(item.get<double>()));
  }
  return numbers;
}

void JsonObject::finish() const {
  for (const auto& [field, value] : json_.items()) {
    if (!taken_.contains(field)) refuse(fmt::format("{} is not known; a newer Oddshot may have written it", in_quotes(field)));
  }
}

}  // namespace oddshot
