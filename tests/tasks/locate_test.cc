#include "tasks/locate.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "oddshot/base/error.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

constexpr const char* kContent = "a,b\n1,2\n";
constexpr const char* kSum = "8cd45a1a0bd8af8e4a4ef7b6cb8e1a7db1ad1a9f0ea0b0e2f2a4f7e1ad6b6a55";

std::string gzipped(const std::string& content) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "x.gz";
  const gzFile stream = gzopen(file.c_str(), "wb");
  gzwrite(stream, content.data(), static_cast<unsigned>(content.size()));
  gzclose(stream);
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator()));
}

// A server on this machine that answers every request with the same bytes.
class OneAnswerServer {
 public:
  explicit OneAnswerServer(std::string answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(socket_, 4) != 0) {
      throw std::runtime_error("no server");
    }
    socklen_t size = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswerServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  OneAnswerServer(const OneAnswerServer&) = delete;
  OneAnswerServer& operator=(const OneAnswerServer&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/a.csv"; }

 private:
  void serve() {
    for (;;) {
      const int client = accept(socket_, nullptr, nullptr);
      if (client < 0) return;
      std::string request;
      char bytes[512];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto count = recv(client, bytes, sizeof bytes, 0);
        if (count <= 0) break;
        request.append(bytes, static_cast<std::size_t>(count));
      }
      send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      close(client);
    }
  }
  std::string answer_;
  int socket_;
  unsigned port_ = 0;
  std::thread thread_;
};

std::string ok(const std::string& body, std::size_t length) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\nConnection: close\r\n\r\n" + body;
}
std::string ok(const std::string& body) { return ok(body, body.size()); }

SuiteFile file_of(const std::string& path, const std::string& sum = {}) {
  SuiteFile file;
  file.path = path;
  file.sha256 = sum;
  return file;
}

