// JSON from a file that may be hostile.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace oddshot::data {

// Refuses what the plain reader lets pass: a name twice in one object, a zero byte (to the plain reader the end of the text), more than 8
// levels (printing and copying recurse). `where` begins the messages. Throws FormatError.
nlohmann::json parse_json(std::string_view text, const std::string& where);

}  // namespace oddshot::data
