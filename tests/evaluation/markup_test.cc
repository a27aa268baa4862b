#include "evaluation/markup.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oddshot::markup {
namespace {

const std::string kBad = "\xEF\xBF\xBD";

TEST(Escape, TakesTheMeaningFromMarkup) {
  EXPECT_EQ(escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Escape, KeepsTextInEveryScript) { EXPECT_EQ(escape("Größe 大小 \xF0\x9F\x94\x8D"), "Größe 大小 \xF0\x9F\x94\x8D"); }

TEST(Escape, ReplacesWhatIsNoText) {
  EXPECT_EQ(escape("a\x80z"), "a" + kBad + "z");                                      // a lone continuation
  EXPECT_EQ(escape("\xC0\xAF"), kBad + kBad);                                         // overlong slash
  EXPECT_EQ(escape("\xE0\x80\xAF"), kBad + kBad + kBad);                              // overlong slash
  EXPECT_EQ(escape("\xED\xA0\x80"), kBad + kBad + kBad);                              // a surrogate
  EXPECT_EQ(escape("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad);                   // beyond U+10FFFF
  EXPECT_EQ(escape("\xE5\xA4"), kBad + kBad);                                         // cut off
  EXPECT_EQ(escape(std::string("a\0b\x1B\x7F", 5)), "a" + kBad + "b" + kBad + kBad);  // control characters
  EXPECT_EQ(escape("a\n\tb"), "a\n\tb");
}

TEST(Shorten, CountsCharactersNotBytes) {
  EXPECT_EQ(shorten("大小大小", 4), "大小大小");
  EXPECT_EQ(shorten("大小大小", 3), "大小…");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(length("大小"), 2U);
}

TEST(Number, HasATrueMinusAndCommas) {
  EXPECT_EQ(number(-0.5, 2), "−0.50");
  EXPECT_EQ(number(1234567.8, 1), "1,234,567.8");
  EXPECT_EQ(number(999.96, 1), "1,000.0");
  EXPECT_EQ(number(-0.0001, 2), "0.00");
  EXPECT_EQ(signed_number(0.25, 2), "+0.25");
  EXPECT_EQ(signed_number(0.0001, 2), "0.00");
}

TEST(Number, IsADashWhereThereIsNone) {
  EXPECT_EQ(number(std::nullopt, 2), "–");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN(), 2), "–");
  EXPECT_EQ(signed_number(std::numeric_limits<double>::infinity(), 2), "–");
}

TEST(DecimalsFor, ShowTheSmallestWithTwoDigits) {
  EXPECT_EQ(decimals_for(std::vector<double>{120, 45}), 0);
  EXPECT_EQ(decimals_for(std::vector<double>{120, 4.5}), 1);
  EXPECT_EQ(decimals_for(std::vector<double>{120, 0.002, 0}), 2);
  EXPECT_EQ(decimals_for({}), 0);
}

TEST(Words, CountAndList) {
  EXPECT_EQ(counted(0, "task", "tasks"), "no task");
  EXPECT_EQ(counted(1, "task", "tasks"), "one task");
  EXPECT_EQ(counted(12, "task", "tasks"), "twelve tasks");
  EXPECT_EQ(counted(2000, "row", "rows"), "2,000 rows");
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace oddshot::markup
