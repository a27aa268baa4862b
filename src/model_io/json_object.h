// A flat JSON object from a file, taken apart field by field: every field must be there, of its type, once, and nothing else.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

class JsonObject {
 public:
  // Throws FormatError, as all below, if `text` is not a JSON object.
  JsonObject(std::string_view text, std::string where);

  std::string text(const char* field);
  bool flag(const char* field);
  std::uint64_t whole(const char* field);
  double number(const char* field);
  float number32(const char* field);  // refuses what is beyond a float's range
  std::vector<std::uint64_t> wholes(const char* field);
  std::vector<std::string> texts(const char* field);
  std::vector<double> numbers(const char* field);
  // A number, or null for none.
  std::optional<double> optional_number(const char* field);
  std::vector<std::optional<double>> optional_numbers(const char* field);
  // To be called last: refuses fields that nobody asked for.
  void finish() const;
  // Throws a FormatError of this place.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::json& take(const char* field);
  [[noreturn]] void wrong(const char* field, const nlohmann::json& value, const char* wanted) const;

  std::string where_;
  nlohmann::json json_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace oddshot
