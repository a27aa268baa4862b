#include "data/file_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <arrow/buffer_builder.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <arrow/util/io_util.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "data/bounded_pool.h"
#include "data/input_file.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

arrow::Result<std::shared_ptr<arrow::Buffer>> read_all(arrow::io::InputStream& stream) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 20;
  arrow::BufferBuilder content(bounded_pool());
  while (true) {
    ARROW_RETURN_NOT_OK(content.Reserve(kPiece));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, stream.Read(kPiece, content.mutable_data() + content.length()));
    if (got == 0) return content.Finish();
    content.UnsafeAdvance(got);
  }
}

// Unpacks what it reads. The codec is made for this stream alone and lives as long.
class GzipStream : public arrow::io::InputStream {
 public:
  static arrow::Result<std::shared_ptr<GzipStream>> make(const std::shared_ptr<arrow::io::InputStream>& packed) {
    ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
    ARROW_ASSIGN_OR_RAISE(auto stream, arrow::io::CompressedInputStream::Make(codec.get(), packed, bounded_pool()));
    return std::make_shared<GzipStream>(std::move(codec), std::move(stream));
  }
  GzipStream(std::unique_ptr<arrow::util::Codec> codec, std::shared_ptr<arrow::io::CompressedInputStream> stream)
      : codec_(std::move(codec)), stream_(std::move(stream)) {}

  arrow::Status Close() override { return stream_->Close(); }
  bool closed() const override { return stream_->closed(); }
  arrow::Result<std::int64_t> Tell() const override { return stream_->Tell(); }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override { return stream_->Read(size, out); }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override { return stream_->Read(size); }

 private:
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::io::CompressedInputStream> stream_;
};

}  // namespace

AsideFile::AsideFile() {
  const char* chosen = std::getenv("TMPDIR");
  name_ = fmt::format("{}/oddshot-XXXXXX", chosen != nullptr && *chosen != 0 ? chosen : "/tmp");
  number_ = ::mkostemp(name_.data(), O_CLOEXEC);
  if (number_ < 0) fail("cannot be made");
  ::unlink(name_.c_str());
}

AsideFile::AsideFile(const ReadBytes& read) : AsideFile() {
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (const std::size_t count = read(buffer.data(), buffer.size())) {
    for (std::size_t done = 0; done < count;) {
      const ssize_t written = ::write(number_, buffer.data() + done, count - done);
      if (written < 0 && errno != EINTR) fail("cannot be written");
      if (written > 0) done += static_cast<std::size_t>(written);
    }
  }
}

void AsideFile::fail(const char* what) const {
  throw IoError(
      fmt::format("{}: a temporary file {}: {}; TMPDIR names another folder for it", name_, what, std::generic_category().message(errno)));
}

AsideFile::~AsideFile() { ::close(number_); }

std::string AsideFile::path() const { return fmt::format("/proc/self/fd/{}", number_); }

FileBytes::FileBytes(const std::filesystem::path& path) : path_(path.string()), there_(path_) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (path_ == "-" || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))) {
    InputFile file(path_);  // refuses a folder
    *this = FileBytes(file.path(), [&file](char* buffer, std::size_t size) { return file.read(buffer, size); });
    return;
  }
  if (!std::filesystem::exists(status)) {
    const bool absent = !error || error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
    throw IoError(fmt::format("{}: {}", path_, absent ? std::string("no such file") : error.message()));
  }
  look_at_start();
}

FileBytes::FileBytes(std::string path, std::string there) : path_(std::move(path)), there_(std::move(there)) { look_at_start(); }

FileBytes::FileBytes(std::string path, const ReadBytes& read) : path_(std::move(path)), aside_(std::make_shared<AsideFile>(read)) {
  there_ = aside_->path();
  look_at_start();
}

void FileBytes::look_at_start() {
  const auto file = open();
  const auto start = file->Read(2);
  if (!start.ok()) refuse_reading(start.status());
  const std::string_view magic(**start);
  if (magic.empty()) throw FormatError(fmt::format("{}: the file is empty", path_));
  gzip_ = magic == "\x1f\x8b";
  if (!gzip_ && path_.ends_with(".gz")) throw FormatError(fmt::format("{}: not gzip data, whatever its name says", path_));
}

std::optional<std::uint64_t> FileBytes::size() const {
  if (gzip_) return std::nullopt;
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(there_, error);
  return error ? std::nullopt : std::optional<std::uint64_t>(bytes);
}

std::shared_ptr<arrow::io::RandomAccessFile> FileBytes::open() const {
  auto file = arrow::io::ReadableFile::Open(there_, bounded_pool());
  if (!file.ok()) refuse(file.status(), "cannot be opened");
  return *std::move(file);
}

std::shared_ptr<arrow::io::InputStream> FileBytes::stream() const {
  if (!gzip_) return open();
  auto stream = GzipStream::make(open());
  if (!stream.ok()) refuse_reading(stream.status());
  return *std::move(stream);
}

std::shared_ptr<arrow::io::RandomAccessFile> FileBytes::random_access() const {
  if (!gzip_) return open();
  auto content = read_all(*stream());
  if (!content.ok()) refuse_reading(content.status());
  return std::make_shared<arrow::io::BufferReader>(*std::move(content));
}

void FileBytes::check_end(arrow::io::RandomAccessFile& file, std::string_view mark, std::string_view format) const {
  const auto length = static_cast<std::int64_t>(mark.size());
  const auto size = file.GetSize();
  if (!size.ok()) refuse_reading(size.status());
  const auto start = file.ReadAt(0, length);
  const auto end = file.ReadAt(std::max<std::int64_t>(*size - length, 0), length);
  for (const auto* part : {&start, &end}) {
    if (!part->ok()) refuse_reading(part->status());
  }
  if (std::string_view(**start) != mark) {
    throw FormatError(fmt::format("{}: not {} {} file, whatever its name says", path_, format.starts_with('A') ? "an" : "a", format));
  }
  if (*size >= 2 * length && std::string_view(**end) == mark) return;
  throw FormatError(fmt::format("{}: the {} file is cut off: its last bytes are missing; write or copy it anew", path_, format));
}

void FileBytes::refuse_reading(const arrow::Status& status) const { refuse(status, gzip_ ? "damaged gzip data" : "cannot be read"); }

void FileBytes::refuse(const arrow::Status& status, const char* what) const {
  const std::string& message = status.message();
  const std::string line = fmt::format("{}: {}: {}", path_, what, message.substr(0, message.find('\n')));
  if (arrow::internal::ErrnoFromStatus(status) != 0) throw IoError(line);
  throw FormatError(line);
}

}  // namespace oddshot::data
