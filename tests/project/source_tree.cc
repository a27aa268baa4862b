#include "source_tree.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>

namespace oddshot::project {
namespace {

namespace fs = std::filesystem;

std::optional<std::size_t> rank_of(const std::string& folder) {
  const auto found = std::find(kFolders.begin(), kFolders.end(), folder);
  if (found == kFolders.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kFolders.begin());
}

std::string part(const fs::path& path, std::size_t index) {
  auto it = path.begin();
  for (; it != path.end() && index > 0; ++it) --index;
  return it == path.end() ? std::string() : it->string();
}

}  // namespace

fs::path source_dir() { return ODDSHOT_SOURCE_DIR; }

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string without_comments(const std::string& code) {
  static const std::regex comment("//[^\n]*");
  return std::regex_replace(code, comment, "");
}

std::vector<fs::path> files_below(const fs::path& folder, const std::vector<std::string>& endings) {
  std::vector<fs::path> files;
  if (!fs::is_directory(source_dir() / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(source_dir() / folder)) {
    const std::string ending = entry.path().extension().string();
    if (entry.is_regular_file() && std::find(endings.begin(), endings.end(), ending) != endings.end()) {
      files.push_back(fs::relative(entry.path(), source_dir()));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> direction_offences(const fs::path& path, const std::string& text) {
  // A folder's own files are src/FOLDER/... and include/oddshot/FOLDER/...; a face's are faces/FACE/...
  const bool is_face = part(path, 0) == "faces";
  const bool is_public = part(path, 0) == "include";
  const std::string own = part(path, is_public ? 2 : 1);
  const std::optional<std::size_t> own_rank = rank_of(own);

  std::vector<std::string> offences;
  static const std::regex include(R"re(^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">])re", std::regex::multiline);
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    const fs::path target = (*it)[1].str();
    const bool target_public = part(target, 0) == "oddshot";
    const std::string folder = part(target, target_public ? 1 : 0);
    const std::optional<std::size_t> rank = rank_of(folder);
    const auto offend = [&](const std::string& why) { offences.push_back(path.string() + " includes " + target.string() + ": " + why); };
    if (is_face) {
      const bool other_face = !target_public && std::find(kFaces.begin(), kFaces.end(), folder) != kFaces.end() && folder != own;
      if (rank && !target_public) offend("faces use public headers only");
      if (other_face || part(target, 0) == "faces" || part(target, 0) == "..") offend("faces do not include each other");
    } else if (own_rank) {
      if (rank && *rank > *own_rank) offend(folder + " stands above " + own);
      if (is_public && rank && !target_public) offend("a public header includes public headers only");
      if (target == "oddshot/oddshot.h") offend("the library includes the headers it needs");
    }
  }
  return offences;
}

std::vector<std::string> relative_links(const std::string& markdown) {
  std::vector<std::string> links;
  static const std::regex link(R"(\]\(([^)\s#]+)(#[^)\s]*)?\))");
  for (std::sregex_iterator it(markdown.begin(), markdown.end(), link), end; it != end; ++it) {
    const std::string target = (*it)[1].str();
    if (target.find("://") == std::string::npos && !target.starts_with("mailto:")) links.push_back(target);
  }
  return links;
}

}  // namespace oddshot::project
