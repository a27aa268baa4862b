// The suites that ship: where their manifests lie in a build tree and in an installation.
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

// $ODDSHOT_SUITES, then the share folder beside the program or library that holds this function, then the source of a build tree.
std::vector<fs::path> suite_folders() {
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("ODDSHOT_SUITES"); folder != nullptr && *folder != '\0') folders.emplace_back(folder);
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
      fs::path share = folder / ODDSHOT_SHARE_DIR / "suites";
      if (fs::is_directory(share, error)) {
        folders.push_back(std::move(share));
        break;
      }
    }
  }
  folders.emplace_back(fs::path(ODDSHOT_SOURCE_DIR) / "suites");
  return folders;
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

}  // namespace

std::vector<std::string> shipped_suites() {
  std::set<std::string> names;
  for (const auto& folder : suite_folders()) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() == ".toml") names.insert(entry->path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

fs::path find_manifest(std::string_view suite) {
  fs::path path(suite);
  if (!path.has_parent_path() && path.extension() != ".toml") {
    for (const auto& folder : suite_folders()) {
      fs::path manifest = folder / (path.string() + ".toml");
      if (!suite.empty() && is_file(manifest)) return manifest;
    }
  }
  if (is_file(path)) return path;
  const auto names = shipped_suites();
  std::string message = "there is no suite \"" + std::string(suite) + "\": no such file, and the suites that ship are";
  for (const auto& name : names) message += (name == names.front() ? " " : ", ") + name;
  if (const auto near = nearest(suite, names)) message += "; did you mean " + std::string(*near) + "?";
  throw ArgumentError(message);
}

}  // namespace oddshot
