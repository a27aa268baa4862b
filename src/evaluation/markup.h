// Text into markup: escaping, numbers and words as the report prints them, and elements that are closed by construction.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot::markup {

// `text` as HTML text or attribute value: & < > " ' escaped; a byte that is not UTF-8 and a control character become U+FFFD.
std::string escape(std::string_view text);
// The first `limit` characters (not bytes), the last one an ellipsis if any was cut. limit >= 1. Not escaped.
std::string shorten(std::string_view text, std::size_t limit);
// Characters (not bytes) of a UTF-8 text.
std::size_t length(std::string_view text);

// <name attributes>content</name>. `attributes` and `content` are markup already.
std::string element(std::string_view name, std::string_view attributes, std::string_view content);

// Fixed decimals with a true minus sign and thousands separated by commas; an en dash where nothing (or not finite).
std::string number(std::optional<double> value, int decimals);
// The same, with a plus sign where positive.
std::string signed_number(double value, int decimals);
// Decimals that show the smallest positive value with two digits: 0 to 2.
int decimals_for(std::span<const double> values);

// "no", "one" ... "twelve", then digits.
std::string in_words(std::size_t count);
// "one task", "12 tasks", "no task" (none takes the singular).
std::string counted(std::size_t count, std::string_view one, std::string_view many);
// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& items);

}  // namespace oddshot::markup
