#include "data/input_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw IoError(fmt::format("{}: {}", path, error == ENOENT ? "no such file" : std::generic_category().message(error)));
}

}  // namespace

InputFile::InputFile(const std::string& path) : InputFile(path == "-" ? "standard input" : path, path) {}

InputFile::InputFile(std::string shown, const std::string& there) : path_(std::move(shown)), there_(there) {
  number_ = there == "-" ? STDIN_FILENO : ::open(there.c_str(), O_RDONLY | O_CLOEXEC);
  if (number_ < 0) fail(path_, errno);
  struct stat status{};
  if (::fstat(number_, &status) != 0) fail(path_, errno);
  if (S_ISDIR(status.st_mode)) throw IoError(fmt::format("{}: a folder, not a file", path_));
  regular_ = S_ISREG(status.st_mode);
}

InputFile::~InputFile() {
  if (number_ > STDIN_FILENO) ::close(number_);
}

bool InputFile::ready() const {
  if (!ahead_.empty() || regular_) return true;
  pollfd wanted{.fd = number_, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

std::size_t InputFile::read(char* buffer, std::size_t size) {
  if (!ahead_.empty()) {
    const std::size_t count = ahead_.copy(buffer, size);
    ahead_.erase(0, count);
    return count;
  }
  for (;;) {
    const ssize_t count = ::read(number_, buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) fail(path_, errno);
  }
}

}  // namespace oddshot::data
