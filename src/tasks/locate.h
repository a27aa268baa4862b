// Where a suite's files are: found on this machine, or downloaded once and kept.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "oddshot/tasks/suite.h"

namespace oddshot {

// SHA-256 of a file's content as 64 lower-case hexadecimal digits; of a gzipped file the sum of what it holds, so that a plain and a
// compressed copy agree. Throws IoError if it cannot be read, FormatError if it is a damaged gzip file.
std::string content_sha256(const std::filesystem::path& file);

// The folders in which a relative path is looked for, in order, each once.
std::vector<std::filesystem::path> data_folders(const std::filesystem::path& manifest, const DataOptions& options);
// ~/.cache/oddshot; empty where there is no home.
std::filesystem::path cache_folder();

// Fetches `url` to `target` (with .gz added if what comes is gzipped) and returns where it lies. It appears there only whole and
// with the right sum; nothing is left behind otherwise. `protocols` as libcurl names them. Throws IoError naming the url and the reason.
std::filesystem::path download(const std::string& url, const std::filesystem::path& target, const std::string& sha256,
                               const char* protocols = "https");

// The file on this machine, its checksum verified if the manifest gives one. Throws IoError naming every place looked at, or both sums.
std::filesystem::path locate(const SuiteFile& file, const std::filesystem::path& manifest, const DataOptions& options);

}  // namespace oddshot
