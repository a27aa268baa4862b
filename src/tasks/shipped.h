// Where files that ship with Oddshot lie: suites, models.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

// Folders named `kind` ("suites"), the first to be looked into first: that of the environment variable if it is set, the share folder
// beside the program or library that holds this function, the source of a build tree. Not all of them need exist.
std::vector<std::filesystem::path> shipped_folders(const char* kind, const char* variable);
// Stems of the files with that extension in them, sorted.
std::vector<std::string> shipped_names(const std::vector<std::filesystem::path>& folders, std::string_view extension);
// NAME with that extension in the first of the folders that has it; the path itself if it is a file; nothing otherwise.
std::filesystem::path find_shipped(std::string_view name, const std::vector<std::filesystem::path>& folders, std::string_view extension);

}  // namespace oddshot
