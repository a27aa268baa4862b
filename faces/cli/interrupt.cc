#include "interrupt.h"

#include <csignal>

namespace oddshot::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

void handle(int signal) {
  stop = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

const std::atomic<bool>& stop_on_interrupt() {
  std::signal(SIGINT, handle);
  std::signal(SIGTERM, handle);
  return stop;
}

}  // namespace oddshot::cli
