#include "program.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oddshot::testing {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "oddshot-cli-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

Outcome run_program(const std::vector<std::string>& arguments, const std::string& interrupt_at, const std::string& input,
                    const std::string& output) {
  const Folder folder;
  const std::string out = output.empty() ? (folder / "out").string() : output;
  const std::string err = (folder / "err").string();
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), ODDSHOT_PROGRAM);
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  int feed[2] = {-1, -1};
  if (!input.empty() && pipe2(feed, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) {
    throw std::runtime_error("no child process");
  }
  if (child == 0) {
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    if (!input.empty()) dup2(feed[0], STDIN_FILENO);
    std::signal(SIGPIPE, SIG_DFL);
    execv(ODDSHOT_PROGRAM, argv.data());
    _exit(127);
  }
  std::thread feeder;
  if (!input.empty()) {
    close(feed[0]);
    std::signal(SIGPIPE, SIG_IGN);  // the program may end before its input does
    feeder = std::thread([text = read(input), out_of_us = feed[1]] {
      for (std::size_t at = 0; at < text.size();) {
        const ssize_t count = ::write(out_of_us, text.data() + at, text.size() - at);
        if (count <= 0) break;
        at += static_cast<std::size_t>(count);
      }
      close(out_of_us);
    });
  }
  int status = 0;
  bool ended = false;
  if (!interrupt_at.empty()) {
    while (!ended && read(err).find(interrupt_at) == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ended = waitpid(child, &status, WNOHANG) == child;
    }
    if (!ended) kill(child, SIGINT);
  }
  if (!ended) waitpid(child, &status, 0);
  if (feeder.joinable()) feeder.join();
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
          .out = output.empty() ? read(out) : "",
          .err = read(err)};
}

}  // namespace oddshot::testing
