#include "evaluation/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace oddshot::markup {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kMinus = "\xE2\x88\x92";        // U+2212
constexpr std::string_view kDash = "\xE2\x80\x93";         // U+2013
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

// Bytes of the character that starts at `at`, or 0 where the bytes are not UTF-8 (RFC 3629: no overlong forms, no surrogates).
std::size_t character_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::string with_commas(std::string digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  for (std::size_t i = whole; i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string magnitude(double value, int decimals) { return with_commas(fmt::format("{:.{}f}", std::abs(value), decimals)); }

bool is_zero(const std::string& digits) { return digits.find_first_not_of("0.,") == std::string::npos; }

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = character_bytes(text, i);
    const char c = text[i];
    if (bytes == 0 || (bytes == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) && c != '\n' && c != '\t')) {
      out += kReplacement;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(i, bytes);
    }
    i += std::max<std::size_t>(bytes, 1);
  }
  return out;
}

std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) i += std::max<std::size_t>(character_bytes(text, i), 1);
  return count;
}

std::string shorten(std::string_view text, std::size_t limit) {
  if (length(text) <= limit) return std::string(text);
  std::size_t end = 0;
  for (std::size_t kept = 0; kept + 1 < limit; ++kept) end += std::max<std::size_t>(character_bytes(text, end), 1);
  return std::string(text.substr(0, end)).append(kEllipsis);
}

std::string element(std::string_view name, std::string_view attributes, std::string_view content) {
  return fmt::format("<{}{}{}>{}</{}>", name, attributes.empty() ? "" : " ", attributes, content, name);
}

std::string number(std::optional<double> value, int decimals) {
  if (!value || !std::isfinite(*value)) return std::string(kDash);
  const std::string digits = magnitude(*value, decimals);
  return *value < 0 && !is_zero(digits) ? std::string(kMinus) + digits : digits;
}

std::string signed_number(double value, int decimals) {
  const std::string text = number(value, decimals);
  return value > 0 && std::isfinite(value) && !is_zero(text) ? "+" + text : text;
}

int decimals_for(std::span<const double> values) {
  double smallest = 0;
  for (const double v : values) {
    if (std::isfinite(v) && v > 0 && (smallest == 0 || v < smallest)) smallest = v;
  }
  if (smallest == 0) return 0;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(smallest))), 0, 2);
}

std::string in_words(std::size_t count) {
  static constexpr std::array<std::string_view, 13> kWords = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                                              "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return count < kWords.size() ? std::string(kWords[count]) : with_commas(std::to_string(count));
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", in_words(count), count <= 1 ? one : many);
}

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

}  // namespace oddshot::markup
