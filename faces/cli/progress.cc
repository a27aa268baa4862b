#include "progress.h"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace oddshot::cli {

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1), shown_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (open_) {
    std::fputc('\n', stderr);
  }
}

bool ProgressLine::due() const {
  return Clock::now() - shown_ > (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000));
}

void ProgressLine::show(const std::string& text, bool last) {
  if (!last && !due()) {
    return;
  }
  shown_ = Clock::now();
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[2K{}{}", text, last ? "\n" : "");  // to the line's start, and wipe it
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
  open_ = terminal_ && !last;
}

void ProgressLine::wipe() {
  if (open_) fmt::print(stderr, "\r\x1b[2K");
  open_ = false;
}

std::string duration(double seconds) {
  const long whole = std::lround(seconds);
  return whole < 60 ? fmt::format("{} s", whole) : fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace oddshot::cli
