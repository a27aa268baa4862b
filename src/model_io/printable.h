// Words from a file, fit to be shown: a hostile name must not move the cursor of a terminal nor fill the screen.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace oddshot {

inline constexpr std::size_t kNameWidth = 40;  // letters of a name in a list
inline constexpr std::size_t kListWidth = 96;  // letters of a list of names before the rest is only counted

// UTF-8, control characters as '?', cut after about `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 80);
// "3: a, b, c", or "40: a, b, ... (38 more)"
std::string printable_list(std::span<const std::string> names);

}  // namespace oddshot
