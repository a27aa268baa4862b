// A typed value as text: numbers in their shortest form, moments such that spellings sort as times do.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace oddshot::data {

// Room for one value of any type but text, spelt.
using Spelling = std::array<char, 64>;

template <class T>
std::string_view spell_number(T number, Spelling& out) {
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), number);
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b);

// 2024-05-01, by days since 1970. A day outside of what the calendar can name (about 30,000 years) is spelt as its number.
std::string_view spell_date(std::int64_t days, Spelling& out);
// 2024-05-01T12:00:00.250, by ticks since 1970 of which `per` are a second: of one width per unit. With a Z where the zone is known.
std::string_view spell_timestamp(std::int64_t ticks, std::int64_t per, bool utc, Spelling& out);

}  // namespace oddshot::data
