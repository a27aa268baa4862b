#include "tasks/column_values.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace oddshot {
namespace {

std::uint64_t key(std::initializer_list<std::string_view> texts) {
  ContentKey result;
  for (const auto text : texts) result.add(text);
  return result.value();
}
std::uint64_t key(float number) {
  ContentKey result;
  result.add(number);
  return result.value();
}

TEST(Words, OfNumbersAreTheirShortestSpellings) {
  Column column{.name = "kind", .kind = ColumnKind::kNumeric, .numbers = {2, 0.1F, NAN, 2}, .codes = {}, .categories = {}};
  const Words words = words_of(column);
  EXPECT_EQ(words.words, (std::vector<std::string>{"2", "0.1"}));
  EXPECT_EQ(words.codes, (std::vector<std::int32_t>{0, 1, Words::kNone, 0}));
  EXPECT_EQ(words.find("0.1"), 1);
  EXPECT_EQ(words.find("0.10"), Words::kNone);
}

TEST(ContentKey, TellsWhereOneTextEndsAndTheNextBegins) {
  EXPECT_NE(key({"a", "bc"}), key({"ab", "c"}));
  EXPECT_EQ(key({"a", "bc"}), key({"a", "bc"}));
}

TEST(ContentKey, TakesBothZerosAndAllMissingNumbersAsOne) {
  EXPECT_EQ(key(-0.0F), key(0.0F));
  EXPECT_EQ(key(-std::numeric_limits<float>::quiet_NaN()), key(std::numeric_limits<float>::quiet_NaN()));
  EXPECT_NE(key(1.0F), key(0.0F));
}

}  // namespace
}  // namespace oddshot
