#include "data/cell.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
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

// Eight characters in a word, the first in its lowest byte; count <= 8 bytes of it from the lowest on.
constexpr std::uint64_t in_each_byte(unsigned char c) { return 0x0101010101010101U * c; }
constexpr std::uint64_t low_bytes(std::size_t count) { return count < 8 ? (std::uint64_t{1} << (8 * count)) - 1 : ~std::uint64_t{0}; }

template <class Word>
std::uint64_t load(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Text of 1 to 16 characters against the right end of 16, after zeros: it is read in pieces that overlap, and never beyond its ends.
struct Padded {
  explicit Padded(std::string_view text) {
    const std::size_t n = text.size();
    const char* const p = text.data();
    if (n > 8) {
      high = load<std::uint64_t>(p + n - 8);
      low = load<std::uint64_t>(p) << (8 * (16 - n)) | (in_each_byte('0') & low_bytes(16 - n));
      return;
    }
    const std::size_t before = 8 * (8 - n);  // bits
    if (n >= 4) {
      high = load<std::uint32_t>(p) << before | load<std::uint32_t>(p + n - 4) << 32U;
    } else {
      high =
          load<std::uint8_t>(p) << before | load<std::uint8_t>(p + n / 2) << (before + 8 * (n / 2)) | load<std::uint8_t>(p + n - 1) << 56U;
    }
    high |= in_each_byte('0') & low_bytes(8 - n);
  }

  std::uint64_t low = in_each_byte('0');
  std::uint64_t high = 0;
};

// The place, 0 to 7, of the first byte that is c; 8 if none is.
std::size_t find_byte(std::uint64_t word, unsigned char c) {
  const std::uint64_t zero_there = word ^ in_each_byte(c);
  const std::uint64_t found = (zero_there - in_each_byte(1)) & ~zero_there & in_each_byte(0x80);  // its lowest bit is right
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

bool all_digits(std::uint64_t word) {
  const std::uint64_t above = word + in_each_byte(0x80 - '9' - 1);  // sets the high bit of what lies above '9'; it carries only from a byte
  const std::uint64_t below = word - in_each_byte('0');             // that has its high bit set, and these are seen in the word itself
  return ((above | below | word) & in_each_byte(0x80)) == 0;
}

// The number that eight digits are: pairs of them, then pairs of pairs, in one word.
std::uint64_t value_of(std::uint64_t digits) {
  digits -= in_each_byte('0');
  digits = (digits * 10 + (digits >> 8U)) & 0x00FF00FF00FF00FFU;
  digits = (digits * 100 + (digits >> 16U)) & 0x0000FFFF0000FFFFU;
  return (digits * 10000 + (digits >> 32U)) & 0xFFFFFFFFU;
}

// A mantissa below 2^24 and a power of ten up to 10 are exact as floats, so their quotient is the nearest float to the decimal number
// (Clinger 1990, "How to read floating point numbers accurately"). True if digits[.digits] was such a number: nearly every cell is.
bool parse_short(std::string_view text, float& number) {
  static constexpr std::array<float, 11> kPowers = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
  if (std::endian::native != std::endian::little || text.empty() || text.size() > 16) return false;
  auto [low, high] = Padded(text);
  std::size_t fraction = 0;
  // The characters before the point move up by one, over it.
  if (const std::size_t point = find_byte(high, '.'); point < 8) {
    fraction = 7 - point;
    high = (high & ~low_bytes(point + 1)) | (high & low_bytes(point)) << 8U | low >> 56U;
    low = low << 8U | '0';
  } else if (const std::size_t earlier = find_byte(low, '.'); earlier < 8) {
    fraction = 15 - earlier;
    low = (low & ~low_bytes(earlier + 1)) | (low & low_bytes(earlier)) << 8U | '0';
  }
  if (text == "." || fraction >= kPowers.size() || !all_digits(low) || !all_digits(high)) return false;
  const std::uint64_t mantissa = value_of(low) * 100'000'000 + value_of(high);
  if (mantissa >= (1U << 24U)) return false;
  number = static_cast<float>(static_cast<std::uint32_t>(mantissa)) / kPowers[fraction];
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
