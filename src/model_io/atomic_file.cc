#include "oddshot/model_io/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const char* verb, int error) {
  throw IoError(file.string() + ": cannot be " + verb + ": " + std::generic_category().message(error));
}

// An open file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool open() const { return number_ >= 0; }
  int number() const { return number_; }
  // Some file systems report a failed write only here. 0 or the error.
  int close() {
    const int result = ::close(number_);
    number_ = -1;
    return result == 0 ? 0 : errno;
  }

 private:
  int number_;
};

// A new file beside the target; removed again unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : path_(fresh_name(target)), file_(make(target)) {}
  ~TemporaryFile() {
    if (!kept_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const fs::path& target, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target, "written", errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  void finish(const fs::path& target) {
    if (::fsync(file_.number()) != 0) fail(target, "written", errno);
    if (const int error = file_.close(); error != 0) fail(target, "written", error);
  }

  void rename_to(const fs::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) fail(target, "written", errno);
    kept_ = true;
  }

 private:
  static fs::path fresh_name(const fs::path& target) {
    static std::atomic<unsigned> count{0};
    return target.parent_path() / (".oddshot-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".tmp");
  }

  // Opened with O_EXCL: never somebody else's file, nor one behind a symbolic link. A leftover of a killed process that had our number
  // is passed over.
  int make(const fs::path& target) {
    for (;;) {
      const int number = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (number >= 0) return number;
      if (errno == EEXIST) {
        path_ = fresh_name(target);
      } else if (errno != EINTR) {
        const fs::path folder = target.parent_path();
        if (errno == ENOENT) throw IoError(target.string() + ": cannot be written: there is no folder " + folder.string());
        fail(target, "written", errno);
      }
    }
  }

  fs::path path_;
  bool kept_ = false;
  Descriptor file_;
};

// What a link leads to, so that the link stays; refuses what a rename must not replace.
fs::path resolve_target(const fs::path& file) {
  std::error_code error;
  fs::path target = file;
  if (fs::is_symlink(file, error)) {
    target = fs::weakly_canonical(file, error);
    if (error) throw IoError(file.string() + ": cannot be written: " + error.message());
  }
  if (!target.has_filename()) throw IoError("\"" + file.string() + "\": cannot be written: it names no file");
  const fs::file_status status = fs::status(target, error);  // absence is not an error here
  if (fs::is_directory(status)) throw IoError(file.string() + ": cannot be written: it is a folder");
  if (fs::exists(status) && !fs::is_regular_file(status)) throw IoError(file.string() + ": cannot be written: it is not a regular file");
  return target;
}

// Makes a rename last. File systems that cannot do it for a folder say EINVAL; the file itself is safe by then.
void sync_folder(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.open()) return;  // a folder that may be written but not listed
  if (::fsync(descriptor.number()) != 0 && errno != EINVAL) fail(target, "made lasting", errno);
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not hold us up
  if (!descriptor.open()) fail(file, "read", errno);
  struct stat status{};
  if (::fstat(descriptor.number(), &status) != 0) fail(file, "read", errno);
  if (S_ISDIR(status.st_mode)) throw IoError(file.string() + ": cannot be read: it is a folder");
  if (!S_ISREG(status.st_mode)) throw IoError(file.string() + ": cannot be read: it is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > kLargestFile) {
    throw IoError(file.string() + ": cannot be read: it has " + std::to_string(size) + " bytes, the limit is " +
                  std::to_string(kLargestFile));
  }
  std::vector<std::uint8_t> bytes(size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(descriptor.number(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file, "read", errno);
    if (count == 0) break;  // made shorter while being read
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

struct AtomicFile::Open {
  fs::path file;
  fs::path target;
  TemporaryFile temporary;
};

AtomicFile::AtomicFile(const fs::path& file) {
  const fs::path target = resolve_target(file);
  open_ = std::unique_ptr<Open>(new Open{file, target, TemporaryFile(target)});
}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const std::uint8_t> bytes) { open_->temporary.write(open_->file, bytes); }

void AtomicFile::commit() {
  open_->temporary.finish(open_->file);
  open_->temporary.rename_to(open_->target);
  sync_folder(open_->target);
}

void write_file_atomically(const fs::path& file, std::span<const std::uint8_t> bytes) {
  AtomicFile whole(file);
  whole.write(bytes);
  whole.commit();
}

void write_file_atomically(const fs::path& file, std::string_view text) {
  write_file_atomically(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace oddshot
