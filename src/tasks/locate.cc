#include "tasks/locate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include "oddshot/base/error.h"

namespace oddshot {

namespace fs = std::filesystem;

namespace {

constexpr long kConnectSeconds = 15;
constexpr long kStallSeconds = 30;                        // with less than kStallBytes a second the download is given up
constexpr long kStallBytes = 1000;                        // bytes a second
constexpr long kDownloadSeconds = 3600;                   // all in all
constexpr curl_off_t kLargestFile = curl_off_t{8} << 30;  // bytes

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_gzip(const fs::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::array<unsigned char, 2> magic{};
  return file != nullptr && std::fread(magic.data(), 1, magic.size(), file.get()) == magic.size() && magic[0] == 0x1F && magic[1] == 0x8B;
}

// The file of that path in that folder: as it is named, gzipped, or, if it is named as gzipped, plain.
std::optional<fs::path> find_in(const fs::path& folder, const fs::path& path) {
  fs::path whole = folder / path;
  if (is_file(whole)) return whole;
  fs::path other = whole;
  if (whole.extension() == ".gz") {
    other.replace_extension();
  } else {
    other += ".gz";
  }
  if (is_file(other)) return other;
  return std::nullopt;
}

// A new file in `folder`, gone when this goes unless it was moved away.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& folder) {
    std::string name = (folder / ".download-XXXXXX").string();
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) throw IoError("cannot write into " + folder.string() + ": " + std::strerror(errno));
    path_ = name;
    file_ = fdopen(descriptor, "wb");
  }
  ~TemporaryFile() {
    if (file_ != nullptr) std::fclose(file_);
    std::error_code error;
    fs::remove(path_, error);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::FILE* stream() { return file_; }
  const fs::path& path() const { return path_; }
  // Everything is on the disk afterwards.
  void close() {
    const bool good = std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
    const int reason = errno;
    const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    if (!good || !closed) throw IoError("cannot write " + path_.string() + ": " + std::strerror(good ? errno : reason));
  }

 private:
  fs::path path_;
  std::FILE* file_ = nullptr;
};

std::size_t write_chunk(char* bytes, std::size_t size, std::size_t count, void* file) {
  return std::fwrite(bytes, size, count, static_cast<std::FILE*>(file));
}

void fetch(const std::string& url, std::FILE* file, const char* protocols) {
  static std::once_flag started;
  std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (curl == nullptr) throw IoError(url + " cannot be fetched: libcurl does not start");
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);  // libcurl 7.85 or later
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kStallBytes);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, kDownloadSeconds);
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, kLargestFile);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "oddshot");
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &write_chunk);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, file);
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) throw IoError(url + " cannot be fetched: " + (reason[0] != '\0' ? reason.data() : curl_easy_strerror(code)));
}

[[noreturn]] void refuse_sum(const std::string& what, const std::string& expected, const std::string& actual) {
  throw IoError(what + " has the wrong content: its SHA-256 is " + actual + ", the manifest says " + expected);
}

void verify(const SuiteFile& file, const fs::path& path) {
  if (file.sha256.empty()) return;
  const std::string actual = content_sha256(path);
  if (actual != lower(file.sha256)) refuse_sum(path.string(), lower(file.sha256), actual);
}

}  // namespace

std::string content_sha256(const fs::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream(gzopen(file.c_str(), "rb"), &gzclose);  // reads plain files as they are
  if (stream == nullptr) throw IoError("cannot read " + file.string() + ": " + std::strerror(errno));
  gzbuffer(stream.get(), 1 << 17);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) throw IoError("SHA-256 is not available");
  std::vector<unsigned char> bytes(1 << 17);
  for (;;) {
    const int count = gzread(stream.get(), bytes.data(), static_cast<unsigned>(bytes.size()));
    if (count <= 0) break;  // the end, or an error that gzerror tells below
    EVP_DigestUpdate(context.get(), bytes.data(), static_cast<std::size_t>(count));
  }
  int code = Z_OK;
  const char* message = gzerror(stream.get(), &code);
  if (code == Z_ERRNO) throw IoError("cannot read " + file.string() + ": " + std::strerror(errno));
  if (code != Z_OK) throw FormatError(file.string() + " is a damaged gzip file: " + message);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

fs::path cache_folder() {
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? fs::path() : fs::path(home) / ".cache" / "oddshot";
}

std::vector<fs::path> data_folders(const fs::path& manifest, const DataOptions& options) {
  if (!options.folder.empty()) return {options.folder};
  std::vector<fs::path> folders;
  const auto add = [&](const fs::path& folder) {
    if (folder.empty()) return;
    std::error_code error;
    fs::path clean = fs::weakly_canonical(folder, error);
    if (error) clean = folder.lexically_normal();
    if (std::find(folders.begin(), folders.end(), clean) == folders.end()) folders.push_back(std::move(clean));
  };
  if (!manifest.empty()) add(manifest.has_parent_path() ? manifest.parent_path() : fs::path("."));
  if (const char* folder = std::getenv("ODDSHOT_DATA")) add(folder);
  add(fs::path("..") / "shared" / "data");
  add(fs::path(ODDSHOT_SOURCE_DIR) / ".." / "shared" / "data");
  add(cache_folder());
  return folders;
}

fs::path download(const std::string& url, const fs::path& target, const std::string& sha256, const char* protocols) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) throw IoError("cannot make the folder " + target.parent_path().string() + ": " + error.message());
  TemporaryFile temporary(target.parent_path());
  fetch(url, temporary.stream(), protocols);
  temporary.close();
  std::string actual;
  try {
    actual = content_sha256(temporary.path());
  } catch (const FormatError& damaged) {
    throw IoError("what came from " + url + " is damaged: " + damaged.what());
  }
  if (actual != lower(sha256)) refuse_sum("what came from " + url, lower(sha256), actual);
  fs::path final_path = target;
  const bool gzip = is_gzip(temporary.path());
  if (gzip && target.extension() != ".gz") final_path += ".gz";
  if (!gzip && target.extension() == ".gz") final_path.replace_extension();
  fs::rename(temporary.path(), final_path, error);
  if (error) throw IoError("cannot write " + final_path.string() + ": " + error.message());
  return final_path;
}

fs::path locate(const SuiteFile& file, const fs::path& manifest, const DataOptions& options) {
  std::string places;
  if (fs::path(file.path).is_absolute()) {
    if (const auto found = find_in({}, file.path)) {
      verify(file, *found);
      return *found;
    }
    throw IoError(file.path + " does not exist, neither plain nor with .gz");
  }
  for (const auto& folder : data_folders(manifest, options)) {
    if (const auto found = find_in(folder, file.path)) {
      verify(file, *found);
      return *found;
    }
    places += (places.empty() ? "" : ", ") + folder.string();
  }
  std::string message = file.path + " (plain or with .gz) is in none of these folders: " + places;
  if (!file.url.empty() && options.download && options.folder.empty()) {
    const fs::path cache = cache_folder();
    if (cache.empty()) {
      message += "; it cannot be downloaded, as $HOME is not set";
    } else {
      try {
        return download(file.url, cache / file.path, file.sha256);
      } catch (const IoError& error) {
        message += std::string("; downloading failed: ") + error.what();
      }
    }
  }
  message += "; get it from " + (!file.url.empty() ? file.url : !file.source.empty() ? file.source : "where the suite comes from");
  message += " and name the folder that holds it by --data or $ODDSHOT_DATA";
  throw IoError(message);
}

}  // namespace oddshot
