// Small help with words, for errors that say what was probably meant.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oddshot {

// The candidate nearest to `word` by edits (insert, delete, replace, swap two neighbours; letter case is free), the first of equals;
// none if all are further than a third of the word's length, or than one edit for a word of two. Views into the candidates.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string> candidates);

// "1 row", "2 rows".
std::string counted(std::size_t count, std::string_view one, std::string_view many);

}  // namespace oddshot
