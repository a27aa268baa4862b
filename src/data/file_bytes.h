// The content of a file as Arrow streams, unpacked if it is gzipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arrow {
class Status;
namespace io {
class InputStream;
class RandomAccessFile;
}  // namespace io
}  // namespace arrow

namespace oddshot::data {

// The next bytes of an input, up to `size`; 0 at its end.
using ReadBytes = std::function<std::size_t(char* buffer, std::size_t size)>;

// A temporary file of our own, in $TMPDIR or else /tmp, for a stream that must be read more than once. Its name is taken away at once, so
// that nobody else opens it and it is gone with the program, however that ends.
class AsideFile {
 public:
  // Holds what `read` gives, to its end. Throws IoError.
  explicit AsideFile(const ReadBytes& read);
  ~AsideFile();
  AsideFile(const AsideFile&) = delete;
  AsideFile& operator=(const AsideFile&) = delete;

  std::string path() const;  // to open it by, as long as this lives

 private:
  AsideFile();
  [[noreturn]] void fail(const char* what) const;

  std::string name_;  // that it had
  int number_ = -1;
};

// A file that can be read from its start as often as needed. Whether it is gzipped is told by its first bytes, not by its name. What is no
// regular file (a pipe) is put aside in a temporary one. Cheap to copy.
class FileBytes {
 public:
  // "-" is standard input. Throws IoError if the file cannot be opened, FormatError if it is empty.
  explicit FileBytes(const std::filesystem::path& path);
  // A regular file at `there` that is shown as `path`.
  FileBytes(std::string path, std::string there);
  // What an input that is shown as `path` still gives.
  FileBytes(std::string path, const ReadBytes& read);

  // Where it can be opened, as long as a copy of this lives.
  const std::string& there() const { return there_; }
  // As messages name it: "standard input" for "-".
  const std::string& path() const { return path_; }
  bool regular() const { return aside_ == nullptr; }
  // Bytes of the content; unknown if it is gzipped.
  std::optional<std::uint64_t> size() const;
  // A new stream from the start, unpacked.
  std::shared_ptr<arrow::io::InputStream> stream() const;
  // For formats with a footer: the file itself or, if gzipped, its content unpacked into memory.
  std::shared_ptr<arrow::io::RandomAccessFile> random_access() const;

  // Refuses a file that begins with the mark of its format and does not end with it, as one that was cut off.
  void check_end(arrow::io::RandomAccessFile& file, std::string_view mark, std::string_view format) const;
  // Throws for a stream that failed.
  [[noreturn]] void refuse_reading(const arrow::Status& status) const;
  // Throws what a failed status means: IoError if the system could not read, else FormatError "path: what: message".
  [[noreturn]] void refuse(const arrow::Status& status, const char* what) const;

 private:
  void look_at_start();
  std::shared_ptr<arrow::io::RandomAccessFile> open() const;

  std::string path_;
  std::string there_;                       // where the bytes are
  std::shared_ptr<const AsideFile> aside_;  // shared by copies; null for a regular file
  bool gzip_ = false;
};

}  // namespace oddshot::data
