#include "data/cell.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "oddshot/base/random.h"

namespace oddshot::data {
namespace {

TEST(Cell, DropsBlanksAroundAValueOnly) {
  EXPECT_EQ(trimmed("  a b\t"), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Cell, ReadsEverySpellingOfANumber) {
  struct Case {
    const char* text;
    float number;
  };
  const Case cases[] = {{"0", 0.0F},
                        {"-0", 0.0F},
                        {"12", 12.0F},
                        {"+5", 5.0F},
                        {".5", 0.5F},
                        {"5.", 5.0F},
                        {"-3.25", -3.25F},
                        {"1e3", 1000.0F},
                        {"1E-3", 0.001F},
                        {"007", 7.0F},
                        {"true", 1.0F},
                        {"False", 0.0F},
                        {"TRUE", 1.0F},
                        {"1e-400", 0.0F},
                        {"-1e-400", 0.0F},
                        {"16777217", 16777216.0F},
                        {"3.4028234e38", 3.4028234e38F},
                        {"1e-45", 1e-45F},
                        {"0.1", 0.1F},
                        {"0.00000000001", 1e-11F},
                        {"123456789012345678901234567890", 1.2345679e29F},
                        {"0e999999999999999999999", 0.0F}};
  for (const Case& c : cases) {
    float number = -99;
    ASSERT_EQ(parse_number(c.text, number), CellKind::kNumber) << c.text;
    EXPECT_EQ(number, c.number) << c.text;
  }
}

TEST(Cell, TellsTextFromNumbers) {
  for (const char* text : {"",    "-",     "+",   ".",    "-.",     "12,5", "1 2", "0x1F",  "1e",    "1e+",   "--1", "+-1",
                           "-+1", "1.2.3", "nan", "-nan", "nan(1)", "abc",  "12a", "truer", "-true", "1_000", "e5",  "infinit"}) {
    float number = 0;
    EXPECT_EQ(parse_number(text, number), CellKind::kText) << text;
  }
}

TEST(Cell, CallsInfiniteWhatNoFloatHolds) {
  for (const char* text : {"inf", "-inf", "+INF", "Infinity", "1e39", "-1e39", "1e999", "3.5e38", "1e99999999999999999999"}) {
    float number = 0;
    EXPECT_EQ(parse_number(text, number), CellKind::kInfinite) << text;
  }
  float number = 0;
  EXPECT_EQ(parse_number("1" + std::string(400, '0'), number), CellKind::kInfinite);
  EXPECT_EQ(parse_number("0." + std::string(400, '0') + "1", number), CellKind::kNumber);
  EXPECT_EQ(parse_number("1" + std::string(400, '0') + "e-400", number), CellKind::kNumber);
  EXPECT_EQ(number, 1.0F);
}

TEST(Cell, ReadsTheNearestFloatOfAnyDecimal) {
  Stream stream(1, Purpose::kTest, 0);
  for (int i = 0; i < 20000; ++i) {
    const auto digits = 1 + stream.below(9);
    std::string text = stream.below(2) == 0 ? "-" : "";
    for (std::uint64_t d = 0; d < digits; ++d) text += static_cast<char>('0' + stream.below(10));
    if (stream.below(3) > 0) text += '.';
    const auto more = text.back() == '.' ? stream.below(12) : 0;
    for (std::uint64_t d = 0; d < more; ++d) text += static_cast<char>('0' + stream.below(10));
    float number = 0;
    ASSERT_EQ(parse_number(text, number), CellKind::kNumber) << text;
    ASSERT_EQ(number, std::strtof(text.c_str(), nullptr)) << text;
  }
}

// Whatever stands in place of a digit, wherever: a second point, a byte that is a digit but for one bit, one beyond ASCII.
TEST(Cell, TakesNothingElseForADigit) {
  for (const std::string digits : {"1", "12", "123", "1234", "12345.6", "1234567", "12345678", "12345.67", "1234567.8", "0.123456789",
                                   "00001234567.890", "1234567890123456"}) {
    for (std::size_t place = 0; place < digits.size(); ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = digits;
        text[place] = static_cast<char>(byte);
        std::vector<char> exact(text.begin(), text.end());  // whose end a sanitizer guards
        float expected = 0;
        const auto [end, error] = std::from_chars(exact.data(), exact.data() + exact.size(), expected);
        const bool all = error == std::errc() && end == exact.data() + exact.size();
        float number = 0;
        const CellKind kind = parse_number({exact.data(), exact.size()}, number);
        const bool plus = place == 0 && byte == '+' && digits.size() > 1;  // which from_chars does not take
        ASSERT_EQ(kind == CellKind::kNumber, all || plus) << text;
        if (all) {
          ASSERT_EQ(number, expected) << text;
        }
      }
    }
  }
}

TEST(Cell, KnowsMissingSpellingsWhollyAndExactly) {
  const MissingSpellings missing({"", "?", " NA ", "null"});
  for (const char* text : {"", "?", "NA", "null"}) EXPECT_TRUE(missing.contains(text)) << text;
  for (const char* text : {"??", "N", "NAN", "na", "nul", "0"}) EXPECT_FALSE(missing.contains(text)) << text;
  EXPECT_FALSE(MissingSpellings({"?"}).contains(""));
}

TEST(Cell, KnowsUtf8) {
  for (const char* text : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text :
       {"\xE9t\xE9", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x80\x80\x80", "\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Cell, QuotesHostileValuesReadably) {
  EXPECT_EQ(in_quotes("12,5"), "\"12,5\"");
  EXPECT_EQ(in_quotes("a\nb\x1b[31m"), "\"a\\x0ab\\x1b[31m\"");
  EXPECT_EQ(in_quotes("\xE9t"), "\"\\xe9t\"");
  EXPECT_EQ(in_quotes("\xC3\xA9t"), "\"\xC3\xA9t\"");
  EXPECT_EQ(in_quotes("\xC2\x9B"
                      "1m\xC2\xA7"),
            "\"\\xc2\\x9b1m\xC2\xA7\"");  // U+009B begins a terminal's command, U+00A7 does not
  EXPECT_EQ(in_quotes(std::string(1000, 'x')), "\"" + std::string(60, 'x') + "...\"");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "\xC3\xA9z"), "\"" + std::string(59, 'x') + "...\"");
}

}  // namespace
}  // namespace oddshot::data
