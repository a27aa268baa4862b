// Progress on standard error: one line that renews itself on a terminal, a plain line now and then where it is piped.
#pragma once

#include <chrono>
#include <string>

namespace oddshot::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows `text` if enough time has passed since the last (0.1 s on a terminal, 5 s elsewhere), or if `last`, which ends the line.
  void show(const std::string& text, bool last = false);
  bool on_terminal() const { return terminal_; }
  // Takes the line away again, on a terminal.
  void wipe();
  // Whether show() would show; spares making a text that nobody sees.
  bool due() const;

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool open_ = false;  // a line without its end stands on the terminal
  Clock::time_point shown_;
};

// "4 s", "2 min 5 s".
std::string duration(double seconds);

}  // namespace oddshot::cli
