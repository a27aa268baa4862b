#include "tasks/column_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace oddshot {

std::int32_t Words::find(std::string_view word) const {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? kNone : static_cast<std::int32_t>(found - words.begin());
}

Words words_of(const Column& column) {
  if (column.kind == ColumnKind::kCategory) return {column.categories, column.codes};
  Words result;
  std::unordered_map<float, std::int32_t> codes;
  for (const float number : column.numbers) {
    if (std::isnan(number)) {
      result.codes.push_back(Words::kNone);
      continue;
    }
    const auto [place, fresh] = codes.emplace(number, static_cast<std::int32_t>(result.words.size()));
    if (fresh) {
      std::array<char, 32> text{};
      const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
      result.words.emplace_back(text.data(), end);
    }
    result.codes.push_back(place->second);
  }
  return result;
}

void ContentKey::add(std::string_view text) {
  for (const char byte : text) step(static_cast<unsigned char>(byte));
  step(0xFF);  // ends a text: no spelling in UTF-8 holds it
}

void ContentKey::add(float number) {
  const float plain = std::isnan(number) ? std::numeric_limits<float>::quiet_NaN() : number + 0.0F;  // -0 counts as 0
  auto bits = std::bit_cast<std::uint32_t>(plain);
  for (int i = 0; i < 4; ++i, bits >>= 8) step(static_cast<unsigned char>(bits & 0xFF));
}

void ContentKey::add(const Column& column, std::uint32_t row) {
  if (column.kind == ColumnKind::kNumeric) {
    add(column.numbers[row]);
    return;
  }
  const std::int32_t code = column.codes[row];
  add(code == Column::kMissingCode ? std::string_view("\0", 1) : column.categories[static_cast<std::size_t>(code)]);
}

}  // namespace oddshot
