// Whole files in and out. Writing is atomic: a reader sees the old file or the new one, never a part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace oddshot {

inline constexpr std::uint64_t kLargestFile = std::uint64_t{4} << 30U;  // bytes; a (sparse) file beyond it is not for memory

// The bytes of a regular file. Throws IoError naming the path and the reason: missing, a folder, a device, not readable, over kLargestFile.
std::vector<std::uint8_t> read_file(const std::filesystem::path& file);

// Replaces `file`, or makes it, in one step: a temporary file in the same folder, fsync, rename, fsync of the folder. A symbolic link is
// followed; permissions are those of a new file. On failure the old file is as it was and the temporary one is gone; only a process that is
// killed in between leaves one behind, named ".oddshot-<process>-<number>.tmp".
// Throws IoError naming the path and the system's reason: folder missing or not writable, disk full, `file` is a folder or a device.
void write_file_atomically(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void write_file_atomically(const std::filesystem::path& file, std::string_view text);

// The same for bytes that come bit by bit: nothing is seen of the file before commit().
class AtomicFile {
 public:
  // Throws as write_file_atomically does, as all below.
  explicit AtomicFile(const std::filesystem::path& file);
  ~AtomicFile();  // without commit(): as if there had been nothing
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::uint8_t> bytes);
  // The last call.
  void commit();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

}  // namespace oddshot
