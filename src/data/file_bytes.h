// The content of a file as Arrow streams, unpacked if it is gzipped.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace arrow {
class Buffer;
class Status;
namespace io {
class InputStream;
class RandomAccessFile;
}  // namespace io
}  // namespace arrow

namespace oddshot::data {

// A file that can be read from its start as often as needed. Whether it is gzipped is told by its first bytes, not by its name. What is no
// regular file (a pipe) is read once, into memory. Cheap to copy.
class FileBytes {
 public:
  // Throws IoError if the file cannot be opened, FormatError if it is empty.
  explicit FileBytes(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  // A new stream from the start, unpacked.
  std::shared_ptr<arrow::io::InputStream> stream() const;
  // For formats with a footer: the file itself or, if gzipped, its content unpacked into memory.
  std::shared_ptr<arrow::io::RandomAccessFile> random_access() const;

  // Throws for a stream that failed.
  [[noreturn]] void refuse_reading(const arrow::Status& status) const;
  // Throws what a failed status means: IoError if the system could not read, else FormatError "path: what: message".
  [[noreturn]] void refuse(const arrow::Status& status, const char* what) const;

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> open() const;

  std::string path_;
  std::shared_ptr<arrow::Buffer> content_;  // shared by the streams made of it; null for a regular file
  bool gzip_ = false;
};

}  // namespace oddshot::data
