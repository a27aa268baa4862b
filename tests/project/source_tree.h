// What the tests of this folder read: the project's own files, and the rule of direction.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace oddshot::project {

// The folders of src/, lowest first: each includes only itself and what stands before it.
inline const std::vector<std::string> kFolders = {"base",     "kernels",  "data",     "tasks",      "experts", "nets",
                                                  "learners", "training", "model_io", "evaluation", "detector"};
// The folders of faces/, present or planned.
inline const std::vector<std::string> kFaces = {"cli", "python", "server", "stream"};

std::filesystem::path source_dir();
std::string read_text(const std::filesystem::path& file);
// C++ code less its line comments (and less what follows "//" in a string, which is good enough here).
std::string without_comments(const std::string& code);
// Files below `folder` with one of the endings, relative to the source folder, sorted; empty if there is no such folder.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, const std::vector<std::string>& endings);

// What is wrong with the includes of a file at `path` (relative to the source folder, e.g. "src/data/reader.cc") whose content is `text`:
// one line for each offence, empty if there is none.
std::vector<std::string> direction_offences(const std::filesystem::path& path, const std::string& text);

// The relative links of a Markdown text, without their anchors.
std::vector<std::string> relative_links(const std::string& markdown);

}  // namespace oddshot::project
