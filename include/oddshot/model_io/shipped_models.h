// The models that ship with Oddshot: "universal", of any table.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

// The one of any table.
inline constexpr std::string_view kUniversalModel = "universal";

// `model` is a path to a model file, or the name of one that ships (found in $ODDSHOT_MODELS, the installed share folder, the build's
// models folder). Throws ArgumentError naming the models there are.
std::filesystem::path find_model(std::string_view model);
// Names of the models that ship, sorted.
std::vector<std::string> shipped_models();

}  // namespace oddshot
