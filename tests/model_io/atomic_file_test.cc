#include "oddshot/model_io/atomic_file.h"

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "oddshot/base/error.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  const std::vector<std::uint8_t> bytes = read_file(file);
  return {bytes.begin(), bytes.end()};
}

std::string write_error(const fs::path& file) {
  return message_of<IoError>([&] { write_file_atomically(file, "new"); });
}

TEST(AtomicFile, HoldsWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string text("a\0b\n\xFF", 5);
  write_file_atomically(folder / "file", text);
  EXPECT_EQ(content(folder / "file"), text);
}

TEST(AtomicFile, MayBeEmpty) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "");
  EXPECT_EQ(content(folder / "file"), "");
}

TEST(AtomicFile, ReplacesALongerOne) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "a much longer text");
  write_file_atomically(folder / "file", "short");
  EXPECT_EQ(content(folder / "file"), "short");
  EXPECT_EQ(folder.count(), 1U) << "a temporary file was left behind";
}

TEST(AtomicFile, MayBeNamedWithoutAFolder) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_file_atomically("file", "text");
  fs::current_path(before);
  EXPECT_EQ(content(folder / "file"), "text");
}

TEST(AtomicFile, HasThePermissionsOfANewFile) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_file_atomically(folder / "file", "text");
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(AtomicFile, MayHaveTheLongestName) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  write_file_atomically(folder / name.c_str(), "text");
  EXPECT_EQ(content(folder / name.c_str()), "text");
}

TEST(AtomicFile, FollowsASymbolicLink) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "elsewhere");
  write_file_atomically(folder / "elsewhere/file", "old");
  fs::create_symlink("elsewhere/file", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(content(folder / "elsewhere/file"), "new");
}

TEST(AtomicFile, NamesAFolderThatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(write_error(folder / "none/file"), "there is no folder " + (folder / "none").string()));
}

TEST(AtomicFile, RefusesAFolder) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "target");
  EXPECT_TRUE(contains(write_error(folder / "target"), "it is a folder"));
  EXPECT_TRUE(fs::is_directory(folder / "target"));
  EXPECT_EQ(folder.count(), 1U);
}

TEST(AtomicFile, RefusesAPipe) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(contains(write_error(folder / "pipe"), "not a regular file"));
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
}

TEST(AtomicFile, RefusesAnEmptyName) { EXPECT_TRUE(contains(write_error(""), "names no file")); }

TEST(AtomicFile, NamesAFileWithinAFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "text");
  EXPECT_TRUE(contains(write_error(folder / "file/below"), "Not a directory"));
}

TEST(AtomicFile, LeavesTheOldOneWhereTheFolderMayNotBeWritten) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  fs::permissions(folder.path(), fs::perms(0555));
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string error = write_error(folder / "file");
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  fs::permissions(folder.path(), fs::perms(0755));
  EXPECT_TRUE(contains(error, "Permission denied"));
  EXPECT_EQ(content(folder / "file"), "old");
}

// A limit on the size of files stands in for a full disk: write() fails half-way in either case.
TEST(AtomicFile, LeavesTheOldOneAndNothingElseWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = message_of<IoError>([&] { write_file_atomically(folder / "file", std::string(10'000, 'x')); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_action);
  EXPECT_TRUE(contains(error, "File too large"));
  EXPECT_EQ(content(folder / "file"), "old");
  EXPECT_EQ(folder.count(), 1U);
}

TEST(AtomicFile, IsWholeWheneverItsWriterIsKilled) {
  const TemporaryFolder folder;
  const std::string one(300'000, '1');
  const std::string two(500'000, '2');
  write_file_atomically(folder / "file", one);
  for (int round = 0; round < 20; ++round) {
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      for (;;) {
        write_file_atomically(folder / "file", two);
        write_file_atomically(folder / "file", one);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3 + 2 * round));
    ::kill(writer, SIGKILL);
    ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
    const std::string found = content(folder / "file");
    ASSERT_TRUE(found == one || found == two) << found.size() << " bytes in round " << round;
  }
}

TEST(AtomicFile, PassesOverTheLeftoverOfAKilledProcessWithTheSameNumber) {
  const TemporaryFolder folder;
  for (int n = 0; n < 64; ++n) {
    std::ofstream(folder / (".oddshot-" + std::to_string(::getpid()) + "-" + std::to_string(n) + ".tmp").c_str()) << "leftover";
  }
  write_file_atomically(folder / "file", "text");
  EXPECT_EQ(content(folder / "file"), "text");
  EXPECT_EQ(folder.count(), 65U);
}

TEST(ReadFile, NamesAFileThatIsMissing) {
  EXPECT_EQ(message_of<IoError>([] { read_file("/none/of/these"); }), "/none/of/these: cannot be read: No such file or directory");
}

TEST(ReadFile, RefusesAFolder) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(message_of<IoError>([&] { read_file(folder.path()); }), "it is a folder"));
}

TEST(ReadFile, RefusesAPipeWithoutWaitingForIt) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(contains(message_of<IoError>([&] { read_file(folder / "pipe"); }), "not a regular file"));
}

TEST(ReadFile, RefusesASparseGiantBeforeTakingMemoryForIt) {
  const TemporaryFolder folder;
  std::ofstream(folder / "giant") << "x";
  std::error_code error;
  fs::resize_file(folder / "giant", std::uintmax_t{1} << 40U, error);
  if (error) GTEST_SKIP() << "the file system has no sparse files of 1 TiB: " << error.message();
  EXPECT_TRUE(contains(message_of<IoError>([&] { read_file(folder / "giant"); }), "the limit is 4294967296"));
}

}  // namespace
}  // namespace oddshot
