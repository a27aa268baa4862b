// A folder of a test's own, removed at its end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

namespace oddshot {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "oddshot-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::filesystem::filesystem_error("mkdtemp", name, std::error_code(errno, std::generic_category()));
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// The content as a gzip file of stored (not compressed) blocks: RFC 1951 section 3.2.4, RFC 1952.
inline std::string gzip_stored(std::string_view content) {
  const auto little = [](std::uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
    return out;
  };
  std::uint32_t crc = ~0U;
  for (const char c : content) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  const auto size = static_cast<std::uint32_t>(content.size());
  do {
    const auto piece = static_cast<std::uint32_t>(std::min<std::size_t>(content.size(), 0xFFFF));
    out += piece == content.size() ? '\x01' : '\0';
    out += little(piece, 2) + little(~piece, 2) + std::string(content.substr(0, piece));
    content.remove_prefix(piece);
  } while (!content.empty());
  return out + little(~crc, 4) + little(size, 4);
}

}  // namespace oddshot
