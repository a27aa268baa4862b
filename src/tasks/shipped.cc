// The suites that ship, and where they and other files that ship lie in a build tree and in an installation.
#include "tasks/shipped.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <dlfcn.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> suite_folders() { return shipped_folders("suites", "ODDSHOT_SUITES"); }

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

}  // namespace

std::vector<fs::path> shipped_folders(const char* kind, const char* variable) {
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv(variable); folder != nullptr && *folder != '\0') folders.emplace_back(folder);
  std::error_code error;
  std::vector<fs::path> homes = {fs::read_symlink("/proc/self/exe", error)};
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&shipped_suites), &info) != 0 && info.dli_fname != nullptr) homes.emplace_back(info.dli_fname);
  for (const auto& home : homes) {
    const fs::path whole = fs::weakly_canonical(home, error);
    // bin/oddshot, lib/liboddshot.so or lib/<architecture>/liboddshot.so
    fs::path folder = whole;
    for (int level = 0; level < 3; ++level) {
      folder = folder.parent_path();
      fs::path share = folder / ODDSHOT_SHARE_DIR / kind;
      if (fs::is_directory(share, error)) {
        folders.push_back(std::move(share));
        break;
      }
    }
  }
  folders.emplace_back(fs::path(ODDSHOT_SOURCE_DIR) / kind);
  return folders;
}

std::vector<std::string> shipped_names(const std::vector<fs::path>& folders, std::string_view extension) {
  std::set<std::string> names;
  for (const auto& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() == extension) names.insert(entry->path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

fs::path find_shipped(std::string_view name, const std::vector<fs::path>& folders, std::string_view extension) {
  fs::path path(name);
  if (!name.empty() && !path.has_parent_path() && path.extension() != extension) {
    for (const auto& folder : folders) {
      fs::path file = folder / (path.string() + std::string(extension));
      if (is_file(file)) return file;
    }
  }
  return is_file(path) ? path : fs::path();
}

std::vector<std::string> shipped_suites() { return shipped_names(suite_folders(), ".toml"); }

fs::path find_manifest(std::string_view suite) {
  fs::path found = find_shipped(suite, suite_folders(), ".toml");
  if (!found.empty()) return found;
  const auto names = shipped_suites();
  std::string message = "there is no suite \"" + std::string(suite) + "\": no such file, and the suites that ship are";
  for (const auto& name : names) message += (name == names.front() ? " " : ", ") + name;
  if (const auto near = nearest(suite, names)) message += "; did you mean " + std::string(*near) + "?";
  throw ArgumentError(message);
}

}  // namespace oddshot
