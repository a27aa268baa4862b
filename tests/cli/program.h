// Runs the program as a user does, and keeps what it says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace oddshot::testing {

struct Outcome {
  int status = -1;  // of exit; 1000 + number if a signal ended it
  std::string out;  // standard output
  std::string err;  // standard error
};

// A folder of its own, removed in the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, const std::string& text) const;  // returns the path
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read(const std::filesystem::path& file);

// With `interrupt_at`: sends SIGINT once standard error holds this text, unless the program has ended by then. With `input`: the file
// comes through a pipe as standard input. With `output`: standard output goes there.
Outcome run_program(const std::vector<std::string>& arguments, const std::string& interrupt_at = {}, const std::string& input = {},
                    const std::string& output = {});

}  // namespace oddshot::testing
