// A file or a stream, open for reading.
#pragma once

#include <cstddef>
#include <string>

namespace oddshot::data {

// A file descriptor, open for reading. Closes it, but for standard input.
class InputFile {
 public:
  // "-" is standard input. Throws IoError.
  explicit InputFile(const std::string& path);
  // The file at `there`, which messages are to call `shown`.
  InputFile(std::string shown, const std::string& there);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }  // "standard input" for "-"
  const std::string& there() const { return there_; }
  int number() const { return number_; }
  bool regular() const { return regular_; }
  // Whether bytes (or the end) can be had without waiting.
  bool ready() const;
  // Up to `size` bytes, 0 at the end. Throws IoError.
  std::size_t read(char* buffer, std::size_t size);
  // Puts bytes back, to be read again first.
  void unread(std::string bytes) { ahead_ = std::move(bytes) + ahead_; }

 private:
  std::string path_, there_;
  int number_ = -1;
  bool regular_ = false;
  std::string ahead_;
};

}  // namespace oddshot::data
