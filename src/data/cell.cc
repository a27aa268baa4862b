#include "data/cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace oddshot::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool same_word(std::string_view value, std::string_view lower) {
  return value.size() == lower.size() &&
         std::equal(value.begin(), value.end(), lower.begin(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Takes the leading digits of the text off; `mantissa` goes on with them.
std::size_t take_digits(std::string_view& text, std::uint64_t& mantissa) {
  std::size_t count = 0;
  for (; count < text.size() && is_digit(text[count]); ++count) mantissa = mantissa * 10 + static_cast<std::uint64_t>(text[count] - '0');
  text.remove_prefix(count);
  return count;
}

// A mantissa below 2^24 and a power of ten up to 10 are exact as floats, so their quotient is the nearest float to the decimal number
// (Clinger 1990, "How to read floating point numbers accurately"). True if digits[.digits] was such a number: nearly every cell is.
bool parse_short(std::string_view text, float& number) {
  static constexpr std::array<float, 11> kPowers = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
  if (text.size() > std::numeric_limits<std::uint64_t>::digits10) return false;  // the mantissa may not fit
  std::uint64_t mantissa = 0;
  const std::size_t whole = take_digits(text, mantissa);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text, mantissa);
  }
  if (!text.empty() || whole + fraction == 0 || mantissa >= (1U << 24U) || fraction >= kPowers.size()) return false;
  number = static_cast<float>(mantissa) / kPowers[fraction];
  return true;
}

// Whether a well-formed number that no float can hold is too large (and not too small): the decimal place of its first digit tells.
bool is_large(std::string_view digits) {
  std::int64_t place = 0;
  bool leading = true;
  bool point = false;
  std::size_t i = 0;
  for (; i < digits.size() && (is_digit(digits[i]) || digits[i] == '.'); ++i) {
    if (digits[i] == '.') {
      point = true;
      continue;
    }
    leading = leading && digits[i] == '0';
    if (!leading && !point) ++place;
    if (leading && point) --place;
  }
  if (i >= digits.size()) return place > 0;
  const std::string_view exponent = digits.substr(i + 1);
  const bool negative = exponent.starts_with('-');
  std::int64_t power = 0;
  for (const char c : exponent) {
    if (is_digit(c)) power = std::min<std::int64_t>(power * 10 + (c - '0'), 1'000'000'000'000);
  }
  return place + (negative ? -power : power) > 0;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

MissingSpellings::MissingSpellings(std::vector<std::string> spellings) : spellings_(std::move(spellings)) {
  for (std::string& spelling : spellings_) {
    spelling = std::string(trimmed(spelling));
    if (spelling.empty()) {
      empty_ = true;
    } else {
      first_[static_cast<unsigned char>(spelling.front())] = true;
    }
  }
}

bool MissingSpellings::listed(std::string_view value) const {
  return std::find(spellings_.begin(), spellings_.end(), value) != spellings_.end();
}

CellKind parse_number(std::string_view value, float& number) {
  std::string_view digits = value;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty()) return CellKind::kText;

  if (!is_digit(digits.front()) && digits.front() != '.') {
    if (same_word(digits, "inf") || same_word(digits, "infinity")) return CellKind::kInfinite;
    const bool yes = same_word(value, "true");
    if (!yes && !same_word(value, "false")) return CellKind::kText;
    number = yes ? 1.0F : 0.0F;
    return CellKind::kNumber;
  }

  float magnitude = 0;
  if (!parse_short(digits, magnitude)) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
    if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) return CellKind::kText;
    if (error == std::errc::result_out_of_range) {
      if (is_large(digits)) return CellKind::kInfinite;
      magnitude = 0;
    }
    if (std::isinf(magnitude)) return CellKind::kInfinite;
  }
  number = negative ? -magnitude : magnitude;
  return CellKind::kNumber;
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p != end) {
    if (*p < 0x80) {
      ++p;
      continue;
    }
    // The length and the least code point of a sequence follow from its first byte; shorter spellings of a code point are not allowed.
    const std::ptrdiff_t length = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
    if (*p < 0xC2 || *p > 0xF4 || end - p < length) return false;
    std::uint32_t point = *p & (0xFFU >> static_cast<unsigned>(length + 1));
    for (std::ptrdiff_t i = 1; i < length; ++i) {
      if ((p[i] & 0xC0U) != 0x80U) return false;
      point = (point << 6U) | (p[i] & 0x3FU);
    }
    const std::uint32_t least = length == 2 ? 0x80U : length == 3 ? 0x800U : 0x10000U;
    if (point < least || point > 0x10FFFFU || (point >= 0xD800U && point <= 0xDFFFU)) return false;
    p += length;
  }
  return true;
}

std::string in_quotes(std::string_view value) {
  constexpr std::size_t kLongest = 60;
  std::string_view shown = value;
  if (shown.size() > kLongest) {
    std::size_t cut = kLongest;
    while (cut > kLongest - 4 && (static_cast<unsigned char>(shown[cut]) & 0xC0U) == 0x80U) --cut;  // not within a character
    shown = shown.substr(0, cut);
  }
  const bool readable = is_utf8(shown);
  std::string out = "\"";
  unsigned char before = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    // U+0080 to U+009F, which terminals obey too, are C2 and a byte below A0.
    const bool c1 = (byte == 0xC2 && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) < 0xA0) ||
                    (before == 0xC2 && byte >= 0x80 && byte < 0xA0);
    if (byte < 0x20 || byte == 0x7F || c1 || (byte >= 0x80 && !readable)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += shown[i];
    }
    before = byte;
  }
  out += shown.size() < value.size() ? "...\"" : "\"";
  return out;
}

}  // namespace oddshot::data
