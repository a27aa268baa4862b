// The members of one JSON object of a text that may be hostile, taken by name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot::data {

// A member of another name, one that is lacking or of another type is refused with a FormatError "what: place ...".
class Members {
 public:
  // Keeps a reference to `object`.
  Members(std::string_view what, const nlohmann::json& object, std::string place, std::initializer_list<std::string_view> names);

  const nlohmann::json& at(const char* name) const;
  const std::string& text(const char* name) const;
  bool flag(const char* name) const;
  double number(const char* name) const;
  std::uint64_t whole(const char* name) const;
  const nlohmann::json& list(const char* name) const;
  std::vector<std::string> texts(const char* name) const;      // distinct
  std::vector<std::uint32_t> indices(const char* name) const;  // each above the one before

  [[noreturn]] void refuse(const std::string& words) const;

 private:
  [[noreturn]] void refuse_type(const char* name, std::string_view wanted) const;

  std::string what_;
  const nlohmann::json& object_;
  std::string place_;
};

}  // namespace oddshot::data
