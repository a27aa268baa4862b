// Words from a file, fit to be shown: a hostile name must not move the cursor of a terminal nor fill the screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oddshot {

// UTF-8 text with control characters replaced by '?', cut after about `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 80);
// The same in double quotes.
std::string in_quotes(std::string_view text);

}  // namespace oddshot