TEST(ContentSum, IsTheSumOfWhatAGzippedFileHolds) {
  const TemporaryFolder folder;
  EXPECT_EQ(content_sha256(folder.write("empty", "")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(content_sha256(folder.write("abc", "abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content_sha256(folder.write("abc.gz", gzipped("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content_sha256(folder.write("two.gz", gzipped("a") + gzipped("bc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ContentSum, ADamagedGzipFileIsAnError) {
  const TemporaryFolder folder;
  std::string content;
  for (int i = 0; i < 5000; ++i) content += std::to_string(i * i);
  const std::string whole = gzipped(content);
  EXPECT_THROW(content_sha256(folder.write("cut.gz", whole.substr(0, whole.size() / 2))), FormatError);
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x20);
  EXPECT_THROW(content_sha256(folder.write("flipped.gz", flipped)), FormatError);
  EXPECT_THROW(content_sha256(folder.path() / "absent"), IoError);
}

TEST(Locate, FindsAFilePlainOrGzipped) {
  const TemporaryFolder folder;
  const auto plain = folder.write("x/a.csv", kContent);
  const auto zipped = folder.write("x/b.csv.gz", gzipped(kContent));
  const DataOptions options{.folder = folder.path(), .download = false};
  EXPECT_EQ(locate(file_of("x/a.csv"), {}, options), plain);
  EXPECT_EQ(locate(file_of("x/a.csv.gz"), {}, options), plain);
  EXPECT_EQ(locate(file_of("x/b.csv"), {}, options), zipped);
  EXPECT_EQ(locate(file_of(plain.string()), {}, {}), plain);
  EXPECT_EQ(locate(file_of((folder.path() / "x/b.csv").string()), {}, {}), zipped);
}

TEST(Locate, LooksBesideTheManifestFirstAndOnlyInTheDataFolderIfOneIsGiven) {
  const TemporaryFolder beside, environment, given;
  const auto first = beside.write("a.csv", "1");
  const auto second = environment.write("a.csv", "2");
  const auto third = given.write("a.csv", "3");
  const ScopedVariable data("ODDSHOT_DATA", environment.path().c_str());
  const fs::path manifest = beside.path() / "mine.toml";
  EXPECT_EQ(locate(file_of("a.csv"), manifest, {}), first);
  EXPECT_EQ(locate(file_of("a.csv"), {}, {}), second);
  EXPECT_EQ(locate(file_of("a.csv"), manifest, {.folder = given.path()}), third);
  fs::remove(third);
  EXPECT_THROW(locate(file_of("a.csv"), manifest, {.folder = given.path()}), IoError);
}

TEST(Locate, LooksInTheCacheLast) {
  const TemporaryFolder home;
  const ScopedVariable variable("HOME", home.path().c_str());
  const ScopedVariable none("ODDSHOT_DATA", nullptr);
  EXPECT_EQ(cache_folder(), home.path() / ".cache/oddshot");
  EXPECT_EQ(data_folders({}, {}).back(), cache_folder());
  const auto cached = home.write(".cache/oddshot/only-here/a.csv", kContent);
  EXPECT_EQ(locate(file_of("only-here/a.csv"), {}, {}), cached);
}

TEST(Locate, AMissingFileIsAnErrorThatNamesEveryPlaceAndHowToGetIt) {
  const TemporaryFolder home, environment;
  const ScopedVariable variable("HOME", home.path().c_str());
  const ScopedVariable data("ODDSHOT_DATA", environment.path().c_str());
  SuiteFile file = file_of("absent/a.csv");
  file.source = "the shelf";
  const std::string message = message_of<IoError>([&] { locate(file, home.path() / "mine/m.toml", {}); });
  const std::vector<std::string> parts = {"absent/a.csv",
                                          (home.path() / "mine").string(),
                                          environment.path().string(),
                                          "shared/data",
                                          cache_folder().string(),
                                          "get it from the shelf",
                                          "--data",
                                          "$ODDSHOT_DATA"};
  for (const auto& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Locate, AWrongChecksumIsAnErrorThatNamesBoth) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.csv", kContent);
  const std::string actual = content_sha256(file);
  const std::string message = message_of<IoError>([&] { locate(file_of("a.csv", kSum), {}, {.folder = folder.path()}); });
  EXPECT_NE(message.find(file.string()), std::string::npos);
  EXPECT_NE(message.find(actual), std::string::npos);
  EXPECT_NE(message.find(kSum), std::string::npos);
  EXPECT_EQ(locate(file_of("a.csv", actual), {}, {.folder = folder.path()}), file);
}

TEST(Download, PutsTheVerifiedFileInPlace) {
  const TemporaryFolder folder;
  const std::string sum = content_sha256(folder.write("source", kContent));
  for (const std::string& body : {std::string(kContent), gzipped(kContent)}) {
    const TemporaryFolder cache;
    const OneAnswerServer server(ok(body));
    const fs::path got = download(server.url(), cache.path() / "deep/a.csv", sum, "http");
    EXPECT_EQ(got, cache.path() / (body == kContent ? "deep/a.csv" : "deep/a.csv.gz"));
    EXPECT_EQ(read(got), body);
    EXPECT_EQ(entries(cache.path()), 2U);  // deep and the file
  }
}

TEST(Download, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  const std::string sum = content_sha256(folder.write("source", kContent));
  const std::string zipped = gzipped(kContent);
  struct Case {
    std::string answer, expected;
  };
  const Case cases[] = {
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", "404"},
      {ok("a,b\n1,3\n"), sum},                               // another content: both sums are named
      {ok(kContent, 100), "cannot be fetched"},              // ends early
      {ok(zipped.substr(0, zipped.size() - 6)), "damaged"},  // half an archive
      {"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n", "cannot be fetched"},
      {"", "cannot be fetched"},
  };
  for (const auto& [answer, expected] : cases) {
    const TemporaryFolder cache;
    const OneAnswerServer server(answer);
    const std::string message = message_of<IoError>([&] { download(server.url(), cache.path() / "a.csv", sum, "http"); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_NE(message.find(server.url()), std::string::npos) << message;
    EXPECT_EQ(entries(cache.path()), 0U) << message;
  }
}

TEST(Download, TakesNothingButHttpsUnlessTold) {
  const TemporaryFolder cache;
  const OneAnswerServer server(ok(kContent));
  const std::string message = message_of<IoError>([&] { download(server.url(), cache.path() / "a.csv", kSum); });
  EXPECT_NE(message.find("cannot be fetched"), std::string::npos) << message;
  EXPECT_EQ(entries(cache.path()), 0U);
}

}  // namespace
}  // namespace oddshot
