// A column's values as words, and a number for what a row holds: what cutting goes by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

// A column's values as they are spelt: codes [N] into words, kNone where missing. Of a numeric column the shortest spelling of each number.
struct Words {
  static constexpr std::int32_t kNone = -1;

  std::vector<std::string> words;
  std::vector<std::int32_t> codes;

  // The code of that word, or kNone.
  std::int32_t find(std::string_view word) const;
};
Words words_of(const Column& column);

// FNV-1a over the bytes of a row's features, so that equal rows have equal keys in whatever order categories first appeared.
class ContentKey {
 public:
  void add(std::string_view text);
  void add(float number);  // -0 counts as 0, and every NaN is the same
  void add(const Column& column, std::uint32_t row);
  std::uint64_t value() const { return value_; }

 private:
  void step(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001B3ULL; }
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

}  // namespace oddshot
