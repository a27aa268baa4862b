// One cell of a text file: what is missing, what is a number, and how a value is quoted in a message.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot::data {

// Without the blanks (space, tab) around it. A view into `text`.
inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The spellings of a missing value.
class MissingSpellings {
 public:
  explicit MissingSpellings(std::vector<std::string> spellings);
  // value: trimmed already. A look at the first byte rules out nearly every present value.
  bool contains(std::string_view value) const {
    if (value.empty()) return empty_;
    return first_[static_cast<unsigned char>(value.front())] && listed(value);
  }

 private:
  bool listed(std::string_view value) const;

  std::vector<std::string> spellings_;
  std::array<bool, 256> first_{};
  bool empty_ = false;
};

enum class CellKind : std::uint8_t {
  kNumber,
  kInfinite,  // spelt inf or infinity, or of a magnitude beyond float
  kText,
};

// Reads a decimal number (12, -3.5, +.5, 6.02e23) or true / false in any case as 1 / 0. value is trimmed already; `number` is the nearest
// float and is set for kNumber only; what is too small for a float is 0. No hexadecimal, no "nan", no thousands, no locale.
CellKind parse_number(std::string_view value, float& number);

// True for well-formed UTF-8.
bool is_utf8(std::string_view text);

// The value in double quotes for a message: control characters as \xNN, cut after 60 bytes.
std::string in_quotes(std::string_view value);

}  // namespace oddshot::data
